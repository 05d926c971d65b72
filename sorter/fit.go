package sorter

// The sizes that Fit gives: the least with which sorting works, and the most that is of use.
const (
	minRunRecords = 4096
	maxRunRecords = 1 << 20 // a larger run leaves the processor's caches far behind

	minChunkPages = 6
	maxChunkPages = 1 << 16 // fewer and larger chunks gain nothing

	minChunks = 4
	maxChunks = 1024 // a goroutine each; with more memory, chunks are larger

	minRuns = 16

	levels   = 4 // of generations: FanIn^4 rounds, more than there are disks for
	minFanIn = 2
	maxFanIn = 256 // each is an open file

	minStretch  = 1024
	maxStretch  = 1 << 17
	recordBytes = 8  // in a page, or a little less
	rowBytes    = 32 // rendered, or a little less
)

// Fit returns the sizes with which a sorter with so many workers takes at most reading bytes
// while it takes records, and merging bytes while it merges them. It is for Config.Works to
// say whether that is enough.
func Fit(workers int, reading, merging int64) Config {
	c := Config{Workers: workers}
	pool := max(reading/6, minChunkPages*poolChunks*pageSize) // in 64 MiB, a round of such chunks holds over 10^8 keys
	c.ChunkPages = int(min(pool/poolChunks/pageSize, maxChunkPages))
	c.RunRecords = int(min((reading-pool)/int64(workers)/entrySize, maxRunRecords))
	c.fitMerging(merging)
	return c
}

// fitMerging gives each part the least that works, and its share of the rest.
func (c *Config) fitMerging(share int64) {
	share -= minChunks*chunkBuffer + minFanIn*levels*streamBuffer + minRuns*pageSize + c.stretchMemory(minStretch)
	if share < 0 {
		return
	}
	c.Chunks = minChunks + int(min(share/3/chunkBuffer, maxChunks-minChunks))
	c.FanIn = minFanIn + int(min(share/6/streamBuffer/levels, maxFanIn-minFanIn))
	rest := share - share/3 - share/6 - share/8
	c.StretchRecords = minStretch + int(min(rest/c.stretchMemory(1), maxStretch-minStretch))
	c.BufferBytes = c.StretchRecords * rowBytes
	c.Runs = int(min(minRuns+share/8/pageSize, int64(c.StretchRecords/recordsOfRun)))
}

// Works reports whether sizes that Fit returned are large enough.
func (c Config) Works() bool { return c.RunRecords >= minRunRecords && c.StretchRecords >= minStretch }

// stretchMemory is what merging takes for stretches of so many records: their pages and
// rows, one of them being cut, and what the workers sort them in.
func (c *Config) stretchMemory(records int) int64 {
	return int64(records) * int64((c.Workers+1)*recordBytes+c.Workers*(mergeSize+rowBuffers*rowBytes))
}

// Memory is what the parts of a sorter take, in bytes. The first two are for reading, the
// others for merging, which don't overlap.
type Memory struct {
	Runs         int64 // the records of all workers
	PagesToSpill int64
	ReadBuffers  int64 // of chunks
	OpenPages    int64 // of runs
	Generations  int64 // their read buffers
	Stretches    int64
}

// Memory returns what a sorter takes with all of its sizes used.
func (c Config) Memory() Memory {
	return Memory{
		Runs:         int64(c.Workers*c.RunRecords) * entrySize,
		PagesToSpill: poolChunks * int64(c.ChunkPages) * pageSize,
		ReadBuffers:  int64(c.Chunks) * chunkBuffer,
		OpenPages:    int64(c.Runs) * pageSize,
		Generations:  int64(c.FanIn*levels) * streamBuffer,
		Stretches:    c.stretchMemory(c.StretchRecords),
	}
}
