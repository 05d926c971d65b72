package input

import (
	"bytes"
	"cmp"
	"context"
	"io"
)

// keptOfLongLine is what is kept of a line over the limit, in bytes.
const keptOfLongLine = 4 << 10

// cutter cuts one input's text into blocks.
//
// A normal block is no longer than the limit for a line, so a line in one is
// never too long. What doesn't fit in one, with its LF, goes to the long block,
// of which there is one. A block that has been sent belongs to others, with all
// its memory: what is behind its lines is copied to the next block before.
type cutter struct {
	*sender
	text io.Reader
	err  error // of text, io.EOF too

	line      uint64 // number of the line that the next block starts with
	numbering numbering
	got       uint64 // bytes of text that were read since the block before began
	block     *Block // being filled
	n         int    // bytes in block.buf
}

// run sends all blocks of the text, or those that there are before an error.
func (c *cutter) run(ctx context.Context) error {
	err := c.cut(ctx)
	return cmp.Or(c.replayKept(ctx), err)
}

func (c *cutter) cut(ctx context.Context) error {
	if err := c.takeBlock(ctx, nil); err != nil {
		return err
	}
	for c.err == nil {
		if err := c.fill(ctx); err != nil {
			return err
		}
	}
	return c.finish(ctx)
}

// fill fills the block, unless the text ends first, and sends its whole lines.
func (c *cutter) fill(ctx context.Context) error {
	m, err := c.read(ctx, c.block.buf[c.n:])
	c.n += m
	if err != nil || c.err != nil {
		return err
	}
	end := bytes.LastIndexByte(c.block.buf, '\n') + 1
	if end == 0 {
		return c.longLine(ctx)
	}
	if err := c.recall(ctx); err != nil { // so that an input read ahead takes no third block
		return err
	}
	full := c.block
	if err := c.takeBlock(ctx, full.buf[end:]); err != nil {
		return err
	}
	return c.send(ctx, full, end, false)
}

// finish sends what is left, and gives the block back if that is nothing.
func (c *cutter) finish(ctx context.Context) error {
	if c.n == 0 {
		c.reader.Release(c.block)
		return nil
	}
	return c.send(ctx, c.block, c.n, false)
}

// takeBlock takes a new block to fill, and starts it with what is left behind
// the last line of the one before.
func (c *cutter) takeBlock(ctx context.Context, rest []byte) (err error) {
	c.block, err = c.reader.free.take(ctx, c.reader.blockSize)
	if err != nil {
		return err
	}
	c.n = copy(c.block.buf, rest)
	return nil
}

// longLine sends the line that fills the block and goes on behind it, in the
// input's turn: an input read ahead must not hold the one long block.
func (c *cutter) longLine(ctx context.Context) error {
	if err := c.awaitTurn(ctx); err != nil {
		return err
	}
	long, err := c.reader.freeLong.take(ctx, max(c.reader.maxLine, keptOfLongLine)+1)
	if err != nil {
		return err
	}
	n := copy(long.buf, c.block.buf[:c.n])
	c.n = 0
	for n < len(long.buf) && c.err == nil {
		step := long.buf[n:min(n+len(c.block.buf), len(long.buf))] // what is behind the line fits the block
		m, err := c.read(ctx, step)
		if err != nil {
			return err
		}
		if i := bytes.IndexByte(step[:m], '\n'); i >= 0 {
			c.n = copy(c.block.buf, step[i+1:m])
			return c.sendLong(ctx, long, n+i, 1)
		}
		n += m
	}
	if n == len(long.buf) {
		if err := c.discardLine(ctx); err != nil {
			return err
		}
	}
	return c.sendLong(ctx, long, n, 0)
}

// discardLine reads to behind the next LF. The block has what follows then.
func (c *cutter) discardLine(ctx context.Context) error {
	buf := c.block.buf
	for c.err == nil {
		m, err := c.read(ctx, buf)
		if err != nil {
			return err
		}
		if i := bytes.IndexByte(buf[:m], '\n'); i >= 0 {
			c.n = copy(buf, buf[i+1:m])
			return nil
		}
	}
	return nil
}

// sendLong sends a line of length bytes, or more if that fills the block, and lf
// more.
func (c *cutter) sendLong(ctx context.Context, long *Block, length, lf int) error {
	if length <= c.reader.maxLine {
		return c.send(ctx, long, length+lf, false)
	}
	if length > keptOfLongLine {
		return c.send(ctx, long, keptOfLongLine, true)
	}
	return c.send(ctx, long, len(bytes.TrimSuffix(long.buf[:length], []byte{'\r'})), true)
}

// send passes on the first n bytes of a block's memory.
func (c *cutter) send(ctx context.Context, b *Block, n int, tooLong bool) error {
	b.FirstLine, b.TooLong, b.numbering = c.line, tooLong, c.numbering
	b.asked, b.askedAt = 0, 0
	b.Data = b.buf[:n:n]
	switch {
	case c.numbering == allSame:
	case c.numbering == byOffset: // the next block has what was read behind this one
		c.line += c.got - uint64(c.n)
		c.got = uint64(c.n)
	case tooLong:
		c.line++
	default:
		c.line += uint64(bytes.Count(b.Data, []byte{'\n'}))
	}
	return c.pass(ctx, b)
}

// read fills p, unless the text ends before: then c.err is io.EOF.
func (c *cutter) read(ctx context.Context, p []byte) (n int, err error) {
	for idle := 0; n < len(p) && c.err == nil && idle < 100; idle++ {
		if ctx.Err() != nil {
			return n, context.Cause(ctx)
		}
		var m int
		m, c.err = c.text.Read(p[n:])
		n += m
		c.got += uint64(m)
		if m > 0 {
			idle = 0
		}
	}
	if n < len(p) && c.err == nil {
		c.err = io.ErrNoProgress
	}
	if c.err != io.EOF {
		return n, c.err
	}
	return n, nil
}
