package sorter

import "dailystats/stats"

// recordBuffer collects a fixed number of records, sorts them, and adds up those of
// equal keys. Its memory is allocated once.
type recordBuffer struct {
	entries []entry
	spare   []entry        // the radix sort's second buffer
	large   []stats.Totals // what large values mean, by index

	_ [56]byte // to 128: workers' buffers must not share cache lines
}

// A recordBuffer takes entrySize bytes for each record that it has room for: two
// entries, and Totals for one in largeShare.
const (
	entrySize  = 2*16 + 40/largeShare
	largeShare = 8
)

func newRecordBuffer(records int) *recordBuffer {
	return &recordBuffer{
		entries: make([]entry, 0, records),
		spare:   make([]entry, records),
		large:   make([]stats.Totals, 0, records/largeShare+1),
	}
}

func (b *recordBuffer) clear() { b.entries, b.large = b.entries[:0], b.large[:0] }

// full reports whether there may be no room for one more.
func (b *recordBuffer) full() bool {
	return len(b.entries) == cap(b.entries) || len(b.large) == cap(b.large)
}

// addLarge adds what has no value of its own. The buffer must not be full.
func (b *recordBuffer) addLarge(k stats.Key, t stats.Totals) {
	v := value(len(b.large))<<formBits | large
	b.large = append(b.large, t)
	b.entries = append(b.entries, newEntry(k, v))
}

// sort puts the entries in key order.
func (b *recordBuffer) sort() {
	sorted, other := sortEntries(b.entries, b.spare[:len(b.entries)])
	b.entries, b.spare = sorted[:len(sorted):cap(b.spare)], other[:cap(b.spare)]
}

// endOfKey returns the end of the entries with the key that entry i has. They
// must be sorted.
func (b *recordBuffer) endOfKey(i int) (end int) {
	for end = i + 1; end < len(b.entries) && b.entries[end].sameKey(b.entries[i]); end++ {
	}
	return end
}

// sum returns what entries, of one key or not, add up to.
func (b *recordBuffer) sum(entries []entry) (t stats.Totals) {
	var totalCents uint64 // of at most 2^37 each, and few: it cannot overflow
	for _, e := range entries {
		events, purchases, inCents, ok := e.value().small()
		if !ok {
			t = t.Add(b.totals(e.value()))
			continue
		}
		t.Events += events
		t.Purchases += purchases
		totalCents += inCents
	}
	if totalCents == 0 {
		return t
	}
	revenue := amountOf(cents, totalCents)
	if t.Revenue != (stats.Amount{}) {
		revenue = revenue.Add(t.Revenue)
	}
	t.Revenue = revenue
	return t
}

// totals returns what a value means.
func (b *recordBuffer) totals(v value) stats.Totals {
	if v.form() == large {
		return b.large[v>>formBits]
	}
	return v.totals()
}
