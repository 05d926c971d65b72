package sorter

import (
	"encoding/binary"
	"errors"
	"math/bits"

	"dailystats/stats"
)

// A page is what extsort sorts: some hundred records of one run, in key order,
// each key once.
//
//	page    first key │ last key │ count │ record … │ padding
//	           12     │    12    │   4   │ count    │   16
//
//	key     day │ user with its sign bit flipped
//	         4  │  8                                        big-endian
//
// so that pages sort by their first keys as bytes do. A record has the step from
// the key before it, which for the first one is the page's first key:
//
//	record  sizes │ step │ value
//	          1   │ 1–8  │ 0–6                              little-endian
//
//	sizes   of the step, in the upper four bits, and of the value
//	step    users further on, on the same day
//	value   as an entry has it
//
// Steps and values are read as whole words, of which the bytes behind them are
// masked out: the padding sees to it that there are such bytes. So reading has
// no branches that depend on sizes. Records that are few have another form each,
// marked by a size:
//
//	step    0 in sizes:  day, user with its sign bit flipped     4, 8
//	value   15 in sizes: Totals, as their AppendBinary has them    5 uvarints
type page []byte

const (
	// pageSize is the most bytes a page has.
	pageSize   = 1024
	keySize    = 12
	headerSize = 2*keySize + 4
	padding    = 16

	stepSizeShift = 4
	valueSizeMask = 1<<stepSizeShift - 1
	newDay        = 0  // size of a step
	largeValue    = 15 // size of a value

	maxValueSize  = (valueBits + 7) / 8
	maxRecordSize = 1 + keySize + stats.MaxTotalsSize
)

func (p page) first() stats.Key { return getKey(p) }
func (p page) last() stats.Key  { return getKey(p[keySize:]) }
func (p page) count() int       { return int(binary.BigEndian.Uint32(p[2*keySize:])) }

const signBit = 1 << 63

func putKey(dst []byte, e entry) {
	binary.BigEndian.PutUint32(dst, e.day())
	binary.BigEndian.PutUint64(dst[4:], e.user)
}

func getKey(src []byte) stats.Key {
	return stats.Key{
		Day:  stats.Day(binary.BigEndian.Uint32(src)),
		User: int64(binary.BigEndian.Uint64(src[4:]) ^ signBit),
	}
}

// pageWriter fills one page after the other. Keys must ascend, each once,
// within a page.
type pageWriter struct {
	buf   []byte // memory of pageSize bytes; nil where the page is not started
	n     int    // bytes written
	room  int    // bytes that the page may take
	last  entry
	count uint32
}

// start makes the writer use buf, which must have room for pageSize bytes, for
// its next page, and of that about room bytes.
func (w *pageWriter) start(buf []byte, room int) {
	*w = pageWriter{buf: buf[:pageSize], n: headerSize, room: room}
}

func (w *pageWriter) started() bool { return w.buf != nil }

// full reports whether the page might not hold another record.
func (w *pageWriter) full() bool { return w.started() && w.n > w.room-padding-maxRecordSize }

// add appends an entry whose value is not large.
func (w *pageWriter) add(e entry) {
	start := w.n
	stepSize := w.addStep(e)
	v := uint64(e.value())
	binary.LittleEndian.PutUint64(w.buf[w.n:], v)
	valueSize := (bits.Len64(v) + 7) / 8
	w.n += valueSize
	w.buf[start] = byte(stepSize<<stepSizeShift | valueSize)
}

// addStep leaves room for the sizes and appends the step to e.
func (w *pageWriter) addStep(e entry) (size int) {
	if w.count == 0 {
		putKey(w.buf, e)
		w.last = e
	}
	w.n++
	if e.day() == w.last.day() {
		step := e.user - w.last.user
		binary.LittleEndian.PutUint64(w.buf[w.n:], step)
		size = (bits.Len64(step|1) + 7) / 8
		w.n += size
	} else {
		binary.LittleEndian.PutUint32(w.buf[w.n:], e.day())
		binary.LittleEndian.PutUint64(w.buf[w.n+4:], e.user)
		size = newDay
		w.n += keySize
	}
	w.last = e
	w.count++
	return size
}

