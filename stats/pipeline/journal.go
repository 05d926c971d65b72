package pipeline

import (
	"context"
	"fmt"
	"io"

	"dailystats/sorter"
	"dailystats/stats/event"
	"dailystats/stats/output"
)

// journal passes invalid events on, to the log and to the rejects, in input
// order, whichever worker found them, and counts them against the limit. It is
// used by one worker at a time: the one whose block's turn it is.
type journal struct {
	turns   *sorter.Turns       // by block number
	observe func(Invalid) error // nil where nobody wants to know
	rejects io.Writer           // nil where there are none
	limit   Limit

	// What was passed on.
	invalid uint64
	rules   [event.RuleCount]uint64
}

// needed reports whether anybody cares for the order of invalid events.
func (j *journal) needed() bool {
	return j.observe != nil || j.rejects != nil || j.limit.kind == limitCount
}

// pass passes on the invalid events of a part of a block. It waits for the
// block's turn.
func (j *journal) pass(ctx context.Context, block uint64, b *batch) error {
	if len(b.events) == 0 {
		return nil
	}
	if err := j.turns.Wait(ctx, block); err != nil {
		return err
	}
	n, limitErr := j.count(b.events)
	if j.rejects != nil {
		if _, err := j.rejects.Write(b.rejects[:b.ends[n-1]]); err != nil {
			return err
		}
	}
	if j.observe != nil {
		for _, e := range b.events[:n] {
			if err := j.observe(e); err != nil {
				return err
			}
		}
	}
	b.reset()
	return limitErr
}

// passLong passes on one invalid event whose line is too long to be copied. The
// block's other events must have been passed on before.
func (j *journal) passLong(ctx context.Context, block uint64, e Invalid, line []byte) error {
	if err := j.turns.Wait(ctx, block); err != nil {
		return err
	}
	_, limitErr := j.count([]Invalid{e})
	if j.rejects != nil {
		if err := output.WriteReject(j.rejects, e.Input, e.Line, e.Fault.Codes(), line); err != nil {
			return err
		}
	}
	if j.observe != nil {
		if err := j.observe(e); err != nil {
			return err
		}
	}
	return limitErr
}

// count counts events, or as many of them as it takes to exceed the limit.
func (j *journal) count(events []Invalid) (counted int, err error) {
	for i, e := range events {
		j.invalid++
		for _, rule := range e.Fault.Rules {
			j.rules[rule]++
		}
		if j.limit.exceededEarly(j.invalid) {
			return i + 1, j.tooMany()
		}
	}
	return len(events), nil
}

func (j *journal) tooMany() error {
	return fmt.Errorf("%w: more than --max-invalid %s", ErrTooManyInvalid, j.limit)
}

// batch is a few invalid events of one block that wait to be passed on.
type batch struct {
	events  []Invalid
	rejects []byte // one JSON line each
	ends    []int  // where each one's line ends
}

const (
	batchEvents = 256
	batchBytes  = 32 * kib // of rejects, but for the last one
)

// add adds an event, and what goes to the rejects if there are any.
func (b *batch) add(e Invalid, line []byte, rejects bool) {
	b.events = append(b.events, e)
	if rejects {
		b.rejects = output.AppendReject(b.rejects, e.Input, e.Line, e.Fault.Codes(), line)
	}
	b.ends = append(b.ends, len(b.rejects))
}

func (b *batch) full() bool { return len(b.events) >= batchEvents || len(b.rejects) >= batchBytes }

func (b *batch) reset() {
	clear(b.events)
	b.events, b.rejects, b.ends = b.events[:0], b.rejects[:0], b.ends[:0]
}
