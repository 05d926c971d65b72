package pipeline

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
}
