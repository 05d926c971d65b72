package sorter

import (
	"encoding/binary"
	"errors"

	"dailystats/stats"
)

// A page is what extsort sorts: some hundred records of one run, in key order,
// each key once.
//
//	page    first key │ last key │ run │ count │ record …
//	           12     │    12    │  4  │   4   │ count of them
//
//	key     day │ user with its sign bit flipped
//	         4  │  8                                        big-endian
//
// so that pages sort by their first keys as bytes do. A record's key is given
// as the step from the key before it, which for the first one is the page's
// first key:
//
//	record  tag │ step │ counts │ revenue
//	         1  │
//
//	tag     bits 0–2  unit of the revenue
//	        bits 3–4  shape: visit, purchase, remainder, counted
//	        bit  5    the record starts a new day
//
//	step    same day: users further on            uvarint
//	        new day:  days further on, user       uvarint, zigzag varint
//
//	counts  counted only: events, purchases       uvarint, uvarint
//
//	revenue noRevenue: nothing
//	        wide:      high, whole, fraction      3 uvarints
//	        else:      coefficient                uvarint
type page []byte

const (
	// PageSize is the most bytes a page has.
	PageSize   = 4096
	keySize    = 12
	headerSize = 2*keySize + 8

	// A tag, three uvarints of the key, two of the counts and three of a wide
	// revenue.
	maxRecordSize = 1 + 2*binary.MaxVarintLen64 + 2*binary.MaxVarintLen64 + 3*binary.MaxVarintLen64
)

// shape says how many events and purchases a record stands for, where it is
// only one event.
type shape uint8

const (
	visit     shape = iota // one event, no purchase
	purchase               // one event, a purchase
	remainder              // no event: a part of the revenue of one beside it
	counted                // counts follow
)

const (
	shapeShift = unitBits
	shapeMask  = 3
	newDay     = 1 << 5
)

func (p page) first() stats.Key { return getKey(p) }
func (p page) last() stats.Key  { return getKey(p[keySize:]) }
func (p page) run() uint32      { return binary.BigEndian.Uint32(p[2*keySize:]) }
func (p page) count() int       { return int(binary.BigEndian.Uint32(p[2*keySize+4:])) }

const signBit = 1 << 63

func putKey(dst []byte, k stats.Key) {
	binary.BigEndian.PutUint32(dst, uint32(k.Day))
	binary.BigEndian.PutUint64(dst[4:], uint64(k.User)^signBit)
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
	buf   []byte // header and records so far; empty before the first record
	last  stats.Key
	count uint32
}

// start makes the writer use buf, which must have room for PageSize bytes, for
// its next page.
func (w *pageWriter) start(buf []byte) {
	w.buf, w.count = buf[:0], 0
}

// full reports whether the page might not hold another record.
func (w *pageWriter) full() bool { return len(w.buf) > PageSize-maxRecordSize }

// empty reports whether the page holds no record yet.
func (w *pageWriter) empty() bool { return w.count == 0 }

// add appends the totals of one key.
func (w *pageWriter) add(k stats.Key, t stats.Totals) {
	u, coefficient := compact(t.Revenue)
	s := shapeOf(t)
	w.begin(k, s, u)
	if s == counted {
		w.buf = binary.AppendUvarint(w.buf, t.Events)
		w.buf = binary.AppendUvarint(w.buf, t.Purchases)
	}
	switch u {
	case noRevenue:
	case wide:
		high, whole, fraction := t.Revenue.Limbs()
		w.buf = binary.AppendUvarint(w.buf, high)
		w.buf = binary.AppendUvarint(w.buf, whole)
		w.buf = binary.AppendUvarint(w.buf, fraction)
	default:
		w.buf = binary.AppendUvarint(w.buf, coefficient)
	}
}

// addSingle appends the one record of a key. It is add for what is by far the
// commonest case, without the way through Totals. u must not be wide.
func (w *pageWriter) addSingle(k stats.Key, s shape, u unit, coefficient uint64) {
	w.begin(k, s, u)
	if u != noRevenue {
		w.buf = binary.AppendUvarint(w.buf, coefficient)
	}
}

