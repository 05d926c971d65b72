package main

import (
	"fmt"
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
	file       *os.File
	isTerminal bool
	wantsBar   bool

	mu   sync.Mutex
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

func newTerminal(file *os.File, progress string) *terminal {
	isTerminal := term.IsTerminal(int(file.Fd()))
	return &terminal{
		file:       file,
		isTerminal: isTerminal,
		wantsBar:   progress == "always" || progress == "auto" && isTerminal,
		stop:       make(chan struct{}),
	}
}

// Write writes whole lines, above the bar.
func (t *terminal) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.bar != nil {
		t.bar.clear()
	}
	return t.file.Write(p)
}

// refresh is how often the bar moves.
const refresh = 100 * time.Millisecond

// showProgress shows a bar until hideProgress is called.
func (t *terminal) showProgress(progress func() pipeline.Progress) {
	start := time.Now()
	t.bar = newBar(t.file, progress().BytesTotal)
	t.done.Go(func() {
		tick := time.NewTicker(refresh)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				t.draw(progress(), time.Since(start))
			case <-t.stop:
				return
			}
		}
	})
}

func newBar(file *os.File, total int64) *bar {
	b := progressbar.NewOptions64(total,
		progressbar.OptionSetWriter(file),
		progressbar.OptionSetDescription("reading"),
		progressbar.OptionShowBytes(true),
		progressbar.OptionUseIECUnits(true),
		progressbar.OptionClearOnFinish(),
		progressbar.OptionSetRenderBlankState(true),   // starts its clock
		progressbar.OptionSetSpinnerChangeInterval(0), // no drawing but ours
	)
	return &bar{clear: b.Clear, describe: b.Describe, set: b.Set64}
}

func (t *terminal) draw(p pipeline.Progress, took time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
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
		if t.bar != nil {
			t.bar.clear()
			t.bar = nil
		}
	})
}
