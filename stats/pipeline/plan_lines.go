package pipeline

import (
	"fmt"
	"runtime/metrics"
	"strings"

	"dailystats/sorter"
	"dailystats/stats/output"
)

// PlanLine is a part of a plan, and how much of it was used.
type PlanLine struct {
	Name    string
	Phase   Phase
	Planned int64 // bytes
	Used    int64 // bytes, at most; of no meaning before the end
	Detail  string
}

// Phase is when a part of a plan is needed: phases other than always don't overlap.
type Phase string

const (
	always  Phase = ""
	reading Phase = "reading"
	merging Phase = "merging"
	writing Phase = "writing" // the last merging, of the result
)

// Names of the lines.
const (
	program           = "program"
	goRuntime         = "runtime"
	slack             = "slack"
	batchesOf         = "workers"
	names             = "input: names"
	blocks            = "input: blocks"
	longLine          = "input: long line"
	decompressor      = "input: decompressor"
	brokers           = "input: brokers"
	readAhead         = "input: read ahead"
	fileBuffers       = "output: buffers"
	compressedRejects = "output: rejects"
	runs              = "reading: runs"
	pagesToSpill      = "reading: pages to spill"
	readBuffers       = "merging: read buffers"
	openPages         = "merging: open pages"
	generations       = "merging: generations"
	stretches         = "merging: stretches"
	partsRead         = "input: results"
	compressedResult  = "writing: result"
	days              = "writing: days"
	stateBuffers      = "writing: state"
)

// planTable returns lines as a table that a person can read. With used, it has what
// was used of each.
func planTable(total PlanLine, lines []PlanLine, used bool) string {
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

// String returns the plan as a table.
func (p Plan) String() string {
	return planTable(planTotal(p.Memory, p.Workers), p.Lines(), false)
}

// PlanTable returns the plan as a table, with what was used of each part.
func (r *Report) PlanTable() string {
	return planTable(planTotal(int64(r.Memory), r.Workers), r.plan, true)
}

// planTotal is the line of all memory.
func planTotal(memory int64, workers int) PlanLine {
	return PlanLine{Name: "memory", Planned: memory, Used: int64(peakMemory()), Detail: fmt.Sprintf("%d workers", workers)}
}

// usedPlan returns the plan with what was used of it. It is for the end of a run.
func (j *job) usedPlan() []PlanLine {
	used := map[string]int64{
		program:     programResident(),
		goRuntime:   runtimeUsed(),
		names:       j.sources.Memory(),
		fileBuffers: j.plan.Buffers,
		batchesOf:   int64(j.plan.Workers)*workerStack + j.journal.memory.Load(),
	}
	in := j.reader.Usage()
	used[blocks], used[longLine], used[decompressor], used[readAhead] = in.Blocks, in.LongLine, in.Decoder, in.Ahead
	if j.topics != nil {
		used[brokers] = clientMemory + int64(fetched*j.plan.Inputs*j.topics.LargestAnswer())
	}
	if j.counts.invalid > 0 {
		used[compressedRejects] = j.plan.Rejects
	}
	if j.sorter != nil {
		j.addSorterUsage(used, j.sorter.Usage())
	}
	if j.calendar != nil {
		used[days], used[compressedResult], used[stateBuffers] = j.plan.Tallies, j.plan.Result, j.plan.State
	}
	return withUsed(j.plan.Lines(), used)
}

func (j *job) addSorterUsage(used map[string]int64, u sorter.Usage) {
	workers := int64(j.plan.Workers)
	used[runs] = workers * int64(u.RunRecords) * sorter.EntrySize
	used[pagesToSpill] = int64(u.Pages) * sorter.PageSize
	used[readBuffers] = int64(u.Chunks) * sorter.ChunkBuffer
	used[openPages] = int64(u.Runs) * sorter.PageSize
	used[generations] = int64(u.Generations) * sorter.StreamBuffer
	used[stretches] = min(j.plan.stretchMemory(u.StretchRecords), j.plan.stretchMemory(j.plan.StretchRecords))
}

// withUsed fills in what was used. Slack is what the peak has beside all that is
// known: garbage, and what was used less than planned at the time of the peak.
func withUsed(lines []PlanLine, used map[string]int64) []PlanLine {
	byPhase := map[Phase]int64{}
	for i := range lines {
		l := &lines[i]
		l.Used = used[l.Name]
		byPhase[l.Phase] += l.Used
	}
	known := byPhase[always] + max(byPhase[reading], byPhase[merging], byPhase[writing])
	for i := range lines {
		if lines[i].Name == slack {
			lines[i].Used = max(0, int64(peakMemory())-known)
		}
	}
	return lines
}

// runtimeUsed is what the Go runtime takes beside its heap, in bytes.
func runtimeUsed() (bytes int64) {
	samples := []metrics.Sample{
		{Name: "/memory/classes/metadata/mcache/free:bytes"},
		{Name: "/memory/classes/metadata/mcache/inuse:bytes"},
		{Name: "/memory/classes/metadata/mspan/free:bytes"},
		{Name: "/memory/classes/metadata/mspan/inuse:bytes"},
		{Name: "/memory/classes/metadata/other:bytes"},
		{Name: "/memory/classes/os-stacks:bytes"},
		{Name: "/memory/classes/other:bytes"},
		{Name: "/memory/classes/profiling/buckets:bytes"},
	}
	metrics.Read(samples)
	for _, s := range samples {
		if s.Value.Kind() == metrics.KindUint64 {
			bytes += int64(s.Value.Uint64())
		}
	}
	return bytes
}

// compressorMemory returns what compressing an output takes, in bytes.
func compressorMemory(path string) int64 {
	if path == "-" {
		return 0
	}
	return output.CompressorMemory(path)
}
