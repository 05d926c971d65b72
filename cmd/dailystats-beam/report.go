package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"dailystats/stats"
	"dailystats/stats/event"
	"dailystats/stats/pipeline"

	"github.com/dustin/go-humanize"
)

// report is what came of a job. Members that a report of dailystats run has, too,
// mean the same.
type report struct {
	Schema         int               `json:"schema"`
	Job            string            `json:"job"` // its ID
	TooManyInvalid bool              `json:"too_many_invalid"`
	Lines          int64             `json:"lines"`
	Blank          int64             `json:"blank"`
	Events         uint64            `json:"events"`
	Invalid        int64             `json:"invalid"`
	InvalidByCode  map[string]uint64 `json:"invalid_by_code"`
	Groups         int64             `json:"groups"`
	BytesRead      int64             `json:"bytes_read"`
	Seconds        float64           `json:"seconds"`
	Ranges         int               `json:"ranges"`
	Files          []string          `json:"files"`   // the result's, by day
	Rejects        []string          `json:"rejects"` // in the order of the inputs
	Result         pipeline.Result   `json:"result"`
}

// add adds what there was in a range.
func (r *report) add(c rangeCounts) error {
	t, size := stats.ReadTotals(c.Totals)
	if size == 0 || len(c.InvalidByRule) != event.RuleCount {
		return errDamagedPage
	}
	r.Ranges++
	r.Lines += c.Lines
	r.Blank += c.Blank
	r.Invalid += c.Invalid
	r.BytesRead += c.Bytes
	r.Events += t.Events
	r.Result.Purchases += t.Purchases
	r.Result.Revenue = r.Result.Revenue.Add(t.Revenue)
	for i, n := range c.InvalidByRule {
		if n > 0 {
			r.InvalidByCode[event.Rule(i).String()] += uint64(n)
		}
	}
	return nil
}

// addDay notes a day that there are events of. Days must come in order.
func (r *report) addDay(d stats.Day) {
	if r.Result.LastDay != nil && *r.Result.LastDay == d {
		return
	}
	r.Result.Days++
	r.Result.LastDay = &d
	if r.Result.FirstDay == nil {
		r.Result.FirstDay = &d
	}
}

// failure is nil where there is a result.
func (r *report) failure() error {
	if !r.TooManyInvalid {
		return nil
	}
	return fmt.Errorf("%w: %d of %d events", pipeline.ErrTooManyInvalid, r.Invalid, uint64(r.Invalid)+r.Events)
}

func (r *report) json() ([]byte, error) {
	text, err := json.MarshalIndent(r, "", "  ")
	return append(text, '\n'), err
}

// text is the report for a person.
func (r *report) text() string {
	var b strings.Builder
	line := func(name string, value any) { fmt.Fprintf(&b, "%-10s %v\n", name, value) }
	line("lines", r.Lines)
	line("events", r.Events)
	line("invalid", r.Invalid)
	for _, code := range slices.Sorted(maps.Keys(r.InvalidByCode)) {
		fmt.Fprintf(&b, "  %-24s %d\n", code, r.InvalidByCode[code])
	}
	line("groups", r.Groups)
	line("read", humanize.IBytes(uint64(r.BytesRead)))
	line("ranges", r.Ranges)
	line("files", len(r.Files))
	line("seconds", fmt.Sprintf("%.1f", r.Seconds))
	return b.String()
}
