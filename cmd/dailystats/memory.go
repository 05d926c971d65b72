package main

import (
	"runtime"
	"runtime/debug"

	"dailystats/stats/pipeline"

	"github.com/KimMachineGun/automemlimit/memlimit"
)

// gcPercent lets the heap grow by half before it is collected. Nearly all of it
// is buffers that live as long as the run, so that collecting is cheap and
// rare, and what merging allocates soon takes the place of what reading held.
const gcPercent = 50

// limitMemory gives the Go runtime its part of a memory limit, in bytes.
func limitMemory(memory int64) {
	avoidHugePages()
	giveBackStartup()
	debug.SetMemoryLimit(pipeline.HeapLimit(memory))
	debug.SetGCPercent(gcPercent)
}

// useProcessors keeps the Go runtime to as many processors as there are workers:
// each of them takes memory.
func useProcessors(workers int) {
	if workers < runtime.GOMAXPROCS(0) {
		runtime.GOMAXPROCS(workers)
	}
}

// defaultMemory is the memory limit where none is given, in bytes.
func defaultMemory() int64 {
	container, err := memlimit.FromCgroup()
	if err != nil { // there is none, or it can't be told
		return pipeline.DefaultMemory
	}
	return int64(min(pipeline.DefaultMemory, container/5*4))
}