// addTotals appends what a key adds up to.
func (w *pageWriter) addTotals(k stats.Key, t stats.Totals) {
	v, ok := valueOf(t)
	e := newEntry(k, v)
	if ok {
		w.add(e)
		return
	}
	start := w.n
	stepSize := w.addStep(e)
	w.buf[start] = byte(stepSize<<stepSizeShift | largeValue)
	w.n = len(t.AppendBinary(w.buf[:w.n]))
}

// finish returns the page, which has the memory that start was given.
func (w *pageWriter) finish() page {
	putKey(w.buf[keySize:], w.last)
	binary.BigEndian.PutUint32(w.buf[2*keySize:], w.count)
	clear(w.buf[w.n : w.n+padding])
	return page(w.buf[:w.n+padding])
}

// errDamagedPage says that a page does not decode: the disk gave back other
// bytes than were written.
var errDamagedPage = errors.New("a spilled page is damaged")

// collect adds the records with keys in [from, until) to b. It reports whether
// b had room for all of them.
func (p page) collect(b *recordBuffer, from, until stats.Key) (all bool, err error) {
	if len(p) < headerSize {
		return false, errDamagedPage
	}
	const looked = 1 + 8 + 8 // bytes of a record that are looked at, used or not
	var t stats.Totals       // of a large value
	least, end := newEntry(from, 0), newEntry(until, 0)
	e, n := newEntry(p.first(), 0), headerSize
	for range p.count() {
		if n > len(p)-looked {
			return false, errDamagedPage
		}
		stepSize, valueSize := int(p[n]>>stepSizeShift), int(p[n]&valueSizeMask)
		n++
		if stepSize == newDay || stepSize > 8 || valueSize > maxValueSize {
			if e, t, n, err = p.rareRecord(e, n, stepSize, valueSize); err != nil {
				return false, err
			}
		} else {
			e.user += word(p[n:], stepSize)
			v := value(word(p[n+stepSize:], valueSize))
			if !v.valid() {
				return false, errDamagedPage
			}
			e = e.with(v)
			n += stepSize + valueSize
		}
		switch {
		case e.before(least):
		case !e.before(end):
			return true, nil
		case b.full():
			return false, nil
		case e.value().form() == large:
			b.addLarge(e.key(), t)
		default:
			b.entries = append(b.entries, e)
		}
	}
	return true, nil
}

// word reads the first bytes of b, which has 8 or more.
func word(b []byte, size int) uint64 {
	return binary.LittleEndian.Uint64(b) & (1<<(8*uint(size)) - 1)
}

// rareRecord reads what follows the sizes of a record of which some part is in
// its other form. e is the entry before, and n the position.
func (p page) rareRecord(e entry, n, stepSize, valueSize int) (entry, stats.Totals, int, error) {
	switch {
	case stepSize > 8 || stepSize == newDay && n > len(p)-keySize:
		return e, stats.Totals{}, n, errDamagedPage
	case stepSize == newDay:
		e = entry{binary.LittleEndian.Uint64(p[n+4:]), uint64(binary.LittleEndian.Uint32(p[n:])) << valueBits}
		n += keySize
	default:
		e.user += word(p[n:], stepSize)
		n += stepSize
	}
	if valueSize == largeValue {
		t, size := stats.ReadTotals(p[n:])
		if size == 0 {
			return e, t, n, errDamagedPage
		}
		return e.with(large), t, n + size, nil
	}
	if n > len(p)-8 || valueSize > maxValueSize || e.day() > uint32(stats.MaxDay) {
		return e, stats.Totals{}, n, errDamagedPage
	}
	v := value(word(p[n:], valueSize))
	if !v.valid() {
		return e, stats.Totals{}, n, errDamagedPage
	}
	return e.with(v), stats.Totals{}, n + valueSize, nil
}
