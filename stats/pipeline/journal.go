package pipeline

import (
	"context"
	"fmt"
	"io"
	"sync/atomic"
	"unsafe"

	"dailystats/stats/event"
	"dailystats/stats/order"
	"dailystats/stats/output"
)

// journal passes invalid events on, to the log and to the rejects, in input
// order, whichever worker found them, and counts them against the limit. It is
// used by one worker at a time: the one whose block's turn it is.
type journal struct {
	turns    *order.Turns // by block number
	observer *Observer
	rejects  io.Writer // nil where there are none
	samples  *samples  // nil where none are wanted
	limit    Limit

	// batchBytes is when a text of a batch is passed on, in bytes. It should be
	// what a block of nothing but invalid events comes to: a worker whose batch
	// gets full before its block ends waits for those before.
	batchBytes int
	free       chan *batch
	memory     *atomic.Int64 // bytes that all batches take

	// What was passed on.
	invalid uint64
	rules   [event.RuleCount]uint64
}

// newJournal returns a journal for workers that hold a batch each, and have as
// many wait for their turns.
func newJournal(o *Options, rejects io.Writer, plan *Plan) journal {
	j := journal{
		turns:      order.NewTurns(),
		observer:   &o.Observer,
		rejects:    rejects,
		limit:      o.MaxInvalid,
		batchBytes: plan.BatchBytes,
		free:       make(chan *batch, batches*plan.Workers),
		memory:     new(atomic.Int64),
	}
	if o.Page != "" {
		j.samples = new(samples)
	}
	for range cap(j.free) {
		j.free <- new(batch)
	}
	return j
}

// needed reports whether anybody cares for the order of invalid events.
func (j *journal) needed() bool {
	return j.observer.AppendInvalid != nil || j.rejects != nil || j.samples != nil || j.limit.kind == limitCount
}

// take waits for a batch. A worker must have one before it takes a block: so the
// one whose block's turn it is has what it needs, and goes on.
func (j *journal) take(ctx context.Context) (*batch, error) {
	select {
	case b := <-j.free:
		return b, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// end says that a block is through. b has what is left to say of it, and is given
// back.
func (j *journal) end(block uint64, b *batch) error {
	if len(b.events) == 0 {
		j.free <- b
		return j.turns.End(block, nil)
	}
	return j.turns.End(block, func() error {
		err := j.write(b)
		j.free <- b
		return err
	})
}

// pass passes on the invalid events of a part of a block, and empties b. It
// waits for the block's turn.
func (j *journal) pass(ctx context.Context, block uint64, b *batch) error {
	if len(b.events) == 0 {
		return nil
	}
	if err := j.turns.Wait(ctx, block); err != nil {
		return err
	}
	return j.write(b)
}

func (j *journal) write(b *batch) error {
	defer b.reset()
	j.samples.keep(b.samples)
	last, limitErr := j.count(b.events)
	if j.rejects != nil {
		if _, err := j.rejects.Write(b.rejects[:last.rejects]); err != nil {
			return err
		}
	}
	if j.observer.AppendInvalid != nil {
		if err := j.observer.WriteInvalid(b.log[:last.log]); err != nil {
			return err
		}
	}
	return limitErr
}

// passLong passes on one invalid event whose line is too long to be copied. The
// block's other events must have been passed on before.
func (j *journal) passLong(ctx context.Context, block uint64, e Invalid, line []byte) error {
	if err := j.turns.Wait(ctx, block); err != nil {
		return err
	}
	_, limitErr := j.count([]noted{{rules: e.Fault.Rules}})
	j.samples.keep(j.samples.find(nil, e))
	if j.rejects != nil {
		if err := output.WriteReject(j.rejects, e.Input, e.Unit(), e.Line, e.Fault.Rules.Codes(), line); err != nil {
			return err
		}
	}
	if j.observer.AppendInvalid != nil {
		if err := j.observer.WriteInvalid(j.observer.AppendInvalid(nil, e)); err != nil {
			return err
		}
	}
	return limitErr
}

// count counts events, or as many of them as it takes to exceed the limit, and
// returns the last one counted. There must be one.
func (j *journal) count(events []noted) (last noted, err error) {
	for _, e := range events {
		j.invalid++
		for rule := range e.rules.All() {
			j.rules[rule]++
		}
		if j.limit.exceededEarly(j.invalid) {
			return e, j.tooMany()
		}
	}
	return events[len(events)-1], nil
}

func (j *journal) tooMany() error {
	return fmt.Errorf("%w: more than Options.MaxInvalid %s", ErrTooManyInvalid, j.limit)
}

// batch is what there is to say of some invalid events of one block. The worker
// that found them renders it, and holds it until the block's turn.
type batch struct {
	events       []noted
	log, rejects []byte
	samples      []sample
}

// noted is an event in a batch, and how long the batch's texts are with it.
type noted struct {
	rules        event.RuleSet
	log, rejects int32
}

const (
	// batches is how many there are for each worker.
	batches = 2
	// longInvalid is the longest line that is copied, in bytes.
	longInvalid = 4 * kib
	// lastInvalid is what the last event of a batch can add to its rejects, in
	// bytes: a byte of a line becomes six at most.
	lastInvalid = 6*longInvalid + 4*kib
	// lastEntry is what it can add to the log: a message of up to four values, and
	// the input's name.
	lastEntry = 8 * kib
	// leastInvalid is about how much an event adds to a text, at least, in bytes:
	// there is a place in a batch for each so many bytes of one.
	leastInvalid = 32
	// longestSample is what a sample takes, in bytes: a message, of up to four values.
	longestSample = kib
)

// batchMemory is what a batch takes, in bytes.
func batchMemory(batchBytes int, samples bool) int64 {
	memory := int64(2*batchBytes+lastInvalid+lastEntry) + int64(batchBytes/leastInvalid)*int64(unsafe.Sizeof(noted{}))
	if samples {
		memory += mostSamples * event.RuleCount * longestSample
	}
	return memory
}

// full reports whether a batch is to be passed on.
func (j *journal) full(b *batch) bool {
	return len(b.log) >= j.batchBytes || len(b.rejects) >= j.batchBytes || len(b.events) == cap(b.events)
}

// makeRoom gives a batch its memory when it is first needed.
func (j *journal) makeRoom(b *batch) {
	b.events = make([]noted, 0, max(j.batchBytes/leastInvalid, 1))
	if j.rejects != nil {
		b.rejects = make([]byte, 0, j.batchBytes+lastInvalid)
	}
	if j.observer.AppendInvalid != nil {
		b.log = make([]byte, 0, j.batchBytes+lastEntry)
	}
	j.memory.Add(int64(cap(b.events))*int64(unsafe.Sizeof(noted{})) + int64(cap(b.rejects)+cap(b.log)))
}

// add adds an event to what is wanted.
func (j *journal) add(b *batch, e Invalid, line []byte) {
	if b.events == nil {
		j.makeRoom(b)
	}
	if j.rejects != nil {
		b.rejects = output.AppendReject(b.rejects, e.Input, e.Unit(), e.Line, e.Fault.Rules.Codes(), line)
	}
	if j.observer.AppendInvalid != nil {
		b.log = j.observer.AppendInvalid(b.log, e)
	}
	b.samples = j.samples.find(b.samples, e)
	b.events = append(b.events, noted{e.Fault.Rules, int32(len(b.log)), int32(len(b.rejects))})
}

func (b *batch) reset() {
	b.events, b.log, b.rejects, b.samples = b.events[:0], b.log[:0], b.rejects[:0], b.samples[:0]
}
