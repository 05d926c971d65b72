package pipeline

import (
	"bufio"
	"bytes"
	"os"
	"strconv"
)

// programResident returns the bytes that the process has resident of files, such as
// its executable, or 0 where the kernel doesn't tell.
func programResident() int64 { return int64(statusFigure("RssFile:")) }

// peakMemory returns the most bytes that the process had resident so far, or 0
// where the kernel doesn't tell. It isn't getrusage's figure, which a process
// inherits from the one that started it.
func peakMemory() uint64 { return statusFigure("VmHWM:") }

// statusFigure returns a figure of the process's status, in bytes.
func statusFigure(name string) uint64 {
	f, err := os.Open("/proc/self/status")
	if err != nil {
		return 0
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		value, found := bytes.CutPrefix(lines.Bytes(), []byte(name))
		if !found {
			continue
		}
		kilobytes, _ := strconv.ParseUint(string(bytes.TrimSuffix(bytes.TrimSpace(value), []byte(" kB"))), 10, 64)
		return kilobytes * kib
	}
	return 0
}
