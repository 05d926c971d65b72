package stats

import "cmp"

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
