package pipeline

import (
	"cmp"
	"fmt"
	"runtime"

	"dailystats/sorter"
	"dailystats/stats/input/kafka"
	"dailystats/stats/output"
	"dailystats/stats/report"
	"dailystats/stats/result"

	"github.com/dustin/go-humanize"
)

// Plan is what the memory limit is spent on. All sizes are in bytes, but for
// those that are counts.
//
// The job has phases that don't overlap. While it reads, it holds the runs and the
// pool of pages on their way to disk. While it merges, it holds read buffers, open
// pages and rendered rows; that happens between reading, when a round is folded,
// and in the end, when the inputs' decompressors are gone and the result's
// compressor is there in their place. What is written of the run itself comes
// last, and has all that for itself.
//
//	memory = program + runtime + slack + workers + input + outputs + max(reading, merging)
type Plan struct {
	Memory  int64 // the limit: the most that may be resident
	Workers int
	Checks  bool // events are only checked: nothing is sorted

	Program int64 // the executable's pages, which the Go runtime doesn't count
	Runtime int64 // what the Go runtime takes beside its heap
	Slack   int64 // garbage not yet collected
	Stacks  int64 // of the workers, and their notes

	NoteBytes int // of a worker's log entries, and of its rejects, before their turn

	// The input.
	Names       int64 // the list of inputs
	Inputs      int   // read side by side
	BlockSize   int
	Blocks      int   // blocks of BlockSize
	LongLine    int64 // the one line that may fit no block
	Window      int64 // the most that a decompressor may look back on
	Decoder     int64 // what it takes for that
	Fetched     int64 // what brokers have sent, and what it takes to ask them
	AheadWindow int64 // the same as Window, of each input but the first of Inputs
	KeptSize    int   // of each of Inputs, for lines that wait for its turn
	Ahead       int64 // what reading ahead takes, with KeptSize

	// The outputs.
	Buffers int64 // of the files that are written by and by
	Rejects int64 // the compressor of the rejects, which are complete when all is read
	Result  int64 // the compressor of the result, which is not begun before that

	Sorter sorter.Config // its sizes, and what they take while reading and merging

	// Writing the result.
	Days  int64 // what the rows add up to, by day
	State int64 // buffers for adding to the result of earlier runs
}

const (
	kib = 1 << 10
	mib = 1 << 20
	gib = 1 << 30

	// overshoot is by how much the Go runtime exceeds its limit.
	overshoot = 768 * kib

	// runtimeMemory is what the Go runtime takes beside its heap: tables of spans,
	// the collector's bits and queues.
	runtimeMemory = 3 * mib

	// processorMemory is what the Go runtime takes for each processor that it uses:
	// there may be as many as workers.
	processorMemory = 128 * kib

	// Of slack, the more the less often there is need to collect, up to a point.
	minSlack    = 1 * mib
	workerSlack = 1 * mib // of each worker but the first: they make garbage while it is collected
	goodSlack   = 4 * mib
	enoughSlack = 10 * mib
	maxSlack    = 256 * mib

	workerStack = 64 * kib

	minWindow      = 8 * mib // what zstd -19 and xz -6 need, and so the least to offer
	minBatchWindow = 2 * mib // likewise, for batches of messages: what Java's zstd needs by default
	maxWindow      = 2 * gib // what zstd --long=31 needs: no format has a larger one

	decoderTables = 512 * kib // zstd's tables and blocks

	// clientMemory is what it takes to talk to brokers: code that is used for that
	// alone, and connections.
	clientMemory = 3 * mib

	fetched = 2 // answers of brokers for each input: one that is read, and one that may not be collected yet

	inputMemory = 128 * kib // of each input read at a time: a read buffer and gzip's window and tables

	minBlockSize = 64 * kib
	maxBlockSize = 128 * kib

	maxKeptSize = 16 * mib // of invalid lines; an input that has more of them waits

	lineGarbage = 32 // of the longest line, a share is garbage

	minNotes = 8 * kib

	goodRunRecords = 1 << 16 // with less, merging takes longer than more workers save

	stateBuffer = 128 * kib // of each of two readers

	partOfAnswers = 24 // of the memory, for the answers of brokers to all workers
	maxFetchSize  = 64 * mib
)

// HeapLimit is the limit to give to the Go runtime (debug.SetMemoryLimit) so that a process
// whose executable takes program bytes stays below memory bytes.
func HeapLimit(memory, program int64) int64 { return memory - program - overshoot }

