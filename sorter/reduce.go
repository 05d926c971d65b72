package sorter

import (
	"context"
	"io"
	"sync/atomic"

	"dailystats/stats"
	"dailystats/stats/order"

	"golang.org/x/sync/errgroup"
)

// Renderer renders what keys add up to, given in key order, as bytes. What it appends to
// may be written and emptied between two calls.
type Renderer interface {
	Append(dst []byte, k stats.Key, t stats.Totals) []byte
	// End appends what is left when a stretch of keys ends.
	End(dst []byte) []byte
}

// reduction is one pass over sorted pages: they are cut into stretches, which
// are reduced side by side and written in order.
type reduction struct {
	next        func() (page, error)
	newRenderer func() Renderer // one for each worker
	out         io.Writer

	stretchRecords int // in the pages of a stretch that are new in it
	bufferBytes    int // of what is rendered and not yet written, for each worker
	workers        int
	runs           int // that the pages are of, at most
	used           *usage

	turns *order.Turns
	free  chan []byte // for rows: one for each worker, and as many that wait for their turn
	rows  atomic.Uint64
}

// run reduces all pages and returns the number of keys.
func (r *reduction) run(ctx context.Context) (rows uint64, err error) {
	r.turns = order.NewTurns()
	r.free = make(chan []byte, rowBuffers*r.workers)
	for range cap(r.free) {
		r.free <- nil
	}
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
	return r.rows.Load(), err
}

// reducer is what one worker reduces with.
type reducer struct {
	*reduction
	merger   *merger // nil before the first stretch
	renderer Renderer
	buf      []byte // rendered, not yet written; nil before the first stretch
}

// rowBuffers is the number of BufferBytes that there are for each of the
// Workers.
const rowBuffers = 2

func (r *reduction) newReducer() *reducer {
	return &reducer{reduction: r, renderer: r.newRenderer()}
}

// work reduces one stretch after the other. It takes a buffer before a stretch:
// so the one whose turn it is has what it needs, and goes on.
func (r *reducer) work(ctx context.Context, stretches <-chan stretch) error {
	for {
		if err := r.takeBuffer(ctx); err != nil {
			return err
		}
		s, ok := <-stretches
		if !ok {
			return nil
		}
		if err := r.reduce(ctx, s); err != nil {
			return err
		}
	}
}

func (r *reducer) takeBuffer(ctx context.Context) error {
	select {
	case r.buf = <-r.free:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// reduce renders a stretch, and has it written in its turn.
func (r *reducer) reduce(ctx context.Context, s stretch) error {
	if r.merger == nil {
		r.merger = newMerger(r.stretchRecords, r.runs, s)
	}
	if r.buf == nil {
		r.buf = make([]byte, 0, r.bufferBytes+2*pageSize)
	}
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
	r.used.stretch(int64(len(r.merger.records.entries)))
	rest := r.renderer.End(r.buf)
	return r.turns.End(s.number, func() error {
		_, err := r.out.Write(rest)
		r.free <- rest[:0]
		return err
	})
}

// render renders what the merger found. When the buffer is full it waits for the
// stretch's turn, so that the memory is bounded whatever a stretch holds.
func (r *reducer) render(ctx context.Context, number uint64) error {
	rows, b := uint64(0), r.merger.records
	for i := 0; i < len(b.entries); rows++ {
		end := b.endOfKey(i)
		r.buf = r.renderer.Append(r.buf, b.entries[i].key(), b.sum(b.entries[i:end]))
		if len(r.buf) >= r.bufferBytes {
			if err := r.write(ctx, number); err != nil {
				return err
			}
		}
		i = end
	}
	r.rows.Add(rows)
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
