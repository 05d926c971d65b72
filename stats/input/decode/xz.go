package decode

import (
	"bufio"
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"io"
	"slices"

	"github.com/ulikunitz/xz/lzma"
)

// xzReader reads the xz container (version 1.2.1 of its specification) around
// the library's LZMA2. The library's own container is not used because it takes
// data that ends in front of a block's header as whole, and allocates any
// dictionary that a header asks for.
//
//	file   = stream { stream | 4 zero bytes }
//	stream = header:12 { block } index footer:12
//	block  = header, LZMA2 data, zeros up to a multiple of 4, check
//	index  = 0:1, count, { unpadded size, size of the text }, zeros, CRC-32:4
type xzReader struct {
	raw   *bufio.Reader
	allow func(dictionary int64) error // for a number of bytes

	inStream bool
	flags    [2]byte   // of the stream
	check    hash.Hash // of a block's text; nil where the stream has none
	blocks   uint64    // in the stream
	records  hash.Hash // of the blocks' sizes, to compare with the index

	inBlock bool
	block   xzBlock
}

// xzBlock is what is known of a block.
type xzBlock struct {
	header     int64 // bytes
	wantData   int64 // bytes of LZMA2 data as the header has it, or -1
	wantText   int64 // bytes of text as the header has it, or -1
	dictionary int64 // bytes

	data countingReader
	text int64 // bytes read
	lzma *lzma.Reader2
}

// countingReader counts the bytes that are read through it.
type countingReader struct {
	r io.Reader
	n int64
}

