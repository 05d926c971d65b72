package sorter

import "sync/atomic"

// usage is how much of the sizes of a Config was used, at most. Several goroutines add to it.
type usage struct {
	pages       int // in memory, on their way to disk
	chunks      int
	runs        int
	generations int // of all levels

	runRecords     atomic.Int64 // of one run
	stretchRecords atomic.Int64 // of a worker at a time
}

// Used returns what the parts of the sorter have taken so far, at most. No round may be
// ended meanwhile.
func (s *Sorter) Used() Memory {
	u := &s.used
	stretch := min(int(u.stretchRecords.Load()), s.cfg.StretchRecords)
	return Memory{
		Runs:         int64(s.cfg.Workers) * u.runRecords.Load() * entrySize,
		PagesToSpill: int64(u.pages) * pageSize,
		ReadBuffers:  int64(u.chunks) * chunkBuffer,
		OpenPages:    int64(u.runs) * pageSize,
		Generations:  int64(u.generations) * streamBuffer,
		Stretches:    s.cfg.stretchMemory(stretch),
	}
}

// note records how large a round was that has just ended.
func (u *usage) note(r *round, generations int) {
	u.pages = max(u.pages, cap(r.pool)-int(max(r.unmade.Load(), 0)))
	if r.written != nil {
		u.chunks = max(u.chunks, (int(r.sent.Load())+r.chunkPages-1)/r.chunkPages)
	}
	u.runs = max(u.runs, int(r.runs.Load()))
	u.generations = max(u.generations, generations)
}

// run records that a run had so many records.
func (u *usage) run(records int64) { raise(&u.runRecords, records) }

// stretch records that a worker had so many records of a stretch at a time.
func (u *usage) stretch(records int64) { raise(&u.stretchRecords, records) }

func raise(most *atomic.Int64, n int64) {
	for {
		before := most.Load()
		if n <= before || most.CompareAndSwap(before, n) {
			return
		}
	}
}
