package input

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"sync/atomic"

	"dailystats/stats/input/decode"
)

// Need is what it takes to read a source.
type Need struct {
	Compressed bool
	Window     int64 // bytes that a decoder must be allowed to keep: [Config.MaxWindow]
}

// UnknownWindow is more than any Config.MaxWindow.
const UnknownWindow = math.MaxInt64

// anyNeed is that of what can't be looked at before it is read.
var anyNeed = Need{Compressed: true, Window: UnknownWindow}

// Need returns what it takes to read a source, as far as its first bytes tell: those of a
// file, or of stdin, for which it may have to wait; rest is what to read in stdin's place.
// Where ctx ends that wait, one goroutine stays until the read from stdin ends.
func (s Source) Need(ctx context.Context, stdin io.Reader) (n Need, rest io.Reader, err error) {
	switch k := s.kind.(type) {
	case regularFile, filePart:
		n, err = s.fileNeed()
		return n, stdin, err
	case standardInput:
		if k.Offset > 0 { // only the first bytes say what a file is
			return Need{}, stdin, nil
		}
		return stdinNeed(ctx, stdin)
	default:
		return anyNeed, stdin, nil
	}
}

// fileNeed is Need for a regular file.
func (s Source) fileNeed() (n Need, err error) {
	t, err := OpenText(context.Background(), s, TextConfig{BytesRead: new(atomic.Int64)})
	if err != nil {
		return n, fileError(s.Name, err)
	}
	defer t.Close()
	n.Compressed = t.decoders.Format() != decode.Plain
	if !t.decoders.Format().NeedsWindow() {
		return n, nil
	}
	n.Window = UnknownWindow
	var large *decode.WindowError
	_, err = t.text.Read(make([]byte, 1))
	switch {
	case !errors.As(err, &large): // what else is wrong will be told when it is read
		n.Window = 0
	case large.Needed > 0:
		n.Window = large.Needed
	}
	if err := t.stored.Failure(); err != nil {
		return n, fileError(s.Name, err)
	}
	return n, nil
}

// stdinNeed is Need for standard input.
func stdinNeed(ctx context.Context, stdin io.Reader) (n Need, rest io.Reader, err error) {
	head, err := decode.Head(&interruptible{ctx, stdin})
	switch {
	case ctx.Err() != nil:
		return n, nil, context.Cause(ctx)
	case err != nil:
		return n, nil, fileError(stdinName, err)
	case len(head) < decode.MagicLen:
		return n, bytes.NewReader(head), nil // a terminal would go on after its end
	}
	f := decode.FormatOf(head)
	n.Compressed = f != decode.Plain
	if f.NeedsWindow() {
		n.Window = UnknownWindow
	}
	return n, io.MultiReader(bytes.NewReader(head), stdin), nil
}
