//go:build !linux && !darwin && !dragonfly && !freebsd && !netbsd && !openbsd

package main

import "os"

// statusSignals ask where a run stands: here, nothing does.
var statusSignals []os.Signal
