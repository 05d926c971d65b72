package input

import (
	"bytes"
	"context"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// TestPieces proves that each line of a file is in one of its pieces, in order and
// with its offset, wherever the file is cut: within line ends, within byte order
// marks, in lines longer than a piece. Together they count each byte once, whatever
// they had to read beyond their ends.
func TestPieces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		data := anyInput.Draw(t, "data")
		c := Config{
			BlockSize: rapid.IntRange(1, 64).Draw(t, "block size"),
			MaxLine:   rapid.OneOf(rapid.IntRange(1, 80), rapid.IntRange(4000, 6000)).Draw(t, "max line"),
		}
		cuts := rapid.SliceOfN(rapid.Int64Range(1, int64(max(len(data)-1, 1))), 0, 10).Draw(t, "cuts")
		cuts = append(cuts, 0, int64(max(len(data), 1)))
		slices.Sort(cuts)
		cuts = slices.Compact(cuts)

		want := wantLines("file", data, c.MaxLine)
		numberByOffset(want, data)
		var got []line
		var counted int64
		for i, until := range cuts[1:] {
			from := rapid.Int64Range(0, max(cuts[i]-1, 0)).Draw(t, "offset")
			piece := Piece{Name: "file", ByOffset: true, Offset: from, Range: Range{cuts[i], until}}
			if err := piece.Check(); err != nil {
				t.Fatal(err)
			}
			c.Stdin = iotest.OneByteReader(bytes.NewReader(data[min(from, int64(len(data))):]))
			lines, read, err := readPiece(piece, c)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, lines...)
			counted += read
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("cut at %d, -want +got:\n%s", cuts, diff)
		}
		if counted != int64(len(data)) {
			t.Fatalf("cut at %d: %d bytes of %d are counted", cuts, counted, len(data))
		}
	})
}

// readPiece reads standard input, and returns what it counted.
func readPiece(p Piece, c Config) ([]line, int64, error) {
	var r *Reader
	lines, err := readLinesOf(context.Background(), []Source{p.source()}, c, &r)
	return lines, r.BytesRead(), err
}

// TestWholePieces proves that a piece without an end has all of standard input, from
// its offset on; and that one with a name alone has its lines numbered from 1.
func TestWholePieces(t *testing.T) {
	for _, test := range []struct {
		piece Piece
		text  string
		want  []line
	}{
		{Piece{Name: "f", ByOffset: true}, "\ufeffa\nb", []line{{"f", 3, "a", false}, {"f", 5, "b", false}}},
		{Piece{Name: "f", Offset: 100, ByOffset: true}, "a\nb", []line{{"f", 100, "a", false}, {"f", 102, "b", false}}},
		{Piece{Name: "f", Offset: 100, ByOffset: true}, "\ufeffa", []line{{"f", 100, "\ufeffa", false}}},
		{Piece{Name: "f", Offset: 100, ByOffset: true}, "BZh9\n", []line{{"f", 100, "BZh9", false}}},
		{Piece{Offset: 100, Range: Range{101, 102}, ByOffset: true}, "a\nb\nc", []line{}},
		{Piece{Offset: 100, Range: Range{101, 103}, ByOffset: true}, "a\nb\nc", []line{{"-", 102, "b", false}}},
		{Piece{Offset: 100, Range: Range{200, 300}, ByOffset: true}, "a\nb\nc", []line{}},
		{Piece{Name: "f"}, "a\nb", []line{{"f", 1, "a", false}, {"f", 2, "b", false}}},
	} {
		lines, _, err := readPiece(test.piece, Config{Stdin: strings.NewReader(test.text)})
		if err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(test.want, append([]line{}, lines...)); diff != "" {
			t.Errorf("%+v of %q, -want +got:\n%s", test.piece, test.text, diff)
		}
	}
}

// TestPieceErrors proves that errors name the file, and that what is compressed is not
// read as a piece, in which an offset would mean nothing.
func TestPieceErrors(t *testing.T) {
	failed := iotest.ErrReader(io.ErrClosedPipe)
	for _, test := range []struct {
		piece Piece
		stdin io.Reader
		want  string
	}{
		{Piece{Name: "s3://b/f", ByOffset: true}, failed, "s3://b/f: io: read/write on closed pipe"},
		{Piece{Name: "s3://b/f", ByOffset: true, Range: Range{0, 9}}, failed, "s3://b/f: io: read/write on closed pipe"},
		{Piece{Name: "s3://b/f", ByOffset: true, Offset: 7, Range: Range{8, 9}}, failed, "s3://b/f: io: read/write on closed pipe"},
		{Piece{Name: "s3://b/f", ByOffset: true}, strings.NewReader("\x1f\x8b\x08\x00"), "s3://b/f: it is gzip data, whose lines have no offset: give all of it, without one"},
	} {
		if _, _, err := readPiece(test.piece, Config{Stdin: test.stdin}); err == nil || err.Error() != test.want {
			t.Errorf("%+v: %v, not %s", test.piece, err, test.want)
		}
	}
	for _, p := range []Piece{{Offset: 1, Range: Range{0, 9}}, {Offset: 5, Range: Range{5, 9}}} {
		if p.Check() == nil {
			t.Errorf("%+v can be", p)
		}
	}
	for _, text := range []string{"", "1", ":", "1:", ":1", "-1:5", "5:5", "6:5", "a:b", "1:2:3", "1:99999999999999999999"} {
		if r, err := ParseRange(text); err == nil {
			t.Errorf("%q is %v", text, r)
		}
	}
}
