package pipeline

import (
	"cmp"
	"fmt"
	"slices"

	"dailystats/stats/input"
	"dailystats/stats/output"
	"dailystats/stats/report"
	"dailystats/stats/result"
)

// MergePlan is what a merge spends its memory limit on. All sizes are in bytes,
// but for those that are counts.
//
//	memory = program + runtime + slack + inputs + buffers + parts
//
// Parts are merged some at a time: what is for them is spent anew each time, with the
// result's compressor beside the last ones.
type MergePlan struct {
	Memory int64 // the limit: the most that may be resident

	Program int64 // the executable's pages, which the Go runtime doesn't count
	Runtime int64 // what the Go runtime takes beside its heap
	Slack   int64 // garbage not yet collected
	Inputs  int64 // the names of all inputs, and what is known of them
	Buffers int64 // of files that are written
	Result  int64 // the compressor of the result

	Parts  int64 // merged at a time: their buffers and decompressors
	Buffer int   // read buffer of each
	Window int64 // the most that a decompressor may look back on
	Files  int   // inputs merged at a time: that many files can be open
}

const (
	inputNameMemory = 512 // of each input beside its name: where it stands in several lists

	partMemory = kib // of each part that is read, beside its buffer

	minPartBuffer = 16 * kib
	maxPartBuffer = 128 * kib // past that, reading gets no faster

	// ownFiles is how many files are open beside inputs: outputs, the log, spill
	// files, and those that the process was started with.
	ownFiles = 32

	leastOpenFiles = 256 // that any system allows

	minFiles = 2 // may be too many, which opening them will tell

	minLast = 16 // merged parts that can be merged in the end
)

// load is what several parts take together.
type load struct {
	memory int64
	files  int
}

func (l load) plus(m load) load  { return load{l.memory + m.memory, l.files + m.files} }
func (l load) minus(m load) load { return load{l.memory - m.memory, l.files - m.files} }

// mergeDemand is what a merge plan depends on beside memory and parts.
type mergeDemand struct {
	program   int64 // bytes that the executable takes
	openFiles int   // that the system allows
	names     int64 // bytes that the inputs' names take
	files     int   // that are written
	result    int64 // bytes that compressing the result takes
}

// newMergePlan spends memory on merging inputs.
func newMergePlan(memory int64, inputs []input.Need, d mergeDemand) (MergePlan, error) {
	p := spendOnMerge(memory, inputs, d)
	if p.works(inputs) {
		return p, nil
	}
	enough := memory / mib * mib
	for !spendOnMerge(enough, inputs, d).works(inputs) {
		enough += mib
	}
	return p, UsageErrorf("Options.Memory %s is too small to merge %d results: give Options.Memory %dMiB or more", size(memory), len(inputs), enough/mib)
}

// spendOnMerge divides memory up, without looking whether the parts are large
// enough.
func spendOnMerge(memory int64, inputs []input.Need, d mergeDemand) MergePlan {
	p := MergePlan{
		Memory:  memory,
		Program: d.program + overshoot,
		Runtime: runtimeMemory + processorMemory,
		Inputs:  d.names + int64(len(inputs))*inputNameMemory,
		Buffers: int64(d.files)*output.BufferSize + result.WriterMemory,
		Result:  d.result,
		Files:   max(d.openFiles-ownFiles, minFiles),
		Buffer:  minPartBuffer,
	}
	rest := memory - p.Program - p.Runtime - p.Inputs - p.Buffers
	p.Slack = max(minSlack, min(rest/8, enoughSlack))
	p.Parts = rest - p.Slack
	p.Window = max(minWindow, min(powerOf2(rest/4), maxWindow))
	left := p.Parts - p.Result
	for _, n := range inputs {
		left -= p.load(part{need: n}).memory
	}
	p.Buffer = clamp(minPartBuffer+left/int64(len(inputs)), minPartBuffer, maxPartBuffer)
	return p
}

// works reports whether each input can be read, and some merged parts in the
// end.
func (p MergePlan) works(inputs []input.Need) bool {
	tooLarge := func(n input.Need) bool { return !p.fits(p.load(part{need: n})) }
	return !slices.ContainsFunc(inputs, tooLarge) && p.finishes(load{memory: minLast * p.load(part{level: 1}).memory})
}

