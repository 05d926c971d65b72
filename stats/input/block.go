package input

import "context"

// Block is some whole lines of one input, or a part of one line that is too long.
type Block struct {
	Number    uint64 // position among all blocks, from 0
	Input     string // the source's name
	FirstLine uint64 // number of the first line in its input, from 1
	Data      []byte // lines, each with its LF but maybe the input's last; not to be changed
	TooLong   bool   // Data is the start of a line over the limit: 4 KiB, or all but its CR LF or LF

	buf  []byte // memory of Data
	home pool   // where the block belongs
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
