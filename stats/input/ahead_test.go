package input

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"dailystats/stats/input/decode"
	"dailystats/testdata/sampling"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
)

// TestReadAhead proves that inputs are read while the first one, a pipe that
// gives nothing yet, keeps its turn; that a line that was kept waits for it; and
// that there is no more of an input when a line couldn't be kept.
func TestReadAhead(t *testing.T) {
	dir := t.TempDir()
	args := []string{"-"}
	var want []line
	for i := range 3 {
		path := filepath.Join(dir, fmt.Sprint(i))
		text := strings.Repeat("{}\n", 5*i*i+1)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, path)
		want = append(want, wantLines(path, []byte(text), 1<<20)...)
	}
	stdin := &gate{opened: make(chan struct{}), text: strings.NewReader("first\n")}
	want = append([]line{{"-", 1, "first", false}}, want...)
	sources := expand(t, args...)
	r := NewReader(SourcesOf(sources...), Config{Inputs: 4, BlockSize: 60, Stdin: stdin})
	errs := make(chan error, 1)
	go func() { errs <- r.Run(t.Context()) }()
	var ahead, inTurn []line
	time.AfterFunc(50*time.Millisecond, func() { close(stdin.opened) })
	for b := range blocksOf(r) {
		if b.Ahead() {
			ahead = append(ahead, keepWhatMatters(b)...)
		} else {
			inTurn = append(inTurn, linesOf(b)...)
		}
		r.Release(b)
	}
	if err := <-errs; err != nil {
		t.Fatal(err)
	}
	if len(ahead) < 4 || inTurn[0].Input != "-" {
		t.Errorf("%d lines were ahead; the first in turn was %v", len(ahead), inTurn[0])
	}
	if diff := cmp.Diff(want, sorted(sources, append(ahead, inTurn...))); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// gate is a reader of text that waits until it is opened.
type gate struct {
	opened chan struct{}
	text   *strings.Reader
}

func (g *gate) Read(p []byte) (int, error) {
	<-g.opened
	return g.text.Read(p)
}

// TestFirstError proves that of several damaged inputs the first is named, even
// when a later one is found before, and that all lines before are there.
func TestFirstError(t *testing.T) {
	dir := t.TempDir()
	long := compress(decode.Gzip, bytes.Repeat([]byte("{}\n"), 100_000))
	for i, data := range [][]byte{long, long[:len(long)-1], long[:20], []byte("\x1f\x8b")} {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprint(i)), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for range sampling.Count(5, 20) {
		lines, err := readLines(t.Context(), expand(t, dir), Config{Inputs: 4})
		if err == nil || !strings.HasPrefix(err.Error(), filepath.Join(dir, "1")+": damaged gzip data") {
			t.Fatalf("error %v", err)
		}
		if len(lines) < 100_000 {
			t.Errorf("%d lines were read", len(lines))
		}
	}
}

// TestWindowAhead proves that an input that needs more memory than one read ahead
// may have is read all the same, also when that shows late.
func TestWindowAhead(t *testing.T) {
	text := bytes.Repeat([]byte("{\"user_id\":1}\n"), 100_000)
	frame := func(window int) []byte {
		w, err := zstd.NewWriter(nil, zstd.WithWindowSize(window), zstd.WithSingleSegment(false))
		if err != nil {
			t.Fatal(err)
		}
		return w.EncodeAll(text, nil)
	}
	dir := t.TempDir()
	var want []line
	var size int64
	for i := range 4 {
		path := filepath.Join(dir, fmt.Sprint(i))
		data := append(frame(64<<10), frame(1<<20)...)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		size += int64(len(data))
		want = append(want, wantLines(path, append(text, text...), 1<<20)...)
	}
	sources := expand(t, dir)
	r := NewReader(SourcesOf(sources...), Config{Inputs: 4, MaxWindow: 1 << 20, AheadWindow: 128 << 10})
	errs := make(chan error, 1)
	go func() { errs <- r.Run(context.Background()) }()
	var got []line
	for b := range blocksOf(r) {
		got = append(got, linesOf(b)...)
		r.Release(b)
	}
	if err := <-errs; err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(want, sorted(sources, got)) {
		t.Errorf("got %d lines, want %d", len(got), len(want))
	}
	if r.BytesRead() != size {
		t.Errorf("%d bytes read, want %d", r.BytesRead(), size)
	}
}
