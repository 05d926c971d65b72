package input

import (
	"bytes"
	"context"
	"io"

	"dailystats/stats/input/decode"
)

// Messages are the contents of a source that is no file but a log of messages,
// such as a partition of a Kafka topic. A message is a line, or several, that are
// numbered by its offset.
type Messages interface {
	// Next goes on to the next message, and returns its offset and its size in bytes,
	// or io.EOF after the last one.
	Next() (offset uint64, size int64, err error)
	// Read reads the message, and returns io.EOF at its end.
	io.Reader
	// Close lets go of what was opened.
	Close()
}

// Decode returns the text of data that are stored in some format. It is valid
// until the next call, and counts as read from the input.
type Decode func(data []byte, f decode.Format) (io.Reader, error)

// MessageSource returns a source of messages, which open opens. They are read by
// one goroutine, which is not kept waiting when the context is done. Errors should
// not name the source.
func MessageSource(name string, open func(context.Context, Decode) Messages) Source {
	return Source{name, messageLog(open)}
}

// packer packs messages into blocks.
//
// A message that fits a block is read right into it. A longer one, or one of very
// many lines, is cut as the text of a file is.
type packer struct {
	*sender
	messages Messages

	block *Block // being filled
	n     int    // bytes in block.buf
}

// leastLine is how long the lines of a block with numbers are on average, at
// least, in bytes: there is an eighth of a block's memory for each number.
const leastLine = 32

// run sends all messages, or those that there are before an error.
func (p *packer) run(ctx context.Context) error {
	err := p.pack(ctx)
	if err == io.EOF {
		err = p.flush(ctx)
	}
	if replayed := p.replayKept(ctx); err == nil {
		err = replayed
	}
	return err
}

// pack returns io.EOF after the last message.
func (p *packer) pack(ctx context.Context) error {
	for {
		offset, size, err := p.messages.Next()
		if err != nil {
			return err
		}
		if p.block != nil && !p.fits(size) {
			if err := p.flush(ctx); err != nil {
				return err
			}
		}
		if p.block == nil {
			if err := p.takeBlock(ctx); err != nil {
				return err
			}
		}
		if !p.fits(size) {
			err = p.cut(ctx, p.messages, offset)
		} else {
			err = p.add(ctx, offset, int(size))
		}
		if err != nil {
			return err
		}
	}
}

// fits reports whether there is room for a message and a line end.
func (p *packer) fits(size int64) bool {
	return size < int64(len(p.block.buf)-p.n) && len(p.block.numbers) < cap(p.block.numbers)
}

func (p *packer) takeBlock(ctx context.Context) (err error) {
	if p.block, err = p.reader.free.take(ctx, p.reader.blockSize); err != nil {
		return err
	}
	if cap(p.block.numbers) == 0 {
		p.block.numbers = make([]uint64, 0, max(p.reader.blockSize/leastLine, 1))
	}
	p.n, p.block.numbers = 0, p.block.numbers[:0]
	return nil
}

// add adds a message that fits.
func (p *packer) add(ctx context.Context, offset uint64, size int) error {
	message := p.block.buf[p.n : p.n+size]
	if _, err := io.ReadFull(p.messages, message); err == io.EOF {
		return io.ErrUnexpectedEOF
	} else if err != nil {
		return err
	}
	if size == 0 || message[size-1] != '\n' {
		message = p.block.buf[p.n : p.n+size+1]
		message[size] = '\n'
	}
	lines := bytes.Count(message, []byte{'\n'})
	if len(p.block.numbers)+lines > cap(p.block.numbers) {
		return p.cut(ctx, bytes.NewReader(bytes.Clone(message)), offset)
	}
	p.n += len(message)
	for range lines {
		p.block.numbers = append(p.block.numbers, offset)
	}
	return nil
}

// flush sends the block, or gives it back if it is empty.
func (p *packer) flush(ctx context.Context) error {
	b := p.block
	if b == nil {
		return nil
	}
	p.block = nil
	if p.n == 0 {
		p.reader.Release(b)
		return nil
	}
	b.Data, b.FirstLine, b.numbering, b.TooLong = b.buf[:p.n:p.n], b.numbers[0], listed, false
	return p.pass(ctx, b)
}

// cut sends a message as blocks of its own, behind the one at hand.
func (p *packer) cut(ctx context.Context, message io.Reader, offset uint64) error {
	if err := p.flush(ctx); err != nil {
		return err
	}
	c := cutter{sender: p.sender, text: message, line: offset, numbering: allSame}
	return c.cut(ctx)
}
