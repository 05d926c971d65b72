package main

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"io"
	"math/bits"
	"testing"

	"github.com/ulikunitz/xz"
)

// xzWriter writes text as xz data that takes a dictionary to be read, without
// looking for what could be shorter: a compressor in Go takes seconds for it.
//
//	file  = header:12 block index footer:12
//	block = header:12 { 1 or 2, length:2, text } 0, zeros up to a multiple of 4
type xzWriter struct {
	w          io.Writer
	dictionary int // bytes, a power of two
	text       []byte
}

// Write implements io.Writer.
func (x *xzWriter) Write(p []byte) (int, error) {
	x.text = append(x.text, p...)
	return len(p), nil
}

// Close writes all that there is.
func (x *xzWriter) Close() error {
	flags := []byte{0, 0} // no checksum of the text
	data := append([]byte("\xfd7zXZ\x00"), flags...)
	data = appendSum(data, flags)
	data, unpadded := x.appendBlock(data)
	index := binary.AppendUvarint([]byte{0, 1}, uint64(unpadded))
	index = pad(binary.AppendUvarint(index, uint64(len(x.text))))
	index = appendSum(index, index)
	footer := append(binary.LittleEndian.AppendUint32(nil, uint32(len(index)/4-1)), flags...)
	data = append(appendSum(append(data, index...), footer), footer...)
	_, err := x.w.Write(append(data, "YZ"...))
	return err
}

// appendBlock appends the one block, and returns its length without the zeros at
// its end.
func (x *xzWriter) appendBlock(data []byte) (_ []byte, unpadded int) {
	start := len(data)
	const lzma2 = 0x21
	size := byte(2 * (bits.Len(uint(x.dictionary)) - 1 - 12)) // 4 KiB is 0
	header := []byte{2, 0, lzma2, 1, size, 0, 0, 0}
	data = appendSum(append(data, header...), header)
	control := byte(1) // the dictionary is empty
	for text := x.text; len(text) > 0; control = 2 {
		part := text[:min(len(text), 1<<16)]
		text = text[len(part):]
		data = binary.BigEndian.AppendUint16(append(data, control), uint16(len(part)-1))
		data = append(data, part...)
	}
	data = append(data, 0)
	unpadded = len(data) - start
	return pad(data), unpadded // what is before is a multiple of 4
}

func appendSum(dst, of []byte) []byte {
	return binary.LittleEndian.AppendUint32(dst, crc32.ChecksumIEEE(of))
}

func pad(data []byte) []byte { return append(data, make([]byte, -len(data)&3)...) }

func TestXzWriter(t *testing.T) {
	text := newDice().text(300_000)
	var data bytes.Buffer
	w := &xzWriter{w: &data, dictionary: 1 << 20}
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := xz.NewReader(&data)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(r); err != nil || string(got) != text {
		t.Errorf("%d bytes came back as %d (%v)", len(text), len(got), err)
	}
}
