package input

import (
	"cmp"
	"context"
	"io"
	"os"
	"sync/atomic"

	"dailystats/stats/input/decode"

	"golang.org/x/sync/errgroup"
)

// Config says what a Reader may use. Sizes are in bytes; those that are 0 get a
// default, but for MaxWindow.
type Config struct {
	Inputs      int       // how many are read side by side; 1 by default
	BlockSize   int       // memory of a block; 256 KiB by default
	Blocks      int       // how many there are; 4 by default, and at least 2 for each of Inputs and 1 more
	MaxLine     int       // longest line, without LF and BOM, but with CR; 1 MiB by default
	MaxWindow   int64     // what a decoder may keep; with 0, only plain text and gzip can be read
	AheadWindow int64     // what the decoder of an input read ahead may keep; one that needs more waits for its turn
	KeptSize    int       // memory for what an input read ahead has to send again; that of a block by default
	Stdin       io.Reader // what "-" means; os.Stdin by default
}

// rawBuffer is the part of the stored bytes that decoders read at a time. Plain
// text is read past it, straight to a block.
const rawBuffer = 32 << 10

// Reader reads sources into blocks, several side by side. Its memory is that of
// Blocks blocks, one line of MaxLine bytes if there is one that fits no block,
// a decoder's of MaxWindow and, with several Inputs, KeptSize for each and another
// decoder's of AheadWindow for each but one, allocated when they are first needed.
type Reader struct {
	stdin       io.Reader
	inputs      int
	blockSize   int
	maxLine     int
	aheadWindow int64
	keptSize    int

	order     *order
	blocks    chan *Block // with numbers
	ahead     chan *Block // without
	free      pool
	freeLong  pool // one, for a line that doesn't fit a block
	bytesRead atomic.Int64
	aheadUsed atomic.Int64 // bytes

	// Of the lane that has the turn.
	number   uint64 // of the next block
	decoders decode.Decoders
}

// NewReader returns a Reader of sources. Nothing happens before Run.
func NewReader(sources *Sources, c Config) *Reader {
	inputs := min(cmp.Or(c.Inputs, 1), max(sources.Len(), 1))
	blocks := max(cmp.Or(c.Blocks, 4), 2*inputs+1)
	maxLine := max(cmp.Or(c.MaxLine, 1<<20), 1)
	r := &Reader{
		stdin:       c.Stdin,
		inputs:      inputs,
		blockSize:   min(cmp.Or(c.BlockSize, 256<<10), maxLine),
		maxLine:     maxLine,
		aheadWindow: c.AheadWindow,
		keptSize:    c.KeptSize,
		order:       newOrder(sources),
		blocks:      make(chan *Block, blocks+1+inputs),
		ahead:       make(chan *Block, inputs),
		free:        newPool(blocks),
		freeLong:    newPool(1),
		decoders:    decode.Decoders{MaxWindow: c.MaxWindow},
	}
	r.keptSize = cmp.Or(r.keptSize, r.blockSize)
	if r.stdin == nil {
		r.stdin = os.Stdin
	}
	return r
}

// Next waits for a block and returns it, or nil when there are no more. Those
// with numbers come in order, and before those that are Ahead. Any goroutine may
// call it.
func (r *Reader) Next(ctx context.Context) (*Block, error) {
	select {
	case b := <-r.blocks:
		return b, nil
	default:
	}
	select {
	case b := <-r.blocks:
		return b, nil
	case b := <-r.ahead:
		return b, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// Release gives a block back, which must not be used after that. Run waits for
// that when it has no more blocks. Any goroutine may call it.
func (r *Reader) Release(b *Block) {
	b.poison()
	b.home <- b
}

// BytesRead returns the number of bytes taken from the inputs so far, as they
// are stored. Any goroutine may call it.
func (r *Reader) BytesRead() int64 { return r.bytesRead.Load() }

// Usage is how much memory a Reader has used, at most, in bytes.
type Usage struct {
	Blocks   int64
	LongLine int64 // the line that fitted no block
	Decoder  int64 // of the input that had the turn
	Ahead    int64 // for the other inputs
}

// Usage may be called when Run has returned, and all blocks have been released.
func (r *Reader) Usage() Usage {
	return Usage{
		Blocks:   r.free.memory(),
		LongLine: r.freeLong.memory(),
		Decoder:  r.decoders.Used(),
		Ahead:    r.aheadUsed.Load(),
	}
}

// Run reads all sources. Its error names the input and says what is wrong with
// it, the first in order if there are several; blocks sent before are good. When
// ctx is done, Run returns its cause soon, even if an input keeps it waiting. In
// that case alone it leaves a goroutine behind, which ends when the read from
// standard input does, or someone opens the named pipe for writing.
func (r *Reader) Run(ctx context.Context) error {
	defer close(r.blocks)
	defer r.decoders.Close()
	g, ctx := errgroup.WithContext(ctx)
	for range r.inputs {
		g.Go(func() error { return newLane(r).run(ctx) })
	}
	return g.Wait()
}

func (r *Reader) send(ctx context.Context, b *Block) error {
	b.Number = r.number
	r.number++
	select {
	case r.blocks <- b:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
