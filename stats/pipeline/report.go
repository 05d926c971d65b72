package pipeline

import (
	"encoding/json"

	"dailystats/stats"
	"dailystats/stats/input"
)

// Schema is the version of a Report's JSON: it rises when a field changes its
// meaning or goes, not when one comes.
const Schema = 1

// Report is what a run saw and what it took.
type Report struct {
	Schema        int               `json:"schema"`
	Lines         uint64            `json:"lines"`           // all lines, blank and invalid ones too
	Blank         uint64            `json:"blank"`           // lines of white space only
	Events        uint64            `json:"events"`          // valid events
	Invalid       uint64            `json:"invalid"`         // invalid events
	InvalidByCode map[string]uint64 `json:"invalid_by_code"` // an event counts once for each rule it breaks
	Groups        uint64            `json:"groups"`          // rows of the result
	BytesRead     uint64            `json:"bytes_read"`      // from the inputs, as they are stored
	BytesSpilled  uint64            `json:"bytes_spilled"`   // to spill files
	PeakMemory    uint64            `json:"peak_memory"`     // bytes resident, of the whole process
	Seconds       float64           `json:"seconds"`
	Memory        uint64            `json:"memory"`  // bytes, the limit
	Workers       int               `json:"workers"` // that it had

	// Kafka is what was read of topics: from where, and up to where.
	Kafka []PartitionRange `json:"kafka,omitempty"`

	// Result is nil where none was made.
	Result *Result `json:"result,omitempty"`

	FastEvents uint64 `json:"-"` // valid events that the fast reader took

	plan []PlanLine
}

// PartitionRange is the messages of a partition with offsets from From to before
// Until.
type PartitionRange struct {
	Topic     string `json:"topic"`
	Partition int32  `json:"partition"`
	From      int64  `json:"from"`
	Until     int64  `json:"until"`
}

// Result is what all events come to, those of earlier runs too, where there is a
// state.
type Result struct {
	Purchases uint64       `json:"purchases"`
	Revenue   stats.Amount `json:"revenue"` // exact, as text
	Days      int          `json:"days"`    // with events
	FirstDay  *stats.Day   `json:"first_day"`
	LastDay   *stats.Day   `json:"last_day"` // nil, as the first one, where there are none
	// Spans are the days with events, where the run had only a share of them: so days
	// can be added up.
	Spans []Span `json:"spans,omitempty"`

	tally *tally
}

// report tells what the job saw so far.
func (j *job) report() Report {
	r := Report{
		Schema:        Schema,
		Lines:         j.counts.lines,
		Blank:         j.counts.blank,
		Events:        j.counts.events,
		Invalid:       j.counts.invalid,
		InvalidByCode: j.counts.byCode(),
		Groups:        j.groups,
		BytesRead:     uint64(j.reader.BytesRead()),
		PeakMemory:    peakMemory(),
		Memory:        uint64(j.Memory),
		Workers:       j.plan.Workers,
		FastEvents:    j.counts.fast,
		Kafka:         j.ranges(),
	}
	r.plan = j.usedPlan()
	if j.sorter != nil {
		r.BytesSpilled = uint64(j.sorter.BytesSpilled())
	}
	if j.calendar != nil {
		r.Result = j.totals()
	}
	return r
}

// totals is what the rows that were rendered come to.
func (j *job) totals() *Result {
	t := merged(j.tallies)
	total := t.total()
	r := &Result{Purchases: total.Purchases, Revenue: total.Revenue, tally: t}
	days, first, last := j.calendar.span()
	if r.Days = days; days > 0 {
		r.FirstDay, r.LastDay = &first, &last
	}
	if j.Shard.Count > 1 || j.Piece != (input.Piece{}) {
		r.Spans = j.calendar.spans()
	}
	return r
}

// writeReport writes the report's file, if one is wanted.
func (j *job) writeReport(r any) error {
	if j.reportFile == nil {
		return nil
	}
	document, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	_, err = j.reportFile.Write(append(document, '\n'))
	return err
}
