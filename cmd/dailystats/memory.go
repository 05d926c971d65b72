package main

import (
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"

	"dailystats/stats/pipeline"

	"github.com/KimMachineGun/automemlimit/memlimit"
	"github.com/dustin/go-humanize"
)

// mostGarbage lets the heap grow by half before it is collected. Nearly all of it
// is buffers that live as long as the run, so that collecting is cheap and
// rare, and what merging allocates soon takes the place of what reading held.
const mostGarbage = 50 // percent

// programMemory is what the executable takes of a memory limit, in bytes: nearly all of its
// pages are soon resident.
const programMemory = 8 << 20

// limitMemory gives the Go runtime its part of a memory limit, in bytes. What the
// machine does not have, or the process may not use, is an error.
func limitMemory(memory int64) error {
	if err := checkMemory(memory, memlimit.FromSystem, "this machine has"); err != nil {
		return err
	}
	if err := checkMemory(memory, memlimit.FromCgroup, "this container may use"); err != nil {
		return err
	}
	if err := checkAddressSpace(memory); err != nil {
		return err
	}
	avoidHugePages()
	giveBackStartup()
	if memory <= smallMemory {
		keepProgramSmall()
	}
	debug.SetMemoryLimit(pipeline.HeapLimit(memory, programMemory))
	debug.SetGCPercent(mostGarbage)
	return nil
}

// checkMemory returns an error if a memory limit is more than there is of whatever
// available tells.
func checkMemory(memory int64, available memlimit.Provider, what string) error {
	most, err := available()
	if err != nil || uint64(memory) <= most { // or it can't be told
		return nil
	}
	return usageError{fmt.Errorf("--memory %s is more than the %s that %s: give less", size(memory), humanize.IBytes(most), what)}
}

// errAddressSpace is an error about a limit of the process that the shell's ulimit sets.
func errAddressSpace(ulimit string, limit, needed uint64) error {
	return errors.New("the process may use " + humanize.IBytes(limit) + " of address space (" + ulimit + "), and needs " +
		humanize.IBytes(needed) + ": raise that limit, or give less --memory")
}

// useProcessors keeps the Go runtime to as many processors as there are workers:
// each of them takes memory.
func useProcessors(workers int) {
	if workers < runtime.GOMAXPROCS(0) {
		runtime.GOMAXPROCS(workers)
	}
}

// limitGarbage has the heap collected, in a small limit of memory, when it has so much
// more than live bytes that slack, in bytes, is used up. The Go runtime's memory limit
// would come to that, too, but it gives way when collecting takes half of the processors'
// time, as it seems to on a machine that is busy with other things.
func limitGarbage(memory, live, slack int64) {
	const least = 10 // percent
	if memory <= smallMemory {
		debug.SetGCPercent(int(min(max(100*slack/live, least), mostGarbage)))
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
