// Package bench measures the job on huge files, and what else does it.
//
// Each tool is a process of its own, run once to warm up and then several times
// in turn with the others, so that what disturbs the machine disturbs them all.
// What it takes is what the kernel says of it.
//
//   - bench.go: [Run]: workloads, and the turns that tools take;
//   - contender.go: what is run: the job with its settings, and wc as the floor;
//   - peers.go, peers/: other tools that do the job; schema.go: what they are told of events;
//   - process_linux.go, process_other.go: running a process and measuring it;
//   - cgroup_linux.go: holding it to a limit of memory;
//   - compare.go: how another tool's result differs from ours;
//   - result.go, machine.go: [Result], what is measured, and on what;
//   - table.go, page.go: the same for people;
//   - workload, chart: made-up events, and charts.
package bench

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"dailystats/bench/workload"
	"dailystats/stats/event"
	"dailystats/stats/input"
	"dailystats/stats/pipeline"

	"github.com/dustin/go-humanize"
)

// Config says what to measure. Command must be given, and Inputs or Scale.
type Config struct {
	Command  string   // our executable
	Inputs   []string // files, folders and globs
	Scale    []uint64 // or numbers of events to be generated
	Users    []Users  // for each of them; Same and Distinct by default
	Memory   []int64  // limits in bytes for the job; its default if there are none
	Parallel []int    // numbers of workers; its choice if there are none
	Limit    bool     // have the system hold processes to their limits, too
	Runs     int      // of each; DefaultRuns if 0
	Peers    []string // other tools, by name
	PeerDir  string   // a folder with a bin in which they are looked for first
	TempDir  string   // folder for results and generated files; $TMPDIR, else /var/tmp, if empty

	Schema event.Schema // how the inputs' events are written, and those that are generated

	// Read and Written are files that the caller reads, and that it will write the
	// result to: none that is written may be an input or another one.
	Read, Written []pipeline.File

	Progress func(message string) // told before each run, if it isn't nil
}

// Users is how many users a generated workload has.
type Users string

// Same is a thousand, whatever the number of events. Distinct is one for each
// event.
const (
	Same     Users = "same"
	Distinct Users = "distinct"
)

// words says how many users those are.
func (u Users) words() string {
	if u == Same {
		return "a thousand users"
	}
	return "as many users"
}

// DefaultRuns is how often each row is measured where nothing else is said.
const DefaultRuns = 3

// ErrOwnRun is among the causes of the error of a measurement in which something of
// ours failed or is missing. Where that was only asked for what can't work,
// [pipeline.ErrUsage] is another.
var ErrOwnRun = errors.New("not all could be measured: the table says why")

// Run measures. When it returns an error, the result has what was measured until
// then; ErrOwnRun comes at the end. When ctx is done, Run ends soon, with its
// cause, and no process that it started goes on.
func Run(ctx context.Context, c Config) (Result, error) {
	b := &bench{Config: c.withDefaults(), tools: peerTools, programs: peerPrograms, tryLimit: tryCgroup}
	err := b.run(ctx)
	return b.result, err
}

// bench is one measurement.
type bench struct {
	Config
	tools    []peerTool // all that there are
	programs fs.FS
	tryLimit func() error // returns why the system does not hold processes to limits

	dir    string // for what is thrown away
	events string // how events are written, for peers; empty for the default
	peers  []foundPeer
	result Result
	failed bool // a run of ours did, or was not what was asked for
	misuse bool // a run of ours was refused as wrong usage
}

func (b *bench) run(ctx context.Context) error {
	b.result = Result{
		Format:  formatVersion,
		Started: time.Now().UTC().Truncate(time.Second),
		Machine: thisMachine(),
		Runs:    b.Runs,
	}
	sources, err := b.sources(ctx)
	if err != nil {
		return err
	}
	if b.dir, err = os.MkdirTemp(b.TempDir, "dailystats-bench-*"); err != nil {
		return err
	}
	defer os.RemoveAll(b.dir)
	if err := b.writeSchema(); err != nil {
		return err
	}
	if err := b.findPeers(ctx); err != nil {
		return err
	}
	b.checkLimit()
	if err := b.measureAll(ctx, sources); err != nil {
		return err
	}
	switch {
	case b.failed:
		return ErrOwnRun
	case b.misuse:
		return pipeline.UsageErrorf("%w", ErrOwnRun)
	default:
		return nil
	}
}

