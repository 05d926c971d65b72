package bench

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"dailystats/bench/workload"
	"dailystats/stats/pipeline"
)

// command is the real program.
var command string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "dailystats-bench-test-*")
		if err != nil {
			log.Fatal(err)
		}
		defer os.RemoveAll(dir)
		command = filepath.Join(dir, "dailystats")
		out, err := exec.Command("go", "build", "-o", command, "dailystats/cmd/dailystats").CombinedOutput()
		if err != nil {
			log.Printf("%v: %s", err, out)
			return 1
		}
		return m.Run()
	}())
}

// writeEvents writes a file of so many events.
func writeEvents(t *testing.T, n uint64) string {
	t.Helper()
	w, err := workload.New(workload.Config{Events: n, Users: n, Days: 30})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "events.jsonl")
	if err := w.Create(context.Background(), path, 2); err != nil {
		t.Fatal(err)
	}
	return path
}

func pidText() string { return strconv.Itoa(os.Getpid()) }

func readPid(t *testing.T, file string) int {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// fakes are peers that need nothing but a shell. REFERENCE is the result that
// they copy.
var fakes = fstest.MapFS{
	"peers/fast":    script(`cp "$REFERENCE" "$1"`),
	"peers/wrong":   script(`sed '2s/,1,\([01]\),/,77,\1,/; $d' "$REFERENCE" >"$1"`),
	"peers/failing": script(`echo 'line 1' >&2; echo 'out of ideas' >&2; exit 5`),
	"peers/killed":  script(`kill -KILL $$`),
	"peers/silent":  script(`:`),
	"peers/tired":   script(`cp "$REFERENCE" "$1"; echo >>"$4/count"; [ "$(wc -l <"$4/count")" -lt 3 ] || { echo tired >&2; exit 1; }`),
	"peers/greedy":  script(`[ "$3" -gt 0 ] && tail -c 200000000 /dev/urandom | head -c 1; cp "$REFERENCE" "$1"`),
	"peers/slow":    script(`sleep 1000`),
	"peers/missing": {Data: []byte("#!/bin/sh\necho 'no module fake' >&2\nexit 1\n")},
}

// script is a peer's program.
func script(job string) *fstest.MapFile {
	return &fstest.MapFile{Data: []byte("#!/bin/sh\nif [ \"$1\" = --version ]; then echo \"Fake 1.0\"; exit; fi\n" + job + "\n")}
}

// newFakeBench returns a measurement of a small file with fake peers.
func newFakeBench(t *testing.T, peers ...string) *bench {
	t.Helper()
	events := writeEvents(t, 2000)
	reference := filepath.Join(t.TempDir(), "reference.csv")
	if out, err := exec.Command(command, events, "-o", reference).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	t.Setenv("REFERENCE", reference)
	b := &bench{
		Config:   Config{Command: command, Inputs: []string{events}, Peers: peers, TempDir: t.TempDir()}.withDefaults(),
		programs: fakes,
		tryLimit: tryCgroup,
	}
	for path := range fakes {
		b.tools = append(b.tools, peerTool{name: filepath.Base(path)})
	}
	return b
}

// rowOf returns the first row of a tool.
func rowOf(t *testing.T, b *bench, tool string) Row {
	t.Helper()
	for _, r := range b.result.Workloads[0].Rows {
		if r.Tool == tool {
			return r
		}
	}
	t.Fatalf("there is no row of %s", tool)
	return Row{}
}

// expectEmpty proves that a measurement left nothing behind.
func expectEmpty(t *testing.T, folder string) {
	t.Helper()
	left, err := os.ReadDir(folder)
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// TestPeers proves that each peer's row says how it went, that none keeps the
// others from their turns, and that none is a failure of ours.
func TestPeers(t *testing.T) {
	b := newFakeBench(t, AllPeers)
	b.tools = slices.DeleteFunc(b.tools, func(p peerTool) bool { return p.name == "slow" })
	if err := b.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	expectEmpty(t, b.TempDir)
	for tool, want := range map[string]struct {
		runs    int
		outcome string
	}{
		"dailystats": {3, rowOf(t, b, "dailystats").Hash},
		"wc -l":      {3, ""},
		"fast":       {3, "equal"},
		"greedy":     {3, "equal"},
		"wrong":      {3, "1 rows missing, 1 other counts"},
		"failing":    {0, "out of ideas"},
		"killed":     {0, `ended by signal "killed"`},
		"silent":     {0, "open "},
		"tired":      {1, "tired"},
		"missing":    {0, "not found: no module fake"},
	} {
		row := rowOf(t, b, tool)
		if len(row.Runs) != want.runs || !strings.HasPrefix(row.outcome(), want.outcome) {
			t.Errorf("%s: %d runs and %q, want %d and %q", tool, len(row.Runs), row.outcome(), want.runs, want.outcome)
		}
		if row.Failed != "" && want.outcome == "equal" {
			t.Errorf("%s failed", tool)
		}
	}
	if w := b.result.Workloads[0]; w.Events != 2000 || w.ResultRows != 2000 {
		t.Errorf("%d events and %d rows, want 2000 of each", w.Events, w.ResultRows)
	}
}

// TestOwnFailure proves that a failing run of ours is an error, that the others
// are measured nevertheless, and that limits which can't work are wrong usage.
func TestOwnFailure(t *testing.T) {
	b := newFakeBench(t, "fast")
	b.Command = "/bin/false"
	if err := b.run(t.Context()); !errors.Is(err, ErrOwnRun) {
		t.Errorf("the error is %v, want %v", err, ErrOwnRun)
	}
	if row := rowOf(t, b, "fast"); len(row.Runs) != 3 || row.Compared != nil {
		t.Errorf("the peer has %d runs and is compared with %v", len(row.Runs), row.Compared)
	}
	b = newFakeBench(t)
	b.Memory = []int64{1 << 20, 64 << 20}
	if err := b.run(t.Context()); !errors.Is(err, ErrOwnRun) || !errors.Is(err, pipeline.ErrUsage) {
		t.Errorf("the error is %v, want %v, as wrong usage", err, ErrOwnRun)
	}
	if n := len(b.result.Workloads[0].Rows[1].Runs); n != 3 {
		t.Errorf("the limit that works has %d runs", n)
	}
	if row := rowOf(t, b, "dailystats"); !strings.HasPrefix(row.Failed, "--memory 1.0 MiB is too small") {
		t.Errorf("of 1 MiB, the row says %q", row.Failed)
	}
}

// TestOwnFailures proves that what is missing of ours is an error, whatever the reason,
// and that it is not taken for wrong usage when that is not all.
func TestOwnFailures(t *testing.T) {
	for name, script := range map[string]string{
		"killed":       `kill -KILL $$`,
		"no report":    `: >"$3"`,
		"no result":    `echo '{}' >"$5"`,
		"other result": `echo $$ >"$3"; echo '{}' >"$5"`, // each time
		"once only":    `[ ! -e "$7/ran" ] || exit 2; : >"$7/ran"; exit 1`,
	} {
		t.Run(name, func(t *testing.T) {
			b := newFakeBench(t)
			b.Command = filepath.Join(t.TempDir(), "command")
			if err := os.WriteFile(b.Command, []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
				t.Fatal(err)
			}
			b.Memory = []int64{24 << 20, 64 << 20}
			if err := b.run(t.Context()); !errors.Is(err, ErrOwnRun) || errors.Is(err, pipeline.ErrUsage) {
				t.Errorf("the error is %v, want %v", err, ErrOwnRun)
			}
			if row := rowOf(t, b, "wc -l"); len(row.Runs) != 3 {
				t.Errorf("the floor has %d runs", len(row.Runs))
			}
		})
	}
}

// TestNoLimit proves that it is an error if nobody is held to the limits, though that
// was asked for, and that the result has what was measured without, and says so.
func TestNoLimit(t *testing.T) {
	b := newFakeBench(t)
	b.Limit = true
	b.tryLimit = func() error { return errors.New("out of order") }
	if err := b.run(t.Context()); !errors.Is(err, ErrOwnRun) || errors.Is(err, pipeline.ErrUsage) {
		t.Errorf("the error is %v, want %v", err, ErrOwnRun)
	}
	if row := rowOf(t, b, "dailystats"); row.Held || len(row.Runs) != 3 {
		t.Errorf("the row is %+v", row)
	}
	if !strings.Contains(strings.Join(b.result.Notes, ""), "out of order") {
		t.Errorf("the notes are %q", b.result.Notes)
	}
}

// TestInterrupted proves that what was measured before an end is kept, and
// nothing else.
func TestInterrupted(t *testing.T) {
	cause := errors.New("stopped")
	b := newFakeBench(t, "fast", "slow")
	ctx, cancel := context.WithCancelCause(t.Context())
	b.Progress = func(message string) {
		if strings.Contains(message, "slow") {
			time.AfterFunc(100*time.Millisecond, func() { cancel(cause) })
		}
	}
	if err := b.run(ctx); !errors.Is(err, cause) {
		t.Errorf("the error is %v, want %v", err, cause)
	}
	expectEmpty(t, b.TempDir)
	if row := rowOf(t, b, "slow"); row.Failed != "interrupted" {
		t.Errorf("the row says %q", row.Failed)
	}
	if row := rowOf(t, b, "fast"); row.Compared == nil {
		t.Error("what was found before is gone")
	}
}

// TestScale proves that generated events are measured, with users that grow and
// users that don't.
func TestScale(t *testing.T) {
	b := newFakeBench(t)
	b.Inputs, b.Scale = nil, []uint64{5000, 20_000}
	if err := b.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	expectEmpty(t, b.TempDir)
	var got []string
	for _, w := range b.result.Workloads {
		got = append(got, fmt.Sprint(w.Users, w.Events, w.ResultRows > 15_000, len(w.Rows)))
	}
	want := []string{"same5000 false 2", "distinct5000 false 2", "same20000 false 2", "distinct20000 true 2"}
	if !slices.Equal(got, want) {
		t.Errorf("measured is %q, want %q", got, want)
	}
}

// TestNoRoom proves that events for which there is no room are told of, and that
// what was measured before is kept.
func TestNoRoom(t *testing.T) {
	b := newFakeBench(t)
	b.Scale, b.Users = []uint64{workload.MaxEvents}, []Users{Same}
	b.Progress = func(message string) {
		if strings.HasPrefix(message, "generating") {
			os.RemoveAll(b.dir)
		}
	}
	if err := b.run(t.Context()); !errors.Is(err, ErrOwnRun) {
		t.Errorf("the error is %v, want %v", err, ErrOwnRun)
	}
	if n := len(b.result.Workloads); n != 2 || len(b.result.Workloads[0].Rows[0].Runs) != 3 || b.result.Workloads[1].Failed == "" {
		t.Errorf("%d workloads: %+v", n, b.result.Workloads)
	}
}

// TestUsage proves that what can't be measured is refused before anything runs.
func TestUsage(t *testing.T) {
	for _, change := range []func(*bench){
		func(b *bench) { b.Inputs = []string{"-"} },
		func(b *bench) { b.Inputs = []string{"missing.jsonl"} },
		func(b *bench) { b.Peers = []string{"oracle"} },
		func(b *bench) { b.Written = []pipeline.File{{Path: b.Inputs[0], Role: "the page"}} },
		func(b *bench) {
			b.Read = []pipeline.File{{Path: b.Inputs[0], Role: "the config file"}}
			b.Inputs, b.Scale, b.Written = nil, []uint64{1}, b.Read
		},
		func(b *bench) { b.Scale = []uint64{workload.MaxEvents + 1}; b.Inputs = nil },
	} {
		b := newFakeBench(t)
		change(b)
		if err := b.run(t.Context()); !errors.Is(err, pipeline.ErrUsage) {
			t.Errorf("the error is %v, want wrong usage", err)
		}
		if len(b.result.Workloads) > 0 {
			t.Error("something was measured")
		}
		expectEmpty(t, b.TempDir)
	}
}
