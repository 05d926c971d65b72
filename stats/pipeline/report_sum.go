package pipeline

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"dailystats/stats"
	"dailystats/stats/output"
)

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
// causes.
//
// What can't be added up is the largest of all: memory, workers. Groups are the rows of
// all results, with those that merging would add to others. Memory does not depend on
// the number of reports.
func SumReports(ctx context.Context, o SumOptions) (Report, error) {
	sum := reportSum{Report: Report{Schema: Schema, InvalidByCode: make(map[string]uint64)}}
	for _, name := range o.Inputs {
		if err := sum.addFile(ctx, name, o.Stdin); err != nil {
			return Report{}, err
		}
	}
	if sum.count == 0 {
		return Report{}, UsageErrorf("there are no reports to add up")
	}
	sum.finish()
	if warning := warningOf(o.WarnInvalid, sum.Events, sum.Invalid); warning != "" && o.Warning != nil {
		o.Warning(warning)
	}
	failure := judge(o.MaxInvalid, o.MinEvents, sum.Events, sum.Invalid)
	if err := o.write(ctx, sum.Report); err != nil {
		return sum.Report, err
	}
	return sum.Report, failure
}

// write writes the sum.
func (o *SumOptions) write(ctx context.Context, r Report) error {
	j := &job{Options: Options{Stdout: o.Stdout}.withDefaults()}
	defer j.close()
	var err error
	if j.reportFile, err = j.create(ctx, o.Output); err != nil {
		return err
	}
	return cmp.Or(j.writeReport(r), output.Commit(j.reportFile))
}

// reportSum is what reports have come to so far.
type reportSum struct {
	Report
	count    int
	noResult bool     // some report is of events that were only checked
	calendar calendar // of the reports that say which days they have
	mostDays int      // of those that don't
}

// addFile adds the reports of a file.
func (s *reportSum) addFile(ctx context.Context, name string, stdin io.Reader) error {
	var r io.Reader = os.Stdin
	if stdin != nil {
		r = stdin
	}
	label := "standard input"
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
		var report Report
		err := decoder.Decode(&report)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err == io.EOF:
			return nil
		case err == nil && report.Schema != Schema:
			err = fmt.Errorf("it has schema %d: this program knows %d", report.Schema, Schema)
		}
		if err != nil {
			return fmt.Errorf("%s: report %d: %w", label, n, err)
		}
		s.add(report)
	}
}

func (s *reportSum) add(r Report) {
	s.count++
	s.Lines += r.Lines
	s.Blank += r.Blank
	s.Events += r.Events
	s.Invalid += r.Invalid
	for code, n := range r.InvalidByCode {
		s.InvalidByCode[code] += n
	}
	s.Groups += r.Groups
	s.BytesRead += r.BytesRead
	s.BytesSpilled += r.BytesSpilled
	s.PeakMemory = max(s.PeakMemory, r.PeakMemory)
	s.Seconds += r.Seconds
	s.Memory = max(s.Memory, r.Memory)
	s.Workers = max(s.Workers, r.Workers)
	s.Kafka = append(s.Kafka, r.Kafka...)
	s.addResult(r.Result)
}

func (s *reportSum) addResult(r *Result) {
	if r == nil {
		s.noResult = true
		return
	}
	if s.Result == nil {
		s.Result = new(Result)
	}
	s.Result.Purchases += r.Purchases
	s.Result.Revenue = s.Result.Revenue.Add(r.Revenue)
	if r.FirstDay == nil || r.LastDay == nil {
		return
	}
	if s.Result.FirstDay == nil || *r.FirstDay < *s.Result.FirstDay {
		s.Result.FirstDay = r.FirstDay
	}
	if s.Result.LastDay == nil || *r.LastDay > *s.Result.LastDay {
		s.Result.LastDay = r.LastDay
	}
	if len(r.Spans) == 0 {
		s.mostDays = max(s.mostDays, r.Days)
	}
	for _, span := range r.Spans {
		for day := span[0]; day <= min(span[1], stats.MaxDay); day++ {
			s.calendar.mark(day)
		}
	}
}

// finish makes up what is left.
func (s *reportSum) finish() {
	if s.noResult {
		s.Result = nil
		return
	}
	days, _, _ := s.calendar.span()
	s.Result.Days = max(days, s.mostDays)
	s.Result.Spans = s.calendar.spans()
}

// Span is days in a row: the first one, and the last.
type Span [2]stats.Day

// mostSpans is how many spans a report has at most: of days that are so scattered
// that there are more, it has none.
const mostSpans = 1000

// spans returns the marked days, or nil where that takes more than mostSpans.
func (c *calendar) spans() (spans []Span) {
	for day := range stats.Day(len(c)) * 64 {
		if c[day/64].Load() == 0 || c[day/64].Load()>>(day%64)&1 == 0 {
			continue
		}
		if n := len(spans); n > 0 && spans[n-1][1] == day-1 {
			spans[n-1][1] = day
			continue
		}
		if len(spans) == mostSpans {
			return nil
		}
		spans = append(spans, Span{day, day})
	}
	return spans
}
