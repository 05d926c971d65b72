package sorter

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"dailystats/stats"
	"dailystats/stats/spill"
)

// generation is a long sorted run in a file of its own: what a round collected,
// or what several generations hold, with every key once.
//
//	file    size of page │ page …
//	            4 (big-endian)
//
// Pages follow each other in key order and don't overlap.
type generation struct {
	*spill.File
	level int // 0: of a round; n+1: of generations of level n
	in    *bufio.Reader
}

// streamBuffer is the size of a generation's read buffer, in bytes.
const streamBuffer = 16 << 10

const pageLengthSize = 4

func newGeneration(dir string, level int, spilled *atomic.Int64) (*generation, error) {
	file, err := spill.Create(dir, spilled)
	if err != nil {
		return nil, err
	}
	return &generation{File: file, level: level}, nil
}

// rewind makes next start at the first page.
func (g *generation) rewind() {
	g.in = bufio.NewReaderSize(io.NewSectionReader(g, 0, g.Size()), streamBuffer)
}

// next returns the next page, or nil after the last.
func (g *generation) next() (page, error) {
	var length [pageLengthSize]byte
	if _, err := io.ReadFull(g.in, length[:]); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		return nil, g.readError(err)
	}
	n := binary.BigEndian.Uint32(length[:])
	if n < headerSize || n > pageSize {
		return nil, errDamagedPage
	}
	p := make(page, n)
	if _, err := io.ReadFull(g.in, p); err != nil {
		return nil, g.readError(err)
	}
	return p, nil
}

func (g *generation) readError(err error) error {
	return fmt.Errorf("reading back a spill file: %w", err)
}

// pageRenderer renders totals as the pages of a generation.
type pageRenderer struct {
	page pageWriter
	buf  [pageSize]byte
}

// Append implements [Renderer].
func (r *pageRenderer) Append(dst []byte, k stats.Key, t stats.Totals) []byte {
	if r.page.full() {
		dst = r.End(dst)
	}
	if !r.page.started() {
		r.page.start(r.buf[:], pageSize)
	}
	r.page.addTotals(k, t)
	return dst
}

// End ends the last page of a stretch.
func (r *pageRenderer) End(dst []byte) []byte {
	if !r.page.started() {
		return dst
	}
	p := r.page.finish()
	r.page = pageWriter{}
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(p)))
	return append(dst, p...)
}
