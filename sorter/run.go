package sorter

import (
	"context"

	"dailystats/stats"
)

// Run collects the records of one worker until it is full, then sorts them,
// adds up those of equal keys, and hands them on as pages. It is not for use by
// several goroutines.
type Run struct {
	ctx     context.Context
	round   *round
	records *recordBuffer
	page    pageWriter
}

func newRun(ctx context.Context, r *round, records int) *Run {
	return &Run{ctx: ctx, round: r, records: newRecordBuffer(records)}
}

// Add adds a record. It may have to wait for the disk.
func (r *Run) Add(rec stats.Record) error {
	if r.records.full() {
		if err := r.Flush(); err != nil {
			return err
		}
	}
	v, ok := visit, true
	if rec.Purchase {
		v, ok = purchaseOf(rec.Amount)
	}
	if !ok {
		r.records.addLarge(rec.Key, rec.Totals())
		return nil
	}
	r.records.entries = append(r.records.entries, newEntry(rec.Key, v))
	return nil
}

// Room is the number of records that can be added before Add flushes, if their
// amounts are usual ones.
func (r *Run) Room() int { return cap(r.records.entries) - len(r.records.entries) }

// Flush hands on what the run holds, and empties it. It must be called after
// the last Add.
func (r *Run) Flush() error {
	b := r.records
	if len(b.entries) == 0 {
		return nil
	}
	r.round.used.run(int64(len(b.entries)))
	b.sort()
	room := firstRoom(r.round.runs.Add(1))
	for i := 0; i < len(b.entries); {
		if err := r.makeRoom(&room); err != nil {
			return err
		}
		end := b.endOfKey(i)
		if e := b.entries[i]; end == i+1 && e.value().form() != large {
			r.page.add(e)
		} else {
			r.page.addTotals(e.key(), b.sum(b.entries[i:end]))
		}
		i = end
	}
	b.clear()
	return r.send()
}

// firstRoom returns the size of a run's first page, by its number in the round.
//
// Runs of much the same keys would else have their pages end at much the same
// keys too: there would be stretches of hardly any records, and of one page of
// every run. The steps are those of the golden ratio, so that any number of them
// is spread evenly.
func firstRoom(run int64) int {
	const phi = 0x9e37_79b9
	return pageSize/8 + int(uint64(uint32(run*phi))*(pageSize-pageSize/8)>>32)
}

// makeRoom sends the page on if it is full, and sees to it that there is one,
// which takes room bytes. The next one takes all it can.
func (r *Run) makeRoom(room *int) error {
	if r.page.full() {
		if err := r.send(); err != nil {
			return err
		}
	}
	if r.page.started() {
		return nil
	}
	buf, err := r.round.buffer(r.ctx)
	if err != nil {
		return err
	}
	r.page.start(buf, *room)
	*room = pageSize
	return nil
}

// send hands the page on. The buffer belongs to the round from then on.
func (r *Run) send() error {
	p := r.page.finish()
	r.page = pageWriter{}
	return r.round.send(r.ctx, p)
}
