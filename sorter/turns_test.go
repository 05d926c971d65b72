package sorter

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
			defer turns.End(n)
			if n%3 == 0 {
				return // nothing to say
			}
			if err := turns.Wait(context.Background(), n); err != nil {
				t.Error(err)
			}
			acted = append(acted, n) // the race detector sees whether two act at once
		})
	}
	wg.Wait()
	if len(acted) != pieces-pieces/3-1 || !slices.IsSorted(acted) {
		t.Errorf("%d acted: %v", len(acted), acted)
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
