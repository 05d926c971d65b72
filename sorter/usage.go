package sorter

import "sync/atomic"

// Usage is how much of the sizes of a Config has been used, at most. It is in
// records, pages and the like, as the Config is.
type Usage struct {
	RunRecords     int // in one run
	Pages          int // in memory, on their way to disk
	Chunks         int
	Runs           int
	Generations    int // of all levels
	StretchRecords int
}

// Usage tells how much of its sizes the sorter has used so far. No round may be
// ended meanwhile.
func (s *Sorter) Usage() Usage {
	u := s.used.Usage
	u.RunRecords = int(s.used.runRecords.Load())
	u.StretchRecords = int(s.used.stretchRecords.Load())
	return u
}

// usage is a Usage that several goroutines add to.
type usage struct {
	Usage
	runRecords     atomic.Int64
	stretchRecords atomic.Int64
}

// note takes down what a round has come to that is just ended.
func (u *usage) note(r *round, generations int) {
	u.Pages = max(u.Pages, cap(r.pool)-int(max(r.unmade.Load(), 0)))
	if r.written != nil {
		u.Chunks = max(u.Chunks, (int(r.sent.Load())+r.chunkPages-1)/r.chunkPages)
	}
	u.Runs = max(u.Runs, int(r.runs.Load()))
	u.Generations = max(u.Generations, generations)
}

// run takes down that a run had so many records.
func (u *usage) run(records int64) { raise(&u.runRecords, records) }

// stretch takes down that a worker had so many records of a stretch at a time.
func (u *usage) stretch(records int64) { raise(&u.stretchRecords, records) }

func raise(most *atomic.Int64, n int64) {
	for {
		before := most.Load()
		if n <= before || most.CompareAndSwap(before, n) {
			return
		}
	}
}
