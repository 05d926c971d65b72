package input

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"

	"dailystats/stats/input/decode"
)

// TestText proves that a text is all of what is stored, in any format, from a
// file and from standard input; that all bytes are counted; and that Storage
// tells the smallest window that does.
func TestText(t *testing.T) {
	lines := string(testdata(t, "lines.jsonl"))
	for _, name := range append(members, "lines.jsonl", "level9.bz2", "default.xz") {
		t.Run(name, func(t *testing.T) {
			source := expand(t, filepath.Join("testdata", name))[0]
			need, _, err := source.Need(t.Context(), nil)
			window := need.Window
			if err != nil || need.Compressed != (name != "lines.jsonl") || (window > 0) != (need.Compressed && name != "name.gz") {
				t.Fatalf("needs %+v, %v", need, err)
			}
			var count atomic.Int64
			if got, err := textOf(t, source, TextConfig{MaxWindow: window, BytesRead: &count}); err != nil || got != lines {
				t.Errorf("got %q, %v", got, err)
			}
			if count.Load() != source.Size() {
				t.Errorf("%d bytes were counted, not %d", count.Load(), source.Size())
			}
			if window > 0 {
				_, err := textOf(t, source, TextConfig{MaxWindow: window - 1, BytesRead: &count})
				if large := new(*decode.WindowError); !errors.As(err, large) || (*large).Needed != window {
					t.Errorf("with a smaller window, the error is %v", err)
				}
			}
			stdin := iotest.OneByteReader(bytes.NewReader(testdata(t, name)))
			if got, err := textOf(t, Piece{}.source(), TextConfig{MaxWindow: window, Stdin: stdin, BytesRead: &count}); err != nil || got != lines {
				t.Errorf("from standard input: %q, %v", got, err)
			}
		})
	}
}

func textOf(t *testing.T, s Source, c TextConfig) (string, error) {
	text, err := OpenText(t.Context(), s, c)
	if err != nil {
		return "", err
	}
	defer text.Close()
	data, err := io.ReadAll(text)
	return string(data), err
}

// TestTextFailure proves that what is damaged, or not there any more, is told
// without the file's name, and that what can't be looked at may need anything.
func TestTextFailure(t *testing.T) {
	lines := testdata(t, "lines.jsonl")
	for _, f := range []decode.Format{decode.Gzip, decode.Zstd, decode.Xz, decode.Lz4} {
		stored := compress(f, lines)
		source := expand(t, writeFile(t, f.String(), stored[:len(stored)-3]))[0]
		need, _, err := source.Need(t.Context(), nil)
		if err != nil {
			t.Error(err)
		}
		_, err = textOf(t, source, TextConfig{MaxWindow: need.Window, BytesRead: new(atomic.Int64)})
		if want := "damaged " + f.String() + " data: unexpected EOF"; err == nil || err.Error() != want {
			t.Errorf("the error is %v, want %s", err, want)
		}
	}
	plain := expand(t, writeFile(t, "plain", noise(100_000)))[0]
	text, err := OpenText(t.Context(), plain, TextConfig{BytesRead: new(atomic.Int64)})
	if err != nil {
		t.Fatal(err)
	}
	text.Close()
	if _, err := io.ReadAll(text); !errors.Is(err, os.ErrClosed) || strings.Contains(err.Error(), "plain") {
		t.Errorf("the error is %v", err)
	}
}
