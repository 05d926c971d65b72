package sorter

import (
	"context"
	"io"
	"sync/atomic"

	"dailystats/stats"

	"golang.org/x/sync/errgroup"
)

// emitter renders totals, given in key order, as bytes. What it appends to is
// passed on and emptied between two calls as the caller likes.
type emitter interface {
	add(dst []byte, k stats.Key, t stats.Totals) []byte
	// end is called after the last key of a stretch.
	end(dst []byte) []byte
}

// AppendFunc appends what one key adds up to, as bytes.
type AppendFunc func(dst []byte, k stats.Key, t stats.Totals) []byte

func (f AppendFunc) add(dst []byte, k stats.Key, t stats.Totals) []byte { return f(dst, k, t) }
func (f AppendFunc) end(dst []byte) []byte                              { return dst }

// reduction is one pass over sorted pages: they are cut into stretches, which
// are reduced side by side and written in order.
type reduction struct {
	next       func() (page, error)
	newEmitter func() emitter // one for each worker
	out        io.Writer

	stretchRecords int // in the pages of a stretch that are new in it
	bufferBytes    int // of what is rendered and not yet written, for each worker
	workers        int
	runs           int // that the pages are of, at most

	turns  *Turns
	groups atomic.Uint64
}

// run reduces all pages and returns the number of keys.
func (r *reduction) run(ctx context.Context) (groups uint64, err error) {
	r.turns = NewTurns()
	stretches := make(chan stretch)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		defer close(stretches)
		return cut(ctx, r.next, r.stretchRecords, stretches)
	})
	for range r.workers {
		g.Go(func() error { return r.newReducer().work(ctx, stretches) })
	}
	err = g.Wait()
	return r.groups.Load(), err
}

// reducer is what one worker reduces with.
type reducer struct {
	*reduction
	merger  *merger
	emitter emitter
	buf     []byte // rendered, not yet written
}

func (r *reduction) newReducer() *reducer {
	return &reducer{
		reduction: r,
		merger:    newMerger(r.stretchRecords, r.runs),
		emitter:   r.newEmitter(),
		buf:       make([]byte, 0, r.bufferBytes+2*PageSize),
	}
}

// work reduces one stretch after the other.
func (r *reducer) work(ctx context.Context, stretches <-chan stretch) error {
	for s := range stretches {
		if err := r.reduce(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// reduce renders and writes a stretch.
func (r *reducer) reduce(ctx context.Context, s stretch) error {
	for from := s.from; from != s.until; {
		until, err := r.merger.merge(s, from)
		if err != nil {
			return err
		}
		if err := r.render(ctx, s.number); err != nil {
			return err
		}
		from = until
	}
	r.buf = r.emitter.end(r.buf)
	if err := r.write(ctx, s.number); err != nil {
		return err
	}
	r.turns.End(s.number)
	return nil
}

// render renders what the merger found. When the buffer is full it waits for the
// stretch's turn, so that the memory is bounded whatever a stretch holds. The
// worker whose turn it is waits for no other, so that some always goes on.
func (r *reducer) render(ctx context.Context, number uint64) error {
	groups, b := uint64(0), r.merger.batch
	for i := 0; i < len(b.entries); groups++ {
		end := b.group(i)
		r.buf = r.emitter.add(r.buf, b.entries[i].key(), b.sum(b.entries[i:end]))
		if len(r.buf) >= r.bufferBytes {
			if err := r.write(ctx, number); err != nil {
				return err
			}
		}
		i = end
	}
	r.groups.Add(groups)
	return nil
}

// write waits for the stretch's turn, writes the buffer, and empties it.
func (r *reducer) write(ctx context.Context, number uint64) error {
	if err := r.turns.Wait(ctx, number); err != nil {
		return err
	}
	_, err := r.out.Write(r.buf)
	r.buf = r.buf[:0]
	return err
}
