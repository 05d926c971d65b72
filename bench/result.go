package bench

import (
	"cmp"
	"slices"
	"time"
)

// formatVersion is that of the JSON which a Result is written as. It changes
// when a field is renamed, removed or means something else.
const formatVersion = 1

// Result is what was measured.
type Result struct {
	Format    int        `json:"format"`
	Started   time.Time  `json:"started"`
	Machine   Machine    `json:"machine"`
	Runs      int        `json:"runs"` // of each row, behind one that warms up
	Workloads []Workload `json:"workloads"`
	Notes     []string   `json:"notes"`
}

// Workload is an input, and what each tool made of it.
type Workload struct {
	Name       string `json:"name"`
	Users      Users  `json:"users,omitempty"` // of a generated one
	Bytes      int64  `json:"bytes"`           // as stored
	Events     uint64 `json:"events"`          // lines that aren't blank; 0 where none of our runs ended well
	ResultRows uint64 `json:"result_rows"`     // 0 likewise
	Rows       []Row  `json:"rows"`
	Failed     string `json:"failed,omitempty"` // why there are no rows
}

// Row is one tool with its settings.
type Row struct {
	Tool     string `json:"tool"`
	Version  string `json:"version,omitempty"`
	Memory   int64  `json:"memory"`   // bytes that it was told to keep to; 0 for no limit
	Held     bool   `json:"held"`     // and was held to by the system
	Parallel int    `json:"parallel"` // workers or threads; 0 where it chose

	Runs    []Usage `json:"runs"`
	Median  Usage   `json:"median"` // of each figure by itself
	Spilled int64   `json:"bytes_spilled,omitempty"`
	Hash    string  `json:"hash,omitempty"` // of the result: the start of its SHA-256

	Compared *Comparison `json:"compared,omitempty"` // with the result of our first row
	Failed   string      `json:"failed,omitempty"`   // why it has no figures, or too few

	kind kind
}

// kind is what a row stands for.
type kind int

const (
	ours  kind = iota
	peer       // does the same job
	floor      // reads the same file, and no more
)

// Usage is what a process took, as the kernel accounts for it when the process
// is waited for. Processor times are those of the process and of its children
// that it has waited for, peak memory is the largest of any single one of them.
type Usage struct {
	Wall   float64 `json:"wall_seconds"`
	User   float64 `json:"user_seconds"`
	System float64 `json:"system_seconds"`
	Peak   int64   `json:"peak_memory"` // bytes resident; 0 where the system doesn't say
}

// CPU is the processor time in seconds.
func (u Usage) CPU() float64 { return u.User + u.System }

// medianOf takes the median of each figure.
func medianOf(runs []Usage) Usage {
	if len(runs) == 0 {
		return Usage{}
	}
	return Usage{
		Wall:   median(runs, func(u Usage) float64 { return u.Wall }),
		User:   median(runs, func(u Usage) float64 { return u.User }),
		System: median(runs, func(u Usage) float64 { return u.System }),
		Peak:   median(runs, func(u Usage) int64 { return u.Peak }),
	}
}

// median is the mean of the two in the middle where there is no one.
func median[T float64 | int64](runs []Usage, figure func(Usage) T) T {
	figures := make([]T, len(runs))
	for i, u := range runs {
		figures[i] = figure(u)
	}
	slices.Sort(figures)
	n := len(figures)
	return (figures[(n-1)/2] + figures[n/2]) / 2
}

// spread returns the shortest and the longest run, in seconds.
func (r *Row) spread() (least, most float64) {
	byWall := func(a, b Usage) int { return cmp.Compare(a.Wall, b.Wall) }
	return slices.MinFunc(r.Runs, byWall).Wall, slices.MaxFunc(r.Runs, byWall).Wall
}

// floor returns the row that only reads the file, if it was measured.
func (w *Workload) floor() (Row, bool) {
	for _, r := range w.Rows {
		if r.kind == floor && len(r.Runs) > 0 {
			return r, true
		}
	}
	return Row{}, false
}
