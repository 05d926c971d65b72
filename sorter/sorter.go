// Package sorter sorts records on disk and reduces them by key, in memory that
// does not depend on how many there are.
//
// In the order of the data:
//
//   - run.go: a [Run] collects one worker's records in a buffer (buffer.go), sorts
//     them (radix.go) and adds up equal keys;
//   - page.go: what it hands on, some hundred encoded records (value.go has what
//     a record stands for);
//   - round.go: pages are sorted by first key, through extsort and its spill
//     file;
//   - generation.go: past a bound on what is merged at once, a round is folded
//     into one long sorted run; streams.go merges those again, page by page;
//   - fit.go: sizes for an amount of memory; usage.go: how much of them was used;
//   - stretch.go, merge.go, reduce.go: sorted pages are cut into stretches,
//     which are merged, in a buffer again, and rendered side by side, and written
//     in order.
//
// What that comes to, on paper: in 64 MiB, four workers have rounds of 196 chunks
// and 98 generations of a level. Pages have 3.5 bytes for an event of 85 bytes
// with a key of its own, as has been measured to 8.8 GB, so that 10 GB of events
// make a round. A page is written once to the round's spill file, and once for
// each level of generations that it gets to. Files are open for the generations of
// each level, for the one that they are merged to, and for the round; memory does
// not grow.
//
//	events            rounds   levels    spilled   files, at most   memory
//	  1 GB, 12 M           1        0      41 MB                1   64 MiB
//	 10 GB, 118 M          1        0     410 MB                1   64 MiB
//	100 GB, 1.2 G         10        1       8 GB               10   64 MiB
//	  1 TB, 12 G         100        2     122 GB              100   64 MiB
//	 10 TB, 118 G      1,000        2     1.2 TB              109   64 MiB
//	100 TB, 1.2 T     10,000        3      16 TB              197   64 MiB
package sorter

import (
	"cmp"
	"context"
	"io"
	"runtime"
	"sync/atomic"
)

// Config gives a Sorter its sizes. Fields that are zero take a small default.
type Config struct {
	TempDir        string // where spill files go; empty leaves it to extsort
	Workers        int    // goroutines that reduce
	RunRecords     int    // records that a run holds, each entrySize bytes
	ChunkPages     int    // pages that are spilled as one chunk
	Chunks         int    // chunks in a round, each with a read buffer of chunkBuffer bytes
	Runs           int    // runs in a round, each with one page open while merging
	FanIn          int    // generations of one level before they are merged into one
	StretchRecords int    // records that a worker reduces at a time
	BufferBytes    int    // rendered bytes that a worker holds
}

func (c Config) withDefaults() Config {
	c.Workers = cmp.Or(c.Workers, 1)
	c.RunRecords = max(cmp.Or(c.RunRecords, 1<<14), 2)
	c.ChunkPages = cmp.Or(c.ChunkPages, 64)
	c.Chunks = cmp.Or(c.Chunks, 64)
	c.Runs = cmp.Or(c.Runs, 256)
	c.FanIn = max(cmp.Or(c.FanIn, 8), 2)
	c.StretchRecords = cmp.Or(c.StretchRecords, 1<<14)
	c.BufferBytes = cmp.Or(c.BufferBytes, 1<<18)
	return c
}

// poolPages is the number of page buffers of a round: its chunks, and a page
// for each run being written and for each hand it passes through.
func (c Config) poolPages() int { return poolChunks*c.ChunkPages + 2*c.Workers + 2 }

// mostChunks bounds the chunks of a round from above: when it is found full,
// each worker may still hand on a run that it holds, and one that it fills.
func (c Config) mostChunks() int {
	const mostRecordSize = 24 // of a single event
	runPages := c.RunRecords*mostRecordSize/(pageSize-headerSize-maxRecordSize) + 2
	return c.Chunks + 2*c.Workers*runPages/c.ChunkPages + 2
}

// Sorter takes records through runs and gives back totals in key order.
//
// Records are taken in rounds: when Full says so, every run must be flushed and
// given up, and Fold called, before new runs are made.
type Sorter struct {
	ctx         context.Context // of the rounds, which outlive the call that starts them
	cfg         Config
	round       *round
	generations []*generation // by level, falling
	spilled     atomic.Int64  // bytes
	used        usage
}

// New returns a sorter that takes records. Close must be called in the end. ctx
// ends its work at any time.
func New(ctx context.Context, cfg Config) *Sorter {
	s := &Sorter{ctx: ctx, cfg: cfg.withDefaults()}
	s.round = newRound(ctx, s.cfg, &s.spilled, &s.used)
	return s
}

