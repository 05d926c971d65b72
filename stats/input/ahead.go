package input

import "context"

// Inputs are read in parallel, and yet what must happen in input order does.
//
// The first input that is not read to its end has the turn: its blocks have numbers.
// The others are read ahead, and their blocks have none. Of each such input, one block
// at a time is with the takers, so that its lines are seen in order. If a line matters
// for the order, the taker has it kept, to be replayed in the input's turn. An input:
//
//	              no room to keep a line, or its end with lines kept
//	reading ahead ──────────────────────────────────────────────────→ awaiting its turn
//	   │ its turn has come (hasCome)                                        │ its turn
//	   ↓                                                                    ↓
//	replaying: lines that were kept, then the rest of the last block, in numbered blocks
//	   │
//	   ↓
//	reading in turn, in numbered blocks, to its end
//
// Nobody waits forever. A taker never waits on behalf of a block that is read ahead, so
// all that it has is returned. And an input that is read ahead has two blocks at most,
// so that enough are left for the one that has the turn.

// early is the part of an input that is read before its turn.
//
// While a block is out, its taker may change kept and rest, and nobody else may
// look at them.
type early struct {
	turn   turn
	out    *Block // nil when none is with a taker
	back   pool   // where it is returned to
	kept   *Block // lines to be replayed
	memory int    // what kept may take, in bytes
	rest   *Block // the last block, if a part of it is to be replayed
}

// sender sends the blocks of one input.
type sender struct {
	reader  *Reader
	input   string
	offsets bool   // lines are numbered by offset
	begun   bool   // the first block has been passed
	early   *early // until the input's turn, else nil
}

// pass sends a block, with a number if the turn has come.
func (s *sender) pass(ctx context.Context, b *Block) error {
	b.Input, b.Offsets, b.First = s.input, s.offsets, !s.begun
	s.begun = true
	if err := s.recall(ctx); err != nil {
		return err
	}
	if s.early != nil {
		return s.passAhead(ctx, b)
	}
	return s.reader.send(ctx, b)
}

// passAhead sends a block without a number.
func (s *sender) passAhead(ctx context.Context, b *Block) error {
	b.early, b.home = s.early, s.early.back
	s.early.out = b
	select {
	case s.reader.ahead <- b:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// recall waits for the block that is out, and ends reading ahead if the turn has come, or
// nothing more can be kept.
func (s *sender) recall(ctx context.Context) error {
	e := s.early
	if e == nil {
		return nil
	}
	if err := s.awaitReturn(ctx); err != nil {
		return err
	}
	if e.rest == nil && !e.turn.hasCome() {
		return nil
	}
	return s.replay(ctx)
}

// awaitReturn waits for the block that is out.
func (s *sender) awaitReturn(ctx context.Context) error {
	e := s.early
	if e.out == nil {
		return nil
	}
	select {
	case b := <-e.back:
		e.out, b.early, b.home = nil, nil, s.reader.free
		if b != e.rest {
			s.reader.Release(b)
		}
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// replay waits for the turn, and sends what was kept.
func (s *sender) replay(ctx context.Context) error {
	e := s.early
	if err := e.turn.wait(ctx); err != nil {
		return err
	}
	s.early = nil
	if err := s.sendKept(ctx, e.kept); err != nil {
		return err
	}
	if e.rest == nil {
		return nil
	}
	return s.reader.send(ctx, e.rest)
}

// awaitTurn ends reading ahead.
func (s *sender) awaitTurn(ctx context.Context) error {
	if err := s.recall(ctx); err != nil || s.early == nil {
		return err
	}
	return s.replay(ctx)
}

// replayKept makes sure that what was kept is replayed. It waits for the turn only if anything
// was.
func (s *sender) replayKept(ctx context.Context) error {
	if err := s.recall(ctx); err != nil || s.early == nil {
		return err
	}
	if len(s.early.kept.Data) > 0 {
		return s.replay(ctx)
	}
	s.reader.Release(s.early.kept)
	return nil
}

// sendKept sends the lines that were kept, or gives their block back if there are
// none.
func (s *sender) sendKept(ctx context.Context, kept *Block) error {
	if len(kept.Data) == 0 {
		s.reader.Release(kept)
		return nil
	}
	kept.Input, kept.Offsets, kept.First, kept.FirstLine = s.input, s.offsets, false, kept.numbers[0]
	return s.reader.send(ctx, kept)
}