// begin appends a record's tag and step.
func (w *pageWriter) begin(k stats.Key, s shape, u unit) {
	if w.count == 0 {
		w.buf = w.buf[:headerSize]
		putKey(w.buf, k)
		w.last = k
	}
	tag := byte(u) | byte(s)<<shapeShift
	if k.Day == w.last.Day {
		w.buf = append(w.buf, tag)
		w.buf = binary.AppendUvarint(w.buf, uint64(k.User)-uint64(w.last.User))
	} else {
		w.buf = append(w.buf, tag|newDay)
		w.buf = binary.AppendUvarint(w.buf, uint64(k.Day-w.last.Day))
		w.buf = binary.AppendVarint(w.buf, k.User)
	}
	w.last = k
	w.count++
}

// finish returns the page, which is of the given run and has the memory that
// start was given.
func (w *pageWriter) finish(run uint32) page {
	putKey(w.buf[keySize:], w.last)
	binary.BigEndian.PutUint32(w.buf[2*keySize:], run)
	binary.BigEndian.PutUint32(w.buf[2*keySize+4:], w.count)
	return page(w.buf)
}

func shapeOf(t stats.Totals) shape {
	switch {
	case t.Events == 1 && t.Purchases == 0:
		return visit
	case t.Events == 1 && t.Purchases == 1:
		return purchase
	case t.Events == 0 && t.Purchases == 0:
		return remainder
	default:
		return counted
	}
}

// errDamagedPage says that a page does not decode: the disk gave back other
// bytes than were written.
var errDamagedPage = errors.New("a spilled page is damaged")

// pageReader reads the records of a page one by one.
type pageReader struct {
	key               stats.Key // of the record read last
	events, purchases uint64    // likewise
	unit              unit      // of its revenue
	coefficient       uint64
	revenue           stats.Amount // where the unit is wide

	left int    // records not read yet
	rest []byte // their bytes
}

// open makes the reader read p from its start.
func (r *pageReader) open(p page) error {
	if len(p) < headerSize {
		return errDamagedPage
	}
	r.key, r.left, r.rest = p.first(), p.count(), p[headerSize:]
	return nil
}

// next reads one record. It must not be called when none is left.
func (r *pageReader) next() error {
	if len(r.rest) == 0 {
		return errDamagedPage
	}
	tag := r.rest[0]
	r.rest = r.rest[1:]
	r.left--
	if tag&newDay == 0 {
		r.key.User = int64(uint64(r.key.User) + r.uvarint())
	} else {
		r.key.Day += stats.Day(r.uvarint())
		r.key.User = unzigzag(r.uvarint())
	}
	r.readCounts(shape(tag >> shapeShift & shapeMask))
	r.readRevenue(unit(tag & unitMask))
	if r.rest == nil {
		return errDamagedPage
	}
	return nil
}

// totals returns what the record read last stands for.
func (r *pageReader) totals() stats.Totals {
	t := stats.Totals{Events: r.events, Purchases: r.purchases, Revenue: r.revenue}
	if r.unit != wide {
		t.Revenue = expand(r.unit, r.coefficient)
	}
	return t
}

func (r *pageReader) readCounts(s shape) {
	switch s {
	case visit:
		r.events, r.purchases = 1, 0
	case purchase:
		r.events, r.purchases = 1, 1
	case remainder:
		r.events, r.purchases = 0, 0
	default:
		r.events = r.uvarint()
		r.purchases = r.uvarint()
	}
}

func (r *pageReader) readRevenue(u unit) {
	r.unit = u
	switch u {
	case noRevenue:
	case wide:
		high, whole, fraction := r.uvarint(), r.uvarint(), r.uvarint()
		if whole >= stats.LimbBase || fraction >= stats.LimbBase {
			r.rest = nil
		}
		r.revenue = stats.AmountOfLimbs(high, whole, fraction)
	default:
		r.coefficient = r.uvarint()
	}
}

// uvarint reads one number. Past the end of the page it sets rest to nil, as
// all do that find damage: next looks at it.
func (r *pageReader) uvarint() uint64 {
	if len(r.rest) > 0 && r.rest[0] < 0x80 {
		x := uint64(r.rest[0])
		r.rest = r.rest[1:]
		return x
	}
	x, n := binary.Uvarint(r.rest)
	if n <= 0 {
		r.rest = nil
		return 0
	}
	r.rest = r.rest[n:]
	return x
}

func unzigzag(x uint64) int64 { return int64(x>>1) ^ -int64(x&1) }
