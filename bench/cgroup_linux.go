package bench

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Cgroup holds the processes in it to a limit of memory. The nil Cgroup holds
// nobody to anything.
type Cgroup struct {
	dir   string
	files cgroupFiles
}

// cgroupFS is where cgroups are.
const cgroupFS = "/sys/fs/cgroup"

// NewCgroup makes a cgroup of so many bytes without swap, or none for no limit.
// The system's limits allow that in the cgroup that we are in, or not far above.
func NewCgroup(memory int64) (*Cgroup, error) {
	if memory == 0 {
		return nil, nil
	}
	parents, files, err := cgroupPlaces()
	if err != nil {
		return nil, err
	}
	var firstErr error
	for _, parent := range parents {
		c, err := files.make(parent, memory)
		if err == nil {
			return c, nil
		}
		if firstErr == nil {
			firstErr = err
		}
	}
	return nil, fmt.Errorf("no cgroup can be made: %w", firstErr)
}

// cgroupFiles are the names of a version's files.
type cgroupFiles struct{ limit, swap, swapLimit, events, peak string }

var (
	cgroupV1 = cgroupFiles{limit: "memory.limit_in_bytes", swap: "memory.memsw.limit_in_bytes", events: "memory.oom_control", peak: "memory.max_usage_in_bytes"}
	cgroupV2 = cgroupFiles{limit: "memory.max", swap: "memory.swap.max", swapLimit: "0", events: "memory.events", peak: "memory.peak"}
)

// cgroupPlaces returns the folders in which a cgroup may be made, to be tried in
// this order.
func cgroupPlaces() (parents []string, files cgroupFiles, err error) {
	memberships, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return nil, files, errNoMemoryCgroup
	}
	ours, version := "", 0
	for line := range strings.Lines(string(memberships)) {
		fields := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(fields) != 3 {
			continue
		}
		switch {
		case fields[1] == "memory":
			ours, version = fields[2], 1
		case fields[0] == "0" && version == 0:
			ours, version = fields[2], 2
		}
	}
	root, files := cgroupFS, cgroupV2
	switch version {
	case 0:
		return nil, files, errNoMemoryCgroup
	case 1:
		root, files = filepath.Join(cgroupFS, "memory"), cgroupV1
	}
	for {
		parents = append(parents, filepath.Join(root, ours))
		if ours == "/" {
			return parents, files, nil
		}
		ours = path.Dir(ours)
	}
}

// cgroupName is the pattern of the names of our cgroups.
func cgroupName() string { return fmt.Sprintf("dailystats-%d-*", os.Getpid()) }

// make makes a cgroup in a folder.
func (files cgroupFiles) make(parent string, memory int64) (*Cgroup, error) {
	dir, err := os.MkdirTemp(parent, cgroupName())
	if err != nil {
		return nil, err
	}
	c := &Cgroup{dir: dir, files: files}
	limit := strconv.FormatInt(memory, 10)
	err = c.write(files.limit, limit)
	if err == nil {
		if files.swapLimit != "" {
			limit = files.swapLimit
		}
		if err = c.write(files.swap, limit); errors.Is(err, fs.ErrNotExist) {
			err = nil // there is no swap to be limited
		}
	}
	if err != nil {
		c.Remove()
		return nil, err
	}
	return c, nil
}

// write sets a file that must be there: the kernel makes them.
func (c *Cgroup) write(name, text string) error {
	file, err := os.OpenFile(filepath.Join(c.dir, name), os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = file.WriteString(text)
	return errors.Join(err, file.Close())
}

// Procs is the file to which a process writes its number to be in the cgroup.
func (c *Cgroup) Procs() string {
	if c == nil {
		return ""
	}
	return filepath.Join(c.dir, "cgroup.procs")
}

// Overrun reports whether a process was killed for taking too much.
func (c *Cgroup) Overrun() bool {
	if c == nil {
		return false
	}
	file, err := os.Open(filepath.Join(c.dir, c.files.events))
	if err != nil {
		return false
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if count, found := strings.CutPrefix(lines.Text(), "oom_kill "); found {
			return count != "0"
		}
	}
	return false
}

// Peak is the most that the processes have taken, in bytes, with all that the
// kernel has done for them: what it has of files can be most of that. It is 0
// where the kernel does not count it.
func (c *Cgroup) Peak() int64 {
	text, err := os.ReadFile(filepath.Join(c.dir, c.files.peak))
	if err != nil {
		return 0
	}
	n, _ := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	return n
}

// Remove removes the cgroup, whose processes have ended. The kernel may take a
// moment to see that.
func (c *Cgroup) Remove() {
	if c == nil {
		return
	}
	for range 100 {
		if err := os.Remove(c.dir); err == nil || errors.Is(err, fs.ErrNotExist) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}
