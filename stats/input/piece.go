package input

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"dailystats/stats/input/decode"
)

// Piece says that standard input is a piece of a file that somebody else reads, such
// as an engine that knows where the file is. The zero value says that it isn't.
//
// Of the piece, those lines are read that begin in a range. So ranges that follow each
// other hold each line once, wherever they are cut:
//
//	file   ……LF│first line LF│…│last line LF│……
//	          └ Offset or before └ until
//	           └ from, or before
//
// To tell whether a line begins at from, it takes the byte before: unless the range
// begins where the file does, standard input has to begin at from-1, or earlier. It
// may go on behind the last line.
type Piece struct {
	Name     string // of the file; empty means that of standard input
	ByOffset bool   // lines are numbered by their offset in the file, not from 1
	Offset   int64  // of standard input's first byte in the file
	Range    Range  // the zero value is all of the piece, which has whole lines then
}

// Range is the bytes of a file with offsets from From to before Until.
type Range struct{ From, Until int64 }

// ParseRange reads "FROM:UNTIL".
func ParseRange(text string) (r Range, err error) {
	from, until, _ := strings.Cut(text, ":")
	if r.From, err = strconv.ParseInt(from, 10, 64); err == nil {
		r.Until, err = strconv.ParseInt(until, 10, 64)
	}
	if err != nil || r.From < 0 || r.Until <= r.From {
		return Range{}, fmt.Errorf("%q is not a range of bytes such as 0:1048576", text)
	}
	return r, nil
}

// UnmarshalText is [ParseRange].
func (r *Range) UnmarshalText(text []byte) (err error) {
	*r, err = ParseRange(string(text))
	return err
}

// String returns the range as it is written.
func (r Range) String() string { return fmt.Sprintf("%d:%d", r.From, r.Until) }

// Check returns an error where a piece can't be.
func (p Piece) Check() error {
	first := max(p.Range.From-1, 0)
	if p.Range != (Range{}) && p.Offset > first {
		return fmt.Errorf("the range %v can't be told from byte %d on: it takes byte %d", p.Range, p.Offset, first)
	}
	return nil
}

// source returns standard input as the piece that it is.
func (p Piece) source() Source { return Source{cmp.Or(p.Name, stdinName), standardInput{p}} }

// readPiece sends the blocks of standard input as the piece that it is.
func (l *lane) readPiece(ctx context.Context, piece Piece, name string, turn turn, s *stored) error {
	if err := l.checkPlain(piece, s); err != nil {
		return err
	}
	text, err := l.pieceText(piece)
	if err != nil {
		return err
	}
	first := text.at
	c := cutter{text: text, numbering: byOffset, line: uint64(first)}
	if first == 0 {
		var bom int
		c.text, bom, err = skipBOM(text)
		c.line = uint64(bom)
	}
	if err != nil {
		return err
	}
	if c.sender, err = l.newSender(ctx, name, turn, true); err != nil {
		return err
	}
	err = c.run(ctx)
	s.total.Add(text.at - first - s.done) // what was read beyond is for other pieces to count
	return err
}

// pieceText returns the text of a piece's range, from its first line on.
func (l *lane) pieceText(piece Piece) (*partText, error) {
	text := &partText{raw: l.raw, at: piece.Offset, until: math.MaxInt64}
	if piece.Range == (Range{}) {
		return text, nil
	}
	text.until = piece.Range.Until
	if piece.Range.From == 0 {
		return text, nil
	}
	before, err := io.CopyN(io.Discard, l.raw, piece.Range.From-1-piece.Offset)
	text.at += before
	if err == io.EOF {
		text.done = true
		return text, nil
	}
	if err != nil {
		return nil, err
	}
	return text, text.skipLine()
}

// checkPlain has the lane's buffer read s, and makes sure that it holds plain text.
// What a file is, its first bytes say: within it, any bytes are text.
func (l *lane) checkPlain(piece Piece, s *stored) error {
	if piece.Offset > 0 {
		l.raw.Reset(s)
		return nil
	}
	if _, err := l.openInTurn(s); err != nil {
		return err
	}
	if f := l.reader.decoders.Format(); f != decode.Plain {
		return fmt.Errorf("it is %v data, whose lines have no offset: give all of it, without one", f)
	}
	return nil
}
