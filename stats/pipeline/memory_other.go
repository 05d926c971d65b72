//go:build !unix

package pipeline

// peakMemory returns 0: there is no portable way to know.
func peakMemory() uint64 { return 0 }

// programResident returns 0: what is resident of files is not known.
func programResident() int64 { return 0 }
