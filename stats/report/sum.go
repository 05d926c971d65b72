package report

import (
	"cmp"
	"fmt"

	"dailystats/stats"
)

// Sum is what several reports add up to. Its zero value is ready to use.
type Sum struct {
	report   Report
	count    int
	noResult bool     // some report is of events that were only checked
	calendar Calendar // of the reports that say which days they have
	mostDays int      // of those that don't
}

// Add adds a report.
//
// What cannot be added up is the largest of all: memory, workers. Rows are those of all
// results together, although merging would add some of them up.
//
// Days of different time zones can't be added up: an error says so.
func (s *Sum) Add(r Report) error {
	if s.count > 0 && r.TimeZone != s.report.TimeZone {
		const utc = "UTC"
		return fmt.Errorf("its days are of the time zone %s, and those before it of %s", cmp.Or(r.TimeZone, utc), cmp.Or(s.report.TimeZone, utc))
	}
	s.report.TimeZone = r.TimeZone
	s.count++
	s.report.Lines += r.Lines
	s.report.Blank += r.Blank
	s.report.Events += r.Events
	s.report.Invalid += r.Invalid
	if s.report.InvalidByCode == nil {
		s.report.InvalidByCode = make(map[string]uint64)
	}
	for code, n := range r.InvalidByCode {
		s.report.InvalidByCode[code] += n
	}
	s.report.Rows += r.Rows
	s.report.BytesRead += r.BytesRead
	s.report.BytesSpilled += r.BytesSpilled
	s.report.PeakMemory = max(s.report.PeakMemory, r.PeakMemory)
	s.report.Seconds += r.Seconds
	s.report.Memory = max(s.report.Memory, r.Memory)
	s.report.Workers = max(s.report.Workers, r.Workers)
	for reason, n := range r.LeftOut {
		if s.report.LeftOut == nil {
			s.report.LeftOut = make(map[string]int)
		}
		s.report.LeftOut[reason] += n
	}
	s.report.Kafka = append(s.report.Kafka, r.Kafka...)
	s.addResult(r.Result)
	return nil
}

func (s *Sum) addResult(r *Result) {
	if r == nil {
		s.noResult = true
		return
	}
	if s.report.Result == nil {
		s.report.Result = new(Result)
	}
	s.report.Result.Purchases += r.Purchases
	s.report.Result.Revenue = s.report.Result.Revenue.Add(r.Revenue)
	if r.FirstDay == nil || r.LastDay == nil {
		return
	}
	if s.report.Result.FirstDay == nil || *r.FirstDay < *s.report.Result.FirstDay {
		s.report.Result.FirstDay = r.FirstDay
	}
	if s.report.Result.LastDay == nil || *r.LastDay > *s.report.Result.LastDay {
		s.report.Result.LastDay = r.LastDay
	}
	if len(r.Spans) == 0 {
		s.mostDays = max(s.mostDays, r.Days)
	}
	for _, span := range r.Spans {
		for day := span[0]; day <= min(span[1], stats.MaxDay); day++ {
			s.calendar.Mark(day)
		}
	}
}

// Report returns the sum, or false if there were no reports.
func (s *Sum) Report() (Report, bool) {
	r := s.report
	r.Schema = Schema
	if s.noResult {
		r.Result = nil
	}
	if r.Result != nil {
		days, _, _ := s.calendar.Range()
		r.Result.Days = max(days, s.mostDays)
		r.Result.Spans = s.calendar.Spans()
	}
	return r, s.count > 0
}
