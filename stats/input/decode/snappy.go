package decode

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"

	"github.com/klauspost/compress/s2"
)

// snappyBlocks is the text of snappy data as messages have it: one block, or, as
// Java's library writes it, a header and blocks behind their lengths.
type snappyBlocks struct {
	raw      *bufio.Reader
	hasFrame bool
	most     int64  // bytes of text that a block may have
	block    []byte // as it is stored
	text     []byte // what it comes to
	rest     []byte // of text
}

// snappyFrame is how data with several blocks starts: a magic, and two versions.
const (
	snappyMagic = "\x82SNAPPY\x00"
	snappyFrame = len(snappyMagic) + 8
)

func (d *Decoders) openSnappy(raw *bufio.Reader) (io.Reader, error) {
	s := &d.snappy
	s.raw, s.most, s.rest = raw, d.MaxWindow, nil
	magic, _ := raw.Peek(len(snappyMagic))
	if s.hasFrame = string(magic) == snappyMagic; s.hasFrame {
		if _, err := raw.Discard(snappyFrame); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// Read implements io.Reader.
func (s *snappyBlocks) Read(p []byte) (int, error) {
	for len(s.rest) == 0 {
		if err := s.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, s.rest)
	s.rest = s.rest[n:]
	return n, nil
}

// next decodes the next block. It returns io.EOF if there is none.
func (s *snappyBlocks) next() error {
	if _, err := s.raw.Peek(1); err != nil {
		return err
	}
	if err := s.readBlock(); err != nil {
		return unexpected(err)
	}
	size, err := s2.DecodedLen(s.block)
	if err != nil {
		return err
	}
	if int64(size) > s.most {
		return &WindowError{Snappy, int64(size), s.most}
	}
	if cap(s.text) < size {
		s.text = make([]byte, size)
	}
	s.rest, err = s2.Decode(s.text[:cap(s.text)], s.block)
	return err
}

// readBlock reads one block as it is stored: without a frame, that is all of the
// data.
func (s *snappyBlocks) readBlock() error {
	b := bytes.NewBuffer(s.block[:0])
	if !s.hasFrame {
		_, err := b.ReadFrom(s.raw)
		s.block = b.Bytes()
		return err
	}
	var length [4]byte
	if _, err := io.ReadFull(s.raw, length[:]); err != nil {
		return err
	}
	size := binary.BigEndian.Uint32(length[:])
	if int64(size) > s.most {
		return errors.New("a block is longer than it can be")
	}
	_, err := io.CopyN(b, s.raw, int64(size))
	s.block = b.Bytes()
	return err
}