// Read implements io.Reader.
func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// Read implements io.Reader. Its io.EOF means that the last stream is whole.
func (x *xzReader) Read(p []byte) (int, error) {
	for {
		if !x.inBlock {
			if err := x.nextBlock(); err != nil {
				return 0, err
			}
		}
		n, err := x.block.lzma.Read(p)
		x.block.text += int64(n)
		if x.check != nil {
			x.check.Write(p[:n])
		}
		if err == io.EOF {
			err = x.endBlock()
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
}

// nextBlock starts the next block, of this stream or a later one.
func (x *xzReader) nextBlock() error {
	for {
		if !x.inStream {
			if err := x.startStream(); err != nil {
				return err
			}
		}
		first, err := x.raw.ReadByte()
		switch {
		case err != nil:
			return unexpected(err)
		case first != 0:
			return x.startBlock(first)
		}
		if err := x.endStream(); err != nil {
			return err
		}
	}
}

// startStream reads a stream's header. It returns io.EOF if there is none.
func (x *xzReader) startStream() error {
	header := make([]byte, 12)
	for {
		if x.records != nil {
			if err := x.checkNext(); err != nil {
				return err
			}
		}
		if _, err := io.ReadFull(x.raw, header[:4]); err != nil {
			return err // of no bytes, it is io.EOF
		}
		if x.records == nil || binary.LittleEndian.Uint32(header) != 0 {
			break
		}
	}
	if err := x.readFull(header[4:]); err != nil {
		return err
	}
	if string(header[:6]) != "\xfd7zXZ\x00" || crc32.ChecksumIEEE(header[6:8]) != binary.LittleEndian.Uint32(header[8:]) {
		return errors.New("broken stream header")
	}
	x.inStream = true
	x.flags = [2]byte(header[6:8])
	x.blocks = 0
	x.records = sha256.New()
	return x.newCheck()
}

// checkNext returns a trailing error if neither a stream nor padding follows.
func (x *xzReader) checkNext() error {
	if head, err := x.raw.Peek(1); err == nil && head[0] == 0 {
		return nil
	}
	return checkMagic(x.raw, Xz)
}

// newCheck makes the check that the stream's flags name.
func (x *xzReader) newCheck() error {
	switch {
	case x.flags == [2]byte{0, 0}:
		x.check = nil
	case x.flags == [2]byte{0, 1}:
		x.check = crc32.NewIEEE()
	case x.flags == [2]byte{0, 4}:
		x.check = crc64.New(crc64.MakeTable(crc64.ECMA))
	case x.flags == [2]byte{0, 10}:
		x.check = sha256.New()
	default:
		return fmt.Errorf("unknown stream flags %x", x.flags)
	}
	return nil
}

// startBlock reads a block's header, whose first byte is its length.
func (x *xzReader) startBlock(first byte) error {
	header := make([]byte, 4*(int(first)+1))
	header[0] = first
	if err := x.readFull(header[1:]); err != nil {
		return err
	}
	fields, sum := header[:len(header)-4], header[len(header)-4:]
	if crc32.ChecksumIEEE(fields) != binary.LittleEndian.Uint32(sum) {
		return errors.New("broken block header")
	}
	block, err := parseXzBlock(fields)
	if err != nil {
		return err
	}
	x.block = block // lets go of the last block's dictionary before the next is made
	if err := x.allow(block.dictionary); err != nil {
		return err
	}
	x.block.data.r = x.raw
	config := lzma.Reader2Config{DictCap: int(max(block.dictionary, lzma.MinDictCap))}
	if x.block.lzma, err = config.NewReader2(&x.block.data); err != nil {
		return err
	}
	if x.check != nil {
		x.check.Reset()
	}
	x.inBlock = true
	return nil
}

// parseXzBlock reads the fields of a block header: its length, flags, sizes where
// the flags announce them, the filters, and zeros.
func parseXzBlock(fields []byte) (xzBlock, error) {
	b := xzBlock{header: int64(len(fields)) + 4, wantData: -1, wantText: -1}
	flags, rest := fields[1], fields[2:]
	var ok bool
	if flags&0x40 != 0 {
		if b.wantData, rest, ok = cutUvarint(rest); !ok {
			return b, errBlockHeader
		}
	}
	if flags&0x80 != 0 {
		if b.wantText, rest, ok = cutUvarint(rest); !ok {
			return b, errBlockHeader
		}
	}
	if flags&0x3f != 0 || !bytes.HasPrefix(rest, []byte{0x21, 1}) || len(rest) < 3 {
		return b, errors.New("its filters are not supported: compress it without --x86, --delta and their like")
	}
	dictionary, err := lzma.DecodeDictCap(rest[2])
	if err != nil || !isZero(rest[3:]) {
		return b, errBlockHeader
	}
	b.dictionary = dictionary
	return b, nil
}

var errBlockHeader = errors.New("unknown block header")

// cutUvarint reads a number in front of data. It reports false if there is none.
func cutUvarint(data []byte) (value int64, rest []byte, ok bool) {
	u, n := binary.Uvarint(data)
	if n <= 0 || int64(u) < 0 {
		return 0, data, false
	}
	return int64(u), data[n:], true
}

// endBlock reads what follows a block's data, and checks all that is known of it.
func (x *xzReader) endBlock() error {
	b := &x.block
	if !b.lzma.EOS() {
		return io.ErrUnexpectedEOF
	}
	padding := make([]byte, -b.data.n&3)
	if err := x.readFull(padding); err != nil {
		return err
	}
	if !isZero(padding) || b.wantData >= 0 && b.wantData != b.data.n || b.wantText >= 0 && b.wantText != b.text {
		return errors.New("a block does not have the size that its header says")
	}
	check, err := x.readCheck()
	if err != nil {
		return err
	}
	x.inBlock = false
	x.blocks++
	addRecord(x.records, uint64(b.header+b.data.n+check), uint64(b.text))
	return nil
}

// readCheck reads a block's check and compares it with that of the text. It
// returns its length.
func (x *xzReader) readCheck() (length int64, err error) {
	if x.check == nil {
		return 0, nil
	}
	want := x.check.Sum(nil)
	if len(want) < sha256.Size {
		slices.Reverse(want) // xz stores CRCs little-endian, Go doesn't
	}
	got := make([]byte, len(want))
	if err := x.readFull(got); err != nil {
		return 0, err
	}
	if !bytes.Equal(got, want) {
		return 0, errors.New("a block's checksum is wrong")
	}
	return int64(len(got)), nil
}

// addRecord adds one block's sizes to a hash of all.
func addRecord(records hash.Hash, unpadded, text uint64) {
	var record [16]byte
	binary.LittleEndian.PutUint64(record[:8], unpadded)
	binary.LittleEndian.PutUint64(record[8:], text)
	records.Write(record[:])
}

var errXzIndex = errors.New("broken index")

// endStream reads a stream's index, whose first byte has been read, and footer.
func (x *xzReader) endStream() error {
	index := summedReader{raw: x.raw, sum: crc32.NewIEEE()}
	index.add(0)
	if err := x.readRecords(&index); err != nil {
		return unexpected(err)
	}
	for index.n%4 != 0 {
		if b, err := index.ReadByte(); err != nil || b != 0 {
			return cmp.Or(unexpected(err), errXzIndex)
		}
	}
	want := index.sum.Sum32()
	var sum [4]byte
	if err := x.readFull(sum[:]); err != nil {
		return err
	}
	if binary.LittleEndian.Uint32(sum[:]) != want {
		return errXzIndex
	}
	x.inStream = false
	return x.readFooter(index.n + int64(len(sum)))
}

// readRecords reads the index's records, and compares them with the blocks.
func (x *xzReader) readRecords(index *summedReader) error {
	count, err := binary.ReadUvarint(index)
	if err != nil {
		return err
	}
	if count != x.blocks {
		return errXzIndex
	}
	records := sha256.New()
	for range count {
		unpadded, err := binary.ReadUvarint(index)
		if err != nil {
			return err
		}
		text, err := binary.ReadUvarint(index)
		if err != nil {
			return err
		}
		addRecord(records, unpadded, text)
	}
	if !bytes.Equal(records.Sum(nil), x.records.Sum(nil)) {
		return errXzIndex
	}
	return nil
}

// readFooter reads a stream's footer: CRC-32:4, size of the index:4, flags:2, "YZ".
func (x *xzReader) readFooter(indexSize int64) error {
	footer := make([]byte, 12)
	if err := x.readFull(footer); err != nil {
		return err
	}
	backward := 4 * (int64(binary.LittleEndian.Uint32(footer[4:])) + 1)
	if crc32.ChecksumIEEE(footer[4:10]) != binary.LittleEndian.Uint32(footer) ||
		backward != indexSize || [2]byte(footer[8:]) != x.flags || string(footer[10:]) != "YZ" {
		return errors.New("broken stream footer")
	}
	return nil
}

// readFull fills p. The end of the data is an error.
func (x *xzReader) readFull(p []byte) error {
	_, err := io.ReadFull(x.raw, p)
	return unexpected(err)
}

// summedReader reads bytes, counts them and sums them up.
type summedReader struct {
	raw *bufio.Reader
	n   int64
	sum hash.Hash32
}

// ReadByte implements io.ByteReader.
func (s *summedReader) ReadByte() (byte, error) {
	b, err := s.raw.ReadByte()
	if err == nil {
		s.add(b)
	}
	return b, err
}

func (s *summedReader) add(b byte) {
	s.n++
	s.sum.Write([]byte{b})
}

func isZero(p []byte) bool { return len(bytes.Trim(p, "\x00")) == 0 }
