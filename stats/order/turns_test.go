package order

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"
)

// TestTurns proves that pieces act in the order of their numbers, whoever is
// faster, and whether or not those before have waited.
func TestTurns(t *testing.T) {
	const pieces = 1000
	turns := NewTurns()
	var (
		acted []uint64
		wg    sync.WaitGroup
	)
	for n := range uint64(pieces) {
		wg.Go(func() {
			act := func() error {
				acted = append(acted, n) // the race detector sees whether two act at once
				return nil
			}
			last := act
			switch n % 3 {
			case 0: // nothing to say
				last = nil
			case 1: // in its turn, before the end and at it
				if err := turns.Wait(context.Background(), n); err != nil {
					t.Error(err)
				}
				act()
			}
			if err := turns.End(n, last); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if len(acted) != pieces-1 || !slices.IsSorted(acted) {
		t.Errorf("%d acted: %v", len(acted), acted)
	}
}

// TestTurnsFail proves that the error of what was left to do goes to the one who
// does it, and that nothing is done after it.
func TestTurnsFail(t *testing.T) {
	turns, failure := NewTurns(), errors.New("disk full")
	for n := range uint64(3) {
		if err := turns.End(3-n, func() error {
			if n == 1 { // piece 2
				return failure
			}
			if n == 0 {
				t.Error("piece 3 acts after the failure of piece 2")
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	if err := turns.End(0, nil); err != failure {
		t.Errorf("the error is %v, want %v", err, failure)
	}
}

// TestTurnsCancelled proves that nobody waits for a piece that is never ended.
func TestTurnsCancelled(t *testing.T) {
	cause := errors.New("stopped")
	ctx, cancel := context.WithCancelCause(context.Background())
	time.AfterFunc(time.Millisecond, func() { cancel(cause) })
	if err := NewTurns().Wait(ctx, 1); !errors.Is(err, cause) {
		t.Errorf("the error is %v, want %v", err, cause)
	}
}