// demand is what a plan depends on beside memory and workers.
type demand struct {
	program   int64 // bytes that the executable takes
	maxLine   int   // bytes
	sources   int   // to be read
	names     int64 // bytes that the list of them takes
	window    int64 // the least to offer to a decompressor, in bytes; 0 where none needs one
	fetchSize int   // the most that a broker may send at a time, in bytes; 0 where there are none

	checks  bool  // there is no result
	files   int   // that are written by and by
	rejects int64 // bytes that compressing them takes
	result  int64 // likewise
	samples bool  // of invalid events are kept for a page
	state   bool  // the result of earlier runs is added
}

// newPlan spends memory. With parallel 0 it uses as many workers as there are
// processors, or fewer, if memory is short. It has as many of the sources read
// side by side as there are workers, or only one, if memory is short.
func newPlan(memory int64, parallel int, d demand) (Plan, error) {
	most, least := parallel, parallel
	if parallel == 0 {
		most, least = runtime.GOMAXPROCS(0), 1
	}
	for workers := most; workers >= least; workers-- {
		for _, inputs := range []int{min(workers, d.sources), 1} {
			p := spend(memory, workers, inputs, d)
			if p.works() && p.isGood() {
				return p, nil
			}
		}
	}
	p := spend(memory, least, 1, d)
	return p, p.check(d)
}

// spend divides memory up, without looking whether the parts are large enough.
func spend(memory int64, workers, inputs int, d demand) Plan {
	p := Plan{Memory: memory, Workers: workers, Checks: d.checks, Inputs: inputs, Program: d.program + overshoot}
	p.Runtime = runtimeMemory + int64(workers)*processorMemory
	p.Names = d.names
	p.Buffers = int64(d.files) * output.BufferSize
	rest := memory - p.Program - p.Runtime - p.Names - p.Buffers
	if d.fetchSize > 0 {
		p.Fetched = clientMemory + fetched*int64(inputs*d.fetchSize)
		rest -= p.Fetched
	}
	if d.window > 0 {
		p.Window = max(d.window, min(powerOf2(rest/4), maxWindow))
		p.Decoder = p.Window + decoderTables
		rest -= p.Decoder
	}
	p.LongLine = int64(d.maxLine) + int64(d.maxLine)/lineGarbage
	p.Slack = max(p.leastSlack(), min(rest/3, max(enoughSlack, min(memory/16, maxSlack)))-p.LongLine)
	rest -= p.LongLine + p.Slack
	ahead := int64(inputs - 1)
	p.Ahead = ahead * inputMemory
	if d.window > 0 && ahead > 0 {
		// What one input's decoder had may not be collected yet when the next one's
		// is made: that is slack.
		p.AheadWindow = max(0, min(minWindow, rest/3/ahead-decoderTables, p.Slack/2))
		p.Ahead += ahead * (p.AheadWindow + decoderTables)
	}
	rest -= p.Ahead
	p.NoteBytes = clamp(rest/64/int64(workers), minNotes, 2*maxBlockSize)
	p.Stacks = int64(workers) * (workerStack + notesPerWorker*notesMemory(p.NoteBytes, d.samples))
	rest -= p.Stacks
	p.Blocks = 3 * workers
	p.BlockSize = clamp(rest/8/int64(p.Blocks), minBlockSize, maxBlockSize)
	rest -= int64(p.Blocks * p.BlockSize)
	if ahead > 0 {
		p.KeptSize = clamp(rest/32, minBlockSize, maxKeptSize)
		p.Ahead += int64(inputs * p.KeptSize)
		rest -= int64(inputs * p.KeptSize)
	}
	p.Rejects = d.rejects
	rest -= p.Rejects
	if p.Checks {
		p.Slack += rest
		return p
	}
	p.Slack += p.Rejects // what compressing makes of garbage, beside runs and pages
	rest -= p.Rejects
	p.Result = d.result
	p.Days = report.DaysMemory(workers)
	if d.state {
		p.State = 2 * (stateBuffer + result.WriterMemory)
	}
	// In the end, what compressed the rejects and decompressed the inputs is gone.
	p.Sorter = sorter.Fit(workers, rest, min(rest, rest+p.Rejects+p.Decoder-p.Result-p.Days-p.State))
	return p
}

