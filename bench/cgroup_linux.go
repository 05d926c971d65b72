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

// cgroup holds the processes in it to a limit of memory. The nil cgroup holds
// nobody to anything.
type cgroup struct {
	dir    string
	events string // the file that counts those killed
}

// cgroupFS is where cgroups are.
const cgroupFS = "/sys/fs/cgroup"

// newCgroup makes a cgroup of so many bytes without swap, or none for no limit.
// The system's limits allow that in the cgroup that we are in, or not far above.
func newCgroup(memory int64) (*cgroup, error) {
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
type cgroupFiles struct{ limit, swap, swapLimit, events string }

var (
	cgroupV1 = cgroupFiles{limit: "memory.limit_in_bytes", swap: "memory.memsw.limit_in_bytes", events: "memory.oom_control"}
	cgroupV2 = cgroupFiles{limit: "memory.max", swap: "memory.swap.max", swapLimit: "0", events: "memory.events"}
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

// make makes a cgroup in a folder.
func (files cgroupFiles) make(parent string, memory int64) (*cgroup, error) {
	dir, err := os.MkdirTemp(parent, "dailystats-bench-*")
	if err != nil {
		return nil, err
	}
	c := &cgroup{dir: dir, events: files.events}
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
		c.remove()
		return nil, err
	}
	return c, nil
}

// write sets a file that must be there: the kernel makes them.
func (c *cgroup) write(name, text string) error {
	file, err := os.OpenFile(filepath.Join(c.dir, name), os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = file.WriteString(text)
	return errors.Join(err, file.Close())
}

// procs is the file to which a process writes its number to be in the cgroup.
func (c *cgroup) procs() string {
	if c == nil {
		return ""
	}
	return filepath.Join(c.dir, "cgroup.procs")
}

// overrun reports whether a process was killed for taking too much.
func (c *cgroup) overrun() bool {
	if c == nil {
		return false
	}
	file, err := os.Open(filepath.Join(c.dir, c.events))
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

// remove removes the cgroup, whose processes have ended. The kernel may take a
// moment to see that.
func (c *cgroup) remove() {
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
