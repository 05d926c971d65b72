package output

import (
	"context"
	"io"
	"os"

	"dailystats/stats/await"
)

// pieceSize is how many bytes are written at a time to what may keep a writer waiting.
const pieceSize = 64 << 10

// Interruptible returns a writer to w that gives up when ctx is done: from then on it
// fails with ctx's cause, and w may still be written the piece that it was given last.
// Regular files have no readers to wait for, and are returned as they are.
//
// It is used by one goroutine at a time.
func Interruptible(ctx context.Context, w io.Writer) io.Writer {
	if file, ok := w.(*os.File); ok && isRegular(file) {
		return w
	}
	return &interruptible{ctx: ctx, w: w}
}

func isRegular(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode().IsRegular()
}

type interruptible struct {
	ctx   context.Context
	w     io.Writer
	piece []byte // the goroutine's that writes it, for good once ctx is done
}

// Write implements io.Writer.
func (i *interruptible) Write(p []byte) (written int, err error) {
	for len(p) > 0 && err == nil {
		if i.ctx.Err() != nil {
			return written, context.Cause(i.ctx)
		}
		i.piece = append(i.piece[:0], p[:min(len(p), pieceSize)]...)
		p = p[len(i.piece):]
		var n int
		n, err = await.Call(i.ctx, func() (int, error) { return i.w.Write(i.piece) })
		written += n
	}
	return written, err
}
