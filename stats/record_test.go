package stats

import (
	"encoding/binary"
	"math"
	"slices"
	"testing"
)

// TestKeyOrder proves that keys order by day, then by user as a number.
func TestKeyOrder(t *testing.T) {
	inOrder := []Key{{0, -1 << 63}, {0, -10}, {0, -9}, {0, 0}, {0, 9}, {0, 10}, {0, 1<<63 - 1}, {1, -1}, {2, -1}, {MaxDay, 0}}
	if !slices.IsSortedFunc(inOrder, Key.Compare) {
		t.Error("not in order")
	}
	for i, a := range inOrder {
		for j, b := range inOrder {
			if got := a.Compare(b); (got < 0) != (i < j) || (got == 0) != (i == j) {
				t.Errorf("%v against %v is %d", a, b, got)
			}
		}
	}
}

func TestTotals(t *testing.T) {
	purchase := Record{Purchase: true, Amount: NewAmount(19, 99e16)}
	free := Record{Purchase: true} // a positive amount that was rounded to 0
	view := Record{}
	got := purchase.Totals().Add(view.Totals()).Add(purchase.Totals()).Add(free.Totals())
	if want := (Totals{Events: 4, Purchases: 3, Revenue: NewAmount(39, 98e16)}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// TestTotalsBinary proves that totals are read as they were written, with what
// follows them left alone, and that what is cut off or none is noticed.
func TestTotalsBinary(t *testing.T) {
	for _, want := range []Totals{
		{},
		{Events: 1},
		{Events: 300, Purchases: 2, Revenue: NewAmount(19, 99e16)},
		{Events: math.MaxUint64, Purchases: math.MaxUint64, Revenue: AmountOfLimbs(math.MaxUint64, LimbBase-1, LimbBase-1)},
	} {
		b := want.AppendBinary([]byte("x"))[1:]
		if len(b) > MaxTotalsSize {
			t.Errorf("%+v takes %d bytes", want, len(b))
		}
		got, size := ReadTotals(append(b, 1, 2, 3))
		if got != want || size != len(b) {
			t.Errorf("%+v of %d bytes is read as %+v of %d", want, len(b), got, size)
		}
		for n := range b {
			if _, size := ReadTotals(b[:n:n]); size != 0 {
				t.Errorf("%x, cut to %d bytes, is read", b, n)
			}
		}
	}
	for _, limb := range []int{3, 4} {
		var b []byte
		for i := range 5 {
			x := uint64(0)
			if i == limb {
				x = LimbBase
			}
			b = binary.AppendUvarint(b, x)
		}
		if _, size := ReadTotals(b); size != 0 {
			t.Errorf("%x is read", b)
		}
	}
}
