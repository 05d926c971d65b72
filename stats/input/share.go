package input

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"strconv"
	"strings"
)

// Share is one of several parts of the sources, so that as many processes can
// read them. The zero value is all of them.
//
// Sources are taken as if they followed each other, and that is cut into ranges of
// the same number of bytes. A line is in the share in whose range it begins, a file
// that is compressed in the one in whose range that begins: so each is in one.
type Share struct {
	Index int // from 1
	Count int
}

// ErrNoSize is among the causes of the error of Of about what can't be in a share.
var ErrNoSize = errors.New("has no size, so it can't be cut into shares: give files")

// ParseShare reads "I/N", as split -n has it: the I-th of N shares.
func ParseShare(text string) (s Share, err error) {
	index, count, _ := strings.Cut(text, "/")
	const most = 1 << 20
	if s.Count, err = strconv.Atoi(count); err == nil {
		s.Index, err = strconv.Atoi(index)
	}
	if err != nil || s.Index < 1 || s.Index > s.Count || s.Count > most {
		return Share{}, fmt.Errorf("%q is not a share such as 1/4, the first of four", text)
	}
	return s, nil
}

// UnmarshalText is [ParseShare].
func (s *Share) UnmarshalText(text []byte) (err error) {
	*s, err = ParseShare(string(text))
	return err
}

// String returns the share as it is written.
func (s Share) String() string { return fmt.Sprintf("%d/%d", s.Index, s.Count) }

// Of returns the sources of the share, or parts of them, in order. They must not
// change while any of the shares is read. What has no size can't be in a share.
func (s Share) Of(sources *Sources) (share *Sources, err error) {
	if s.Count < 2 {
		return sources, nil
	}
	var total int64
	for source := range sources.All() {
		if source.Size() < 0 {
			return nil, fmt.Errorf("%v %w", source, ErrNoSize)
		}
		total += source.Size()
	}
	from, until := s.bound(total, s.Index-1), s.bound(total, s.Index)
	share = new(Sources)
	var at int64 // where a source begins
	for source := range sources.All() {
		part, ok, err := source.part(from-at, until-at)
		if err != nil {
			return nil, err
		}
		if ok {
			share.Add(part)
		}
		at += source.Size()
	}
	return share, nil
}

// bound returns where the share with index i, from 0, begins.
func (s Share) bound(total int64, i int) int64 {
	high, low := bits.Mul64(uint64(total), uint64(i))
	quotient, _ := bits.Div64(high, low, uint64(s.Count))
	return int64(quotient)
}

// part returns a source of the lines of a file that begin at an offset from from to
// before until, which may lie outside of it; ok is false where there can't be any.
// A file that is compressed goes whole, where its beginning is in the part. The
// file must not change while any of its parts is read.
func (s Source) part(from, until int64) (part Source, ok bool, err error) {
	if until <= 0 || from >= s.Size() {
		return s, false, nil
	}
	need, err := s.fileNeed()
	if err != nil || need.Compressed {
		return s, from <= 0, err
	}
	return Source{s.Name, filePart{regularFile(s.Size()), max(from, 0), min(until, s.Size())}}, true, nil
}

// partText is the text of a part of a file: the lines that begin in it.
type partText struct {
	raw   *bufio.Reader // the file, from at on
	at    int64         // offset in the file
	until int64         // no line of the part begins here, or later
	done  bool
}

// openPart returns the text of a part of the file that s is of, through raw. What
// goes on in the part of a line from before it is skipped.
func openPart(raw *bufio.Reader, s *stored, from, until int64) (*partText, error) {
	p := &partText{raw: raw, at: from, until: until}
	if from == 0 {
		raw.Reset(s)
		return p, nil
	}
	p.at-- // a line end there has no other line go on
	if err := s.seek(p.at); err != nil {
		return nil, err
	}
	raw.Reset(s)
	return p, p.skipLine()
}

// skipLine goes on behind the next line end, unless the part ends before.
func (p *partText) skipLine() error {
	for p.at < p.until {
		line, err := p.raw.ReadSlice('\n')
		p.at += int64(len(line))
		switch err {
		case nil:
			p.done = p.at >= p.until
			return nil
		case bufio.ErrBufferFull:
		case io.EOF:
			p.done = true
			return nil
		default:
			return err
		}
	}
	p.done = true
	return nil
}

// Read implements io.Reader.
func (p *partText) Read(b []byte) (int, error) {
	if p.done {
		return 0, io.EOF
	}
	n, err := p.raw.Read(b)
	// The last line that begins in the part ends at its last byte, or later.
	last := min(max(p.until-1-p.at, 0), int64(n))
	if i := bytes.IndexByte(b[last:n], '\n'); i >= 0 {
		n, err, p.done = int(last)+i+1, nil, true
	}
	p.at += int64(n)
	return n, err
}
