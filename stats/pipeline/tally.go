package pipeline

import (
	"math/bits"
	"slices"
	"sync/atomic"
	"unsafe"

	"dailystats/sorter"
	"dailystats/stats"
	"dailystats/stats/output"
)

// Daily is what came of the events of one day, or of several days in a row, where
// there are too many of them to be kept one by one.
type Daily struct {
	Day       stats.Day // the first one
	Events    uint64
	Purchases uint64
	Revenue   stats.Amount
	Users     uint64 // active ones: rows of the result
}

func (d *Daily) add(other *Daily) {
	d.Events += other.Events
	d.Purchases += other.Purchases
	d.Revenue = d.Revenue.Add(other.Revenue)
	d.Users += other.Users
}

// tally adds up the rows of a result by day, in memory that does not depend on
// how many days there are. It is one goroutine's, which sees rows in key order.
type tally struct {
	days  []Daily    // rising
	width stats.Day  // number of days that each of days stands for: a power of two
	sizes [65]uint64 // rows, by the number of bits of how many events they have
}

// mostDays is the number of days that are kept one by one: more than a chart can
// show.
const mostDays = 1024

// tallyMemory is what adding up by day takes, in bytes.
func tallyMemory(workers int) int64 {
	const all = 2 // one more while they are merged
	tally := int64(mostDays) * int64(unsafe.Sizeof(Daily{}))
	return int64(unsafe.Sizeof(calendar{})) + int64(workers)*all*tally
}

func newTally() *tally { return &tally{width: 1} }

func (t *tally) add(k stats.Key, totals stats.Totals) {
	t.sizes[bits.Len64(totals.Events)]++
	d := t.day(k.Day)
	d.Events += totals.Events
	d.Purchases += totals.Purchases
	if totals.Purchases > 0 {
		d.Revenue = d.Revenue.Add(totals.Revenue)
	}
	d.Users++
}

// day returns where a day's events are added up. None must be later than it.
func (t *tally) day(day stats.Day) *Daily {
	for {
		first := day &^ (t.width - 1)
		if n := len(t.days); n > 0 && t.days[n-1].Day == first {
			return &t.days[n-1]
		}
		if len(t.days) < mostDays {
			t.days = append(t.days, Daily{Day: first})
			return &t.days[len(t.days)-1]
		}
		t.widen()
	}
}

// widen has each of days stand for twice as many.
func (t *tally) widen() {
	t.width *= 2
	wide := t.days[:0]
	for _, d := range t.days {
		d.Day &^= t.width - 1
		if n := len(wide); n > 0 && wide[n-1].Day == d.Day {
			wide[n-1].add(&d)
		} else {
			wide = append(wide, d)
		}
	}
	t.days = wide
}

// merged adds up tallies, and spoils them.
func merged(tallies []*tally) *tally {
	all := newTally()
	for _, t := range tallies {
		all.width = max(all.width, t.width)
	}
	var days []Daily
	for _, t := range tallies {
		for t.width < all.width {
			t.widen()
		}
		days = append(days, t.days...)
		for i, n := range t.sizes {
			all.sizes[i] += n
		}
	}
	slices.SortFunc(days, func(a, b Daily) int { return int(a.Day) - int(b.Day) })
	for _, d := range days {
		all.day(d.Day).add(&d)
	}
	return all
}

// total is what all days come to.
func (t *tally) total() (total Daily) {
	for i := range t.days {
		total.add(&t.days[i])
	}
	return total
}

// calendar is a set of days. Several goroutines may mark some at a time.
type calendar [stats.MaxDay/64 + 1]atomic.Uint64

func (c *calendar) mark(day stats.Day) { c[day/64].Or(1 << (day % 64)) }

// span returns how many days are marked, and the first and the last of them.
func (c *calendar) span() (days int, first, last stats.Day) {
	for i := range c {
		word := c[i].Load()
		if word == 0 {
			continue
		}
		if days == 0 {
			first = stats.Day(i*64 + bits.TrailingZeros64(word))
		}
		days += bits.OnesCount64(word)
		last = stats.Day(i*64 + bits.Len64(word) - 1)
	}
	return days, first, last
}

// rows renders a result's rows and adds them up. It is one worker's.
type rows struct {
	output.Rows
	*tally
	calendar *calendar
	marked   stats.Day // the last one, plus 1
}

// newRows returns a renderer for one more worker. Several may call it at a time.
func (j *job) newRows() sorter.Renderer {
	t := newTally()
	j.talliesMu.Lock()
	j.tallies = append(j.tallies, t)
	j.talliesMu.Unlock()
	return &rows{Rows: output.Rows{Decimals: j.Decimals}, tally: t, calendar: j.calendar}
}

// Append implements [sorter.Renderer].
func (r *rows) Append(dst []byte, k stats.Key, t stats.Totals) []byte {
	if r.marked != k.Day+1 {
		r.marked = k.Day + 1
		r.calendar.mark(k.Day)
	}
	r.tally.add(k, t)
	return r.Rows.Append(dst, k, t)
}
