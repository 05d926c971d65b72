package pipeline

import (
	"cmp"
	"context"
	"io"
	"sync/atomic"
	"time"

	"dailystats/stats"
	"dailystats/stats/output"
)

// MergeOptions is what Merge is asked to do. Inputs and Output must be given.
type MergeOptions struct {
	Inputs []string // results: files, directories, globs; "-" is Stdin
	Output string   // file for what they add up to, "-" is Stdout
	Report string   // file for the report, as JSON; empty for none

	Read, Written []File // files that the caller reads and writes, as in Options

	Memory   int64          // bytes, a promise about the whole process; 0 means DefaultMemory
	TempDir  string         // folder for spill files; empty means $TMPDIR, else /var/tmp
	Decimals stats.Decimals // how revenue is written

	Stdin  io.Reader // nil means os.Stdin
	Stdout io.Writer // nil means os.Stdout

	Observer MergeObserver

	openFiles int // in place of what the system allows, for tests
}

// MergeObserver is told what happens in a merge, as Observer is of a run.
// Functions that are nil are not called.
type MergeObserver struct {
	Started func(progress func() Progress)
	Warning func(message string)
	Ending  func(r MergeReport) error
	Plan    func(MergePlan)
}

// MergeReport is what a merge saw and what it took.
type MergeReport struct {
	Inputs       int     `json:"inputs"`        // results, each once
	Rows         uint64  `json:"rows"`          // of the inputs
	Groups       uint64  `json:"groups"`        // rows of what they add up to
	BytesRead    uint64  `json:"bytes_read"`    // from the inputs, as they are stored
	BytesSpilled uint64  `json:"bytes_spilled"` // to spill files
	PeakMemory   uint64  `json:"peak_memory"`   // bytes resident, of the whole process
	Seconds      float64 `json:"seconds"`

	memory int64
	plan   []PlanLine
}

// Merge adds up results to the one that a run over all of their events would have
// written. Revenue that was rounded is added up as it is there.
//
// Inputs are read side by side. Where that is not possible with all of them, in
// the memory or with the files that the process may have open, some are merged to
// a spill file before. An input that is damaged, not sorted or no result is an
// error that names the line. Files are treated as Run does.
func Merge(ctx context.Context, o MergeOptions) (MergeReport, error) {
	start := time.Now()
	m, err := newMerge(ctx, o)
	if err != nil {
		return MergeReport{}, err
	}
	defer m.close()
	err = m.do(ctx)
	report := m.report()
	report.Seconds = float64(time.Since(start).Milliseconds()) / 1000
	if err == nil {
		err = m.publish(ctx, report)
	}
	return report, err
}

// merge is one merge.
type merge struct {
	job       *job // for its options and files
	observer  MergeObserver
	plan      MergePlan
	parts     []part
	mostParts load         // that were read side by side
	spills    []*spillFile // by the level of their parts
	buffers   [][]byte     // of readers, to be used again

	bytesRead    atomic.Int64
	bytesSpilled atomic.Int64
	rows, groups uint64
}

// newMerge checks all that can be checked before anything is read.
func newMerge(ctx context.Context, o MergeOptions) (*merge, error) {
	j := &job{Options: Options{
		Inputs: o.Inputs, Output: o.Output, Report: o.Report, Read: o.Read, Written: o.Written,
		Memory: o.Memory, TempDir: o.TempDir, Decimals: o.Decimals,
		Stdin: o.Stdin, Stdout: o.Stdout,
		Observer: Observer{Warning: o.Observer.Warning},
	}.withDefaults()}
	if j.hasTopics() {
		return nil, UsageErrorf("a Kafka topic has events, not results: give it to run")
	}
	if err := j.findInputs(ctx); err != nil {
		return nil, err
	}
	if j.sources.Len() == 0 {
		return nil, UsageErrorf("nothing to merge: give some results")
	}
	m := &merge{job: j, observer: o.Observer}
	if err := m.findParts(ctx, cmp.Or(o.openFiles, openFiles())); err != nil {
		return nil, err
	}
	if err := j.openOutputs(ctx); err != nil {
		m.close()
		return nil, err
	}
	if o.Observer.Plan != nil {
		o.Observer.Plan(m.plan)
	}
	if o.Observer.Started != nil {
		o.Observer.Started(m.progress)
	}
	return m, nil
}

// demand is what the plan has to be made for.
func (m *merge) demand(openFiles int) mergeDemand {
	d := mergeDemand{openFiles: openFiles, files: 1, names: m.job.sources.Memory(), result: compressorMemory(m.job.Output)}
	if m.job.Options.Report != "" {
		d.files++
	}
	for s := range m.job.sources.All() {
		d.names += int64(len(s.Name))
	}
	return d
}

// progress may be called by any goroutine.
func (m *merge) progress() Progress {
	return Progress{BytesRead: m.bytesRead.Load(), BytesTotal: m.job.sources.Size()}
}

// report tells what the merge saw so far.
func (m *merge) report() MergeReport {
	return MergeReport{
		Inputs:       m.job.sources.Len(),
		Rows:         m.rows,
		Groups:       m.groups,
		BytesRead:    uint64(m.bytesRead.Load()),
		BytesSpilled: uint64(m.bytesSpilled.Load()),
		PeakMemory:   peakMemory(),
		memory:       m.job.Memory,
		plan:         m.usedPlan(),
	}
}

// publish makes the files appear.
func (m *merge) publish(ctx context.Context, report MergeReport) error {
	if err := m.job.writeReport(report); err != nil {
		return err
	}
	return publish(ctx, []*output.File{m.job.reportFile, m.job.result}, func() error {
		if m.observer.Ending == nil {
			return nil
		}
		return m.observer.Ending(report)
	})
}

// close gives back what the merge holds, without trace of what wasn't committed.
func (m *merge) close() {
	for _, s := range m.spills {
		s.Close()
	}
	m.job.close()
}