func (c Config) withDefaults() Config {
	if c.Runs == 0 {
		c.Runs = DefaultRuns
	}
	if len(c.Users) == 0 {
		c.Users = []Users{Same, Distinct}
	}
	if len(c.Memory) == 0 {
		c.Memory = []int64{0}
	}
	if len(c.Parallel) == 0 {
		c.Parallel = []int{0}
	}
	if c.TempDir == "" {
		c.TempDir = pipeline.DefaultTempDir()
	}
	if c.Progress == nil {
		c.Progress = func(string) {}
	}
	return c
}

// sources finds the inputs, which are read many times.
func (b *bench) sources(ctx context.Context) ([]input.Source, error) {
	found, err := input.Expand(ctx, b.Inputs, input.Expansion{})
	if err != nil {
		return nil, pipeline.UsageErrorf("%w", err)
	}
	sources := slices.Collect(found.Sources.All())
	read := slices.Clone(b.Read)
	for _, s := range sources {
		if s.Size() < 0 {
			return nil, pipeline.UsageErrorf("%s can't be read again and again: give a file", s.Name)
		}
		read = append(read, pipeline.File{Path: s.Name, Role: "an input"})
	}
	return sources, pipeline.KeepApart(read, b.Written)
}

// checkLimit finds out whether the system holds processes to limits for us. If it
// doesn't, they are measured without, which is not what was asked for.
func (b *bench) checkLimit() {
	if !b.Limit {
		return
	}
	if err := b.tryLimit(); err != nil {
		b.Limit, b.failed = false, true
		b.note("No process is held to its limit by the system: " + err.Error() + ".")
	}
}

func tryCgroup() error {
	const any = 1 << 30
	group, err := NewCgroup(any)
	if err == nil {
		group.Remove()
	}
	return err
}

func (b *bench) note(text string) { b.result.Notes = append(b.result.Notes, text) }

// measureAll measures the inputs, then what is generated.
func (b *bench) measureAll(ctx context.Context, sources []input.Source) error {
	if sources != nil {
		w := Workload{Name: nameOf(sources)}
		files := make([]string, len(sources))
		for i, s := range sources {
			files[i] = s.Name
			w.Bytes += s.Size()
		}
		if err := b.measure(ctx, w, files); err != nil {
			return err
		}
	}
	for _, events := range b.Scale {
		for _, users := range b.Users {
			if err := b.generateAndMeasure(ctx, events, users); err != nil {
				return err
			}
		}
	}
	return nil
}

func nameOf(sources []input.Source) string {
	if len(sources) == 1 {
		return sources[0].Name
	}
	return fmt.Sprintf("%s and %d more", sources[0].Name, len(sources)-1)
}

// sameUsers is how many users there are where their number doesn't grow.
const sameUsers = 1000

// generateAndMeasure measures events that are made for it. A disk without room
// for them is told of, and is no reason not to go on.
func (b *bench) generateAndMeasure(ctx context.Context, events uint64, users Users) error {
	c := workload.Config{Events: events, Users: sameUsers, Days: 30, Seed: 1, Schema: b.Schema}
	w := Workload{Name: fmt.Sprintf("%s events of %s", humanize.Comma(int64(events)), users.words()), Users: users}
	if users == Distinct {
		c.Users = max(events, 1)
	}
	generated, err := workload.New(c)
	if err != nil {
		return pipeline.UsageErrorf("%w", err)
	}
	b.Progress("generating " + w.Name)
	file := filepath.Join(b.dir, "events.jsonl")
	defer os.Remove(file)
	err = generated.Create(ctx, file, runtime.GOMAXPROCS(0))
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		b.failed = true
		w.Failed = err.Error()
		b.result.Workloads = append(b.result.Workloads, w)
		return nil
	}
	if info, err := os.Stat(file); err == nil {
		w.Bytes = info.Size()
	}
	return b.measure(ctx, w, []string{file})
}

