package input

import "context"

// Inputs are read side by side, and yet what has to happen in input order does.
//
// The first input that is not read to its end has the turn: its blocks have
// numbers. The others are read ahead, and their blocks have none. Of each such
// input, one block at a time is with the takers, so that its lines are seen in
// order. Where one of them matters to the order, the taker has it kept. When the
// input's turn comes, what was kept comes again, in blocks with numbers. Where no
// more can be kept, the input waits for its turn.
//
// Nobody waits for ever. A taker never waits on behalf of a block that is ahead,
// so all that it has comes back. And an input read ahead has two blocks at most,
// so that there are enough left for the one that has the turn.

// early is the part of an input that is read before its turn.
//
// While a block is out, its taker may change kept and rest, and nobody else may
// look at them.
type early struct {
	turn   turn
	out    *Block // nil when none is with a taker
	back   pool   // where it comes back to
	kept   *Block // lines that come again
	memory int    // what kept may take, in bytes
	rest   *Block // the last block, if a part of it comes again
}

// pass sends a block, with a number if the turn has come.
func (c *cutter) pass(ctx context.Context, b *Block) error {
	if err := c.recall(ctx); err != nil {
		return err
	}
	if c.early != nil {
		return c.passAhead(ctx, b)
	}
	return c.reader.send(ctx, b)
}

// passAhead sends a block without a number.
func (c *cutter) passAhead(ctx context.Context, b *Block) error {
	b.early, b.home = c.early, c.early.back
	c.early.out = b
	select {
	case c.reader.ahead <- b:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// recall waits for the block that is out, and ends the reading ahead if the turn
// has come, or must.
func (c *cutter) recall(ctx context.Context) error {
	e := c.early
	if e == nil {
		return nil
	}
	if err := c.takeBack(ctx); err != nil {
		return err
	}
	if e.rest == nil && !e.turn.come() {
		return nil
	}
	return c.catchUp(ctx)
}

// takeBack waits for the block that is out.
func (c *cutter) takeBack(ctx context.Context) error {
	e := c.early
	if e.out == nil {
		return nil
	}
	select {
	case b := <-e.back:
		e.out, b.early, b.home = nil, nil, c.reader.free
		if b != e.rest {
			c.reader.Release(b)
		}
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// catchUp waits for the turn, and sends what has to come again.
func (c *cutter) catchUp(ctx context.Context) error {
	e := c.early
	if err := e.turn.wait(ctx); err != nil {
		return err
	}
	c.early = nil
	if err := c.sendKept(ctx, e.kept); err != nil {
		return err
	}
	if e.rest == nil {
		return nil
	}
	return c.reader.send(ctx, e.rest)
}

// awaitTurn ends the reading ahead.
func (c *cutter) awaitTurn(ctx context.Context) error {
	if err := c.recall(ctx); err != nil || c.early == nil {
		return err
	}
	return c.catchUp(ctx)
}

// settle makes sure that all that has to come again has been sent. It waits for
// the turn only if there is anything of that kind.
func (c *cutter) settle(ctx context.Context) error {
	if err := c.recall(ctx); err != nil || c.early == nil {
		return err
	}
	if len(c.early.kept.Data) > 0 {
		return c.catchUp(ctx)
	}
	c.reader.Release(c.early.kept)
	return nil
}

// sendKept sends the lines that were kept, or gives their block back if there are
// none.
func (c *cutter) sendKept(ctx context.Context, kept *Block) error {
	if len(kept.Data) == 0 {
		c.reader.Release(kept)
		return nil
	}
	kept.Input, kept.FirstLine = c.input, kept.numbers[0]
	return c.reader.send(ctx, kept)
}
