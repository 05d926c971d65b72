package pipeline

import (
	"fmt"
	"runtime"

	"dailystats/sorter"
	"dailystats/stats/output"

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
	Stacks  int64 // of the workers, and their batches

	BatchBytes int // what a worker's log entries, and its rejects, may come to before their turn

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

	// Reading.
	RunRecords int // records in the run of each worker
	ChunkPages int // pages that are spilled at a time

	// Merging.
	Chunks         int   // chunks in a round, each with a read buffer
	Runs           int   // runs in a round, each with an open page
	FanIn          int   // generations of one level before they are merged
	StretchRecords int   // records that a worker reduces at a time
	BufferBytes    int   // rendered rows of each worker
	Tallies        int64 // what the rows come to, by day
	State          int64 // buffers for adding to what runs before came to
}

const (
	kib = 1 << 10
	mib = 1 << 20
	gib = 1 << 30

	// programMemory is what a process takes that the Go runtime knows nothing of:
	// the pages of its executable (8 MiB in the command, nearly all of them soon
	// resident), and by how much the runtime overshoots its limit.
	programMemory = 8*mib + 768*kib

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

	minBatch = 8 * kib

	minRunRecords  = 4096
	goodRunRecords = 1 << 16 // below that, merging takes longer than more workers save
	maxRunRecords  = 1 << 20 // past that, a run leaves the processor's caches far behind
	minChunkPages  = 6
	maxChunkPages  = 1 << 16 // past that, fewer chunks win nothing

	minChunks = 4
	maxChunks = 1024 // a goroutine each; larger limits make larger chunks

	minRuns = 16

	levels   = 4 // of generations: FanIn^4 rounds, more than there are disks for
	minFanIn = 2
	maxFanIn = 256 // each is an open file

	minStretch  = 1024
	maxStretch  = 1 << 17
	recordBytes = 8  // in a page, or a little less
	rowBytes    = 32 // that come of it, or a little less
)

// HeapLimit is the limit to give to the Go runtime (debug.SetMemoryLimit) so
// that the process stays below memory bytes.
func HeapLimit(memory int64) int64 { return memory - programMemory }

// demand is what a plan depends on beside memory and workers.
type demand struct {
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
	state   bool  // what runs before came to is added
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
	p := Plan{Memory: memory, Workers: workers, Checks: d.checks, Inputs: inputs, Program: programMemory}
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
	p.LongLine = int64(d.maxLine)
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
	p.BatchBytes = clamp(rest/64/int64(workers), minBatch, 2*maxBlockSize)
	p.Stacks = int64(workers) * (workerStack + batches*batchMemory(p.BatchBytes, d.samples))
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
	p.Tallies = tallyMemory(workers)
	if d.state {
		p.State = stateMemory
	}
	p.spendOnReading(rest)
	// In the end, what compressed the rejects and decompressed the inputs is gone.
	p.spendOnMerging(min(rest, rest+p.Rejects+p.Decoder-p.Result-p.Tallies-p.State))
	return p
}

func (p *Plan) spendOnReading(share int64) {
	pool := max(share/6, minChunkPages*sorter.PoolChunks*sorter.PageSize) // at 64 MiB, a round of such chunks holds over 10^8 keys
	p.ChunkPages = int(min(pool/sorter.PoolChunks/sorter.PageSize, maxChunkPages))
	p.RunRecords = int(min((share-pool)/int64(p.Workers)/sorter.EntrySize, maxRunRecords))
}

// spendOnMerging gives each part the least that works, and its share of the rest.
func (p *Plan) spendOnMerging(share int64) {
	share -= minChunks*sorter.ChunkBuffer + minFanIn*levels*sorter.StreamBuffer + minRuns*sorter.PageSize + p.stretchMemory(minStretch)
	if share < 0 {
		return
	}
	p.Chunks = minChunks + int(min(share/3/sorter.ChunkBuffer, maxChunks-minChunks))
	p.FanIn = minFanIn + int(min(share/6/sorter.StreamBuffer/levels, maxFanIn-minFanIn))
	rest := share - share/3 - share/6 - share/8
	p.StretchRecords = minStretch + int(min(rest/p.stretchMemory(1), maxStretch-minStretch))
	p.BufferBytes = p.StretchRecords * rowBytes
	p.Runs = int(min(minRuns+share/8/sorter.PageSize, int64(p.StretchRecords/sorter.RecordsOfRun)))
}

// stretchMemory is what merging takes for stretches of records: their pages and
// rows, one of them being cut, and what the workers sort them in.
func (p *Plan) stretchMemory(records int) int64 {
	return int64(records) * int64((p.Workers+1)*recordBytes+p.Workers*(sorter.MergeSize+sorter.RowBuffers*rowBytes))
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
	return p.RunRecords >= goodRunRecords
}

