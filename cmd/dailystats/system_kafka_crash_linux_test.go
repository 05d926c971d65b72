package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"dailystats/testdata/sampling"
)

// TestStateCrashes ends a run with a state at each of its system calls on files and
// sockets, before it is carried out: while it reads, writes the state, renames it,
// writes the result, and commits. Or the call fails: then all is as it was, or it
// did not matter. A plain run after that makes the state and the result what they
// are without a crash, and commits it.
func TestStateCrashes(t *testing.T) {
	t.Parallel()
	c := &crashes{command: buildCommand(t), broker: newBroker(t, 2), before: t.TempDir()}
	lines := someEvents(0, 2000)
	c.produce(lines[:1000])
	mustExecute(t, c.command, c.before, c.args("first")...)
	c.produce(lines[1000:])

	whole := c.newRun(t, "undisturbed")
	if text, status := whole.run(nil); status != 0 {
		t.Fatalf("exit status %d: %s", status, text)
	}
	c.result, c.state = readFile(t, whole.dir, "result"), readFile(t, whole.dir, "state/state")
	if c.result != resultOf(t, c.command, lines) {
		t.Fatal("without a crash, it is not the result of all messages")
	}
	cases := make(chan fault)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for f := range cases {
				c.check(t, f)
			}
		})
	}
	var kills, faults []fault
	for _, s := range slices.SortedFunc(maps.Keys(whole.calls), compareSites) {
		t.Logf("%d × %s %s", whole.calls[s], s.call, s.file)
		for n := range whole.calls[s] {
			kills = append(kills, fault{site: s, n: n, outcome: outcome{kill: true}})
			for _, o := range faultsOf[s.call] {
				faults = append(faults, fault{site: s, n: n, outcome: o})
			}
		}
	}
	for _, f := range slices.Concat(sampling.Of(t, kills, 5), sampling.Of(t, faults, 4)) {
		cases <- f
	}
	close(cases)
	workers.Wait()
	t.Logf("%d crashes before the state was renamed, %d between that and the result, %d after that; %d faults that ended a run, %d that did not; %d calls did not come",
		c.early, c.between, c.late, c.failed, c.harmless, c.missed)
	if sampling.All() && (c.early == 0 || c.between == 0 || c.late == 0) {
		t.Error("a stage without a crash")
	}
}

// crashes are runs on what one run before them has left.
type crashes struct {
	*broker
	command       string
	before        string // folder of the run before
	result, state string // without a crash

	mu                                             sync.Mutex
	early, between, late, failed, harmless, missed int
}

// crashRun is a run in a folder of its own, which commits to a group of its own.
type crashRun struct {
	faultRun
	args []string
}

func (c *crashes) args(group string) []string {
	return []string{c.url("group=" + group), "--state", "state", "-o", "result", "--rejects", "rejects", "--log-level", "error", "--parallel", "2"}
}

func (c *crashes) newRun(t *testing.T, group string) *crashRun {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(c.before)); err != nil {
		t.Error(err)
	}
	return &crashRun{faultRun{workFolder: &workFolder{t, dir}, calls: map[site]int{}}, c.args(group)}
}

func (r *crashRun) run(f *fault) (stderr string, status int) {
	return intercept(r.t, r.dir, func(c interceptedCall) outcome {
		s, ok := r.site(c)
		if strings.HasPrefix(c.path, "socket:") {
			s, ok = site{c.name, "socket"}, true
		}
		if !ok {
			return outcome{}
		}
		n := r.calls[s]
		r.calls[s]++
		if f == nil || f.site != s || f.n != n {
			return outcome{}
		}
		r.injected = true
		return f.outcome
	}, r.args...)
}

func (c *crashes) check(t *testing.T, f fault) {
	group := strings.NewReplacer("/", "-", "*", "-").Replace(fmt.Sprintf("%s-%s-%d-%t-%d-%t", f.call, f.file, f.n, f.kill, f.err, f.short))
	r := c.newRun(t, group)
	defer os.RemoveAll(r.dir)
	older := r.stateAndResult()
	text, status := r.run(&f)
	if !c.judge(r, f, status, older) || strings.Count(text, "\n") > 1 {
		t.Errorf("%v: what is left is not what may be; exit status %d: %s", f, status, text)
	}
	if !r.injected && f.file != "socket" {
		t.Errorf("%v: the call did not come", f)
	}
	mustExecute(t, c.command, r.dir, r.args...)
	if got := r.stateAndResult(); got != [2]string{c.state, c.result} {
		t.Errorf("%v: after that, it is not what it would be without", f)
	}
	if got := c.committed(group); got != 2000 {
		t.Errorf("%v: %d messages are committed", f, got)
	}
	if left := folderNames(t, filepath.Join(r.dir, "state")); !slices.Equal(left, []string{"lock", "state"}) {
		t.Errorf("%v: left in the state: %v", f, left)
	}
}

func (r *crashRun) stateAndResult() [2]string {
	return [2]string{readFile(r.t, r.dir, "state/state"), readFile(r.t, r.dir, "result")}
}

// judge reports whether a run left what it may, and counts it.
func (c *crashes) judge(r *crashRun, f fault, status int, older [2]string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	got, whole, between := r.stateAndResult(), [2]string{c.state, c.result}, [2]string{c.state, older[1]}
	switch {
	case !r.injected:
		c.missed++
		return status == 0 && got == whole
	case !f.kill && status == 0:
		c.harmless++
		return got == whole
	case !f.kill:
		c.failed++
		return status == 1 && got == older
	case status != -1:
		return false
	case got == older:
		c.early++
	case got == between:
		c.between++
	case got == whole:
		c.late++
	default:
		return false
	}
	return true
}
