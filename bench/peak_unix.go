//go:build unix && !linux

package bench

import (
	"os"
	"runtime"
	"syscall"
)

// peakMemory returns the most bytes that a process had resident.
func peakMemory(state *os.ProcessState) int64 {
	rusage, ok := state.SysUsage().(*syscall.Rusage)
	switch {
	case !ok:
		return 0
	case runtime.GOOS == "darwin" || runtime.GOOS == "ios":
		return int64(rusage.Maxrss)
	default:
		return int64(rusage.Maxrss) << 10
	}
}
