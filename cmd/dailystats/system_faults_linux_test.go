package main

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"dailystats/testdata/sampling"

	"golang.org/x/sys/unix"
)

// TestFaults has each system call of a run on its files fail in turn, in each
// way that it can: the run ends with 1 and one line, older files are as they
// were, and nothing is left behind. The run spills, and writes all the files that
// it can. A call that is harmless to fail must leave a run like any other.
func TestFaults(t *testing.T) {
	t.Parallel()
	events := writeSpilledEvents(t)
	whole := newFaultRun(t, events)
	whole.writeOlder()
	if text, status := whole.run(nil); status != 0 {
		t.Fatalf("without faults: exit status %d: %s", status, text)
	}
	whole.checkOrder()
	cases := make(chan fault)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for f := range cases {
				checkFault(t, events, whole, f)
			}
		})
	}
	injected := map[string]int{}
	for _, f := range sampling.Of(t, allFaults(whole.calls), 14) {
		injected[f.call]++
		cases <- f
	}
	close(cases)
	workers.Wait()
	for _, s := range slices.SortedFunc(maps.Keys(whole.calls), compareSites) {
		t.Logf("%d × %s %s", whole.calls[s], s.call, s.file)
	}
	t.Logf("faults injected: %v", injected)
}

// site is a system call on a file: the same ones come in each run.
type site struct{ call, file string }

func compareSites(a, b site) int {
	return cmp.Or(strings.Compare(a.call, b.call), strings.Compare(a.file, b.file))
}

// fault is what happens to a call on a file, the n-th one, from 0 on.
type fault struct {
	site
	n     int
	first bool // there are no older files
	outcome
}

func (f fault) String() string {
	what := "short"
	switch {
	case f.kill:
		what = "killed"
	case f.err != 0:
		what = f.err.Error()
	}
	return fmt.Sprintf("%s %s, number %d, first run %t: %s", f.call, f.file, f.n, f.first, what)
}

// faultsOf says what can go wrong with each call.
var faultsOf = map[string][]outcome{
	"close":           {{err: syscall.EIO}, {err: syscall.ENOSPC}},
	"fadvise":         {{err: syscall.EIO}},
	"fsync":           {{err: syscall.EIO}, {err: syscall.ENOSPC}},
	"open":            {{err: syscall.EIO}, {err: syscall.ENOSPC}},
	"pread":           {{err: syscall.EIO}},
	"read":            {{err: syscall.EIO}},
	"rename":          {{err: syscall.EIO}, {err: syscall.ENOSPC}},
	"sync_file_range": {{err: syscall.EIO}},
	"unlink":          {{err: syscall.EIO}},
	"write":           {{err: syscall.ENOSPC}, {err: syscall.EIO}, {short: true}},
}

// allFaults returns the faults of calls that happen so often.
func allFaults(calls map[site]int) (all []fault) {
	for _, s := range slices.SortedFunc(maps.Keys(calls), compareSites) {
		count := calls[s]
		for n := range count {
			for _, o := range faultsOf[s.call] {
				all = append(all, fault{s, n, false, o})
				if s.call == "fsync" || s.call == "rename" {
					all = append(all, fault{s, n, true, o})
				}
			}
		}
	}
	return all
}

// harmless reports whether a run does not depend on the call's success.
func (f fault) harmless() bool {
	switch {
	case f.short, f.call == "fadvise", f.call == "sync_file_range":
		return true
	case f.call == "close": // of what has been read or synced, or only locked
		return f.file == "in/events" || f.file == "out" || f.file == "spill" || slices.Contains(outputs, strings.TrimPrefix(f.file, "out/"))
	case f.call == "open": // of a folder, to look for leftovers: of an output's, after it was opened to be held
		return f.file == "spill" || f.file == "out" && f.n%2 == 1 && f.n < 2*len(outputs)
	case f.call == "unlink":
		return true // it is tried again in the end
	default:
		return false
	}
}

func checkFault(t *testing.T, events string, whole *faultRun, f fault) {
	run := newFaultRun(t, events)
	defer os.RemoveAll(run.dir)
	if !f.first {
		run.writeOlder()
	}
	older := run.files()
	text, status := run.run(&f)
	switch {
	case !run.injected:
		t.Errorf("%v: the call did not come", f)
	case f.harmless():
		if got, want := run.files(), whole.files(); status != 0 || text != "" || !maps.Equal(got, want) {
			t.Errorf("%v: exit status %d, in the folders %v, standard error: %s", f, status, names(got), text)
		}
	case status != 1 || strings.Count(text, "\n") != 1 || !strings.Contains(text, f.err.Error()):
		t.Errorf("%v: exit status %d, standard error: %s", f, status, text)
	case !maps.Equal(run.files(), older):
		t.Errorf("%v: not as it was: %v", f, names(run.files()))
	}
}

