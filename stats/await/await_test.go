package await

import (
	"context"
	"errors"
	"testing"
)

var errStopped = errors.New("stopped")

// TestCallReturns proves that what a call returns comes back, its error too.
func TestCallReturns(t *testing.T) {
	failed := errors.New("failed")
	if got, err := Call(t.Context(), func() (int, error) { return 7, failed }); got != 7 || err != failed {
		t.Errorf("got %d, %v", got, err)
	}
}

// TestLateResultIsTaken proves that what a call returns is either returned or given to late,
// whenever the context ends: nothing is lost in between.
func TestLateResultIsTaken(t *testing.T) {
	for range 1000 {
		ctx, cancel := context.WithCancelCause(t.Context())
		late := make(chan int, 1)
		go cancel(errStopped)
		got, err := callOr(ctx, func() (int, error) { return 7, nil }, func(n int, _ error) { late <- n })
		if err == nil && got == 7 {
			continue
		}
		if n := <-late; n != 7 || err != errStopped {
			t.Fatalf("late got %d, the error is %v", n, err)
		}
	}
}
