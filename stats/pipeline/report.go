package pipeline

import "encoding/json"

// Report is what a run saw and what it took.
type Report struct {
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

	FastEvents uint64 `json:"-"` // valid events that the fast reader took
}

// report tells what the job saw so far.
func (j *job) report() Report {
	r := Report{
		Lines:         j.counts.lines,
		Blank:         j.counts.blank,
		Events:        j.counts.events,
		Invalid:       j.counts.invalid,
		InvalidByCode: j.counts.byCode(),
		Groups:        j.groups,
		BytesRead:     uint64(j.reader.BytesRead()),
		PeakMemory:    peakMemory(),
		FastEvents:    j.counts.fast,
	}
	if j.sorter != nil {
		r.BytesSpilled = uint64(j.sorter.BytesSpilled())
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
