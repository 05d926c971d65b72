//go:build !linux

package output

import "os"

// writeBack does nothing: there is no such advice to give.
func writeBack(*os.File, int64, int64) {}
