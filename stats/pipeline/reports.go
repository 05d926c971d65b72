package pipeline

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"dailystats/stats/input"
	"dailystats/stats/output"
	"dailystats/stats/report"
)

// report returns what the job saw so far.
func (j *job) report() report.Report {
	r := report.Report{
		Schema:        report.Schema,
		Lines:         j.counts.lines,
		Blank:         j.counts.blank,
		Events:        j.counts.events,
		Invalid:       j.counts.invalid,
		InvalidByCode: j.counts.byCode(),
		Rows:          j.rows,
		BytesRead:     uint64(j.reader.BytesRead()),
		PeakMemory:    peakMemory(),
		Memory:        uint64(j.Memory),
		Workers:       j.plan.Workers,
		TimeZone:      j.Schema.Form().TimeZone,
		FastEvents:    j.counts.fast,
		Kafka:         j.ranges(),
		Plan:          j.usedPlan(),
		Samples:       j.journal.samples.all(),
		LeftOut:       make(map[string]int),
	}
	for reason, n := range j.inputs.leftOut {
		r.LeftOut[string(reason)] = n
	}
	if j.course != nil {
		r.Course = j.course.moments
	}
	if j.sorter != nil {
		r.BytesSpilled = uint64(j.sorter.BytesSpilled())
	}
	if j.calendar != nil {
		r.Output, r.Result = j.Output, j.totals()
	}
	return r
}

// totals returns what the rows that were rendered add up to.
func (j *job) totals() *report.Result {
	byDay := report.MergeDays(j.byDay)
	total := byDay.Total()
	r := &report.Result{Purchases: total.Purchases, Revenue: total.Revenue, ByDay: byDay}
	days, first, last := j.calendar.Range()
	if r.Days = days; days > 0 {
		r.FirstDay, r.LastDay = &first, &last
	}
	if j.Share.Count > 1 || j.Piece != (input.Piece{}) {
		r.Spans = j.calendar.Spans()
	}
	return r
}

// ranges returns what is read of topics.
func (j *job) ranges() (ranges []report.PartitionRange) {
	if j.inputs.topics == nil {
		return nil
	}
	for _, r := range j.inputs.topics.Ranges() {
		ranges = append(ranges, report.PartitionRange{Topic: r.Topic, Partition: r.Partition, From: r.From, Until: r.Until})
	}
	return ranges
}

// writeReport writes the report in each form that is wanted.
func (j *job) writeReport(r report.Report, failure error) error {
	metrics := func() ([]byte, error) { return []byte(r.Metrics(time.Now(), failure != nil)), nil }
	html := func() ([]byte, error) {
		text, err := r.HTML(j.origin())
		return []byte(text), err
	}
	return cmp.Or(write(j.reportFile, r.JSON), write(j.metrics, metrics), write(j.page, html))
}

// origin says what the report is of.
func (j *job) origin() report.Origin {
	const most = 3
	o := report.Origin{Made: time.Now(), Program: j.Version, Others: j.inputs.sources.Len()}
	o.Host, _ = os.Hostname()
	for s := range j.inputs.sources.All() {
		if len(o.Inputs) == most {
			break
		}
		o.Inputs = append(o.Inputs, s.String())
		o.Others--
	}
	return o
}

// SumOptions is what SumReports is asked to do.
type SumOptions struct {
	Inputs []string // files of reports, one or more in each; "-" is Stdin
	Output string   // file for their sum, as JSON; "-" is Stdout

	MaxInvalid  Limit  // as in Options, of the events of all reports
	WarnInvalid Limit  // likewise
	MinEvents   uint64 // likewise

	Stdin  io.Reader // nil means os.Stdin
	Stdout io.Writer // nil means os.Stdout

	Warning func(message string) // may be nil
}

// SumReports adds up the reports of runs that have read different events, and judges
// them as one run over all of those events would have been judged. If they don't pass,
// the sum is written all the same, and the error has ErrTooManyInvalid among its
// causes. Memory does not depend on the number of reports.
func SumReports(ctx context.Context, o SumOptions) (report.Report, error) {
	var sum report.Sum
	for _, name := range o.Inputs {
		if err := addReports(ctx, &sum, name, cmp.Or[io.Reader](o.Stdin, os.Stdin)); err != nil {
			return report.Report{}, err
		}
	}
	r, ok := sum.Report()
	if !ok {
		return r, UsageErrorf("there are no reports to add up")
	}
	if warning := warningOf(o.WarnInvalid, r.Events, r.Invalid); warning != "" && o.Warning != nil {
		o.Warning(warning)
	}
	failure := cmp.Or(judge(o.MaxInvalid, o.MinEvents, r.Events, r.Invalid), noneValid(o.MaxInvalid, r.Events, r.Invalid))
	if err := o.write(ctx, r); err != nil {
		return r, err
	}
	return r, failure
}

// write writes the sum.
func (o *SumOptions) write(ctx context.Context, r report.Report) error {
	out := outputs{stdout: cmp.Or[io.Writer](o.Stdout, os.Stdout)}
	defer out.discard()
	f, err := out.create(ctx, o.Output)
	if err != nil {
		return err
	}
	return cmp.Or(write(f, r.JSON), output.Commit(f))
}

// addReports adds the reports of a file.
func addReports(ctx context.Context, sum *report.Sum, name string, stdin io.Reader) error {
	r, label := stdin, "standard input"
	if name != "-" {
		f, err := os.Open(name)
		if errors.Is(err, os.ErrNotExist) {
			return UsageErrorf("report not found: %s", name)
		}
		if err != nil {
			return err
		}
		defer f.Close()
		r, label = f, name
	}
	decoder := json.NewDecoder(r)
	for n := 1; ; n++ {
		var next report.Report
		err := decoder.Decode(&next)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err == io.EOF:
			return nil
		case err == nil && next.Schema != report.Schema:
			err = fmt.Errorf("it has schema %d, and this program knows %d: make it with the same version", next.Schema, report.Schema)
		}
		if err == nil {
			err = sum.Add(next)
		}
		if err != nil {
			return fmt.Errorf("%s: report %d: %w", label, n, stdinError(err))
		}
	}
}
