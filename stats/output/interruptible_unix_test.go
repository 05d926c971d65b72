//go:build unix

package output

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

var errStop = errors.New("stop")

// A writer to a pipe that nobody reads ends when its context does, be it opening the
// pipe or writing to it, with the context's cause alone.
func TestInterruptedWriters(t *testing.T) {
	fill := func(f *File) error {
		for {
			if _, err := f.Write(make([]byte, 300_000)); err != nil {
				return err
			}
		}
	}
	tests := []struct {
		name  string
		write func(ctx context.Context, fifo string) error
	}{
		{"named pipe without a reader", func(ctx context.Context, fifo string) error {
			_, err := Create(ctx, fifo)
			return err
		}},
		{"full named pipe", func(ctx context.Context, fifo string) error {
			reader, err := os.OpenFile(fifo, os.O_RDWR, 0)
			must(t, err)
			defer reader.Close()
			f, err := Create(ctx, fifo)
			must(t, err)
			defer f.Discard()
			return fill(f)
		}},
		{"full stream", func(ctx context.Context, _ string) error {
			reader, writer, err := os.Pipe()
			must(t, err)
			defer reader.Close()
			defer writer.Close()
			return fill(Stream(ctx, writer))
		}},
		{"compressor", func(ctx context.Context, fifo string) error {
			must(t, os.Rename(fifo, fifo+".gz"))
			f, err := Create(ctx, fifo+".gz")
			if err == nil {
				f.Discard()
			}
			return err
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			fifo := filepath.Join(t.TempDir(), "fifo")
			must(t, syscall.Mkfifo(fifo, 0o600))
			ctx, stop := context.WithCancelCause(t.Context())
			ended := make(chan error)
			go func() { ended <- test.write(ctx, fifo) }()
			select {
			case err := <-ended:
				t.Fatalf("it did not wait: %v", err)
			case <-time.After(50 * time.Millisecond):
			}
			stop(errStop)
			select {
			case err := <-ended:
				if err != errStop {
					t.Errorf("the error is %v", err)
				}
			case <-time.After(10 * time.Second):
				t.Fatal("it waits on")
			}
		})
	}
}

// When a context is done, its temporary files have no names any more, whatever their
// writers do, and are not committed.
func TestContextRemovesTemporary(t *testing.T) {
	folder := t.TempDir()
	first, second := filepath.Join(folder, "first"), filepath.Join(folder, "second")
	put(t, first, "older")
	ctx, stop := context.WithCancelCause(t.Context())
	var files []*File
	for _, path := range []string{first, second} {
		f, err := Create(ctx, path)
		must(t, err)
		defer f.Discard()
		write(t, f, "new")
		files = append(files, f)
	}
	must(t, files[0].Finish())
	must(t, files[1].Finish())
	wantNames(t, folder, "first", files[0].temporary, files[1].temporary)
	stop(errStop)
	for range 1000 {
		if left, err := os.ReadDir(folder); err != nil || len(left) == 1 {
			break
		}
		time.Sleep(time.Millisecond)
	}
	wantNames(t, folder, "first")
	if err := Commit(files...); err != errStop {
		t.Errorf("Commit: %v", err)
	}
	for _, f := range files {
		must(t, f.Discard())
	}
	wantNames(t, folder, "first")
	wantContent(t, first, "older")
	if _, err := Create(ctx, second); err != errStop {
		t.Errorf("Create: %v", err)
	}
	wantNames(t, folder, "first")
}
