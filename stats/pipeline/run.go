package pipeline

import (
	"cmp"
	"context"
	"errors"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"dailystats/sorter"
	"dailystats/stats/input"
	"dailystats/stats/input/kafka"
	"dailystats/stats/output"

	"golang.org/x/sync/errgroup"
)

// Run does the job that options describe. It returns when all of its goroutines
// have ended and all of its files are closed: the result is there whole, or as
// it was before. The report is filled as far as the run came. When ctx is done,
// Run ends soon, with ctx's cause.
//
// A goroutine is left behind where ctx ends Run while standard input is being read,
// or a pipe, a device or a disk is waited for that is written to: it ends when that
// call does.
func Run(ctx context.Context, o Options) (Report, error) {
	start := time.Now()
	j, err := newJob(ctx, o)
	if err != nil {
		return Report{}, err
	}
	defer j.close()
	stop := j.follow()
	err = withWayOut(j.do(ctx))
	stop()
	report := j.report()
	report.Seconds = float64(time.Since(start).Milliseconds()) / 1000
	if err == nil || errors.Is(err, ErrTooManyInvalid) {
		err = cmp.Or(j.publish(ctx, report, err), err)
	}
	if err == nil {
		err = j.commitGroups(ctx)
	}
	return report, err
}

// job is one run.
type job struct {
	Options
	plan       Plan
	topics     *kafka.Inputs // nil where there are none
	state      *state        // nil where none is kept
	sources    *input.Sources
	result     *output.File   // nil where events are only checked, or the result is divided
	shards     []*output.File // of the result, where it is divided
	newFolder  string         // that was made for them
	rejects    *output.File   // nil where none are wanted
	reportFile *output.File   // likewise
	metrics    *output.File   // likewise
	page       *output.File   // likewise

	reader  *input.Reader
	journal journal
	sorter  *sorter.Sorter // nil where events are only checked

	counts    counts
	groups    uint64
	talliesMu sync.Mutex
	tallies   []*tally // one for each worker of the reduce pass
	calendar  *calendar

	course      *course       // nil where no page is wanted
	eventsSoFar atomic.Uint64 // valid ones, in the blocks that are through
	merging     atomic.Bool
}

// newJob checks all that can be checked before anything is read.
func newJob(ctx context.Context, o Options) (*job, error) {
	j := &job{Options: o.withDefaults()}
	j.openTopics()
	if err := j.checkApart(new(input.Found)); err != nil {
		return nil, err
	}
	if err := j.openState(); err != nil {
		return nil, err
	}
	if err := j.openInputs(ctx); err != nil {
		j.close()
		return nil, err
	}
	if err := j.openOutputs(ctx); err != nil {
		j.close()
		return nil, err
	}
	var rejects io.Writer
	if j.rejects != nil {
		rejects = j.rejects
	}
	j.journal = newJournal(&j.Options, rejects, &j.plan)
	if j.Observer.Started != nil {
		j.Observer.Started(j.progress)
	}
	return j, nil
}

func (o Options) withDefaults() Options {
	o.Memory = cmp.Or(o.Memory, DefaultMemory)
	o.MaxLine = cmp.Or(o.MaxLine, DefaultMaxLine)
	o.TempDir = cmp.Or(o.TempDir, DefaultTempDir())
	if o.Stdin == nil {
		o.Stdin = os.Stdin
	}
	if o.Stdout == nil {
		o.Stdout = os.Stdout
	}
	return o
}

// DefaultTempDir is $TMPDIR, else /var/tmp: /tmp is memory on many systems.
func DefaultTempDir() string {
	if dir := os.Getenv("TMPDIR"); dir != "" || runtime.GOOS == "windows" {
		return os.TempDir()
	}
	return "/var/tmp"
}

// do runs the stages.
func (j *job) do(ctx context.Context) error {
	if err := j.read(ctx); err != nil || j.Output == "" {
		return err
	}
	if j.rejects != nil { // its compressor makes room for the result's
		if err := j.rejects.Finish(); err != nil {
			return err
		}
	}
	if err := j.reduce(ctx); err != nil {
		return err
	}
	j.warnOfGrowth(ctx)
	if j.shards != nil {
		return j.finishShards()
	}
	return j.result.Finish()
}

