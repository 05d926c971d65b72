package report

import (
	"fmt"
	"strings"

	"github.com/dustin/go-humanize"
)

// PlanLine is a part of a plan, and how much of it was used.
type PlanLine struct {
	Name    string
	Phase   Phase
	Planned int64 // bytes
	Used    int64 // bytes, at most; of no meaning before the end
	Detail  string
}

// Phase is when a part of a plan is needed: phases other than Always don't overlap.
type Phase string

// Phases.
const (
	Always  Phase = ""
	Reading Phase = "reading"
	Merging Phase = "merging"
	Writing Phase = "writing" // the last merging, of the result
)

// PlanTable returns a plan as a table that a person can read, with all memory in its first
// line. With used, it has what was used of each part.
func PlanTable(total PlanLine, lines []PlanLine, used bool) string {
	var b strings.Builder
	write := func(l PlanLine) {
		fmt.Fprintf(&b, "%-24s %12s", l.Name, size(l.Planned))
		if used {
			fmt.Fprintf(&b, "  used %10s", size(l.Used))
		}
		fmt.Fprintf(&b, "  %s\n", l.Detail)
	}
	write(total)
	for _, l := range lines {
		write(l)
	}
	return b.String()
}

// PlanTable returns what the memory limit was spent on, and what was used of it, as a table.
func (r *Report) PlanTable() string {
	return PlanTable(PlanTotal(r.Memory, r.PeakMemory, r.Workers), r.Plan, true)
}

// PlanTable returns what the memory limit was spent on, and what was used of it, as a table.
func (r *Merge) PlanTable() string {
	return PlanTable(PlanTotal(r.Memory, r.PeakMemory, 1), r.Plan, true)
}

// PlanTotal is the line of all memory.
func PlanTotal(memory, peak uint64, workers int) PlanLine {
	return PlanLine{Name: "memory", Planned: int64(memory), Used: int64(peak), Detail: fmt.Sprintf("%d workers", workers)}
}

func size(bytes int64) string { return humanize.IBytes(uint64(max(bytes, 0))) }