// memoryForWindow returns the memory limit with which a decompressor may have a window.
func (m *merge) memoryForWindow(window int64) int64 {
	inputs := make([]input.Need, m.inputs.sources.Len())
	d := m.demand(m.plan.Files)
	return leastMemory(m.Memory, func(memory int64) bool { return spendOnMerge(memory, inputs, d).Window >= window })
}

// sort puts the parts first that take most to be read. The last may not have to be
// spilled.
func (p MergePlan) sort(parts []part) {
	slices.SortStableFunc(parts, func(a, b part) int { return cmp.Compare(p.load(b).memory, p.load(a).memory) })
}

// window returns the most that the decompressor of a part may look back on. It is
// more than needed where that is little: a later piece of the data may need more
// than the first.
func (p MergePlan) window(n input.Need) int64 {
	if n.Window == 0 {
		return 0
	}
	return min(max(n.Window, p.Window/8), p.Window)
}

// load returns what reading a part takes.
func (p MergePlan) load(t part) load {
	l := load{memory: partMemory + int64(p.Buffer)}
	if t.level == 0 {
		l.files = 1
	}
	if t.need.Compressed {
		l.memory += inputMemory
	}
	if window := p.window(t.need); window > 0 {
		l.memory += window + decoderTables
	}
	return l
}

// sum returns what reading parts takes together.
func (p MergePlan) sum(parts []part) (l load) {
	for _, t := range parts {
		l = l.plus(p.load(t))
	}
	return l
}

// fits reports whether parts can be read in parallel.
func (p MergePlan) fits(l load) bool { return l.memory <= p.Parts && l.files <= p.Files }

// finishes reports whether parts can be read in parallel while the result is
// written.
func (p MergePlan) finishes(l load) bool { return p.fits(l.plus(load{memory: p.Result})) }

// next returns how many of the first parts are to be merged next. These are all
// of them if the result can be written at once, and else no more than it takes to
// get there, because what they come to has to be spilled.
func (p MergePlan) next(parts []part) (n int, last bool) {
	rest := p.sum(parts)
	if p.finishes(rest) {
		return len(parts), true
	}
	merged := p.load(part{level: 1})
	var taken load
	for n, t := range parts {
		l := p.load(t)
		taken, rest = taken.plus(l), rest.minus(l)
		switch {
		case !p.fits(taken) && n > 0:
			return n, false
		case p.finishes(rest.plus(merged)):
			return n + 1, false
		}
	}
	return len(parts), false
}

// Live returns the most that the heap holds beside garbage, in bytes.
func (p MergePlan) Live() int64 { return p.Memory - p.Program - p.Runtime - p.Slack }

// Lines returns what the memory is spent on, line by line.
func (p MergePlan) Lines() []report.PlanLine {
	return []report.PlanLine{
		{Name: program, Planned: p.Program, Detail: "pages of the executable"},
		{Name: goRuntime, Planned: p.Runtime, Detail: "what Go takes beside its heap"},
		{Name: slack, Planned: p.Slack, Detail: "garbage"},
		{Name: names, Planned: p.Inputs, Detail: "of inputs, and what is known of them"},
		{Name: fileBuffers, Planned: p.Buffers, Detail: "of files that are written"},
		{Name: partsRead, Planned: p.Parts - p.Result, Detail: fmt.Sprintf("in parallel, %d files at most, with a buffer of %s each and windows up to %s",
			p.Files, size(int64(p.Buffer)), size(p.Window))},
		{Name: compressedResult, Planned: p.Result, Detail: "compressor"},
	}
}

// String returns the plan as a table.
func (p MergePlan) String() string {
	return report.PlanTable(report.PlanTotal(uint64(p.Memory), 0, 1), p.Lines(), false)
}

// usedPlan returns the plan with what was used of it. It is for the end of a merge.
func (m *merge) usedPlan() []report.PlanLine {
	used := map[string]int64{
		program:     programResident(),
		goRuntime:   runtimeUsed(),
		names:       m.plan.Inputs,
		fileBuffers: m.plan.Buffers,
		partsRead:   m.mostParts.memory,
	}
	if m.rows > 0 {
		used[compressedResult] = m.plan.Result
	}
	return withUsed(m.plan.Lines(), used)
}
