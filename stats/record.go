package stats

import (
	"cmp"
	"encoding/binary"
)

// Key is what events are grouped by.
type Key struct {
	Day  Day
	User int64
}

// Compare orders keys by day, then by user as a number: negative where k is
// before other, zero where they are the same.
func (k Key) Compare(other Key) int {
	if c := cmp.Compare(k.Day, other.Day); c != 0 {
		return c
	}
	return cmp.Compare(k.User, other.User)
}

// Record is what is kept of one valid event.
type Record struct {
	Key
	Purchase bool
	Amount   Amount // 0 where it is not a purchase
}

// Totals is what the events of one key add up to.
type Totals struct {
	Events    uint64
	Purchases uint64
	Revenue   Amount
}

// Totals returns what r alone adds up to.
func (r Record) Totals() Totals {
	t := Totals{Events: 1, Revenue: r.Amount}
	if r.Purchase {
		t.Purchases = 1
	}
	return t
}

// Add returns t + other.
func (t Totals) Add(other Totals) Totals {
	return Totals{
		Events:    t.Events + other.Events,
		Purchases: t.Purchases + other.Purchases,
		Revenue:   t.Revenue.Add(other.Revenue),
	}
}

// MaxTotalsSize is the most bytes that [Totals.AppendBinary] appends.
const MaxTotalsSize = 5 * binary.MaxVarintLen64

// AppendBinary appends t as five uvarints: events, purchases, and the revenue's
// limbs.
func (t Totals) AppendBinary(dst []byte) []byte {
	high, whole, fraction := t.Revenue.Limbs()
	for _, x := range [...]uint64{t.Events, t.Purchases, high, whole, fraction} {
		dst = binary.AppendUvarint(dst, x)
	}
	return dst
}

// ReadTotals reads what AppendBinary wrote at the start of b, and its size. That is 0
// where there is no such thing.
func ReadTotals(b []byte) (t Totals, size int) {
	var x [5]uint64 // events, purchases, high, whole, fraction
	for i := range x {
		n := 0
		if x[i], n = binary.Uvarint(b[size:]); n <= 0 {
			return t, 0
		}
		size += n
	}
	if x[3] >= LimbBase || x[4] >= LimbBase {
		return t, 0
	}
	return Totals{Events: x[0], Purchases: x[1], Revenue: AmountOfLimbs(x[2], x[3], x[4])}, size
}
