package main

import (
	"bytes"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"

	"golang.org/x/sys/unix"
)

// What the Go runtime reserves of address space beside memory that is in use, in bytes.
const (
	arenaSpace  = 64 << 20 // the heap grows by that much
	threadSpace = 72 << 20 // for a thread, where C libraries are linked: a stack, and malloc's arena
	threadsMore = 1        // than there are processors
)

// checkAddressSpace returns an error if the process may not have the address space for
// its memory: the Go runtime would end it with a long trace, now or later.
func checkAddressSpace(memory int64) error {
	for _, l := range []struct {
		resource       int
		ulimit, figure string
	}{
		{unix.RLIMIT_AS, "ulimit -v", "VmSize:"},
		{unix.RLIMIT_DATA, "ulimit -d", "VmData:"},
	} {
		var limit unix.Rlimit
		if err := unix.Getrlimit(l.resource, &limit); err != nil || limit.Cur == unix.RLIM_INFINITY {
			continue
		}
		needed := statusFigure(l.figure) + uint64(memory) + arenaSpace
		if linksC() {
			needed += uint64(runtime.GOMAXPROCS(0)+threadsMore) * threadSpace
		}
		if limit.Cur < needed {
			return errAddressSpace(l.ulimit, limit.Cur, needed)
		}
	}
	return nil
}

// linksC reports whether the executable may be linked with C libraries.
func linksC() bool {
	build, ok := debug.ReadBuildInfo()
	if !ok {
		return true
	}
	for _, s := range build.Settings {
		if s.Key == "CGO_ENABLED" {
			return s.Value == "1"
		}
	}
	return false
}

// statusFigure returns a figure of the process's status, in bytes, or 0 where the kernel
// doesn't tell.
func statusFigure(name string) uint64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range bytes.Lines(status) {
		if value, found := bytes.CutPrefix(line, []byte(name)); found {
			kilobytes, _ := strconv.ParseUint(string(bytes.TrimSuffix(bytes.TrimSpace(value), []byte(" kB"))), 10, 64)
			return kilobytes << 10
		}
	}
	return 0
}
