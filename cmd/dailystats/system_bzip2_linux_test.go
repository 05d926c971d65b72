package main

import (
	"bytes"
	"cmp"
	"compress/bzip2"
	"encoding/binary"
	"io"
	"slices"
	"testing"
)

// bzip2Writer compresses to bzip2 with the largest blocks, as Go has no compressor
// for it. It is as simple as can be: every code has eight or nine bits. It takes as
// long as sorting does.
//
//	file   = "BZh9" { block } 0x177245385090:48 checksum of all:32
//	block  = 0x314159265359:48 checksum:32 0:1 origin:24 symbols in use, tables, codes
type bzip2Writer struct {
	w       io.Writer
	block   []byte // runs in it are shortened
	sum     uint32 // of its text
	last    int    // the byte before, or -1
	run     int    // how often it came
	allSums uint32
	bits    bitWriter
}

const (
	bzip2Block = 900_000 - 20
	longestRun = 4 + 251
)

func newBzip2Writer(w io.Writer) *bzip2Writer {
	b := &bzip2Writer{w: w}
	b.bits.data = []byte("BZh9")
	b.startBlock()
	return b
}

func (b *bzip2Writer) startBlock() { b.block, b.sum, b.last, b.run = b.block[:0], ^uint32(0), -1, 0 }

// Write implements io.Writer.
func (b *bzip2Writer) Write(p []byte) (int, error) {
	for _, c := range p {
		if len(b.block) >= bzip2Block {
			b.endBlock()
		}
		b.sum = b.sum<<8 ^ bzip2Table[byte(b.sum>>24)^c]
		if int(c) != b.last || b.run == longestRun {
			b.last, b.run = int(c), 0
		}
		b.run++
		switch {
		case b.run < 4:
			b.block = append(b.block, c)
		case b.run == 4:
			b.block = append(b.block, c, 0)
		default:
			b.block[len(b.block)-1]++
		}
	}
	return len(p), nil
}

// Close writes what is left.
func (b *bzip2Writer) Close() error {
	if len(b.block) > 0 {
		b.endBlock()
	}
	b.bits.write(0x177245385090, 48)
	b.bits.write(uint64(b.allSums), 32)
	b.bits.write(0, 7) // so that the last bits make a byte
	_, err := b.w.Write(b.bits.data)
	return err
}

func (b *bzip2Writer) endBlock() {
	sum := ^b.sum
	b.allSums = (b.allSums<<1 | b.allSums>>31) ^ sum
	sorted, origin := rotations(b.block)
	codes, used := moveToFront(sorted)
	b.bits.write(0x314159265359, 48)
	b.bits.write(uint64(sum), 32)
	b.bits.write(uint64(origin), 1+24)
	b.writeUsed(used)
	b.writeCodes(codes, len(used)+2)
	b.startBlock()
}

// writeUsed writes which bytes there are.
func (b *bzip2Writer) writeUsed(used []byte) {
	var ranges uint64
	var in [16]uint64
	for _, c := range used {
		ranges |= 1 << (15 - c>>4)
		in[c>>4] |= 1 << (15 - c&15)
	}
	b.bits.write(ranges, 16)
	for _, bits := range in {
		if bits != 0 {
			b.bits.write(bits, 16)
		}
	}
}

// writeCodes writes two equal tables, in which all symbols have codes of much the
// same length, and codes.
func (b *bzip2Writer) writeCodes(codes []uint16, symbols int) {
	const groupSize = 50
	groups := (len(codes) + groupSize - 1) / groupSize
	b.bits.write(2, 3)
	b.bits.write(uint64(groups), 15)
	for range groups {
		b.bits.write(0, 1) // the first table
	}
	length := uint(1)
	for 1<<length < symbols {
		length++
	}
	short := 1<<length - symbols // symbols whose code is one bit shorter
	for range 2 {
		b.bits.write(uint64(length-1), 5)
		for i := range symbols {
			if i == short {
				b.bits.write(0b10, 2) // one bit longer from here on
			}
			b.bits.write(0, 1)
		}
	}
	for _, code := range codes {
		if int(code) < short {
			b.bits.write(uint64(code), length-1)
		} else {
			b.bits.write(uint64(int(code)+short), length)
		}
	}
}

// rotations returns the last bytes of text's rotations, when they are sorted, and
// which of them is text.
func rotations(text []byte) (last []byte, origin int) {
	n := len(text)
	twice := append(slices.Clone(text), text...)
	twice = append(twice, text[:min(8, n)]...)
	type rotation struct {
		head  uint64
		start int
	}
	all := make([]rotation, n)
	for i := range all {
		all[i] = rotation{binary.BigEndian.Uint64(twice[i : i+8]), i}
	}
	slices.SortFunc(all, func(a, b rotation) int {
		return cmp.Or(cmp.Compare(a.head, b.head), bytes.Compare(twice[a.start:a.start+n], twice[b.start:b.start+n]))
	})
	last = make([]byte, n)
	for i, r := range all {
		last[i] = twice[r.start+n-1]
		if r.start == 0 {
			origin = i
		}
	}
	return last, origin
}

// moveToFront returns text as positions in a list of the bytes that it uses, with
// runs of zeros as numbers with the digits 1 and 2, whose codes are 0 and 1.
func moveToFront(text []byte) (codes []uint16, used []byte) {
	var isUsed [256]bool
	for _, c := range text {
		isUsed[c] = true
	}
	for c, is := range isUsed {
		if is {
			used = append(used, byte(c))
		}
	}
	list, zeros := slices.Clone(used), 0
	flush := func() {
		for ; zeros > 0; zeros = (zeros - 1) / 2 {
			codes = append(codes, uint16((zeros-1)%2))
		}
	}
	for _, c := range text {
		i := bytes.IndexByte(list, c)
		if i == 0 {
			zeros++
			continue
		}
		flush()
		codes = append(codes, uint16(i+1))
		copy(list[1:], list[:i])
		list[0] = c
	}
	flush()
	return append(codes, uint16(len(used)+1)), used // the end of the block
}

// bitWriter writes the high bits first.
type bitWriter struct {
	data  []byte
	held  uint64
	count uint // of bits in held, below 8
}

func (w *bitWriter) write(value uint64, bits uint) {
	w.held, w.count = w.held<<bits|value, w.count+bits
	for w.count >= 8 {
		w.count -= 8
		w.data = append(w.data, byte(w.held>>w.count))
	}
}

var bzip2Table = func() (table [256]uint32) {
	for i := range table {
		sum := uint32(i) << 24
		for range 8 {
			high := sum >> 31
			sum <<= 1
			if high == 1 {
				sum ^= 0x04c11db7
			}
		}
		table[i] = sum
	}
	return table
}()

func TestBzip2Writer(t *testing.T) {
	d := newDice()
	for _, text := range []string{"", "a", "aaaa", string(bytes.Repeat([]byte("a"), 1000)), d.text(100_000), d.text(400) + "\x00\xff"} {
		var data bytes.Buffer
		w := newBzip2Writer(&data)
		if _, err := io.WriteString(w, text); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(bzip2.NewReader(&data))
		if err != nil || string(got) != text {
			t.Errorf("%d bytes came back as %d (%v)", len(text), len(got), err)
		}
	}
}
