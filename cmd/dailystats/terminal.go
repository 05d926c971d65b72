package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"dailystats/stats/pipeline"

	"github.com/dustin/go-humanize"
	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// terminal is standard error, where log entries and one progress bar take turns.
type terminal struct {
	file       *os.File // for the bar, which asks it for its width
	out        io.Writer
	late       context.Context // when it is done, nobody waits for the terminal any more
	isTerminal bool
	wantsBar   bool

	turn chan struct{} // has room for the one whose turn it is
	bar  *bar          // nil where there is none
	stop chan struct{} // closed when the bar shall end
	hide sync.Once
	done sync.WaitGroup
}

// bar is what we need of a [progressbar.ProgressBar]. A field of that type would
// be within reach of kong's reflection, which keeps all methods in the
// executable, its HTTP server among them: 2 MB of our memory.
type bar struct {
	clear    func() error
	describe func(string)
	set      func(int64) error
}

func newTerminal(s *session, progress string) *terminal {
	isTerminal := term.IsTerminal(int(os.Stderr.Fd()))
	return &terminal{
		file:       os.Stderr,
		out:        s.stderr,
		late:       s.late,
		turn:       make(chan struct{}, 1),
		isTerminal: isTerminal,
		wantsBar:   progress == "always" || progress == "auto" && isTerminal,
		stop:       make(chan struct{}),
	}
}

// Write writes whole lines, above the bar.
func (t *terminal) Write(p []byte) (int, error) {
	var n int
	var err error
	written := t.alone(func() {
		if t.bar != nil {
			t.bar.clear()
		}
		n, err = t.out.Write(p)
	})
	if !written {
		return 0, context.Cause(t.late)
	}
	return n, err
}

// alone has f write when nobody else does. It reports false when late is done before
// f returns: f may be writing then, and nobody has another turn.
func (t *terminal) alone(f func()) bool {
	select {
	case t.turn <- struct{}{}:
	case <-t.late.Done():
		return false
	}
	done := make(chan struct{})
	go func() {
		f()
		<-t.turn
		close(done)
	}()
	select {
	case <-done:
		return true
	case <-t.late.Done():
		return false
	}
}

// refresh is how often the bar moves.
const refresh = 100 * time.Millisecond

// showProgress shows a bar, which begins with a phase, until hideProgress is called.
func (t *terminal) showProgress(phase string, progress func() pipeline.Progress) {
	start := time.Now()
	t.alone(func() { t.bar = newBar(t.file, phase, progress().BytesTotal) })
	t.done.Go(func() {
		tick := time.NewTicker(refresh)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				t.alone(func() { t.draw(progress(), time.Since(start)) })
			case <-t.stop:
				return
			}
		}
	})
}

func newBar(file *os.File, phase string, total int64) *bar {
	b := progressbar.NewOptions64(total,
		progressbar.OptionSetWriter(file),
		progressbar.OptionSetDescription(phase),
		progressbar.OptionShowBytes(true),
		progressbar.OptionUseIECUnits(true),
		progressbar.OptionClearOnFinish(),
		progressbar.OptionSetRenderBlankState(true),   // starts its clock
		progressbar.OptionSetSpinnerChangeInterval(0), // no drawing but ours
	)
	return &bar{clear: b.Clear, describe: b.Describe, set: b.Set64}
}

func (t *terminal) draw(p pipeline.Progress, took time.Duration) {
	if p.Merging {
		t.bar.describe(p.Phase())
		return
	}
	if perSecond := float64(p.Events) / took.Seconds(); p.Events > 0 {
		t.bar.describe(fmt.Sprintf("%s, %s events/s", p.Phase(), strings.TrimSpace(humanize.SIWithDigits(perSecond, 1, ""))))
	}
	read := p.BytesRead
	if p.BytesTotal > 0 {
		read = min(read, p.BytesTotal-1) // a full bar is a finished one
	}
	t.bar.set(read)
}

// hideProgress ends the bar, if there is one, without trace. It can be called
// again.
func (t *terminal) hideProgress() {
	t.hide.Do(func() {
		close(t.stop)
		t.done.Wait()
		t.alone(func() {
			if t.bar != nil {
				t.bar.clear()
				t.bar = nil
			}
		})
	})
}
