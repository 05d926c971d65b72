package main

import (
	"encoding/binary"
	"errors"
	"fmt"

	"dailystats/stats"
)

// A page is what workers send each other: what some users of a day add up to, each
// user once.
//
//	page   version │ day     │ row …
//	          1    │ uvarint │
//	row    step    │ totals
//	        varint │ as stats.Totals.AppendBinary has them
//
// step is how far the user is from the one before, the first one from 0.
const (
	pageVersion = 1
	pageSize    = 64 << 10 // a page has little more
)

var errDamagedPage = errors.New("a page is damaged")

// pageWriter encodes a page.
type pageWriter struct {
	buf  []byte
	user int64 // of the last row
}

func newPage(day stats.Day) pageWriter {
	buf := make([]byte, 0, pageSize+binary.MaxVarintLen64+stats.MaxTotalsSize)
	return pageWriter{buf: binary.AppendUvarint(append(buf, pageVersion), uint64(day))}
}

func (w *pageWriter) full() bool { return len(w.buf) >= pageSize }

func (w *pageWriter) add(user int64, t stats.Totals) {
	w.buf = binary.AppendVarint(w.buf, user-w.user) // wraps around, and back when it is read
	w.buf = t.AppendBinary(w.buf)
	w.user = user
}

// readPage calls add with all rows of a page.
func readPage(page []byte, add func(stats.Key, stats.Totals) error) error {
	if len(page) > 0 && page[0] != pageVersion {
		return fmt.Errorf("a page has version %d, not %d: have all workers run the same program", page[0], pageVersion)
	}
	if len(page) == 0 {
		return errDamagedPage
	}
	day, n := binary.Uvarint(page[1:])
	if n <= 0 || day > uint64(stats.MaxDay) {
		return errDamagedPage
	}
	k := stats.Key{Day: stats.Day(day)}
	for rest := page[1+n:]; len(rest) > 0; {
		step, n := binary.Varint(rest)
		if n <= 0 {
			return errDamagedPage
		}
		t, size := stats.ReadTotals(rest[n:])
		if size == 0 {
			return errDamagedPage
		}
		k.User += step
		if err := add(k, t); err != nil {
			return err
		}
		rest = rest[n+size:]
	}
	return nil
}
