package pipeline

import (
	"fmt"
	"runtime"
	"strings"

	"dailystats/sorter"

	"github.com/dustin/go-humanize"
)

// Plan is what the memory limit is spent on. All sizes are in bytes, but for
// those that are counts.
//
// The job has two phases that don't overlap. While it reads, it holds the runs
// and the pool of pages on their way to disk; while it merges, read buffers,
// open pages and rendered rows. What the input needs, it holds in both: reading
// goes on after a round has been folded.
//
//	memory = program + runtime + slack + stacks + input + max(reading, merging)
type Plan struct {
	Memory  int64 // the limit: the most that may be resident
	Workers int

	Program int64 // the executable's pages, which the Go runtime doesn't count
	Runtime int64 // what the Go runtime takes beside its heap
	Slack   int64 // garbage not yet collected, and now and then a line that fits no block
	Stacks  int64 // of the workers, and their batches

	BatchBytes int // what a worker's log entries, and its rejects, may come to before their turn

	// The input.
	Inputs      int // read side by side
	BlockSize   int
	Blocks      int   // blocks of BlockSize
	Window      int64 // the most that a decompressor may look back on
	Decoder     int64 // what it takes for that
	Fetched     int64 // what brokers have sent, and what it takes to ask them
	AheadWindow int64 // the same as Window, of each input but the first of Inputs
	KeptSize    int   // of each of Inputs, for lines that wait for its turn
	Ahead       int64 // what reading ahead takes, with KeptSize

	// Reading.
	RunRecords int // records in the run of each worker
	ChunkPages int // pages that are spilled at a time

	// Merging.
	Chunks         int // chunks in a round, each with a read buffer
	Runs           int // runs in a round, each with an open page
	FanIn          int // generations of one level before they are merged
	StretchRecords int // records that a worker reduces at a time
	BufferBytes    int // rendered rows of each worker
}

const (
	kib = 1 << 10
	mib = 1 << 20

	// programMemory is what a process takes that the Go runtime knows nothing of:
	// the pages of its executable (8 MiB in the command, nearly all of them soon
	// resident), and by how much the runtime overshoots its limit.
	programMemory = 8*mib + 640*kib

	// runtimeMemory is what the Go runtime takes beside its heap: tables of spans,
	// the collector's bits and queues.
	runtimeMemory = 3*mib + 512*kib

	// processorMemory is what the Go runtime takes for each processor that it uses:
	// there may be as many as workers.
	processorMemory = 128 * kib

	// Of slack, the more the less often there is need to collect, up to a point.
	minSlack    = 2 * mib
	enoughSlack = 10 * mib

	workerStack = 64 * kib

	minWindow      = 8 * mib // what zstd -19 and xz -6 need, and so the least to offer
	minBatchWindow = 2 * mib // likewise, for batches of messages: what Java's zstd needs by default

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

	minChunks = 4
	maxChunks = 1024 // a goroutine each; larger limits make larger chunks

	levels = 4 // of generations: FanIn^4 rounds, more than there are disks for

	minStretch  = 2048
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
	window    int64 // the least to offer to a decompressor, in bytes; 0 where none needs one
	fetchSize int   // the most that a broker may send at a time, in bytes; 0 where there are none
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
			if p.works() && p.RunRecords >= goodRunRecords {
				return p, nil
			}
		}
	}
	p := spend(memory, least, 1, d)
	return p, p.check(d)
}

// spend divides memory up, without looking whether the parts are large enough.
func spend(memory int64, workers, inputs int, d demand) Plan {
	p := Plan{Memory: memory, Workers: workers, Inputs: inputs, Program: programMemory}
	p.Runtime = runtimeMemory + int64(workers)*processorMemory
	rest := memory - p.Program - p.Runtime
	if d.fetchSize > 0 {
		p.Fetched = clientMemory + fetched*int64(inputs*d.fetchSize)
		rest -= p.Fetched
	}
	if d.window > 0 {
		p.Window = max(d.window, powerOf2(rest/4))
		p.Decoder = p.Window + decoderTables
		rest -= p.Decoder
	}
	longLine := 2 * int64(d.maxLine) // the line, and an equal part for decoding its strings
	p.Slack = max(minSlack, min(rest/3, max(enoughSlack, memory/16)), longLine)
	rest -= p.Slack
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
	p.Stacks = int64(workers) * (workerStack + batches*(2*int64(p.BatchBytes)+lastInvalid))
	rest -= p.Stacks
	p.Blocks = 3 * workers
	p.BlockSize = clamp(rest/8/int64(p.Blocks), minBlockSize, maxBlockSize)
	rest -= int64(p.Blocks * p.BlockSize)
	if ahead > 0 {
		p.KeptSize = clamp(rest/32, minBlockSize, maxKeptSize)
		p.Ahead += int64(inputs * p.KeptSize)
		rest -= int64(inputs * p.KeptSize)
	}
	p.spendOnReading(rest)
	p.spendOnMerging(rest)
	return p
}

