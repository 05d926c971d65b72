package sorter

import (
	"bytes"
	"context"
	"sync"
	"sync/atomic"

	"dailystats/stats/spill"

	"github.com/lanrat/extsort"
)

// round collects pages until they are folded into a generation or reduced. It
// is one extsort: pages go in in any order and come out by first key.
//
// Its page buffers are its own. extsort spills pages in chunks of chunkPages,
// in one goroutine, and has written a page by the time it asks for the bytes of
// the next one. So a page's buffer goes back to the pool when the next page is
// asked for, and no more than the pool's pages are in memory.
//
// The pool needs the pages of three chunks, and those that the runs are
// filling: extsort spills nothing before it has seen two full chunks, and while
// it spills one, another may be half full.
type round struct {
	dir    string
	pages  chan page
	sorted <-chan page
	ended  chan struct{} // closed when extsort takes no more pages
	cancel context.CancelFunc

	chunkPages int

	pool    chan page    // buffers not in use
	unmade  atomic.Int64 // buffers that the pool may still make
	written page         // the page that extsort is writing

	runs    atomic.Int64
	sent    atomic.Int64  // pages
	spilled *atomic.Int64 // bytes, of all rounds
	used    *usage        // of all rounds

	failure func() error // why the round ended; waits for its end
}

// What a round takes beside the open pages of its runs.
const (
	// poolChunks is the number of chunks whose pages are in memory at once.
	poolChunks = 3
	// chunkBuffer is the size of extsort's read buffer for a chunk, in bytes.
	chunkBuffer = 64 << 10
)

func newRound(ctx context.Context, cfg Config, spilled *atomic.Int64, used *usage) *round {
	ctx, cancel := context.WithCancel(ctx)
	buffers := cfg.poolPages()
	r := &round{
		dir:        cfg.TempDir,
		pages:      make(chan page),
		ended:      make(chan struct{}),
		cancel:     cancel,
		chunkPages: cfg.ChunkPages,
		pool:       make(chan page, buffers),
		spilled:    spilled,
		used:       used,
	}
	r.unmade.Store(int64(buffers))
	sorter, sorted, errs := extsort.Generic(r.pages, keepPage, r.release, comparePages, &extsort.Config{
		ChunkSize: cfg.ChunkPages,
		// extsort merges in one goroutine as long as it has no more chunks than
		// workers. Beyond, it keeps thousands of pages in flight.
		NumWorkers:         cfg.mostChunks(),
		ChanBuffSize:       0,
		SortedChanBuffSize: 8,
		TempFilesDir:       cfg.TempDir,
	})
	r.sorted = sorted
	r.failure = sync.OnceValue(func() error {
		for range sorted { // extsort reports its error behind the last page
		}
		return r.describe(ctx, <-errs)
	})
	go func() {
		defer close(r.ended)
		sorter.Sort(ctx)
	}()
	return r
}

// comparePages orders pages by their first keys.
func comparePages(a, b page) int { return bytes.Compare(a[:keySize], b[:keySize]) }

// keepPage takes the bytes read back from a spill file, which are freshly
// allocated, as a page.
func keepPage(b []byte) (page, error) {
	if len(b) < headerSize {
		return nil, errDamagedPage
	}
	return page(b), nil
}

// release gives extsort the bytes of a page to write, and takes back those of
// the page before.
func (r *round) release(p page) ([]byte, error) {
	r.spilled.Add(int64(len(p)))
	if r.written != nil {
		r.pool <- r.written[:0]
	}
	r.written = p
	return p, nil
}

// buffer returns memory for one page, waiting for some to be spilled if need
// be.
func (r *round) buffer(ctx context.Context) (page, error) {
	select {
	case b := <-r.pool:
		return b, nil
	default:
	}
	if r.unmade.Add(-1) >= 0 {
		return make(page, 0, pageSize), nil
	}
	select {
	case b := <-r.pool:
		return b, nil
	case <-r.ended:
		return nil, r.failure()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func (r *round) send(ctx context.Context, p page) error {
	select {
	case r.pages <- p:
		r.sent.Add(1)
		return nil
	case <-r.ended:
		return r.failure()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// finish says that no more pages come. The pages can be read from next after
// it.
func (r *round) finish() {
	close(r.pages)
	<-r.ended
}

// next returns the page with the least first key, or nil after the last.
func (r *round) next() (page, error) {
	if p, ok := <-r.sorted; ok {
		return p, nil
	}
	return nil, r.failure()
}

// stop ends the round, wherever it is, and returns when its goroutines and its
// spill file are gone.
func (r *round) stop() {
	r.cancel()
	<-r.ended
	_ = r.failure() // of no interest: the round was given up, or has been read
}

// describe makes an error of extsort one of spilling. If ctx ended the round, that is the
// cause, whatever failed in consequence.
func (r *round) describe(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return &spill.Error{Dir: r.dir, Spilled: r.spilled.Load(), Err: err}
}
