package input

import (
	"context"
	"fmt"
	"io"
	"os"
	"sync/atomic"

	"dailystats/stats/await"
	"dailystats/stats/input/decode"
)

// stored reads an input's bytes as they are stored, and counts them. An error,
// the end too, is given again to whoever reads on.
type stored struct {
	r     io.Reader
	size  int64 // bytes to read: what a file had when it was opened; -1 means all
	done  int64 // bytes read
	total *atomic.Int64
	file  *os.File // nil for what is no file
	err   error

	format decode.Format // if it is known
}

// openStored opens what a source has stored, and counts in total what is read of
// it. It may have to wait for whoever writes to a named pipe.
func openStored(ctx context.Context, source Source, stdin io.Reader, total *atomic.Int64) (*stored, error) {
	switch source.kind.(type) {
	case standardInput:
		return &stored{r: &interruptible{ctx, stdin}, size: -1, total: total}, nil
	case stream:
		f, err := await.OpenFile(ctx, source.Name, os.O_RDONLY, 0)
		return &stored{r: &interruptible{ctx, f}, size: -1, total: total, file: f}, err
	}
	f, size, err := source.openFile()
	if err != nil {
		return nil, err
	}
	return &stored{r: f, size: size, total: total, file: f}, nil
}

// close closes the file, if it is one.
func (s *stored) close() error {
	if s.file == nil {
		return nil
	}
	return s.file.Close()
}

// Read implements io.Reader.
func (s *stored) Read(p []byte) (int, error) {
	if s.err == nil && s.done == s.size {
		s.err = io.EOF // what a file grows by meanwhile is not read
	}
	if s.err != nil {
		return 0, s.err
	}
	if s.size >= 0 {
		p = p[:min(int64(len(p)), s.size-s.done)]
	}
	n, err := s.r.Read(p)
	s.done += int64(n)
	s.total.Add(int64(n))
	if err == io.EOF && s.done < s.size {
		err = fmt.Errorf("file shrank while it was read: %d of %d bytes", s.done, s.size)
	}
	s.err = err
	return n, err
}

// seek goes on from an offset in a file.
func (s *stored) seek(offset int64) error {
	s.done = offset
	_, err := s.file.Seek(offset, io.SeekStart)
	return err
}

// rewind starts again from the beginning of a file.
func (s *stored) rewind() error {
	if _, err := s.r.(io.Seeker).Seek(0, io.SeekStart); err != nil {
		return err
	}
	s.total.Add(-s.done)
	s.done, s.err = 0, nil
	return nil
}

// Offset implements [decode.Stored].
func (s *stored) Offset() int64 { return s.done }

// Failure is what broke the reading, other than its end.
func (s *stored) Failure() error {
	if s.err == io.EOF {
		return nil
	}
	return reason(s.err)
}

// interruptible reads from what can keep a reader waiting: a pipe, a terminal. A read that is
// given up when ctx is done may still write to the slice that it was given, so nothing may be
// read after that.
type interruptible struct {
	ctx context.Context
	r   io.Reader
}

// Read implements io.Reader.
func (i *interruptible) Read(p []byte) (int, error) {
	return await.Call(i.ctx, func() (int, error) { return i.r.Read(p) })
}