func (p *Plan) spendOnReading(share int64) {
	pool := share / 6 // at 64 MiB, a round of such chunks holds over 10^8 keys
	p.ChunkPages = int(pool / sorter.PoolChunks / sorter.PageSize)
	p.RunRecords = min(int((share-pool)/int64(p.Workers)/sorter.EntrySize), maxRunRecords)
}

func (p *Plan) spendOnMerging(share int64) {
	p.Chunks = min(int(share/3/sorter.ChunkBuffer), maxChunks)
	p.FanIn = int(share / 6 / sorter.StreamBuffer / levels)
	rest := share - share/3 - share/6 - share/8
	p.StretchRecords = min(int(rest/p.stretchMemory(1)), maxStretch)
	p.BufferBytes = p.StretchRecords * rowBytes
	p.Runs = min(int(share/8/sorter.PageSize), p.StretchRecords/sorter.RecordsOfRun)
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
	return UsageErrorf("--memory %s is too small for --parallel %d and --max-line %s: give --memory %dMiB or more",
		size(p.Memory), p.Workers, size(int64(d.maxLine)), enough/mib)
}

func (p Plan) works() bool {
	return p.RunRecords >= minRunRecords && p.ChunkPages >= 6 && p.Chunks >= minChunks && p.Runs >= 16 &&
		p.FanIn >= 2 && p.StretchRecords >= minStretch
}

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

// String returns the plan as a table.
func (p Plan) String() string {
	var b strings.Builder
	line := func(name string, bytes int64, detail string) {
		fmt.Fprintf(&b, "%-24s %12s  %s\n", name, size(bytes), detail)
	}
	page := int64(sorter.PageSize)
	line("memory", p.Memory, fmt.Sprintf("%d workers", p.Workers))
	line("program", p.Program, "pages of the executable")
	line("runtime", p.Runtime, "what Go takes beside its heap")
	line("slack", p.Slack, "garbage, or a line that fits no block")
	line("workers", p.Stacks, fmt.Sprintf("stacks, and %s of log and of rejects each", size(int64(p.BatchBytes))))
	line("input: blocks", int64(p.Blocks*p.BlockSize), fmt.Sprintf("%d of %s", p.Blocks, size(int64(p.BlockSize))))
	line("input: decompressor", p.Decoder, fmt.Sprintf("window up to %s", size(p.Window)))
	line("input: brokers", p.Fetched, "what they have sent, and what it takes to ask them")
	line("input: read ahead", p.Ahead, fmt.Sprintf("%d side by side, window up to %s", p.Inputs, size(p.AheadWindow)))
	line("reading: runs", int64(p.Workers*p.RunRecords)*sorter.EntrySize, fmt.Sprintf("%d records each", p.RunRecords))
	line("reading: pages to spill", sorter.PoolChunks*int64(p.ChunkPages)*page, fmt.Sprintf("%d chunks of %d pages", sorter.PoolChunks, p.ChunkPages))
	line("merging: read buffers", int64(p.Chunks)*sorter.ChunkBuffer, fmt.Sprintf("%d chunks in a round", p.Chunks))
	line("merging: open pages", int64(p.Runs)*page, fmt.Sprintf("%d runs in a round", p.Runs))
	line("merging: generations", int64(p.FanIn*levels)*sorter.StreamBuffer, fmt.Sprintf("%d of a level", p.FanIn))
	line("merging: stretches", p.stretchMemory(p.StretchRecords), fmt.Sprintf("%d records each, %s of rows", p.StretchRecords, size(int64(p.BufferBytes))))
	return b.String()
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
