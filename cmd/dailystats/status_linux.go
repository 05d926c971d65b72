package main

import (
	"os"
	"syscall"
)

// statusSignals ask where a run stands.
var statusSignals = []os.Signal{syscall.SIGUSR1}
