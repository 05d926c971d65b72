// Package await makes calls that may never return, such as those to a pipe that nobody reads, a
// terminal or a sick disk, and gives them up when a context is done.
//
// There is no portable way to end such a call, so it is made in a goroutine, which is left
// behind when it is given up: it ends when the call does.
package await

import (
	"context"
	"os"
)

// Call returns what call does, unless ctx is done before: then it returns ctx's cause.
func Call[T any](ctx context.Context, call func() (T, error)) (T, error) {
	return callOr(ctx, call, func(T, error) {})
}

// callOr is Call, and has late take what call returns when it was given up.
func callOr[T any](ctx context.Context, call func() (T, error), late func(T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	returned := make(chan result) // unbuffered: what is sent has been taken
	go func() {
		value, err := call()
		select {
		case returned <- result{value, err}:
		case <-ctx.Done():
			late(value, err)
		}
	}()
	select {
	case r := <-returned:
		return r.value, r.err
	case <-ctx.Done():
		var zero T
		return zero, context.Cause(ctx)
	}
}

// Do is Call for a call that only returns an error.
func Do(ctx context.Context, call func() error) error {
	_, err := Call(ctx, func() (struct{}, error) { return struct{}{}, call() })
	return err
}

// OpenFile is [os.OpenFile], as Call makes it. A file that is opened too late is closed.
func OpenFile(ctx context.Context, path string, flag int, perm os.FileMode) (*os.File, error) {
	open := func() (*os.File, error) { return os.OpenFile(path, flag, perm) }
	return callOr(ctx, open, func(f *os.File, err error) {
		if err == nil {
			f.Close()
		}
	})
}
