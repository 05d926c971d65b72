package pipeline

import (
	"fmt"
	"runtime/metrics"

	"dailystats/sorter"
	"dailystats/stats/report"
)

// Names of the lines.
const (
	program           = "program"
	goRuntime         = "runtime"
	slack             = "slack"
	workersOf         = "workers"
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
	byDay             = "writing: days"
	stateBuffers      = "writing: state"
)

// Lines returns what the memory is spent on, line by line.
func (p Plan) Lines() []report.PlanLine {
	lines := []report.PlanLine{
		{Name: program, Planned: p.Program, Detail: "pages of the executable"},
		{Name: goRuntime, Planned: p.Runtime, Detail: "what Go takes beside its heap"},
		{Name: slack, Planned: p.Slack, Detail: "garbage"},
		{Name: workersOf, Planned: p.Stacks, Detail: fmt.Sprintf("%d: stacks, and %s of log and of rejects each", p.Workers, size(int64(p.NoteBytes)))},
		{Name: names, Planned: p.Names, Detail: "of inputs"},
		{Name: blocks, Planned: int64(p.Blocks * p.BlockSize), Detail: fmt.Sprintf("%d of %s", p.Blocks, size(int64(p.BlockSize)))},
		{Name: longLine, Planned: p.LongLine, Detail: "a line that fits no block"},
		{Name: decompressor, Planned: p.Decoder, Detail: "window up to " + size(p.Window)},
		{Name: brokers, Planned: p.Fetched, Detail: "their answers, and connections"},
		{Name: readAhead, Planned: p.Ahead, Detail: fmt.Sprintf("%d in parallel, window up to %s", p.Inputs, size(p.AheadWindow))},
		{Name: fileBuffers, Planned: p.Buffers, Detail: "of files that are written"},
		{Name: compressedRejects, Phase: report.Reading, Planned: p.Rejects, Detail: "compressor"},
	}
	if p.Checks {
		return lines
	}
	m := p.Sorter.Memory()
	return append(lines,
		report.PlanLine{Name: runs, Phase: report.Reading, Planned: m.Runs, Detail: fmt.Sprintf("%d records each", p.Sorter.RunRecords)},
		report.PlanLine{Name: pagesToSpill, Phase: report.Reading, Planned: m.PagesToSpill, Detail: fmt.Sprintf("in chunks of %d pages", p.Sorter.ChunkPages)},
		report.PlanLine{Name: readBuffers, Phase: report.Merging, Planned: m.ReadBuffers, Detail: fmt.Sprintf("%d chunks in a round", p.Sorter.Chunks)},
		report.PlanLine{Name: openPages, Phase: report.Merging, Planned: m.OpenPages, Detail: fmt.Sprintf("%d runs in a round", p.Sorter.Runs)},
		report.PlanLine{Name: generations, Phase: report.Merging, Planned: m.Generations, Detail: fmt.Sprintf("%d of a level", p.Sorter.FanIn)},
		report.PlanLine{Name: stretches, Phase: report.Merging, Planned: m.Stretches, Detail: fmt.Sprintf("%d records each, %s of rows", p.Sorter.StretchRecords, size(int64(p.Sorter.BufferBytes)))},
		report.PlanLine{Name: compressedResult, Phase: report.Writing, Planned: p.Result, Detail: "compressor"},
		report.PlanLine{Name: byDay, Phase: report.Writing, Planned: p.Days, Detail: "what the rows add up to"},
		report.PlanLine{Name: stateBuffers, Phase: report.Writing, Planned: p.State, Detail: "the result of earlier runs"},
	)
}

// String returns the plan as a table.
func (p Plan) String() string {
	return report.PlanTable(report.PlanTotal(uint64(p.Memory), 0, p.Workers), p.Lines(), false)
}

// usedPlan returns the plan with what was used of it. It is for the end of a run.
func (j *job) usedPlan() []report.PlanLine {
	used := map[string]int64{
		program:     programResident(),
		goRuntime:   runtimeUsed(),
		names:       j.inputs.sources.Memory(),
		fileBuffers: j.plan.Buffers,
		workersOf:   int64(j.plan.Workers)*workerStack + j.journal.memory.Load(),
	}
	in := j.reader.Usage()
	used[blocks], used[longLine], used[decompressor], used[readAhead] = in.Blocks, in.LongLine, in.Decoder, in.Ahead
	if j.inputs.topics != nil {
		used[brokers] = clientMemory + int64(fetched*j.plan.Inputs*j.inputs.topics.LargestAnswer())
	}
	if j.counts.invalid > 0 {
		used[compressedRejects] = j.plan.Rejects
	}
	if j.sorter != nil {
		addSorterMemory(used, j.sorter.Used())
	}
	if j.calendar != nil {
		used[byDay], used[compressedResult], used[stateBuffers] = j.plan.Days, j.plan.Result, j.plan.State
	}
	return withUsed(j.plan.Lines(), used)
}

// addSorterMemory adds what the sorter has used.
func addSorterMemory(used map[string]int64, m sorter.Memory) {
	used[runs] = m.Runs
	used[pagesToSpill] = m.PagesToSpill
	used[readBuffers] = m.ReadBuffers
	used[openPages] = m.OpenPages
	used[generations] = m.Generations
	used[stretches] = m.Stretches
}

// withUsed fills in what was used. Slack is what the peak has beside all that is
// known: garbage, and what was used less than planned at the time of the peak.
func withUsed(lines []report.PlanLine, used map[string]int64) []report.PlanLine {
	byPhase := map[report.Phase]int64{}
	for i := range lines {
		l := &lines[i]
		l.Used = used[l.Name]
		byPhase[l.Phase] += l.Used
	}
	known := byPhase[report.Always] + max(byPhase[report.Reading], byPhase[report.Merging], byPhase[report.Writing])
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
