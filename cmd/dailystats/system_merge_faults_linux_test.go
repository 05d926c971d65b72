package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/klauspost/compress/zstd"

	"dailystats/testdata/sampling"
)

// TestMergeFaults has each system call of a merge on its inputs and its spill file
// fail in turn: the merge ends with 1 and one line, the older result is as it was,
// and nothing is left behind.
func TestMergeFaults(t *testing.T) {
	t.Parallel()
	folder := writeResults(t, 3, 6000, func(w io.Writer) (io.WriteCloser, error) { // there is no room for two such windows
		return zstd.NewWriter(w, zstd.WithWindowSize(8<<20))
	})
	calls := map[mergeCall]int{}
	if text, status := mergeWithFault(t, folder, calls, mergeCall{}, 0, 0); status != 0 || !strings.Contains(text, "bytes_spilled=") || strings.Contains(text, "bytes_spilled=0") {
		t.Fatalf("without faults: exit status %d: %s", status, text)
	}
	type fault struct {
		call mergeCall
		n    int
		err  syscall.Errno
	}
	var faults []fault
	for call, count := range calls {
		for n := range count {
			for _, err := range mergeFaults[call] {
				faults = append(faults, fault{call, n, err})
			}
		}
		t.Logf("%d × %v: %v", count, call, mergeFaults[call])
	}
	for _, f := range sampling.Of(t, faults, 10) {
		text, status := mergeWithFault(t, folder, map[mergeCall]int{}, f.call, f.n, f.err)
		if status != 1 || strings.Count(text, "\n") != 1 || !strings.Contains(text, f.err.Error()) {
			t.Errorf("%v, number %d, %v: exit status %d: %s", f.call, f.n, f.err, status, text)
		}
	}
	for call := range mergeFaults {
		if calls[call] == 0 {
			t.Errorf("there was no %v", call)
		}
	}
}

// mergeCall is a system call on a file of a folder.
type mergeCall struct{ call, folder string }

var mergeFaults = map[mergeCall][]syscall.Errno{
	{"open", "in"}:     {syscall.EIO},
	{"read", "in"}:     {syscall.EIO},
	{"open", "spill"}:  {syscall.ENOSPC},
	{"write", "spill"}: {syscall.ENOSPC, syscall.EIO},
	{"pread", "spill"}: {syscall.EIO},
}

// mergeWithFault merges copies of the results in a folder, and counts its calls,
// of which the n-th of a kind fails, if err is one.
func mergeWithFault(t *testing.T, folder string, calls map[mergeCall]int, faulty mergeCall, n int, err syscall.Errno) (stderr string, status int) {
	dir := t.TempDir()
	for _, name := range []string{"in", "out", "spill"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 3 {
		if err := os.Link(filepath.Join(folder, fmt.Sprint(i)), filepath.Join(dir, "in", fmt.Sprint(i))); err != nil {
			t.Fatal(err)
		}
	}
	result := filepath.Join(dir, "out/result")
	if err := os.WriteFile(result, []byte("older"), 0o600); err != nil {
		t.Fatal(err)
	}
	stderr, status = intercept(t, dir, func(c interceptedCall) outcome {
		path, _ := strings.CutPrefix(c.path, dir+"/")
		folder, _, inFolder := strings.Cut(path, "/")
		call := mergeCall{c.name, folder}
		if _, known := mergeFaults[call]; !known || !inFolder {
			return outcome{}
		}
		calls[call]++
		if err != 0 && call == faulty && calls[call] == n+1 {
			return outcome{err: err}
		}
		return outcome{}
	}, "merge", "in/0", "in/1", "in/2", "--memory", "24MiB", "--temp-dir", "spill", "-o", "out/result")
	data, readErr := os.ReadFile(result)
	if readErr != nil || (string(data) == "older") != (status != 0) {
		t.Errorf("%v, number %d: with exit status %d, the result has %d bytes, %v", faulty, n, status, len(data), readErr)
	}
	if left := append(folderNames(t, filepath.Join(dir, "spill")), folderNames(t, filepath.Join(dir, "out"))...); len(left) != 1 {
		t.Errorf("%v, number %d: left behind: %v", faulty, n, left)
	}
	return stderr, status
}
