package output

import (
	"context"
	"io"
	"os"
)

// A pipe that nobody reads keeps whoever opens or writes to it waiting, and so can a
// terminal, a device or a sick disk. There is no portable way to end such a call, so
// it is made in a goroutine, which is left behind when a context is done: it ends
// when the call does.

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
		n, err = await(i.ctx, func() (int, error) { return i.w.Write(i.piece) })
		written += n
	}
	return written, err
}

// await returns what call does, unless ctx is done before: then it returns ctx's cause.
func await[T any](ctx context.Context, call func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	returned := make(chan result, 1)
	go func() {
		value, err := call()
		returned <- result{value, err}
	}()
	select {
	case r := <-returned:
		return r.value, r.err
	case <-ctx.Done():
		var zero T
		return zero, context.Cause(ctx)
	}
}

// none is the value of a call that has only an error.
type none = struct{}

// OpenFile is [os.OpenFile], but gives up when ctx is done, as may be while nobody
// reads a named pipe. What is opened after all is closed.
func OpenFile(ctx context.Context, path string, flag int, perm os.FileMode) (*os.File, error) {
	opened := make(chan *os.File)
	failed := make(chan error, 1)
	go func() {
		f, err := os.OpenFile(path, flag, perm)
		if err != nil {
			failed <- err
			return
		}
		select {
		case opened <- f:
		case <-ctx.Done():
			f.Close()
		}
	}()
	select {
	case f := <-opened:
		return f, nil
	case err := <-failed:
		return nil, err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}
