//go:build unix

package input

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"dailystats/stats/input/decode"

	"github.com/google/go-cmp/cmp"
)

func makePipe(t *testing.T) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// openWriter opens a named pipe for writing as soon as a reader is there.
func openWriter(t *testing.T, path string) *os.File {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Error(err)
	}
	return f
}

// TestNamedPipe proves that a named pipe is read to its end, and that it may
// need a decoder's memory as far as anyone knows.
// TestSocket proves that a socket is named as what it is.
func TestSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	socket, err := net.Listen("unix", path)
	if err != nil {
		t.Skip("no socket can be made here: ", err)
	}
	defer socket.Close()
	if _, err := Expand(t.Context(), []string{path}, Expansion{}); err == nil || !strings.HasPrefix(err.Error(), path+" is a socket") {
		t.Errorf("the error is %v", err)
	}
}

func TestNamedPipe(t *testing.T) {
	checkGoroutines(t)
	path := makePipe(t)
	sources := expand(t, path)
	if need, _, err := sources[0].Need(t.Context(), nil); need != anyNeed || err != nil {
		t.Errorf("needs %+v, %v", need, err)
	}
	go func() {
		w := openWriter(t, path)
		defer w.Close()
		for range 3 {
			w.Write(compress(decode.Zstd, []byte("a\nb")))
		}
	}()
	got, err := readLines(t.Context(), sources, Config{MaxWindow: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	want := []line{{path, 1, "a", false}, {path, 2, "ba", false}, {path, 3, "ba", false}, {path, 4, "b", false}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestStopNamedPipe proves that waiting for a named pipe can be ended, before and
// after someone has opened it for writing.
func TestStopNamedPipe(t *testing.T) {
	stop := errors.New("stop")
	for _, opened := range []bool{false, true} {
		checkGoroutines(t)
		path := makePipe(t)
		ctx, cancel := context.WithCancelCause(t.Context())
		r := NewReader(SourcesOf(expand(t, path)...), Config{})
		errs := make(chan error, 1)
		go func() { errs <- r.Run(ctx) }()
		if opened {
			w := openWriter(t, path)
			defer w.Close()
			if _, err := w.WriteString("{}\n"); err != nil {
				t.Fatal(err)
			}
		}
		cancel(stop)
		if err := <-errs; err != stop {
			t.Errorf("error %v, want %v", err, stop)
		}
		if !opened {
			checkClosed(t, openWriter(t, path)) // the goroutine that is left behind opens it too
		}
	}
}

// checkClosed proves that nobody has the other end of a pipe open for long.
func checkClosed(t *testing.T, w *os.File) {
	t.Helper()
	defer w.Close()
	if err := w.SetWriteDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := w.Write(make([]byte, 1024)); err != nil {
			if !errors.Is(err, syscall.EPIPE) {
				t.Errorf("the pipe was left open: %v", err)
			}
			return
		}
	}
}

// TestUnreadable proves that what can't be read is an error with its name.
func TestUnreadable(t *testing.T) {
	path := writeFile(t, "events.jsonl", nil)
	sources := expand(t, path)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(path, 0o700); err != nil { // a read of a folder fails for root too
		t.Fatal(err)
	}
	_, err := readLines(t.Context(), sources, Config{})
	if err == nil || !strings.HasPrefix(err.Error(), path+": is a directory") {
		t.Errorf("error %v", err)
	}
}