// publish makes the files appear, the result among them unless there was a
// failure.
func (j *job) publish(ctx context.Context, report Report, failure error) error {
	j.release()
	err := cmp.Or(j.writeReport(report), j.writeMetrics(report, failure), j.writePage(report))
	if err != nil {
		return err
	}
	// In this order, whatever comes in between: what is rejected is there when the
	// state says that it has been read.
	files := []*output.File{j.rejects}
	if failure == nil && j.state != nil {
		files = append(files, j.state.file)
	}
	if failure == nil {
		files = append(append(files, j.result), j.shards...)
	}
	files = append(files, j.reportFile, j.metrics, j.page)
	return publish(ctx, files, func() error {
		if j.Observer.Ending == nil {
			return nil
		}
		return j.Observer.Ending(report, failure)
	})
}

// release makes room for what is written last, if anything is.
func (j *job) release() {
	if j.reportFile == nil && j.metrics == nil && j.page == nil {
		return
	}
	if j.sorter != nil {
		j.sorter.Close()
		j.sorter = nil
	}
	debug.FreeOSMemory()
}

// publish commits those of files that are wanted, unless ending fails, which is
// called when all of them are on disk.
func publish(ctx context.Context, files []*output.File, ending func() error) error {
	files = slices.DeleteFunc(files, func(f *output.File) bool { return f == nil })
	for _, f := range files {
		if err := f.Finish(); err != nil {
			return err
		}
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err := ending(); err != nil {
		return err
	}
	return output.Commit(files...)
}

// read takes all events in, and judges how many of them were invalid.
func (j *job) read(ctx context.Context) error {
	if j.Output != "" {
		j.sorter = sorter.New(ctx, j.plan.sorterConfig(j.TempDir))
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return j.reader.Run(ctx) })
	g.Go(func() error { return j.rounds(ctx) })
	err := g.Wait()
	if errors.Is(err, ErrTooManyInvalid) {
		// What workers found meanwhile is neither logged nor rejected.
		j.counts.invalid, j.counts.rules = j.journal.invalid, j.journal.rules
	}
	if err != nil {
		return err
	}
	if err := judge(j.MaxInvalid, j.MinEvents, j.counts.events, j.counts.invalid); err != nil {
		return err
	}
	if warning := warningOf(j.WarnInvalid, j.counts.events, j.counts.invalid); warning != "" {
		j.warn(warning)
	}
	return nil
}

// rounds has workers take events until there are no more. When what they have
// collected is as much as can be merged at once, they end, and with them their
// memory, and it is folded.
func (j *job) rounds(ctx context.Context) error {
	for {
		more, err := j.round(ctx)
		if err != nil || !more {
			return err
		}
		if err := j.sorter.Fold(ctx); err != nil {
			return err
		}
	}
}

// round runs a set of workers. It reports whether they left something to read.
func (j *job) round(ctx context.Context) (more bool, err error) {
	full := func() bool { return j.sorter != nil && j.sorter.Full() }
	workers := make([]worker, j.plan.Workers)
	g, ctx := errgroup.WithContext(ctx)
	for i := range workers {
		w := &workers[i]
		*w = worker{reader: j.reader, journal: &j.journal, maxLine: j.MaxLine, redact: j.Redact, eventsSoFar: &j.eventsSoFar}
		if j.sorter != nil {
			w.run = j.sorter.NewRun(ctx)
		}
		g.Go(func() error { return w.work(ctx, full) })
	}
	err = g.Wait()
	more = true
	for i := range workers {
		j.counts.add(&workers[i].counts)
		more = more && !workers[i].ended
	}
	return more, err
}

// progress may be called by any goroutine.
func (j *job) progress() Progress {
	return Progress{BytesRead: j.reader.BytesRead(), BytesTotal: j.sources.Size(), Events: j.eventsSoFar.Load(), Merging: j.merging.Load()}
}

// reduce writes the result.
func (j *job) reduce(ctx context.Context) error {
	j.merging.Store(true)
	j.calendar = new(calendar)
	if j.state != nil {
		return j.reduceWithState(ctx)
	}
	if j.shards != nil {
		return j.reduceToShards(ctx)
	}
	if _, err := io.WriteString(j.result, output.Header); err != nil {
		return err
	}
	groups, err := j.sorter.Reduce(ctx, j.newRows, j.result)
	j.groups = groups
	return err
}

// close gives back what the job holds, without trace of what wasn't committed.
func (j *job) close() {
	if j.sorter != nil {
		j.sorter.Close()
	}
	if j.topics != nil {
		j.topics.Close()
	}
	if j.state != nil {
		j.state.close()
	}
	for _, f := range []*output.File{j.result, j.rejects, j.reportFile, j.metrics, j.page} {
		if f != nil {
			f.Discard()
		}
	}
	j.discardShards()
}
