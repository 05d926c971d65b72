package report

import (
	"math/bits"
	"slices"
	"sync/atomic"
	"unsafe"

	"dailystats/stats"
)

// Daily is what the events of one day add up to, or those of several consecutive days, if
// there are too many days to keep each of them.
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

// Days adds up the rows of a result by day, in memory that does not depend on the number
// of days. It belongs to one goroutine, which sees rows in key order.
type Days struct {
	days  []Daily    // rising
	width stats.Day  // number of days that each of days stands for: a power of two
	sizes [65]uint64 // rows, by the number of bits of how many events they have
}

// mostDays is the number of days that are kept one by one: more than a chart can
// show.
const mostDays = 1024

// DaysMemory is the number of bytes that adding up by day takes, with a Days for each worker
// and a Calendar for all of them.
func DaysMemory(workers int) int64 {
	const copies = 2 // one more while they are merged
	each := int64(mostDays) * int64(unsafe.Sizeof(Daily{}))
	return int64(unsafe.Sizeof(Calendar{})) + int64(workers)*copies*each
}

// NewDays returns a Days without rows.
func NewDays() *Days { return &Days{width: 1} }

// Add adds a row.
func (t *Days) Add(k stats.Key, totals stats.Totals) {
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
func (t *Days) day(day stats.Day) *Daily {
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
func (t *Days) widen() {
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

// MergeDays adds up what several goroutines have seen, and spoils it.
func MergeDays(parts []*Days) *Days {
	all := NewDays()
	for _, t := range parts {
		all.width = max(all.width, t.width)
	}
	var days []Daily
	for _, t := range parts {
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

// Total returns the sum of all days.
func (t *Days) Total() (total Daily) {
	for i := range t.days {
		total.add(&t.days[i])
	}
	return total
}

// Calendar is a set of days. Several goroutines may mark days at the same time.
type Calendar [stats.MaxDay/64 + 1]atomic.Uint64

// Mark adds a day.
func (c *Calendar) Mark(day stats.Day) { c[day/64].Or(1 << (day % 64)) }

// Range returns the number of marked days, and the first and the last of them.
func (c *Calendar) Range() (days int, first, last stats.Day) {
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

// mostSpans is the maximum number of spans in a report: if days are so scattered that there
// are more, it has none.
const mostSpans = 1000

// Spans returns the marked days, or nil if that takes more than mostSpans.
func (c *Calendar) Spans() (spans []Span) {
	for day := range stats.Day(len(c)) * 64 {
		if c[day/64].Load() == 0 || c[day/64].Load()>>(day%64)&1 == 0 {
			continue
		}
		if n := len(spans); n > 0 && spans[n-1][1] == day-1 {
			spans[n-1][1] = day
			continue
		}
		if len(spans) == mostSpans {
			return nil
		}
		spans = append(spans, Span{day, day})
	}
	return spans
}
