package input

import (
	"context"
	"sync"
)

// order hands out sources to those that read them side by side, first come first
// served, and gives each its turn when all before it have been read.
type order struct {
	mu      sync.Mutex
	sources cursor
	next    int          // number of the source that is handed out next
	first   int          // of the one whose turn it is
	open    map[int]turn // of those that are being read
}

// turn is closed when it has come.
type turn chan struct{}

// hasCome reports whether the turn has come.
func (t turn) hasCome() bool {
	select {
	case <-t:
		return true
	default:
		return false
	}
}

// wait returns when the turn has come, or with ctx's cause when ctx is done before.
func (t turn) wait(ctx context.Context) error {
	if t.hasCome() {
		return nil
	}
	select {
	case <-t:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func newOrder(sources *Sources) *order {
	return &order{sources: cursor{list: sources}, open: make(map[int]turn)}
}

// take hands out a source, with its number. It reports false when there are no more.
func (o *order) take() (source Source, number int, t turn, ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if source, ok = o.sources.next(); !ok {
		return source, 0, nil, false
	}
	number, t = o.next, make(turn)
	if number == o.first {
		close(t)
	}
	o.open[number] = t
	o.next++
	return source, number, t, true
}

// end says that a source has been read, be it its turn or not.
func (o *order) end(number int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.open, number)
	if number != o.first {
		return
	}
	for o.first < o.next && o.open[o.first] == nil {
		o.first++
	}
	if t := o.open[o.first]; t != nil {
		close(t)
	}
}
