package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"dailystats/stats"
	"dailystats/stats/input"
	"dailystats/stats/output"
	"dailystats/stats/report"
)

// MergeOptions is what Merge is asked to do. Inputs and Output must be given.
type MergeOptions struct {
	Inputs []string // results: files, directories, globs; "-" is Stdin
	Output string   // file for what they add up to, "-" is Stdout
	Report string   // file for the report, as JSON; empty for none

	Read, Written []File // files that the caller reads and writes, as in Options

	Memory   int64          // bytes, a promise about the whole process; 0 means DefaultMemory
	Program  int64          // bytes of Memory that the process's executable takes; 0 means DefaultProgram
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
	Ending  func(r report.Merge) error
	Plan    func(MergePlan)
}

// Merge adds up results to the one that a run over all of their events would have
// written. Revenue that was rounded is added up as it is there.
//
// Inputs are read in parallel. If there is not enough memory for all of them, or too few
// files may be open, some are first merged to a spill file. An input that is damaged, not
// sorted or no result is an error that names the line. Files are treated as Run does.
func Merge(ctx context.Context, o MergeOptions) (report.Merge, error) {
	start := time.Now()
	m, err := newMerge(ctx, o)
	if err != nil {
		return report.Merge{}, err
	}
	defer m.close()
	err = withWayOut(m.do(ctx), m.memoryForWindow)
	r := m.report()
	r.Seconds = float64(time.Since(start).Milliseconds()) / 1000
	if err == nil {
		err = m.publish(ctx, r)
	}
	return r, err
}

// merge is one merge.
type merge struct {
	MergeOptions
	plan    MergePlan
	inputs  inputs
	outputs outputs

	result     *output.File
	reportFile *output.File // nil if none is wanted

	parts     []part
	mostParts load         // that were read in parallel
	spills    []*spillFile // by the level of their parts
	buffers   [][]byte     // of readers, to be used again

	bytesRead    atomic.Int64
	bytesSpilled atomic.Int64
	rowsRead     uint64
	rows         uint64 // of the result
	events       uint64 // of all rows
	sum          report.Result
}

func (o MergeOptions) withDefaults() MergeOptions {
	o.Memory = cmp.Or(o.Memory, DefaultMemory)
	o.Program = cmp.Or(o.Program, DefaultProgram)
	o.TempDir = cmp.Or(o.TempDir, DefaultTempDir())
	o.Stdin = cmp.Or[io.Reader](o.Stdin, os.Stdin)
	o.Stdout = cmp.Or[io.Writer](o.Stdout, os.Stdout)
	return o
}

// newMerge checks all that can be checked before anything is read.
func newMerge(ctx context.Context, o MergeOptions) (*merge, error) {
	m := &merge{MergeOptions: o.withDefaults()}
	if err := m.prepare(ctx); err != nil {
		m.close()
		return nil, err
	}
	if m.Observer.Plan != nil {
		m.Observer.Plan(m.plan)
	}
	if m.Observer.Started != nil {
		m.Observer.Started(m.progress)
	}
	return m, nil
}

func (m *merge) prepare(ctx context.Context) (err error) {
	if m.inputs, err = newInputs(m.Inputs, m.Stdin, m.warn); err != nil {
		return err
	}
	if m.inputs.hasTopics() {
		return UsageErrorf("a Kafka topic has events, not results: give it to run")
	}
	m.outputs.stdout = m.Stdout
	if err := m.openInputs(ctx); err != nil {
		return err
	}
	if err := checkEndings(m.Output, m.Report); err != nil {
		return err
	}
	if err := m.findParts(ctx, cmp.Or(m.openFiles, openFiles())); err != nil {
		return err
	}
	if err := prepareTempDir(m.TempDir); err != nil {
		return err
	}
	if m.result, err = m.outputs.create(ctx, m.Output); err != nil {
		return err
	}
	m.reportFile, err = m.outputs.create(ctx, m.Report)
	return err
}

// openInputs finds the inputs, none of which may be written.
func (m *merge) openInputs(ctx context.Context) error {
	found, err := m.inputs.find(ctx, m.Memory, m.Program, nil)
	if errors.Is(err, input.ErrNotFound) && slices.Contains(m.Inputs, m.Output) {
		return fmt.Errorf("%w: for the first merge, leave it out; for the next, give the output another name, then rename it", err)
	}
	if err != nil {
		return err
	}
	if m.inputs.sources.Len() == 0 {
		return UsageErrorf("nothing to merge: give some results")
	}
	read, err := m.inputs.files("")
	if err != nil {
		return err
	}
	written := append([]File{{m.Output, "the output"}, {m.Report, "the report"}}, m.Written...)
	return apart{m.Stdin, m.Stdout, found}.check(append(read, m.Read...), written)
}

func (m *merge) warn(message string) {
	if m.Observer.Warning != nil {
		m.Observer.Warning(message)
	}
}

// demand is what the plan has to be made for.
func (m *merge) demand(openFiles int) mergeDemand {
	d := mergeDemand{program: m.Program, openFiles: openFiles, files: 1, names: m.inputs.sources.Memory(), result: compressorMemory(m.Output)}
	if m.Report != "" {
		d.files++
	}
	for s := range m.inputs.sources.All() {
		d.names += int64(len(s.Name))
	}
	return d
}

// addRow adds a row of the result to what all of them come to. They come in key order.
func (m *merge) addRow(k stats.Key, t stats.Totals) {
	m.events += t.Events
	m.sum.Purchases += t.Purchases
	m.sum.Revenue = m.sum.Revenue.Add(t.Revenue)
	if m.sum.LastDay == nil {
		first, last := k.Day, k.Day
		m.sum.Days, m.sum.FirstDay, m.sum.LastDay = 1, &first, &last
	}
	if *m.sum.LastDay != k.Day {
		m.sum.Days++
		*m.sum.LastDay = k.Day
	}
}

// progress may be called by any goroutine.
func (m *merge) progress() Progress {
	return Progress{BytesRead: m.bytesRead.Load(), BytesTotal: m.inputs.sources.Size()}
}

// report returns what the merge saw so far.
func (m *merge) report() report.Merge {
	return report.Merge{
		Inputs:       m.inputs.sources.Len(),
		RowsRead:     m.rowsRead,
		Output:       m.Output,
		Rows:         m.rows,
		Events:       m.events,
		Result:       m.sum,
		BytesRead:    uint64(m.bytesRead.Load()),
		BytesSpilled: uint64(m.bytesSpilled.Load()),
		PeakMemory:   peakMemory(),
		Memory:       uint64(m.Memory),
		Plan:         m.usedPlan(),
	}
}

// publish makes the files appear.
func (m *merge) publish(ctx context.Context, r report.Merge) error {
	if err := write(m.reportFile, r.JSON); err != nil {
		return err
	}
	return publish(ctx, []*output.File{m.reportFile, m.result}, func() error {
		if m.Observer.Ending == nil {
			return nil
		}
		return m.Observer.Ending(r)
	})
}

// close gives back what the merge holds, without a trace of what wasn't committed.
func (m *merge) close() {
	for _, s := range m.spills {
		s.Close()
	}
	m.outputs.discard()
}
