package input

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"dailystats/stats/input/decode"

	"github.com/google/go-cmp/cmp"
)

// TestFileGrows proves that a file is read to the size that it had when it was
// opened.
func TestFileGrows(t *testing.T) {
	path := writeFile(t, "events.jsonl", []byte("1\n2\n3"))
	r := NewReader(SourcesOf(expand(t, path)...), Config{BlockSize: 2, Blocks: 1})
	errs := make(chan error, 1)
	go func() { errs <- r.Run(t.Context()) }()
	var got []line
	for b := range blocksOf(r) {
		if b.Number == 0 {
			appendTo(t, path, "4\n5\n")
		}
		got = append(got, linesOf(b)...)
		r.Release(b)
	}
	if err := <-errs; err != nil {
		t.Fatal(err)
	}
	want := []line{{path, 1, "1", false}, {path, 2, "2", false}, {path, 3, "3", false}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func appendTo(t *testing.T, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.WriteString(text)
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
}

// TestFileShrinks proves that a file that gets shorter meanwhile is an error,
// plain or compressed, and not the end of the data.
func TestFileShrinks(t *testing.T) {
	plain := bytes.Repeat([]byte("{}\n"), 100_000)
	for name, data := range map[string][]byte{
		"events.jsonl":    plain,
		"events.jsonl.gz": compress(decode.Gzip, bytes.Join([][]byte{plain, noise(200_000), plain}, nil)),
	} {
		path := writeFile(t, name, data)
		r := NewReader(SourcesOf(expand(t, path)...), Config{BlockSize: 1000, Blocks: 1})
		errs := make(chan error, 1)
		go func() { errs <- r.Run(t.Context()) }()
		for b := range blocksOf(r) {
			if b.Number == 0 {
				if err := os.Truncate(path, 100_000); err != nil {
					t.Fatal(err)
				}
			}
			r.Release(b)
		}
		err := <-errs
		if err == nil || !strings.HasPrefix(err.Error(), path+": file shrank while it was read: 100000 of ") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

// noise returns bytes that don't compress.
func noise(n int) []byte {
	data := make([]byte, n)
	state := uint32(1)
	for i := range data {
		state = state*1664525 + 1013904223
		data[i] = byte(state >> 24)
	}
	return data
}

// TestFileVanishes proves that a file must still be there when its turn comes.
func TestFileVanishes(t *testing.T) {
	path := writeFile(t, "events.jsonl", nil)
	sources := expand(t, path)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	_, err := readLines(t.Context(), sources, Config{})
	if err == nil || !strings.HasPrefix(err.Error(), path+": ") {
		t.Errorf("error %v", err)
	}
}

// TestStopWaiting proves that Run ends with its context, whatever it waits for,
// and leaves nothing behind once a read that can't be ended has ended.
func TestStopWaiting(t *testing.T) {
	stop := errors.New("stop")
	for _, test := range []struct {
		name   string
		stdin  string
		config Config
	}{
		{"for standard input", "", Config{}},
		{"for standard input, in a long line", strings.Repeat("x", 100), Config{BlockSize: 10}},
		{"for standard input, in a line that is too long", strings.Repeat("x", 5000), Config{MaxLine: 10}},
		{"for compressed data", "\x1f\x8b\x08", Config{}},
		{"for a block", "1\n2\n3\n4\n", Config{BlockSize: 2, Blocks: 1}},
		{"for the long block", "12345\n12345\n", Config{BlockSize: 2}},
	} {
		t.Run(test.name, func(t *testing.T) {
			checkGoroutines(t)
			stdin, write := io.Pipe()
			t.Cleanup(func() { write.Close() })
			ctx, cancel := context.WithCancelCause(t.Context())
			test.config.Stdin = stdin
			r := NewReader(SourcesOf(expand(t, "-")...), test.config)
			errs := make(chan error, 1)
			go func() { errs <- r.Run(ctx) }()
			io.WriteString(write, test.stdin) // what a Reader that waits doesn't take is lost with write
			cancel(stop)
			if err := <-errs; err != stop {
				t.Errorf("error %v, want %v", err, stop)
			}
			for range blocksOf(r) { // ends
			}
		})
	}
}
