package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"dailystats/sorter"
	"dailystats/stats/event"
	"dailystats/stats/input"
	"dailystats/stats/output"
	"dailystats/stats/report"
	"dailystats/stats/result"
	"dailystats/stats/spill"

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
func Run(ctx context.Context, o Options) (report.Report, error) {
	start := time.Now()
	j, err := newJob(ctx, o)
	if err != nil {
		return report.Report{}, err
	}
	defer j.close()
	stop := j.follow()
	err = withWayOut(j.do(ctx), j.memoryForWindow)
	stop()
	r := j.report()
	r.Seconds = float64(time.Since(start).Milliseconds()) / 1000
	if err == nil || errors.Is(err, ErrTooManyInvalid) {
		err = cmp.Or(j.publish(ctx, r, err), err)
	}
	if err == nil {
		err = j.commitGroups(ctx)
	}
	return r, err
}

// job is one run.
type job struct {
	Options
	plan    Plan
	inputs  inputs
	outputs outputs
	state   *state // nil if none is kept

	result     *output.File   // nil if events are only checked, or the result is divided
	shards     []*output.File // of the result, if it is divided
	rejects    *output.File   // nil if none are wanted
	reportFile *output.File   // likewise
	metrics    *output.File   // likewise
	page       *output.File   // likewise, HTML

	reader  *input.Reader
	journal journal
	sorter  *sorter.Sorter // nil if events are only checked

	counts   counts
	rows     uint64 // of the result
	byDayMu  sync.Mutex
	byDay    []*report.Days // one for each worker of the reduce pass
	calendar *report.Calendar

	inspector   inspector
	course      *course       // nil if no HTML page is wanted
	eventsSoFar atomic.Uint64 // valid ones, in the blocks that are done
	merging     atomic.Bool
}

// newJob checks all that can be checked before anything is read.
func newJob(ctx context.Context, o Options) (*job, error) {
	j := &job{Options: o.withDefaults()}
	if err := j.prepare(ctx); err != nil {
		j.close()
		return nil, err
	}
	if j.Observer.Started != nil {
		j.Observer.Started(j.progress)
	}
	return j, nil
}

func (j *job) prepare(ctx context.Context) (err error) {
	if j.inputs, err = newInputs(j.Inputs, j.Stdin, j.warn); err != nil {
		return err
	}
	if err := j.check(&j.inputs); err != nil {
		return err
	}
	j.inputs.piece, j.outputs.stdout = j.Piece, j.Stdout
	j.inputs.openTopics(j.Kafka, j.fetchSize())
	if err := j.keepApart(new(input.Found)); err != nil {
		return err
	}
	if err := j.openState(); err != nil {
		return err
	}
	if err := j.openInputs(ctx); err != nil {
		return err
	}
	if err := j.openOutputs(ctx); err != nil {
		return err
	}
	j.journal = newJournal(j)
	j.inspector.schema, j.inspector.command = j.Schema, "dailystats"
	if j.Output == "" {
		j.inspector.command = "dailystats check"
	}
	return nil
}

// openInputs finds the inputs, none of which may be written, plans the memory for them, and
// creates their reader. It may have to wait for the first bytes of standard input.
func (j *job) openInputs(ctx context.Context) error {
	found, err := j.inputs.find(ctx, j.Memory, j.Program, j.state.coveredBy())
	if err != nil {
		return err
	}
	if err := cmp.Or(j.checkShardFolder(), j.keepApart(found), j.checkEndings()); err != nil {
		return err
	}
	j.inputs.sources, err = j.Share.Of(j.inputs.sources)
	if errors.Is(err, input.ErrNoSize) {
		return UsageErrorf("Options.Share %v: %w", j.Share, err)
	}
	if err != nil {
		return err
	}
	window, err := j.inputs.leastWindow(ctx)
	if err != nil {
		return err
	}
	if j.plan, err = newPlan(j.Memory, j.Parallel, j.demand(window)); err != nil {
		return err
	}
	if j.Observer.Plan != nil {
		j.Observer.Plan(j.plan)
	}
	j.reader = input.NewReader(j.inputs.sources, input.Config{
		Inputs:      j.plan.Inputs,
		BlockSize:   j.plan.BlockSize,
		Blocks:      j.plan.Blocks,
		MaxLine:     j.MaxLine,
		MaxWindow:   j.plan.Window,
		AheadWindow: j.plan.AheadWindow,
		KeptSize:    j.plan.KeptSize,
		Stdin:       j.inputs.stdin,
	})
	return nil
}

// openOutputs creates the files that the job writes, and checks that it could spill.
func (j *job) openOutputs(ctx context.Context) (err error) {
	if j.Output != "" {
		if err := prepareTempDir(j.TempDir); err != nil {
			return err
		}
	}
	if j.state != nil {
		if err := j.state.create(ctx); err != nil {
			return err
		}
	}
	if j.OutputShards > 0 {
		err = j.createShards(ctx)
	} else {
		j.result, err = j.outputs.create(ctx, j.Output)
	}
	for _, f := range []struct {
		file **output.File
		path string
	}{{&j.rejects, j.Rejects}, {&j.reportFile, j.Report}, {&j.metrics, j.Metrics}, {&j.page, j.HTML}} {
		if err == nil {
			*f.file, err = j.outputs.create(ctx, f.path)
		}
	}
	return err
}

