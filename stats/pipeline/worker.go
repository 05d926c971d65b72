package pipeline

import (
	"bytes"
	"context"
	"errors"
	"sync/atomic"

	"dailystats/sorter"
	"dailystats/stats/event"
	"dailystats/stats/input"
)

// worker turns blocks into records. It is one goroutine's.
type worker struct {
	reader    *input.Reader
	journal   *journal
	run       *sorter.Run // nil where events are only checked
	inspector *inspector
	maxLine   int
	redact    bool // no value of an invalid event is told
	events    *event.Reader

	counts      counts
	eventsSoFar *atomic.Uint64 // of all workers
	notes       *notes         // for the block at hand; mostly nil between blocks
	hasInvalid  bool           // an invalid line is in the block at hand
	ended       bool           // there are no more blocks
}

// counts is what a worker saw.
type counts struct {
	lines, blank, events, invalid uint64
	fast                          uint64 // events that the fast reader took
	rules                         [event.RuleCount]uint64
}

func (c *counts) add(other *counts) {
	c.lines += other.lines
	c.blank += other.blank
	c.events += other.events
	c.invalid += other.invalid
	c.fast += other.fast
	for i, n := range other.rules {
		c.rules[i] += n
	}
}

// byCode returns the numbers of broken rules that aren't zero, by error code.
func (c *counts) byCode() map[string]uint64 {
	codes := make(map[string]uint64)
	for i, n := range c.rules {
		if n > 0 {
			codes[event.Rule(i).String()] = n
		}
	}
	return codes
}

// work takes blocks until there are no more, or until full says that the round
// is over.
func (w *worker) work(ctx context.Context, full func() bool) error {
	for !full() {
		b, err := w.next(ctx)
		if err != nil {
			return err
		}
		if b == nil {
			w.ended = true
			break
		}
		size := len(b.Data)
		err = w.block(ctx, b)
		w.reader.Release(b)
		if err != nil {
			return err
		}
		if w.run != nil && w.run.Room() < size/shortestEvent {
			// Within the next block, others would wait for their turns meanwhile.
			if err := w.run.Flush(); err != nil {
				return err
			}
		}
	}
	return w.flush()
}

// shortestEvent is about how many bytes a valid line has at least.
const shortestEvent = 64

// next takes what a block needs, and then the block. It returns nil after the
// last.
func (w *worker) next(ctx context.Context) (b *input.Block, err error) {
	if w.notes == nil {
		if w.notes, err = w.journal.take(ctx); err != nil {
			return nil, err
		}
	}
	return w.reader.Next(ctx)
}

// flush hands on what the worker holds.
func (w *worker) flush() error {
	if w.notes != nil {
		w.journal.free <- w.notes
		w.notes = nil
	}
	if w.run == nil {
		return nil
	}
	return w.run.Flush()
}

// block reads a block's lines.
func (w *worker) block(ctx context.Context, b *input.Block) error {
	w.hasInvalid = b.TooLong
	if b.TooLong {
		w.counts.lines++
		if err := w.reject(ctx, b, 0, b.Data, event.TooLong(w.maxLine)); err != nil {
			return err
		}
	} else {
		before := w.counts.events
		if err := w.lines(ctx, b); err != nil && err != errReplayed {
			return err
		}
		w.eventsSoFar.Add(w.counts.events - before)
	}
	if b.First {
		w.inspector.look(b.Input, b.Data, w.hasInvalid)
	}
	if b.Ahead() {
		return nil // nothing of it is for the journal yet
	}
	notes := w.notes
	w.notes = nil
	return w.journal.end(b.Number, notes)
}

// lines reads the lines of a block.
func (w *worker) lines(ctx context.Context, b *input.Block) error {
	rest := b.Data
	for n := uint64(0); len(rest) > 0; n++ {
		rec, size, kind := w.events.Next(rest)
		w.counts.lines++
		rest = rest[size:]
		if kind != event.Valid {
			if err := w.skip(ctx, b, n, kind); err != nil {
				return err
			}
			continue
		}
		w.counts.events++
		if w.run == nil {
			continue
		}
		if err := w.run.Add(rec); err != nil {
			return err
		}
	}
	return nil
}

// skip counts and rejects line n of a block, from 0, which is no event.
func (w *worker) skip(ctx context.Context, b *input.Block, n uint64, kind event.Kind) error {
	line := w.events.Line()
	switch {
	case kind == event.Blank:
		w.counts.blank++
		return nil
	}
	w.hasInvalid = true
	switch {
	case b.Ahead() && w.journal.needed():
		return w.keep(b, n, line)
	default:
		return w.reject(ctx, b, n, bytes.TrimSuffix(line, []byte{'\r'}), w.events.Fault())
	}
}

// errReplayed says that the rest of a block is replayed in its turn (see input/ahead.go).
var errReplayed = errors.New("the rest of the block is replayed")

// keep has an invalid line of a block that is read ahead replayed in its turn.
func (w *worker) keep(b *input.Block, n uint64, line []byte) error {
	w.counts.lines-- // it is counted when it is replayed
	if !b.Keep(n, line) {
		return errReplayed
	}
	return nil
}

// reject notes an invalid event, whose line has no end any more, and passes on
// what has been noted when it is enough.
func (w *worker) reject(ctx context.Context, b *input.Block, n uint64, line []byte, fault *event.Fault) error {
	w.counts.invalid++
	for rule := range fault.Rules.All() {
		w.counts.rules[rule]++
	}
	if !w.journal.needed() {
		return nil
	}
	if w.redact {
		fault.Redact()
		line = nil
	}
	e := Invalid{Input: b.Input, Line: b.Line(n), IsOffset: b.Offsets, Fault: fault}
	if len(line) > longInvalid {
		if err := w.journal.pass(ctx, b.Number, w.notes); err != nil {
			return err
		}
		return w.journal.passLong(ctx, b.Number, e, line)
	}
	w.journal.add(w.notes, e, line)
	if !w.journal.full(w.notes) {
		return nil
	}
	return w.journal.pass(ctx, b.Number, w.notes)
}
