package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

// ending is how a process ended, and the most bytes that it had resident until
// then, as the kernel has it.
type ending struct {
	status int
	stderr string
	peak   uint64
}

// runToPeak runs a command and stops it at its end, to read its peak: what it
// writes last of all, such as a report, is in it. Unlike getrusage's figure, it
// has nothing of the process that started it. started is told the process's
// number before the command's first instruction.
func runToPeak(cmd *exec.Cmd, started func(pid int) error) (e ending, err error) {
	runtime.LockOSThread() // a tracer is a thread
	defer runtime.UnlockOSThread()
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Ptrace: true}
	if err := cmd.Start(); err != nil {
		return e, err
	}
	e.peak, err = traceToPeak(cmd.Process.Pid, started)
	if err != nil {
		cmd.Process.Kill()
	}
	if waitErr := cmd.Wait(); cmd.ProcessState == nil {
		return e, waitErr
	}
	e.status, e.stderr = cmd.ProcessState.ExitCode(), stderr.String()
	return e, err
}

// traceToPeak has a process go on, which has been stopped at its start, until it
// has ended but for its memory.
func traceToPeak(pid int, started func(pid int) error) (peak uint64, err error) {
	if status, err := waitForStop(pid); err != nil || !status.Stopped() {
		return 0, fmt.Errorf("waiting for the start: %v, %w", status, err)
	}
	const exitKill = 0x100000 // the process ends when its tracer does
	if err := syscall.PtraceSetOptions(pid, syscall.PTRACE_O_TRACEEXIT|exitKill); err != nil {
		return 0, fmt.Errorf("tracing the end: %w", err)
	}
	if err := started(pid); err != nil {
		return 0, err
	}
	for signal := syscall.Signal(0); ; {
		if err := syscall.PtraceCont(pid, int(signal)); err != nil {
			return 0, fmt.Errorf("going on: %w", err)
		}
		status, err := waitForStop(pid)
		switch {
		case err != nil:
			return 0, err
		case !status.Stopped(): // killed, and gone
			return 0, nil
		case status.TrapCause() == syscall.PTRACE_EVENT_EXIT:
			peak := peakOf(pid)
			return peak, syscall.PtraceDetach(pid)
		}
		signal = status.StopSignal()
	}
}

func waitForStop(pid int) (status syscall.WaitStatus, err error) {
	for {
		if _, err = syscall.Wait4(pid, &status, 0, nil); err != syscall.EINTR {
			return status, err
		}
	}
}

// peakOf returns the peak of a process's resident memory, in bytes.
func peakOf(pid int) uint64 {
	status, err := os.Open(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	defer status.Close()
	for lines := bufio.NewScanner(status); lines.Scan(); {
		if value, found := strings.CutPrefix(lines.Text(), "VmHWM:"); found {
			kilobytes, _ := strconv.ParseUint(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
			return kilobytes << 10
		}
	}
	return 0
}