func (p Plan) works() bool {
	if p.Slack < p.leastSlack() {
		return false
	}
	return p.Checks || p.RunRecords >= minRunRecords && p.StretchRecords >= minStretch
}

// memoryToFind is how much of a limit there is for finding inputs, before anything
// else needs memory. It is enough for a few in any case: if the limit is too small for
// all else, the plan will tell.
func memoryToFind(memory int64) int64 { return max(memory-spentWhileFinding(), 2*mib) }

func spentWhileFinding() int64 {
	const slack = 3 * mib // folders are listed in pieces, which become garbage
	return programMemory + runtimeMemory + int64(runtime.GOMAXPROCS(0))*processorMemory + slack
}

// enoughToFind is the least limit, in whole MiB, of which so much is for finding
// inputs.
func enoughToFind(needed int64) int64 { return (needed + spentWhileFinding() + mib - 1) / mib * mib }

// sorterConfig is the part of the plan that is the sorter's.
func (p Plan) sorterConfig(tempDir string) sorter.Config {
	return sorter.Config{
		TempDir:        tempDir,
		Workers:        p.Workers,
		RunRecords:     p.RunRecords,
		ChunkPages:     p.ChunkPages,
		Chunks:         p.Chunks,
		Runs:           p.Runs,
		FanIn:          p.FanIn,
		StretchRecords: p.StretchRecords,
		BufferBytes:    p.BufferBytes,
	}
}

// Live returns the most that the heap holds beside garbage, in bytes.
func (p Plan) Live() int64 { return p.Memory - p.Program - p.Runtime - p.Slack }

// Lines returns what the memory is spent on, line by line.
func (p Plan) Lines() []PlanLine {
	lines := []PlanLine{
		{Name: program, Planned: p.Program, Detail: "pages of the executable"},
		{Name: goRuntime, Planned: p.Runtime, Detail: "what Go takes beside its heap"},
		{Name: slack, Planned: p.Slack, Detail: "garbage"},
		{Name: batchesOf, Planned: p.Stacks, Detail: fmt.Sprintf("%d: stacks, and %s of log and of rejects each", p.Workers, size(int64(p.BatchBytes)))},
		{Name: names, Planned: p.Names, Detail: "of inputs"},
		{Name: blocks, Planned: int64(p.Blocks * p.BlockSize), Detail: fmt.Sprintf("%d of %s", p.Blocks, size(int64(p.BlockSize)))},
		{Name: longLine, Planned: p.LongLine, Detail: "a line that fits no block"},
		{Name: decompressor, Planned: p.Decoder, Detail: "window up to " + size(p.Window)},
		{Name: brokers, Planned: p.Fetched, Detail: "what they have sent, and what it takes to ask them"},
		{Name: readAhead, Planned: p.Ahead, Detail: fmt.Sprintf("%d side by side, window up to %s", p.Inputs, size(p.AheadWindow))},
		{Name: fileBuffers, Planned: p.Buffers, Detail: "of files that are written"},
		{Name: compressedRejects, Phase: reading, Planned: p.Rejects, Detail: "compressor"},
	}
	if p.Checks {
		return lines
	}
	return append(lines,
		PlanLine{Name: runs, Phase: reading, Planned: int64(p.Workers*p.RunRecords) * sorter.EntrySize, Detail: fmt.Sprintf("%d records each", p.RunRecords)},
		PlanLine{Name: pagesToSpill, Phase: reading, Planned: sorter.PoolChunks * int64(p.ChunkPages) * sorter.PageSize, Detail: fmt.Sprintf("%d chunks of %d pages", sorter.PoolChunks, p.ChunkPages)},
		PlanLine{Name: readBuffers, Phase: merging, Planned: int64(p.Chunks) * sorter.ChunkBuffer, Detail: fmt.Sprintf("%d chunks in a round", p.Chunks)},
		PlanLine{Name: openPages, Phase: merging, Planned: int64(p.Runs) * sorter.PageSize, Detail: fmt.Sprintf("%d runs in a round", p.Runs)},
		PlanLine{Name: generations, Phase: merging, Planned: int64(p.FanIn*levels) * sorter.StreamBuffer, Detail: fmt.Sprintf("%d of a level", p.FanIn)},
		PlanLine{Name: stretches, Phase: merging, Planned: p.stretchMemory(p.StretchRecords), Detail: fmt.Sprintf("%d records each, %s of rows", p.StretchRecords, size(int64(p.BufferBytes)))},
		PlanLine{Name: compressedResult, Phase: writing, Planned: p.Result, Detail: "compressor"},
		PlanLine{Name: days, Phase: writing, Planned: p.Tallies, Detail: "what the rows come to"},
		PlanLine{Name: stateBuffers, Phase: writing, Planned: p.State, Detail: "what runs before came to"},
	)
}

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
