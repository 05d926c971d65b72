package stats

import (
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