// prepareTempDir checks that a folder for spill files is there, and removes from it what
// killed runs have left.
func prepareTempDir(dir string) error {
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return UsageErrorf("Options.TempDir %s is not a folder", dir)
	}
	spill.RemoveLeftovers(dir)
	return nil
}

func (j *job) warn(message string) {
	if j.Observer.Warning != nil {
		j.Observer.Warning(message)
	}
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

// publish makes the files appear, the result only if there was no failure.
func (j *job) publish(ctx context.Context, r report.Report, failure error) error {
	j.release()
	if err := j.writeReport(r, failure); err != nil {
		return err
	}
	// In this order, whatever interrupts it: the rejects are there when the state says
	// that their messages have been read.
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
		return j.Observer.Ending(r, failure)
	})
}

// release makes room for the reports, which are written last.
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

// read takes all events in, and judges how many of them were invalid.
func (j *job) read(ctx context.Context) error {
	if j.Output != "" {
		sizes := j.plan.Sorter
		sizes.TempDir = j.TempDir
		j.sorter = sorter.New(ctx, sizes)
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return j.reader.Run(ctx) })
	g.Go(func() error { return j.rounds(ctx) })
	err := g.Wait()
	if err == nil || errors.Is(err, ErrTooManyInvalid) {
		j.journal.finish()
		for _, hint := range j.inspector.all() {
			j.warn(hint)
		}
	}
	if errors.Is(err, ErrTooManyInvalid) {
		// What workers found meanwhile is neither logged nor rejected.
		j.counts.invalid, j.counts.rules = j.journal.invalid, j.journal.rules
		j.counts.lines = j.counts.blank + j.counts.events + j.counts.invalid
	}
	if err != nil {
		return err
	}
	if err := judge(j.MaxInvalid, j.MinEvents, j.counts.events, j.counts.invalid); err != nil {
		return err
	}
	if j.isAll() {
		if err := noneValid(j.MaxInvalid, j.counts.events, j.counts.invalid); err != nil {
			return err
		}
	}
	if warning := warningOf(j.WarnInvalid, j.counts.events, j.counts.invalid); warning != "" {
		j.warn(warning)
	}
	return nil
}

// isAll reports whether the run sees all events of its result. With a state, earlier runs have
// seen some; of a share or a piece, whoever has the others is to judge.
func (j *job) isAll() bool {
	return j.state == nil && j.Share.Count < 2 && j.Piece == input.Piece{}
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
		*w = worker{reader: j.reader, journal: &j.journal, inspector: &j.inspector, events: event.NewReader(j.Schema), maxLine: j.MaxLine, redact: j.Redact, eventsSoFar: &j.eventsSoFar}
		if j.sorter != nil {
			w.run = j.sorter.NewRun(ctx)
		}
		g.Go(func() error { return w.work(ctx, full) })
	}
	err = g.Wait()
	more = true
	for i := range workers {
		workers[i].counts.fast = workers[i].events.Fast()
		j.counts.add(&workers[i].counts)
		more = more && !workers[i].ended
	}
	return more, err
}

// progress may be called by any goroutine.
func (j *job) progress() Progress {
	return Progress{BytesRead: j.reader.BytesRead(), BytesTotal: j.inputs.sources.Size(), Events: j.eventsSoFar.Load(), Merging: j.merging.Load()}
}

// reduce writes the result.
func (j *job) reduce(ctx context.Context) error {
	j.merging.Store(true)
	j.calendar = new(report.Calendar)
	if j.state != nil {
		return j.reduceWithState(ctx)
	}
	if j.shards != nil {
		return j.reduceToShards(ctx)
	}
	if _, err := io.WriteString(j.result, result.Header); err != nil {
		return err
	}
	var err error
	j.rows, err = j.sorter.Reduce(ctx, j.newRows, j.result)
	return err
}

// commitGroups commits what was read to consumer groups, when it has been written.
func (j *job) commitGroups(ctx context.Context) error {
	if !j.Commit || !j.inputs.hasTopics() {
		return nil
	}
	err := j.inputs.topics.Commit(ctx)
	if err != nil && j.state != nil {
		j.warn(fmt.Sprintf("%v: the state has the offsets, so nothing will be read again", err))
		return nil
	}
	if err != nil {
		return fmt.Errorf("%w: the result is complete, but the next run would read the same messages", err)
	}
	return nil
}

// warnOfGrowth warns of partitions that were added too late to be read.
func (j *job) warnOfGrowth(ctx context.Context) {
	if !j.inputs.hasTopics() {
		return
	}
	sentences, err := j.inputs.topics.Grown(ctx)
	if err != nil {
		j.warn(fmt.Sprintf("cannot check whether topics have new partitions: %v", err))
	}
	for _, s := range sentences {
		j.warn(s)
	}
}

// close gives back what the job holds, without a trace of what wasn't committed.
func (j *job) close() {
	if j.sorter != nil {
		j.sorter.Close()
	}
	j.inputs.close()
	if j.state != nil {
		j.state.close()
	}
	j.outputs.discard()
}
