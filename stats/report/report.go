// Package report has the figures of a run: as a JSON document, as text, as metrics and as an
// HTML page.
//
//   - report.go: [Report], the figures; [Merge], those of a merge;
//   - days.go: [Days], what the rows of a result add up to by day, and [Calendar], a set of days;
//   - sum.go: [Sum], the reports of several runs added up;
//   - text.go: a report for a person at a terminal;
//   - metrics.go: for Prometheus;
//   - html.go: as a page; chart draws for it;
//   - plan.go: [PlanLine], what the memory limit was spent on, as a table.
//
// It takes values, and knows nothing of the run that they are of.
package report

import (
	"encoding/json"

	"dailystats/stats"
)

// Schema is the version of a Report's JSON: it rises when a field changes its meaning or
// is removed, not when one is added.
const Schema = 2

// Report is what a run saw and what it took.
type Report struct {
	Schema        int               `json:"schema"`
	Output        string            `json:"output,omitempty"` // file or folder of the result, if there is one
	Lines         uint64            `json:"lines"`            // all lines, blank and invalid ones too
	Blank         uint64            `json:"blank"`            // lines of only white space
	Events        uint64            `json:"events"`           // valid events
	Invalid       uint64            `json:"invalid"`          // invalid events
	InvalidByCode map[string]uint64 `json:"invalid_by_code"`  // an event counts once for each rule it breaks
	Rows          uint64            `json:"rows"`             // of the result
	BytesRead     uint64            `json:"bytes_read"`       // from the inputs, as they are stored
	BytesSpilled  uint64            `json:"bytes_spilled"`    // to spill files
	PeakMemory    uint64            `json:"peak_memory"`      // bytes resident, of the whole process
	Seconds       float64           `json:"seconds"`
	Memory        uint64            `json:"memory"` // bytes, the limit
	Workers       int               `json:"workers"`
	TimeZone      string            `json:"time_zone,omitempty"` // of the days, if it is not UTC

	// LeftOut is the number of files that folders and globs have and that are not read, by
	// why that is.
	LeftOut map[string]int `json:"left_out,omitempty"`

	// Kafka is what was read of topics.
	Kafka []PartitionRange `json:"kafka,omitempty"`

	// Result is nil if events were only checked.
	Result *Result `json:"result,omitempty"`

	FastEvents uint64     `json:"-"` // valid events that the fast reader took
	Plan       []PlanLine `json:"-"` // what Memory was spent on
	Samples    []Sample   `json:"-"` // the first invalid events of each rule, for the HTML page
	Course     []Moment   `json:"-"` // how the run went, for the HTML page
}

// PartitionRange is the messages of a partition with offsets from From to before
// Until.
type PartitionRange struct {
	Topic     string `json:"topic"`
	Partition int32  `json:"partition"`
	From      int64  `json:"from"`
	Until     int64  `json:"until"`
}

// Result is what all events add up to, with a state those of earlier runs included.
type Result struct {
	Purchases uint64       `json:"purchases"`
	Revenue   stats.Amount `json:"revenue"` // exact, as text
	Days      int          `json:"days"`    // with events
	FirstDay  *stats.Day   `json:"first_day"`
	LastDay   *stats.Day   `json:"last_day"` // nil, like the first one, if there are no events
	// Spans are the days with events, if the run had only a share of the events: so the
	// days of several runs can be counted.
	Spans []Span `json:"spans,omitempty"`

	ByDay *Days `json:"-"` // for the HTML page
}

// Span is days in a row: the first one and the last one.
type Span [2]stats.Day

// Sample is an invalid event.
type Sample struct {
	Code    string // of a rule that it breaks
	Input   string
	Line    uint64 // or offset
	Message string
}

// Moment is a point in the course of a run.
type Moment struct {
	Seconds float64 // since the start
	Read    int64   // bytes
	Memory  uint64  // bytes resident, the peak so far
}

// Merge is what a merge saw and what it took.
type Merge struct {
	Output       string  `json:"output"`
	Inputs       int     `json:"inputs"`        // results, each once
	RowsRead     uint64  `json:"rows_read"`     // of the inputs
	Rows         uint64  `json:"rows"`          // of the result
	Events       uint64  `json:"events"`        // of all rows
	BytesRead    uint64  `json:"bytes_read"`    // from the inputs, as they are stored
	BytesSpilled uint64  `json:"bytes_spilled"` // to spill files
	PeakMemory   uint64  `json:"peak_memory"`   // bytes resident, of the whole process
	Seconds      float64 `json:"seconds"`
	Result       Result  `json:"result"`

	Memory uint64     `json:"-"` // bytes, the limit
	Plan   []PlanLine `json:"-"` // what Memory was spent on
}

// JSON returns the report as a document.
func (r *Report) JSON() ([]byte, error) { return document(r) }

// JSON returns the report as a document.
func (r *Merge) JSON() ([]byte, error) { return document(r) }

func document(report any) ([]byte, error) {
	text, err := json.MarshalIndent(report, "", "  ")
	return append(text, '\n'), err
}
