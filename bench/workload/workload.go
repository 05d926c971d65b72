// Package workload makes up events, for measuring: as many as wanted, in
// constant memory, and the same for the same [Config] on any machine, whatever
// the number of goroutines.
//
// Each event is made from the seed and its number alone, so any of them can be
// made first:
//
//   - workload.go: [Config], [Workload]: chunks of events, rendered side by side
//     and written in order;
//   - draw.go: which user, and when: permutations and Zipf's law in integers,
//     as floating point differs between machines;
//   - event.go: an event as a line of JSON; form.go: as a Schema has it;
//   - invalid.go: those that are none.
package workload

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"math/rand/v2"

	"dailystats/stats"
	"dailystats/stats/event"
	"dailystats/stats/output"

	"golang.org/x/sync/errgroup"
)

// Config says what events there are. Events, Users and Days must be given.
type Config struct {
	Events uint64 // number of lines, the invalid ones too
	Users  uint64 // number of users: 1, 2, 3, ...
	Days   uint64 // number of days
	// FirstDay is the first of them; 0 is DefaultFirstDay.
	FirstDay stats.Day
	Skew     Skew  // Uniform by default
	Order    Order // Random by default
	Shape    Shape // Spaced by default
	Invalid  Rate  // share of events that are invalid
	Extra    int   // bytes of unknown fields in each event, at least MinExtra if any
	Seed     uint64
	Schema   event.Schema // how events are written; the result is the same but for purchases
}

// Skew is how events spread over users.
type Skew string

// With Uniform, users take turns, shuffled anew each time: with as many users as
// events, each user has one. With Zipf, the nth most active user has about 1/n
// of the events of the first.
const (
	Uniform Skew = "uniform"
	Zipf    Skew = "zipf"
)

// Order is how events follow each other in time.
type Order string

// With Random, any event may be at any time. With Time, none is before the one
// ahead of it.
const (
	Random Order = "random"
	Time   Order = "time"
)

// Shape is how an event is written.
type Shape string

// Spaced events have a space behind each colon and comma, compact ones have
// none, nor do those that are shuffled, whose fields are in any order.
const (
	Spaced   Shape = "spaced"
	Compact  Shape = "compact"
	Shuffled Shape = "shuffled"
)

// Limits of a Config.
const (
	MaxEvents = 1e15
	MaxUsers  = 1e15
	MaxDays   = uint64(stats.MaxDay - DefaultFirstDay + 1) // from DefaultFirstDay
	MinExtra  = 64
	MaxExtra  = 64 << 20
)

// Workload is a Config that has been checked. It can be written any number of
// times.
type Workload struct {
	Config
	users   userDraw
	times   timeDraw
	fault   faultDraw
	faults  []fault
	form    *form  // nil for the zero Schema
	padding []byte // of a line that is too long; empty where there are none
}

// New checks a Config.
func New(c Config) (*Workload, error) {
	c.FirstDay = cmp.Or(c.FirstDay, DefaultFirstDay)
	maxDays := uint64(stats.MaxDay - c.FirstDay + 1)
	switch {
	case c.Events > MaxEvents:
		return nil, fmt.Errorf("%d events are too many: at most %d can be made", c.Events, uint64(MaxEvents))
	case c.Users < 1 || c.Users > MaxUsers:
		return nil, fmt.Errorf("%d is no number of users from 1 to %d", c.Users, uint64(MaxUsers))
	case c.Days < 1 || c.Days > maxDays:
		return nil, fmt.Errorf("%d is no number of days from 1 to %d, as years end at 9999", c.Days, maxDays)
	case c.Extra < 0 || c.Extra > MaxExtra:
		return nil, fmt.Errorf("%d is no number of extra bytes up to %d", c.Extra, MaxExtra)
	}
	w := &Workload{
		Config: c,
		users:  newUserDraw(c),
		times:  newTimeDraw(c),
		fault:  faultDraw{rate: c.Invalid, seed: c.Seed},
	}
	if !c.Schema.IsZero() {
		w.form = newForm(c)
	}
	w.faults = w.possibleFaults()
	if c.Invalid > 0 {
		w.padding = newPadding()
	}
	return w, nil
}

// Create writes all events to a file, as [dailystats/stats/output.Create] has it:
// it appears whole or not at all, compressed if its name ends in .gz or .zst.
func (w *Workload) Create(ctx context.Context, path string, goroutines int) error {
	file, err := output.Create(ctx, path)
	if err != nil {
		return err
	}
	defer file.Discard()
	if err := w.Write(ctx, file, goroutines); err != nil {
		return err
	}
	return file.Commit()
}

const (
	chunkBytes = 256 << 10 // about the size of what is rendered at a time
	longEvent  = 128       // bytes of an event without extra fields, nearly always less
)

// Write writes all events. They are rendered by so many goroutines, of which
// each has two buffers of a chunk.
func (w *Workload) Write(ctx context.Context, out io.Writer, goroutines int) error {
	perChunk := uint64(max(chunkBytes/(longEvent+w.Extra), 1))
	chunks := (w.Events + perChunk - 1) / perChunk
	g, ctx := errgroup.WithContext(ctx)
	rendered := make([]chan []byte, goroutines)
	for i := range rendered {
		rendered[i] = make(chan []byte)
		g.Go(func() error {
			// A buffer is free again when the next one has been handed over.
			r := renderer{Workload: w}
			buffers := [2][]byte{w.newBuffer(perChunk), w.newBuffer(perChunk)}
			for n, turn := uint64(i), 0; n < chunks; n, turn = n+uint64(goroutines), 1-turn {
				first := n * perChunk
				buffers[turn] = r.render(buffers[turn][:0], first, min(first+perChunk, w.Events))
				select {
				case rendered[i] <- buffers[turn]:
				case <-ctx.Done():
					return context.Cause(ctx)
				}
			}
			return nil
		})
	}
	g.Go(func() error {
		for n := range chunks {
			select {
			case chunk := <-rendered[n%uint64(goroutines)]:
				if _, err := out.Write(chunk); err != nil {
					return err
				}
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
		return nil
	})
	return g.Wait()
}

// newBuffer makes room for so many events, and for one that is too long.
func (w *Workload) newBuffer(events uint64) []byte {
	return make([]byte, 0, int(events)*(longEvent+w.Extra)+longEvent+len(w.padding))
}

// render appends the events from first to before end.
func (r *renderer) render(dst []byte, first, end uint64) []byte {
	fault := r.fault.from(first)
	for n := first; n < end; n++ {
		r.random.Seed(r.Seed, n*goldenRatio)
		if n == fault.event {
			dst = r.appendInvalid(dst, n, fault.number)
			fault = r.fault.next(fault)
		} else {
			dst = r.appendEvent(dst, n)
		}
	}
	return dst
}

// goldenRatio is 2^64 over the golden ratio: multiples of it are far apart.
const goldenRatio = 0x9e3779b97f4a7c15

// renderer makes events. It is one goroutine's.
type renderer struct {
	*Workload
	random rand.PCG // of the event being made
	values values
	memory []byte // of the values
}
