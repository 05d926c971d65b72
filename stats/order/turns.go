// Package order puts what several goroutines do back into order: [Turns].
package order

import (
	"context"
	"sync"
)

// Turns lets goroutines work on numbered pieces side by side and act on them in
// the order of the numbers, which start at 0 and have no gaps.
//
// Each piece must be ended, by End, once. What is to be done in a piece's turn
// before that needs Wait first; what is to be done last can be left to End, which
// does not wait.
type Turns struct {
	mu      sync.Mutex
	current uint64                  // the piece whose turn it is
	ended   map[uint64]func() error // what is left to do of those that are ended
	moved   chan struct{}           // closed when current moves on
}

// NewTurns returns turns of which the first is piece 0's.
func NewTurns() *Turns {
	return &Turns{ended: make(map[uint64]func() error), moved: make(chan struct{})}
}

// Wait returns when every piece before n is ended and done with, or with ctx's
// cause when ctx is done.
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

// End says that piece n has only last left to do, if it isn't nil. In n's turn,
// End does that, and after it what has been left of the pieces that follow. Else
// it leaves it to the one who ends the piece before. It returns the first error
// of what it does, with which the turns end.
func (t *Turns) End(n uint64, last func() error) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ended[n] = last
	if n != t.current {
		return nil
	}
	for {
		last, ok := t.ended[t.current]
		if !ok {
			break
		}
		delete(t.ended, t.current)
		if err := t.do(last); err != nil {
			return err
		}
		t.current++
	}
	close(t.moved)
	t.moved = make(chan struct{})
	return nil
}

// do calls last without the lock: nobody else has the turn meanwhile.
func (t *Turns) do(last func() error) error {
	if last == nil {
		return nil
	}
	t.mu.Unlock()
	defer t.mu.Lock()
	return last()
}
