package input

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"dailystats/stats/input/decode"
)

// TestNeed proves that memory is asked for where a format needs it, from a file and from
// standard input, from which looking takes nothing away.
func TestNeed(t *testing.T) {
	for _, text := range []string{"", "{}", "{}\n{}\n"} {
		for _, f := range []decode.Format{decode.Plain, decode.Gzip, decode.Zstd, decode.Xz, decode.Lz4} {
			stored := compress(f, []byte(text))
			needsWindow := f != decode.Plain && f != decode.Gzip
			need, _, err := expand(t, writeFile(t, "file", stored))[0].Need(t.Context(), nil)
			if err != nil || need.Compressed != (f != decode.Plain) || needsWindow != (0 < need.Window && need.Window < UnknownWindow) {
				t.Errorf("%q as %v: needs %+v, %v", text, f, need, err)
			}
			need, rest, err := Piece{}.source().Need(t.Context(), strings.NewReader(string(stored)))
			if err != nil || need.Compressed != (f != decode.Plain) || needsWindow != (need.Window == UnknownWindow) {
				t.Errorf("%q as %v on standard input: needs %+v, %v", text, f, need, err)
			}
			if all, err := io.ReadAll(rest); err != nil || string(all) != string(stored) {
				t.Errorf("%q as %v: standard input is %q, %v, then", text, f, all, err)
			}
		}
	}
	need, _, err := Piece{Offset: 7}.source().Need(t.Context(), strings.NewReader("\x28\xb5\x2f\xfd is text within a file"))
	if err != nil || need != (Need{}) {
		t.Errorf("the middle of a file needs %+v, %v", need, err)
	}
}

// TestNeedFailure proves that a file that has vanished is an error, and that waiting for
// standard input can be ended.
func TestNeedFailure(t *testing.T) {
	checkGoroutines(t)
	tree(t, "a")
	sources := expand(t, "-", "a")
	stdin, write := io.Pipe()
	t.Cleanup(func() { write.Close() })
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("stop")
	cancel(stop)
	if _, _, err := sources[0].Need(ctx, stdin); err != stop {
		t.Errorf("error %v, want %v", err, stop)
	}
	if err := os.Remove("a"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := sources[1].Need(t.Context(), stdin); err == nil || !strings.HasPrefix(err.Error(), "a: ") {
		t.Errorf("error %v", err)
	}
}
