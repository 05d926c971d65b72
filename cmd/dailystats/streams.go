package main

import (
	"context"
	"io"
	"os"
	"sync"
	"time"

	"dailystats/stats/output"
)

// sharedWriter is a writer for several goroutines, which is given up when a context
// is done: see [output.Interruptible].
type sharedWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func newSharedWriter(ctx context.Context, w io.Writer) *sharedWriter {
	return &sharedWriter{w: output.Interruptible(ctx, w)}
}

// Write implements io.Writer.
func (s *sharedWriter) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.w.Write(p)
}

// print writes a text to standard output.
func (s *session) print(text string) error {
	out := output.Stream(s.ctx, os.Stdout)
	if _, err := io.WriteString(out, text); err != nil {
		return err
	}
	return out.Commit()
}

// tell tells of a failure where there is no log. When late is done, it does so without
// waiting for those who write to standard error, nor for its reader.
func (s *session) tell(err error) {
	s.told.Store(true)
	text := "dailystats: " + forUser(err.Error()) + "\n"
	if s.asJSON {
		text = jsonFailure(err)
	}
	if s.late.Err() != nil {
		writeBriefly(os.Stderr, text)
		return
	}
	_, _ = io.WriteString(s.stderr, text)
}

// writeBriefly writes a text, or as much of it as is taken soon.
func writeBriefly(w io.Writer, text string) {
	const briefly = 100 * time.Millisecond
	written := make(chan struct{})
	go func() {
		_, _ = io.WriteString(w, text)
		close(written)
	}()
	select {
	case <-written:
	case <-time.After(briefly):
	}
}
