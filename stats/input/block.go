package input

import (
	"bytes"
	"context"
)

// Block is some whole lines of one input, or a part of one line that is too long.
type Block struct {
	Number    uint64 // position among all blocks, from 0, but for one that is Ahead
	Input     string // the source's name
	FirstLine uint64 // number of the first line in its input; see Line for the others
	Offsets   bool   // lines are numbered by their offset, or that of their message, not from 1
	Data      []byte // lines, each with its LF but maybe the last; not to be changed
	First     bool   // Data begins where the input does
	TooLong   bool   // Data is the start of a line over the limit: 4 KiB, or all but its CR LF or LF

	numbering numbering
	numbers   []uint64 // of the lines, where they are listed
	asked     uint64   // the line that was asked for last
	askedAt   int      // where in Data that begins
	buf       []byte   // memory of Data
	home      pool     // where the block belongs
	early     *early   // what is known of its input while that is read ahead, else nil
}

// numbering is how the lines of a block are numbered.
type numbering uint8

const (
	byCount  numbering = iota // FirstLine, and one more for each line
	byOffset                  // by where they begin in the input; the first at FirstLine
	allSame                   // all FirstLine: they are one message
	listed                    // each as numbers has it
)

// Ahead reports whether the block's input is read before its turn. Such a block
// has no number. What must be in input order can't be done with its lines yet,
// only with those that Keep has replayed.
func (b *Block) Ahead() bool { return b.early != nil }

// Line returns the number of line n, from 0, in its input.
func (b *Block) Line(n uint64) uint64 {
	switch b.numbering {
	case listed:
		return b.numbers[n]
	case allSame:
		return b.FirstLine
	case byOffset:
		return b.FirstLine + uint64(b.start(n))
	default:
		return b.FirstLine + n
	}
}

// Keep has line n, from 0, of a block that is read ahead replayed in a numbered block, once
// those of the inputs before have been sent. It reports false if there is no room for it:
// then line n and all behind it are replayed, so the block's taker must leave them alone.
func (b *Block) Keep(n uint64, line []byte) bool {
	if b.early.kept.add(b.Line(n), line, b.early.memory) {
		return true
	}
	b.drop(n)
	b.early.rest = b
	return false
}

// start returns where in Data line n begins. It is quick if n rises.
func (b *Block) start(n uint64) int {
	if n < b.asked {
		b.asked, b.askedAt = 0, 0
	}
	for ; b.asked < n; b.asked++ {
		b.askedAt += bytes.IndexByte(b.Data[b.askedAt:], '\n') + 1
	}
	return b.askedAt
}

// drop takes the first n lines away. There must be more.
func (b *Block) drop(n uint64) {
	b.FirstLine, b.Data, b.First = b.Line(n), b.Data[b.start(n):], false
	b.asked, b.askedAt = 0, 0
	if b.numbering == listed {
		b.numbers = b.numbers[:copy(b.numbers, b.numbers[n:])]
	}
}

// add adds a line to a block of those to be replayed, which takes memory bytes
// when it is first needed: three quarters for lines, the rest for their numbers.
// It reports false where the line doesn't fit.
func (b *Block) add(number uint64, line []byte, memory int) bool {
	if len(b.buf) == 0 {
		b.buf = make([]byte, memory-memory/4)
		b.numbers = make([]uint64, 0, memory/4/8)
	}
	n := len(b.Data)
	if n+len(line) >= len(b.buf) || len(b.numbers) == cap(b.numbers) {
		return false
	}
	n += copy(b.buf[n:], line)
	b.buf[n] = '\n'
	b.Data = b.buf[:n+1]
	b.numbers = append(b.numbers, number)
	return true
}

// pool holds the blocks that are free. It has room for all that belong to it.
type pool chan *Block

func newPool(blocks int) pool {
	p := make(pool, blocks)
	for range blocks {
		p <- &Block{home: p}
	}
	return p
}

// memory returns the number of bytes of all free blocks.
func (p pool) memory() (bytes int64) {
	for range len(p) {
		b := <-p
		bytes += int64(cap(b.buf))
		p <- b
	}
	return bytes
}

// take waits for a free block, and gives it size bytes of memory if it has none
// yet.
func (p pool) take(ctx context.Context, size int) (*Block, error) {
	select {
	case b := <-p:
		if b.buf == nil {
			b.buf = make([]byte, size)
		}
		return b, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}
