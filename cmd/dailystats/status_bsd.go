//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package main

import (
	"os"
	"syscall"
)

// statusSignals ask where a run stands; a terminal sends SIGINFO for Ctrl-T.
var statusSignals = []os.Signal{syscall.SIGUSR1, syscall.SIGINFO}
