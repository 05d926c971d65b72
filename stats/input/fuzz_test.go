package input

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"dailystats/stats/input/decode"

	"github.com/google/go-cmp/cmp"
)

// FuzzBlocks proves that plain text gives the lines that the oracle finds, and
// that what looks compressed gives lines or an error, but never more memory than
// was allowed, a panic or a hang.
func FuzzBlocks(f *testing.F) {
	for _, name := range append(members, "lines.jsonl", "linked-x300.lz4", "legacy.lz4", "x86.xz") {
		f.Add(testdata(f, name), uint16(64), uint16(100))
	}
	f.Add([]byte("\xef\xbb\xbfabc\nabcd\r\n\nabc"), uint16(2), uint16(3))
	f.Fuzz(func(t *testing.T, data []byte, blockSize, maxLine uint16) {
		c := Config{
			BlockSize: int(blockSize) + 1,
			MaxLine:   int(maxLine) + 1,
			MaxWindow: 1 << 20,
			Stdin:     bytes.NewReader(data),
		}
		got, err := readLines(context.Background(), []Source{Piece{}.source()}, c)
		if decode.FormatOf(data[:min(len(data), decode.MagicLen)]) != decode.Plain {
			return
		}
		if errors.As(err, new(*decode.ForeignError)) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(wantLines("-", data, c.MaxLine), got); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	})
}
