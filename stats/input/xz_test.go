package input

import (
	"encoding/binary"
	"hash/crc32"
	"slices"
	"strings"
	"testing"
)

// xzFile is an xz stream of one block without a check, with what is said of it
// in several places.
type xzFile struct {
	dictionary   byte   // coded size
	headerSizes  []byte // data and text
	data         string // LZMA2
	padding      string // of the data
	records      []byte // count, then unpadded size and size of the text for each
	indexPadding string
	backward     uint32 // size of the index in 4 bytes, less one
	footerFlags  byte
}

// goodXz is whole and right: one chunk that is stored as it is.
var goodXz = xzFile{
	headerSizes:  []byte{7, 3},
	data:         "\x01\x00\x02{}\n\x00",
	padding:      "\x00",
	records:      []byte{1, 12 + 7, 3},
	indexPadding: "",
	backward:     1,
}

// bytes writes the stream with checksums that are right.
func (f xzFile) bytes() []byte {
	sum := func(p []byte) []byte {
		return binary.LittleEndian.AppendUint32(p, crc32.ChecksumIEEE(p))
	}
	header := append([]byte("\xfd7zXZ\x00"), sum([]byte{0, 0})...)
	block := append([]byte{0, 0}, f.headerSizes...)
	if len(f.headerSizes) > 0 {
		block[1] = 0xc0
	}
	block = append(block, 0x21, 1, f.dictionary)
	block = append(block, make([]byte, -len(block)&3)...)
	block[0] = byte(len(block) / 4)
	index := append(append([]byte{0}, f.records...), f.indexPadding...)
	footer := append(binary.LittleEndian.AppendUint32(nil, f.backward), 0, f.footerFlags)
	footer = append(binary.LittleEndian.AppendUint32(nil, crc32.ChecksumIEEE(footer)), footer...)
	return slices.Concat(header, sum(block), []byte(f.data), []byte(f.padding), sum(index), footer, []byte("YZ"))
}

// TestXzContradictions proves that all that an xz stream says of itself must
// agree, even where every checksum does.
func TestXzContradictions(t *testing.T) {
	if got, err := readText(t, goodXz.bytes()); err != nil || got != "{}\n" {
		t.Fatalf("the good one: got %q, %v", got, err)
	}
	for name, test := range map[string]struct {
		change func(*xzFile)
		want   string
	}{
		"size of the data in the header":   {func(f *xzFile) { f.headerSizes = []byte{8, 3} }, "size that its header says"},
		"size of the text in the header":   {func(f *xzFile) { f.headerSizes = []byte{7, 4} }, "size that its header says"},
		"a size that is no number":         {func(f *xzFile) { f.headerSizes = slices.Repeat([]byte{0xff}, 12) }, "unknown block header"},
		"dictionary of no size":            {func(f *xzFile) { f.dictionary = 41 }, "unknown block header"},
		"padding of the data":              {func(f *xzFile) { f.padding = "x" }, "size that its header says"},
		"number of records":                {func(f *xzFile) { f.records[0] = 2 }, "broken index"},
		"unpadded size in the index":       {func(f *xzFile) { f.records[1]++ }, "broken index"},
		"size of the text in the index":    {func(f *xzFile) { f.records[2]++ }, "broken index"},
		"a number without end in a record": {func(f *xzFile) { f.records = slices.Repeat([]byte{0xff}, 12) }, "overflow"},
		"size of the index":                {func(f *xzFile) { f.backward = 2 }, "broken stream footer"},
		"flags in the footer":              {func(f *xzFile) { f.footerFlags = 1 }, "broken stream footer"},
		"a chunk that ends too early": {func(f *xzFile) {
			// A compressed chunk of one byte, where the first five are the decoder's.
			f.headerSizes, f.data, f.padding, f.records = nil, "\xe0\x00\x00\x00\x00\x5d\x00", "\x00", []byte{1, 12 + 7, 0}
		}, "unexpected EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			f := goodXz
			f.records = slices.Clone(f.records)
			test.change(&f)
			got, err := readText(t, f.bytes())
			if err == nil || !strings.Contains(err.Error(), "damaged xz data: ") || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %q, %v, want %q", got, err, test.want)
			}
		})
	}
}
