package input

import (
	"context"
	"sync"
)

// order hands out sources to those that read them side by side, first come first
// served, and gives each its turn when all before it have been read.
type order struct {
	mu    sync.Mutex
	count int          // of sources
	next  int          // the source that is handed out next
	first int          // the source whose turn it is
	open  map[int]turn // of the sources that are being read
}

// turn is closed when it has come.
type turn chan struct{}

// come reports whether the turn has come.
func (t turn) come() bool {
	select {
	case <-t:
		return true
	default:
		return false
	}
}

// wait returns when the turn has come, or with ctx's cause when ctx is done before.
func (t turn) wait(ctx context.Context) error {
	if t.come() {
		return nil
	}
	select {
	case <-t:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func newOrder(count int) *order {
	return &order{count: count, open: make(map[int]turn)}
}

// take hands out a source. It reports false when there are no more.
func (o *order) take() (source int, t turn, ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.next == o.count {
		return 0, nil, false
	}
	source, t = o.next, make(turn)
	if source == o.first {
		close(t)
	}
	o.open[source] = t
	o.next++
	return source, t, true
}

// end says that a source has been read, be it its turn or not.
func (o *order) end(source int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.open, source)
	if source != o.first {
		return
	}
	for o.first < o.next && o.open[o.first] == nil {
		o.first++
	}
	if t := o.open[o.first]; t != nil {
		close(t)
	}
}
