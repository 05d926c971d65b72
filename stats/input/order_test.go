package input

import (
	"slices"
	"sync"
	"testing"
)

// TestOrder proves that each source is handed out once, and that turns come one
// at a time and in order, whether or not those before have waited for theirs.
func TestOrder(t *testing.T) {
	const sources = 1000
	o := newOrder(SourcesOf(slices.Repeat([]Source{{kind: stream{}}}, sources)...))
	var (
		wg    sync.WaitGroup
		acted []int // the race detector sees whether two act at once
	)
	for range 7 {
		wg.Go(func() {
			for {
				_, source, turn, ok := o.take()
				if !ok {
					return
				}
				if source%3 > 0 {
					if err := turn.wait(t.Context()); err != nil {
						t.Error(err)
					}
					acted = append(acted, source)
				}
				o.end(source)
			}
		})
	}
	wg.Wait()
	next := 1
	for _, source := range acted {
		if source != next {
			t.Fatalf("source %d had its turn, want %d", source, next)
		}
		next += 1 + source%3/2
	}
	if next != sources {
		t.Errorf("the last turn was before %d, want %d", next, sources)
	}
}
