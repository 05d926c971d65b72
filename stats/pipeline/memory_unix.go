//go:build unix && !linux

package pipeline

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// peakMemory returns the most bytes that the process had resident so far, or 0
// where the kernel doesn't tell.
func peakMemory() uint64 {
	var usage unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	if runtime.GOOS == "darwin" || runtime.GOOS == "ios" {
		return uint64(usage.Maxrss) // the others count KiB
	}
	return uint64(usage.Maxrss) * kib
}

// programResident returns 0: the kernel doesn't tell what is resident of files.
func programResident() int64 { return 0 }