// check returns an error, which names a memory limit that would do, where a part
// is too small to work with.
func (p Plan) check(d demand) error {
	if p.works() {
		return nil
	}
	enough := p.Memory / mib * mib
	for step := int64(mib); ; enough += step {
		if spend(enough, p.Workers, 1, d).works() {
			break
		}
		step = max(mib, enough/16/mib*mib)
	}
	for enough > mib && spend(enough-mib, p.Workers, 1, d).works() {
		enough -= mib
	}
	return UsageErrorf("Options.Memory %s is too small for %s: give Options.Memory %dMiB or more", size(p.Memory), p.needs(d), enough/mib)
}

// usualFiles is how many files a run writes by and by whose result is not divided.
const usualFiles = 3

// needs says what the memory is needed for.
func (p Plan) needs(d demand) string {
	text := fmt.Sprintf("Options.Parallel %d and Options.MaxLine %s", p.Workers, size(int64(d.maxLine)))
	if d.names > mib {
		text += fmt.Sprintf(" and %d inputs", d.sources)
	}
	if d.files > usualFiles {
		text += fmt.Sprintf(" and %d outputs", d.files)
	}
	if d.rejects+d.result > 0 {
		text += " and compressed outputs"
	}
	return text
}

func (p Plan) leastSlack() int64 { return minSlack + int64(p.Workers-1)*workerSlack }

// isGood reports whether the parts are large enough for fewer workers, or inputs side by
// side, to be no better.
func (p Plan) isGood() bool {
	if p.Checks {
		return p.Inputs == 1 || p.Slack >= goodSlack
	}
	return p.Sorter.RunRecords >= goodRunRecords
}

func (p Plan) works() bool {
	if p.Slack < p.leastSlack() {
		return false
	}
	return p.Checks || p.Sorter.Works()
}

// memoryToFind is how much of a limit there is for finding inputs, before anything else needs
// memory. It is enough for a few in any case: if the limit is too small for all else, the plan
// will say so.
func memoryToFind(memory, program int64) int64 {
	return max(memory-spentWhileFinding(program), 2*mib)
}

func spentWhileFinding(program int64) int64 {
	const slack = 3 * mib // folders are listed in pieces, which become garbage
	return program + overshoot + runtimeMemory + int64(runtime.GOMAXPROCS(0))*processorMemory + slack
}

// enoughToFind is the least limit, in whole MiB, of which so much is for finding
// inputs.
func enoughToFind(needed, program int64) int64 {
	return (needed + spentWhileFinding(program) + mib - 1) / mib * mib
}

// fetchSize is the most that one answer of a broker may be, in bytes, or 0 without topics. It
// must be known before the number of partitions is.
func (j *job) fetchSize() int {
	if !j.inputs.hasTopics() {
		return 0
	}
	workers := cmp.Or(j.Parallel, runtime.GOMAXPROCS(0))
	return clamp(j.Memory/partOfAnswers/int64(workers), kafka.MinFetchSize, maxFetchSize)
}

// demand is what the plan has to be made for.
func (j *job) demand(window int64) demand {
	d := demand{
		program:   j.Program,
		maxLine:   j.MaxLine,
		sources:   max(j.inputs.sources.Len(), 1),
		names:     j.inputs.sources.Memory(),
		window:    window,
		fetchSize: j.fetchSize(),
		checks:    j.Output == "",
		rejects:   compressorMemory(j.Rejects),
		result:    compressorMemory(j.Output),
		samples:   j.HTML != "",
		state:     j.state != nil,
	}
	for _, path := range []string{j.Output, j.Rejects, j.State} { // the others have all the memory for themselves
		if path != "" {
			d.files++
		}
	}
	d.files += max(j.OutputShards-1, 0)
	return d
}

// memoryForWindow returns the memory limit with which a decompressor may have a window.
func (j *job) memoryForWindow(window int64) int64 {
	d := j.demand(minWindow)
	return leastMemory(j.Memory, func(memory int64) bool { return spend(memory, j.plan.Workers, 1, d).Window >= window })
}

// compressorMemory returns what compressing an output takes, in bytes.
func compressorMemory(path string) int64 {
	if path == "-" {
		return 0
	}
	return output.CompressorMemory(path)
}

// Live returns the most that the heap holds beside garbage, in bytes.
func (p Plan) Live() int64 { return p.Memory - p.Program - p.Runtime - p.Slack }

func size(bytes int64) string { return humanize.IBytes(uint64(max(bytes, 0))) }

func clamp(n int64, least, most int) int { return int(min(max(n, int64(least)), int64(most))) }

// powerOf2 is the largest power of two that is at most n, or 0.
func powerOf2(n int64) int64 {
	p := int64(1)
	for p <= n/2 {
		p *= 2
	}
	if n < 1 {
		return 0
	}
	return p
}
