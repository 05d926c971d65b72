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
	repeats  *repeats
	limit    Limit

	// noteBytes is the size, in bytes, at which a text of notes is passed on. It should be
	// that of a block with only invalid events: a worker whose notes are full before its
	// block ends waits for the blocks before.
	noteBytes int
	free      chan *notes
	memory    *atomic.Int64 // bytes that all notes take

	// What was passed on.
	invalid uint64
	rules   [event.RuleCount]uint64
}

// newJournal returns a journal for workers that hold notes each, and have as many wait for
// their turns.
func newJournal(of *job) journal {
	j := journal{
		turns:     order.NewTurns(),
		observer:  &of.Observer,
		limit:     of.MaxInvalid,
		noteBytes: of.plan.NoteBytes,
		free:      make(chan *notes, notesPerWorker*of.plan.Workers),
		memory:    new(atomic.Int64),
	}
	if of.rejects != nil { // else the interface were not nil
		j.rejects = of.rejects
	}
	j.repeats = &repeats{most: of.Observer.MostAlike}
	if of.HTML != "" {
		j.samples = new(samples)
	}
	for range cap(j.free) {
		j.free <- new(notes)
	}
	return j
}

// needed reports whether anybody cares for the order of invalid events.
func (j *journal) needed() bool {
	return j.observer.AppendInvalid != nil || j.rejects != nil || j.samples != nil || j.limit.kind == limitCount
}

// take waits for notes that are free. A worker must have some before it takes a block: so
// the one whose block's turn it is has what it needs, and continues.
func (j *journal) take(ctx context.Context) (*notes, error) {
	select {
	case b := <-j.free:
		return b, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// end says that a block is through. b has what is left to say of it, and is given
// back.
func (j *journal) end(block uint64, b *notes) error {
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
func (j *journal) pass(ctx context.Context, block uint64, b *notes) error {
	if len(b.events) == 0 {
		return nil
	}
	if err := j.turns.Wait(ctx, block); err != nil {
		return err
	}
	return j.write(b)
}

func (j *journal) write(b *notes) error {
	defer b.reset()
	j.samples.keep(b.samples)
	n, limitErr := j.count(b.events)
	events := b.events[:n]
	if j.rejects != nil {
		if _, err := j.rejects.Write(b.rejects[:events[n-1].rejects]); err != nil {
			return err
		}
	}
	if j.observer.AppendInvalid != nil {
		j.tellMore(j.repeats.begin(b.input))
		if err := j.observer.WriteInvalid(j.logged(events, b.log)); err != nil {
			return err
		}
	}
	return limitErr
}

// logged returns those entries of a log of events that are to be written. It changes the log.
func (j *journal) logged(events []noted, log []byte) []byte {
	if j.repeats.most == 0 {
		return log[:events[len(events)-1].log]
	}
	written, start := log[:0], int32(0)
	for _, e := range events {
		if j.repeats.isLogged(e.rules) {
			written = append(written, log[start:e.log]...)
		}
		start = e.log
	}
	return written
}

func (j *journal) tellMore(more []More) {
	for _, m := range more {
		j.observer.More(m)
	}
}

// finish tells what is left when all events have been passed on.
func (j *journal) finish() {
	if j.observer.AppendInvalid != nil {
		j.tellMore(j.repeats.begin(""))
	}
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
		if err := output.WriteReject(j.rejects, rejectOf(e), line); err != nil {
			return err
		}
	}
	if j.observer.AppendInvalid != nil {
		j.tellMore(j.repeats.begin(e.Input))
		if !j.repeats.isLogged(e.Fault.Rules) {
			return limitErr
		}
		if err := j.observer.WriteInvalid(j.observer.AppendInvalid(nil, e)); err != nil {
			return err
		}
	}
	return limitErr
}

// count counts events, or as many of them as it takes to exceed the limit, and
// returns how many that were. There must be one.
func (j *journal) count(events []noted) (n int, err error) {
	for i, e := range events {
		j.invalid++
		for rule := range e.rules.All() {
			j.rules[rule]++
		}
		if j.limit.exceededEarly(j.invalid) {
			return i + 1, j.tooMany()
		}
	}
	return len(events), nil
}

func (j *journal) tooMany() error {
	return fmt.Errorf("%w: more than Options.MaxInvalid %s", ErrTooManyInvalid, j.limit)
}

// notes are what is to be passed on of some invalid events of one block. The worker that
// found them renders them, and holds them until the block's turn.
type notes struct {
	input        string
	events       []noted
	log, rejects []byte
	samples      []sample
}

// noted is an event in notes, and the length of their texts with it.
type noted struct {
	rules        event.RuleSet
	log, rejects int32
}

const (
	// notesPerWorker is how many notes there are for each worker.
	notesPerWorker = 2
	// longInvalid is the longest line that is copied, in bytes.
	longInvalid = 4 * kib
	// lastInvalid is what the last event of notes can add to its rejects, in
	// bytes: a byte of a line becomes six at most.
	lastInvalid = 6*longInvalid + 8*kib
	// lastEntry is what it can add to the log: a message of up to four values, and
	// the input's name.
	lastEntry = 8 * kib
	// leastInvalid is about how much an event adds to a text, at least, in bytes:
	// there is a place in notes for each so many bytes of one.
	leastInvalid = 32
	// longestSample is what a sample takes, in bytes: a message, of up to four values.
	longestSample = kib
)

// notesMemory is what notes take, in bytes.
func notesMemory(noteBytes int, samples bool) int64 {
	memory := int64(2*noteBytes+lastInvalid+lastEntry) + int64(noteBytes/leastInvalid)*int64(unsafe.Sizeof(noted{}))
	if samples {
		memory += mostSamples * event.RuleCount * longestSample
	}
	return memory
}

// full reports whether notes are to be passed on.
func (j *journal) full(b *notes) bool {
	return len(b.log) >= j.noteBytes || len(b.rejects) >= j.noteBytes || len(b.events) == cap(b.events)
}

// makeRoom gives notes their memory when they are first needed.
func (j *journal) makeRoom(b *notes) {
	b.events = make([]noted, 0, max(j.noteBytes/leastInvalid, 1))
	if j.rejects != nil {
		b.rejects = make([]byte, 0, j.noteBytes+lastInvalid)
	}
	if j.observer.AppendInvalid != nil {
		b.log = make([]byte, 0, j.noteBytes+lastEntry)
	}
	j.memory.Add(int64(cap(b.events))*int64(unsafe.Sizeof(noted{})) + int64(cap(b.rejects)+cap(b.log)))
}

func rejectOf(e Invalid) output.Reject {
	return output.Reject{Input: e.Input, Unit: e.Unit(), Number: e.Line, Codes: e.Fault.Rules.Codes(), Message: e.Fault.Message()}
}

// add adds an event to what is wanted.
func (j *journal) add(b *notes, e Invalid, line []byte) {
	if b.events == nil {
		j.makeRoom(b)
	}
	b.input = e.Input
	if j.rejects != nil {
		b.rejects = output.AppendReject(b.rejects, rejectOf(e), line)
	}
	if j.observer.AppendInvalid != nil && !j.repeats.isFull(e.Input, e.Fault.Rules) {
		b.log = j.observer.AppendInvalid(b.log, e)
	}
	b.samples = j.samples.find(b.samples, e)
	b.events = append(b.events, noted{e.Fault.Rules, int32(len(b.log)), int32(len(b.rejects))})
}

func (b *notes) reset() {
	b.events, b.log, b.rejects, b.samples = b.events[:0], b.log[:0], b.rejects[:0], b.samples[:0]
}
