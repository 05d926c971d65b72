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

	stretchPages int
	bufferBytes  int // of what is rendered and not yet written, for each worker
	workers      int

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
		return cut(ctx, r.next, r.stretchPages, stretches)
	})
	for range r.workers {
		g.Go(func() error { return r.work(ctx, stretches) })
	}
	err = g.Wait()
	return r.groups.Load(), err
}

// work reduces one stretch after the other. A worker whose buffer is full waits
// for its turn, so that the memory is bounded whatever a stretch holds; the
// worker whose turn it is never waits for another, so that some always goes on.
func (r *reduction) work(ctx context.Context, stretches <-chan stretch) error {
	m, e := newMerger(), r.newEmitter()
	buf := make([]byte, 0, r.bufferBytes+2*PageSize)
	for s := range stretches {
		var err error
		if buf, err = r.reduce(ctx, s, m, e, buf); err != nil {
			return err
		}
	}
	return nil
}

func (r *reduction) reduce(ctx context.Context, s stretch, m *merger, e emitter, buf []byte) ([]byte, error) {
	if err := m.reset(s); err != nil {
		return buf, err
	}
	groups := uint64(0)
	for {
		k, t, ok, err := m.next()
		if err != nil {
			return buf, err
		}
		if !ok {
			break
		}
		groups++
		if buf = e.add(buf, k, t); len(buf) >= r.bufferBytes {
			if buf, err = r.write(ctx, s.number, buf); err != nil {
				return buf, err
			}
		}
	}
	r.groups.Add(groups)
	buf, err := r.write(ctx, s.number, e.end(buf))
	r.turns.End(s.number)
	return buf, err
}

// write waits for the stretch's turn, writes buf, and returns it empty.
func (r *reduction) write(ctx context.Context, number uint64, buf []byte) ([]byte, error) {
	if err := r.turns.Wait(ctx, number); err != nil {
		return buf, err
	}
	_, err := r.out.Write(buf)
	return buf[:0], err
}