// NewRun returns a run of the current round, for one goroutine.
func (s *Sorter) NewRun(ctx context.Context) *Run {
	return newRun(ctx, s.round, s.cfg.RunRecords)
}

// Full reports whether the current round has all that may be merged at once.
func (s *Sorter) Full() bool {
	return s.round.sent.Load() >= int64(s.cfg.Chunks*s.cfg.ChunkPages) ||
		s.round.runs.Load() >= int64(s.cfg.Runs)
}

// BytesSpilled is the number of bytes given to spill files so far.
func (s *Sorter) BytesSpilled() int64 { return s.spilled.Load() }

// Fold ends the current round, merges it into one sorted run on disk, and
// starts the next. All runs must have been flushed, and must not be used again.
func (s *Sorter) Fold(ctx context.Context) error {
	s.endRound()
	if err := s.store(ctx, 0, s.round.next); err != nil {
		return err
	}
	s.round.stop()
	if err := s.mergeFullLevels(ctx); err != nil {
		return err
	}
	s.round = newRound(s.ctx, s.cfg, &s.spilled, &s.used)
	return nil
}

// endRound makes the round's pages ready to be merged, in the memory that the
// runs have left. They are collected now: the collector would let the heap grow
// beside them first.
func (s *Sorter) endRound() {
	s.round.finish()
	s.used.note(s.round, len(s.generations))
	runtime.GC()
}

// store reduces pages into a new generation.
func (s *Sorter) store(ctx context.Context, level int, next func() (page, error)) error {
	g, err := newGeneration(s.cfg.TempDir, level, &s.spilled)
	if err != nil {
		return err
	}
	s.generations = append(s.generations, g)
	newRenderer := func() Renderer { return new(pageRenderer) }
	if _, err := s.reduce(ctx, next, newRenderer, g); err != nil {
		return err
	}
	g.rewind()
	return nil
}

// mergeFullLevels merges generations as a counter carries digits: FanIn of one
// level become one of the next. So there are fewer than FanIn of each level, and
// a page is written once for each level.
func (s *Sorter) mergeFullLevels(ctx context.Context) error {
	for {
		first := s.firstOfLastLevel()
		full := s.generations[first:]
		if len(full) < s.cfg.FanIn {
			return nil
		}
		next, err := streamsOf(full)
		if err != nil {
			return err
		}
		if err := s.store(ctx, full[0].level+1, next); err != nil {
			return err
		}
		merged := s.generations[len(s.generations)-1]
		for _, g := range full {
			g.Close()
		}
		s.generations = append(s.generations[:first], merged)
	}
}

// firstOfLastLevel is the index of the first generation with the level that the
// last has.
func (s *Sorter) firstOfLastLevel() int {
	i := len(s.generations) - 1
	for i > 0 && s.generations[i-1].level == s.generations[i].level {
		i--
	}
	return i
}

// Reduce ends the last round and writes what every key adds up to, in key
// order, to w, as it is rendered by what newRenderer returns. That is called for
// each of several goroutines, which render side by side; one at a time writes.
// All runs must have been flushed. It returns the number of keys.
func (s *Sorter) Reduce(ctx context.Context, newRenderer func() Renderer, w io.Writer) (rows uint64, err error) {
	s.endRound()
	next, err := streamsOf(s.generations, s.round.next)
	if err != nil {
		return 0, err
	}
	return s.reduce(ctx, next, newRenderer, w)
}

func (s *Sorter) reduce(ctx context.Context, next func() (page, error), newRenderer func() Renderer, w io.Writer) (uint64, error) {
	r := &reduction{
		next:           next,
		newRenderer:    newRenderer,
		out:            w,
		stretchRecords: s.cfg.StretchRecords,
		bufferBytes:    s.cfg.BufferBytes,
		workers:        s.cfg.Workers,
		runs:           int(s.round.runs.Load()) + len(s.generations),
		used:           &s.used,
	}
	return r.run(ctx)
}

// streamsOf merges generations and other page streams.
func streamsOf(generations []*generation, others ...func() (page, error)) (next func() (page, error), err error) {
	sources := others
	for _, g := range generations {
		sources = append(sources, g.next)
	}
	s, err := newStreams(sources)
	if err != nil {
		return nil, err
	}
	return s.next, nil
}

// Close gives back what the sorter holds: goroutines, memory, spill files. It
// can be called at any time after the last use of the runs.
func (s *Sorter) Close() {
	s.round.stop()
	for _, g := range s.generations {
		g.Close()
	}
}