// measure has all contenders take turns.
func (b *bench) measure(ctx context.Context, w Workload, files []string) error {
	contenders := b.contenders(files)
	m := &measurement{bench: b, workload: w, reference: filepath.Join(b.dir, "reference.csv")}
	defer os.Remove(m.reference)
	var err error
	for round := 0; round <= b.Runs && err == nil; round++ {
		for i := range contenders {
			if err = m.turn(ctx, &contenders[i], round); err != nil {
				break
			}
		}
	}
	for _, c := range contenders {
		c.row.Median = medianOf(c.row.Runs)
		if err != nil && c.row.Failed == "" && len(c.row.Runs) < b.Runs {
			c.row.Failed = "interrupted"
		}
		m.workload.Rows = append(m.workload.Rows, c.row)
	}
	b.result.Workloads = append(b.result.Workloads, m.workload)
	return err
}

// measurement is that of one workload.
type measurement struct {
	*bench
	workload  Workload
	reference string // our first result, once there is one
	hasResult bool
	hash      string // of it
}

// turn runs a contender once: to warm up in round 0, to be measured after that.
// What doesn't run well is not run again.
func (m *measurement) turn(ctx context.Context, c *contender, round int) error {
	if c.row.Failed != "" {
		return nil
	}
	if round == 0 {
		m.Progress(fmt.Sprintf("%s: warming up: %s", m.workload.Name, c.row.title()))
	} else {
		m.Progress(fmt.Sprintf("%s: run %d of %d: %s", m.workload.Name, round, m.Runs, c.row.title()))
	}
	output := filepath.Join(m.dir, "result.csv")
	defer os.Remove(output)
	used, err := c.process(output).run(ctx)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err == nil {
		err = m.check(c, output)
	}
	if err != nil {
		m.fail(c, err)
		return nil
	}
	if round > 0 {
		c.row.Runs = append(c.row.Runs, used)
	}
	return nil
}

// fail notes why a contender has no more turns.
func (m *measurement) fail(c *contender, err error) {
	const wrongUsage = 2
	c.row.Failed = err.Error()
	if c.row.kind != ours {
		return
	}
	f := new(failure)
	if errors.As(err, &f) {
		c.row.Failed = withoutLog(c.row.Failed)
	}
	if f.code == wrongUsage && !f.overrun {
		m.misuse = true
	} else {
		m.failed = true
	}
}

// check looks at what a contender wrote. The first result of ours is what the
// others are compared with.
func (m *measurement) check(c *contender, output string) (err error) {
	switch {
	case c.row.kind == ours:
		err = m.checkOwn(c, output)
	case c.row.kind == peer && m.hasResult && c.row.Compared == nil:
		var found Comparison
		if found, err = compare(m.reference, output); err == nil {
			c.row.Compared = &found
		}
	}
	return err
}

// checkOwn reads the report of our run. Each result of ours must be the same.
func (m *measurement) checkOwn(c *contender, output string) (err error) {
	r, err := readReport(reportOf(output))
	if err != nil {
		return err
	}
	defer os.Remove(reportOf(output))
	c.row.Spilled = int64(r.BytesSpilled)
	if c.row.Hash, err = hashFile(output); err != nil {
		return err
	}
	if !m.hasResult {
		m.workload.Events, m.workload.ResultRows = r.Events+r.Invalid, r.Rows
		m.hasResult, m.hash = true, c.row.Hash
		return os.Rename(output, m.reference)
	}
	if c.row.Hash != m.hash {
		return fmt.Errorf("its result %s is not %s, as before", c.row.Hash, m.hash)
	}
	return nil
}
