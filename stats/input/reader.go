package input

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"io"
	"os"
	"sync/atomic"
)

// Config says what a Reader may use. Sizes are in bytes; those that are 0 get a
// default, but for MaxWindow.
type Config struct {
	BlockSize int       // memory of a block; 256 KiB by default
	Blocks    int       // how many there are; 4 by default
	MaxLine   int       // longest line, without LF and BOM, but with CR; 1 MiB by default
	MaxWindow int64     // what a decoder may keep; with 0, only plain text and gzip can be read
	Stdin     io.Reader // what "-" means; os.Stdin by default
}

// rawBuffer is the part of the stored bytes that decoders read at a time. Plain
// text is read past it, straight to a block.
const rawBuffer = 32 << 10

// Reader reads sources one after the other into blocks. Its memory is that of
// Blocks blocks, one line of MaxLine bytes if there is one that fits no block,
// and a decoder's, allocated when they are first needed.
type Reader struct {
	sources   []Source
	stdin     io.Reader
	blockSize int
	maxLine   int

	blocks    chan *Block
	free      pool
	freeLong  pool // one, for a line that doesn't fit a block
	bytesRead atomic.Int64

	// Of Run's goroutine.
	number   uint64        // of the next block
	raw      *bufio.Reader // an input's stored bytes
	decoders decoders
}

// NewReader returns a Reader of sources. Nothing happens before Run.
func NewReader(sources []Source, c Config) *Reader {
	blocks := cmp.Or(c.Blocks, 4)
	maxLine := max(cmp.Or(c.MaxLine, 1<<20), 1)
	r := &Reader{
		sources:   sources,
		stdin:     c.Stdin,
		blockSize: min(cmp.Or(c.BlockSize, 256<<10), maxLine),
		maxLine:   maxLine,
		blocks:    make(chan *Block, blocks+1),
		free:      newPool(blocks),
		freeLong:  newPool(1),
		decoders:  decoders{maxWindow: c.MaxWindow},
	}
	if r.stdin == nil {
		r.stdin = os.Stdin
	}
	return r
}

// Blocks returns the channel on which blocks arrive in order. It is closed when
// Run ends.
func (r *Reader) Blocks() <-chan *Block { return r.blocks }

// Release gives a block back, which must not be used after that. Run waits for
// that when it has no more blocks. Any goroutine may call it.
func (r *Reader) Release(b *Block) { b.home <- b }

// BytesRead returns the number of bytes taken from the inputs so far, as they
// are stored. Any goroutine may call it.
func (r *Reader) BytesRead() int64 { return r.bytesRead.Load() }

// Run reads all sources. Its error names the input and says what is wrong with
// it; blocks sent before are good. When ctx is done, Run returns its cause soon,
// even if an input keeps it waiting. In that case alone it leaves a goroutine
// behind, which ends when the read from standard input does, or someone opens
// the named pipe for writing.
func (r *Reader) Run(ctx context.Context) error {
	defer close(r.blocks)
	defer r.decoders.close()
	r.raw = bufio.NewReaderSize(nil, rawBuffer)
	for _, s := range r.sources {
		err := r.readSource(ctx, s)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			return fileError(s.Name, err)
		}
	}
	return nil
}

// readSource opens a source and sends its blocks.
func (r *Reader) readSource(ctx context.Context, s Source) error {
	if s.isStdin() {
		return r.readStored(ctx, s, &interruptible{ctx, r.stdin}, -1)
	}
	if !s.regular {
		f, err := openPipe(ctx, s.Name)
		if err != nil {
			return err
		}
		defer f.Close()
		return r.readStored(ctx, s, &interruptible{ctx, f}, -1)
	}
	f, err := os.Open(s.Name)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	return r.readStored(ctx, s, f, info.Size())
}

// readStored sends the blocks of a source of size stored bytes, -1 for as many
// as there are.
func (r *Reader) readStored(ctx context.Context, source Source, from io.Reader, size int64) error {
	s := &stored{r: from, size: size, total: &r.bytesRead}
	r.raw.Reset(s)
	text, err := r.decoders.open(r.raw, s)
	if err != nil {
		return err
	}
	if text, err = skipBOM(text); err != nil {
		return err
	}
	c := cutter{reader: r, input: source.Name, text: text, line: 1}
	return c.run(ctx)
}

// skipBOM drops a byte order mark at the start of text.
func skipBOM(text io.Reader) (io.Reader, error) {
	const bom = "\xef\xbb\xbf"
	t := bufio.NewReaderSize(text, 16) // larger reads go past its buffer
	head, err := t.Peek(len(bom))
	if err != nil && err != io.EOF {
		return nil, err
	}
	if bytes.Equal(head, []byte(bom)) {
		_, err := t.Discard(len(bom))
		return t, err
	}
	return t, nil
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
