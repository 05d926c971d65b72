package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"dailystats/bench"

	"github.com/dustin/go-humanize"
)

// TestCgroup runs the command where the kernel ends it if it takes more than
// --memory and 8 MiB, with all that the kernel does for it, and without swap.
func TestCgroup(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector takes many times the memory")
	}
	command := buildCommand(t)
	nothing := func(*bufio.Writer) error { return nil }
	files, manyFiles := writeFiles(t), writeManyFiles(t)
	for _, limit := range []struct{ memory, parallel string }{{"24MiB", "1"}, {"32MiB", "2"}, {"64MiB", "4"}, {"128MiB", "4"}} {
		in := func(name string, write func(*bufio.Writer) error, input string) {
			t.Run(fmt.Sprintf("%s/%s-%s", name, limit.memory, limit.parallel), func(t *testing.T) {
				t.Parallel()
				runOn(t, inCgroup(t, command, limit.memory), write, "--memory", limit.memory, "--parallel", limit.parallel, input)
			})
		}
		for _, l := range loads {
			in(l.name, l.write, "-")
		}
		in("files of all formats", nothing, files)
		in("5,000 files", nothing, manyFiles)
	}
}

// inCgroup returns a command that runs another in a cgroup of its own.
func inCgroup(t *testing.T, command, memory string) string {
	const allowance = 8 << 20
	bytes, err := humanize.ParseBytes(memory)
	if err != nil {
		t.Fatal(err)
	}
	group, err := bench.NewCgroup(int64(bytes) + allowance)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() {
		t.Logf("the cgroup's peak: %s", humanize.IBytes(uint64(group.Peak())))
		if group.Overrun() {
			t.Error("a process was killed for taking too much")
		}
		group.Remove()
	})
	path := filepath.Join(t.TempDir(), "in-cgroup")
	script := fmt.Sprintf("#!/bin/sh\necho $$ >'%s' && exec '%s' \"$@\"\n", group.Procs(), command)
	if err := os.WriteFile(path, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}
