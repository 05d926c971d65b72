package pipeline

import (
	"bytes"
	"context"
	"errors"

	"dailystats/sorter"
	"dailystats/stats/event"
	"dailystats/stats/input"
)

// worker turns blocks into records. It is one goroutine's.
type worker struct {
	reader  *input.Reader
	journal *journal
	run     *sorter.Run // nil where events are only checked
	maxLine int

	counts counts
	batch  batch
	ended  bool // there are no more blocks
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
		b, err := w.reader.Next(ctx)
		if err != nil {
			return err
		}
		if b == nil {
			w.ended = true
			break
		}
		err = w.block(ctx, b)
		w.reader.Release(b)
		if err != nil {
			return err
		}
	}
	return w.flush()
}

func (w *worker) flush() error {
	if w.run == nil {
		return nil
	}
	return w.run.Flush()
}

// block reads a block's lines.
func (w *worker) block(ctx context.Context, b *input.Block) error {
	if b.TooLong {
		w.counts.lines++
		if err := w.reject(ctx, b, 0, b.Data, event.TooLong(w.maxLine)); err != nil {
			return err
		}
	} else if err := w.lines(ctx, b); err != nil && err != errLater {
		return err
	}
	if b.Ahead() {
		return nil // nothing of it is for the journal yet
	}
	if err := w.journal.pass(ctx, b.Number, &w.batch); err != nil {
		return err
	}
	w.journal.turns.End(b.Number)
	return nil
}

func (w *worker) lines(ctx context.Context, b *input.Block) error {
	rest := b.Data
	for n := uint64(0); len(rest) > 0; n++ {
		line := rest
		if i := bytes.IndexByte(rest, '\n'); i >= 0 {
			line, rest = rest[:i], rest[i+1:]
		} else {
			rest = nil
		}
		w.counts.lines++
		if err := w.line(ctx, b, n, line); err != nil {
			return err
		}
	}
	return nil
}

// line reads line n of a block, from 0.
func (w *worker) line(ctx context.Context, b *input.Block, n uint64, line []byte) error {
	rec, fast := event.Fast(line)
	if !fast {
		if event.IsBlank(line) {
			w.counts.blank++
			return nil
		}
		var fault *event.Fault
		if rec, fault = event.Plain(line); fault != nil {
			if b.Ahead() && w.journal.needed() {
				return w.keep(b, n, line)
			}
			return w.reject(ctx, b, n, bytes.TrimSuffix(line, []byte{'\r'}), fault)
		}
	} else {
		w.counts.fast++
	}
	w.counts.events++
	if w.run == nil {
		return nil
	}
	return w.run.Add(rec)
}

// errLater says that the rest of a block will come again.
var errLater = errors.New("the block comes again")

// keep leaves an invalid line of a block that is ahead for when it comes again.
func (w *worker) keep(b *input.Block, n uint64, line []byte) error {
	w.counts.lines-- // it is counted then
	if !b.Keep(n, line) {
		return errLater
	}
	return nil
}

// reject notes an invalid event, whose line has no end any more, and passes on
// what has been noted when it is enough.
func (w *worker) reject(ctx context.Context, b *input.Block, n uint64, line []byte, fault *event.Fault) error {
	w.counts.invalid++
	for _, rule := range fault.Rules {
		w.counts.rules[rule]++
	}
	if !w.journal.needed() {
		return nil
	}
	e := Invalid{Input: b.Input, Line: b.Line(n), Fault: fault}
	if len(line) > batchBytes {
		if err := w.journal.pass(ctx, b.Number, &w.batch); err != nil {
			return err
		}
		return w.journal.passLong(ctx, b.Number, e, line)
	}
	w.batch.add(e, line, w.journal.rejects != nil)
	if !w.batch.full() {
		return nil
	}
	return w.journal.pass(ctx, b.Number, &w.batch)
}
