//go:build !unix

package pipeline

// peakMemory returns 0: there is no portable way to know.
func peakMemory() uint64 { return 0 }