// TestSickDisk has the first system call of each kind on each file of a run never return,
// as with a disk that does not answer, and sends the run a signal: it ends, and leaves
// all as it was. That is not promised from when files are given their names. It ends
// within a second where it has a processor to run on; how long it took is logged.
func TestSickDisk(t *testing.T) {
	t.Parallel()
	events := writeSpilledEvents(t)
	whole := newFaultRun(t, events)
	if text, status := whole.run(nil); status != 0 {
		t.Fatalf("without faults: exit status %d: %s", status, text)
	}
	cases := make(chan fault)
	var workers sync.WaitGroup
	var mutex sync.Mutex
	var longest time.Duration
	for range 4 { // they wait, mostly
		workers.Go(func() {
			for f := range cases {
				took := checkSickDisk(t, events, f)
				mutex.Lock()
				longest = max(longest, took)
				mutex.Unlock()
			}
		})
	}
	for _, s := range sampling.Of(t, slices.SortedFunc(maps.Keys(whole.calls), compareSites), 6) {
		renamed := slices.Contains(outputs, strings.TrimPrefix(s.file, "out/"))
		if !renamed && s.call != "rename" && s.call != "unlink" {
			cases <- fault{s, 0, false, outcome{stop: true}}
		}
	}
	close(cases)
	workers.Wait()
	t.Logf("%d runs, of which the longest took %v to stop", len(whole.calls), longest)
}

func checkSickDisk(t *testing.T, events string, f fault) (took time.Duration) {
	run := newFaultRun(t, events)
	defer os.RemoveAll(run.dir)
	run.writeOlder()
	older := run.files()
	text, status := run.run(&f)
	took = time.Since(run.injectedAt)
	if status != statusSignal+int(syscall.SIGTERM) || strings.Count(text, "\n") > 1 {
		t.Errorf("%s %s: exit status %d after %v, standard error: %s", f.call, f.file, status, took, text)
	}
	if !maps.Equal(run.files(), older) {
		t.Errorf("%s %s: not as it was: %v", f.call, f.file, names(run.files()))
	}
	return took
}

// TestHostileFolders proves that a run makes its files in a way that nobody can
// interfere with who may write to the same folders: each is new, whatever is there
// under its name, and one for spilling is only for its owner, and has lost its name
// before anything is in it. Outputs that are replaced hand on their permissions.
func TestHostileFolders(t *testing.T) {
	t.Parallel()
	w := newWorkFolder(t, writeSpilledEvents(t))
	w.writeOlder()
	created := map[string]int{}
	named := map[string]bool{}
	text, status := intercept(t, w.dir, func(c interceptedCall) outcome {
		folder := filepath.Base(filepath.Dir(c.path))
		switch {
		case folder != "out" && folder != "spill":
		case c.name == "open" && c.flags&unix.O_CREAT != 0:
			created[folder]++
			named[c.path] = folder == "spill"
			if c.flags&unix.O_EXCL == 0 || c.perm != 0o600 {
				t.Errorf("%s is made with flags %#x, permissions %#o", c.path, c.flags, c.perm)
			}
		case c.name == "unlink":
			delete(named, c.path)
		case named[c.path]:
			t.Errorf("%s of %s, which has still got its name", c.name, c.path)
		}
		return outcome{}
	}, workArgs...)
	if status != 0 || created["spill"] == 0 || created["out"] != len(outputs) {
		t.Errorf("exit status %d, %v files were made: %s", status, created, text)
	}
}

// faultRun is a run of the command whose calls are intercepted.
type faultRun struct {
	*workFolder
	calls    map[site]int
	order    []site // of the calls
	injected bool

	injectedAt time.Time
}

func newFaultRun(t *testing.T, events string) *faultRun {
	return &faultRun{workFolder: newWorkFolder(t, events), calls: map[site]int{}}
}

// run runs the command, with a fault or none, and counts its calls.
func (r *faultRun) run(f *fault) (stderr string, status int) {
	return intercept(r.t, r.dir, func(c interceptedCall) outcome {
		s, ok := r.site(c)
		if !ok {
			return outcome{}
		}
		n := r.calls[s]
		r.calls[s]++
		r.order = append(r.order, s)
		if f == nil || f.site != s || f.n != n {
			return outcome{}
		}
		r.injected, r.injectedAt = true, time.Now()
		return f.outcome
	}, workArgs...)
}

// checkOrder checks that each file was on disk before it got its name, and its
// name before an older file was given up.
func (r *faultRun) checkOrder() {
	for _, name := range outputs {
		temporary := "out/." + name + ".dailystats-*.tmp"
		rest := r.order
		for _, next := range []site{{"fsync", temporary}, {"close", temporary}, {"rename", "out/" + name}, {"fsync", "out"}, {"unlink", temporary}} {
			i := slices.Index(rest, next)
			if i < 0 {
				r.t.Errorf("%s: no %s %s, or too early", name, next.call, next.file)
			}
			rest = rest[i+1:]
		}
	}
}

// random are the parts of names that differ from run to run.
var random = regexp.MustCompile(`[0-9a-f]+-[0-9a-f]+|_[0-9_]+`)

func (r *faultRun) site(c interceptedCall) (site, bool) {
	file, inside := strings.CutPrefix(c.path, r.dir+"/")
	return site{c.name, random.ReplaceAllString(file, "*")}, inside
}
