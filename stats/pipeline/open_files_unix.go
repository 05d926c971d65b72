//go:build unix

package pipeline

import (
	"math"

	"golang.org/x/sys/unix"
)

// openFiles returns how many files the process may have open. The Go runtime has
// raised that to what the system allows.
func openFiles() int {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return leastOpenFiles
	}
	return int(min(uint64(limit.Cur), math.MaxInt32)) // its type differs between systems
}
