package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// smallMemory is the limit up to which it matters that what is resident of the
	// executable grows, by what is used once and never again.
	smallMemory = 40 << 20
	// enoughProgram is how much of it may be resident then: some more than what is
	// used all the time.
	enoughProgram = 15 << 19
)

// keepProgramSmall gives the kernel back what is resident of the executable whenever
// that is more than enough, for as long as the process runs.
func keepProgramSmall() {
	go func() {
		for range time.Tick(20 * time.Millisecond) {
			if filesResident() > enoughProgram {
				giveBackStartup()
			}
		}
	}()
}

// filesResident returns the number of bytes that are resident of files, or 0 where the
// kernel doesn't tell.
func filesResident() int {
	statm, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	const shared = 2
	fields := bytes.Fields(statm)
	if len(fields) <= shared {
		return 0
	}
	pages, _ := strconv.Atoi(string(fields[shared]))
	return pages * os.Getpagesize()
}

// giveBackStartup gives the kernel back what is resident of the executable and of libraries,
// half of which was needed for the start alone. Pages that are needed again come back from
// the page cache, 64 KiB at a time: that takes a millisecond in all, and saves 5 of 24 MiB. A
// kernel that does not say what is mapped, or does not take it back, is no reason to fail.
func giveBackStartup() {
	smaps, err := os.Open("/proc/self/smaps")
	if err != nil {
		return
	}
	defer smaps.Close()
	var m mapping
	for lines := bufio.NewScanner(smaps); lines.Scan(); {
		m.read(lines.Bytes())
		if m.isUnchanged() {
			_, _, _ = unix.Syscall(unix.SYS_MADVISE, m.start, m.end-m.start, unix.MADV_DONTNEED)
		}
	}
}

// mapping is a part of the process's memory as /proc/self/smaps has it: a line of
// where it is, and one for each of its figures.
type mapping struct {
	start, end uintptr
	ofFile     bool // and not to be written
	changed    int  // KiB that are not as in the file; -1 before that is known
}

func (m *mapping) read(line []byte) {
	if figure, found := bytes.CutPrefix(line, []byte("Anonymous:")); found {
		if _, err := fmt.Sscanf(string(figure), "%d kB", &m.changed); err != nil {
			m.changed = -1
		}
		return
	}
	m.changed = -1
	head := bytes.Fields(line)
	const withPath = 6 // addresses, permissions, offset, device, inode
	if len(head) < withPath || bytes.HasSuffix(head[0], []byte(":")) {
		return
	}
	_, err := fmt.Sscanf(string(head[0]), "%x-%x", &m.start, &m.end)
	m.ofFile = err == nil && head[withPath-1][0] == '/' && (string(head[1]) == "r-xp" || string(head[1]) == "r--p")
}

// isUnchanged reports whether all of a mapping can be read from its file again.
func (m *mapping) isUnchanged() bool { return m.ofFile && m.changed == 0 }
