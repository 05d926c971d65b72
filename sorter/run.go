package sorter

import (
	"context"

	"dailystats/stats"
)

// Run collects the records of one worker until it is full, then sorts them,
// adds up those of equal keys, and hands them on as pages. Its memory is
// allocated once. It is not for use by several goroutines.
type Run struct {
	ctx   context.Context
	round *round
	ids   *runIDs

	entries, spare []entry // keys, and the radix sort's second buffer
	values         []value // what belongs to the key with that index
	page           pageWriter
}

// value is a record without its key.
type value struct {
	coefficient uint64
	unit        unit
	shape       shape
}

// RunRecordSize is the memory that a run takes for each record, in bytes: two
// entries and a value.
const RunRecordSize = 2*16 + 16

func newRun(ctx context.Context, r *round, ids *runIDs, records int) *Run {
	return &Run{
		ctx:     ctx,
		round:   r,
		ids:     ids,
		entries: make([]entry, 0, records),
		spare:   make([]entry, records),
		values:  make([]value, 0, records),
	}
}

// Add adds a record. It may have to wait for the disk.
func (r *Run) Add(rec stats.Record) error {
	const most = 2 // entries of one record
	if len(r.entries) > cap(r.entries)-most {
		if err := r.Flush(); err != nil {
			return err
		}
	}
	s := visit
	if rec.Purchase {
		s = purchase
	}
	u, coefficient := compact(rec.Amount)
	if u == wide {
		r.addWide(rec, s)
		return nil
	}
	r.append(rec.Key, value{coefficient, u, s})
	return nil
}

// addWide adds a record whose amount has too many digits for one coefficient,
// as two: its whole units, and its fraction.
func (r *Run) addWide(rec stats.Record, s shape) {
	high, whole, fraction := rec.Amount.Limbs()
	r.append(rec.Key, value{high*1e18 + whole, ones, s}) // one amount is at most 10^18
	r.append(rec.Key, value{fraction, places18, remainder})
}

func (r *Run) append(k stats.Key, v value) {
	r.entries = append(r.entries, newEntry(k, len(r.values)))
	r.values = append(r.values, v)
}

// Flush hands on what the run holds, and empties it. It must be called after
// the last Add.
func (r *Run) Flush() error {
	if len(r.entries) == 0 {
		return nil
	}
	sorted := sortEntries(r.entries, r.spare[:len(r.entries)])
	id := r.ids.next()
	r.round.runs.Add(1)
	for i := 0; i < len(sorted); {
		j := i + 1
		for j < len(sorted) && sorted[j].sameKey(sorted[i]) {
			j++
		}
		if err := r.makeRoom(id); err != nil {
			return err
		}
		r.write(sorted[i:j])
		i = j
	}
	r.entries, r.values = r.entries[:0], r.values[:0]
	return r.send(id)
}

// write adds the entries of one key to the page.
func (r *Run) write(group []entry) {
	k := group[0].key()
	v := r.values[group[0].index]
	if len(group) == 1 {
		r.page.addSingle(k, v.shape, v.unit, v.coefficient)
		return
	}
	var t stats.Totals
	for _, e := range group {
		t = t.Add(r.values[e.index].totals())
	}
	r.page.add(k, t)
}

func (v value) totals() stats.Totals {
	t := stats.Totals{Revenue: expand(v.unit, v.coefficient)}
	switch v.shape {
	case visit:
		t.Events = 1
	case purchase:
		t.Events, t.Purchases = 1, 1
	}
	return t
}

// makeRoom sends the page on if it is full, and sees to it that there is one.
func (r *Run) makeRoom(id uint32) error {
	if r.page.full() {
		if err := r.send(id); err != nil {
			return err
		}
	}
	if r.page.buf != nil {
		return nil
	}
	buf, err := r.round.buffer(r.ctx)
	if err != nil {
		return err
	}
	r.page.start(buf)
	return nil
}

// send hands the page on. The buffer belongs to the round from then on.
func (r *Run) send(id uint32) error {
	p := r.page.finish(id)
	r.page = pageWriter{}
	return r.round.send(r.ctx, p)
}
