package sorter

import (
	"context"
	"sync"
)

// Turns lets goroutines work on numbered pieces side by side and act on them in
// the order of the numbers, which start at 0 and have no gaps.
//
// Each piece must be ended, by End, once; Wait may come before it, any number
// of times. A piece that has nothing to say is ended without waiting.
type Turns struct {
	mu      sync.Mutex
	current uint64              // the piece whose turn it is
	ended   map[uint64]struct{} // pieces after it that are ended already
	moved   chan struct{}       // closed when current moves on
}

// NewTurns returns turns of which the first is piece 0's.
func NewTurns() *Turns {
	return &Turns{ended: make(map[uint64]struct{}), moved: make(chan struct{})}
}

// Wait returns when every piece before n is ended, or with ctx's cause when ctx
// is done.
func (t *Turns) Wait(ctx context.Context, n uint64) error {
	for {
		t.mu.Lock()
		mine, moved := t.current == n, t.moved
		t.mu.Unlock()
		if mine {
			return nil
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// End says that piece n has done all it does.
func (t *Turns) End(n uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ended[n] = struct{}{}
	if n != t.current {
		return
	}
	for {
		if _, ok := t.ended[t.current]; !ok {
			break
		}
		delete(t.ended, t.current)
		t.current++
	}
	close(t.moved)
	t.moved = make(chan struct{})
}
