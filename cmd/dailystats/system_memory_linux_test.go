package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"

	"dailystats/bench"
	"dailystats/testdata/sampling"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// The matrix: each load with each of these.
var (
	memoryLimits = []int{24, 32, 64, 256} // MiB
	workerCounts = []int{1, 2, 8}
)

// cell is one run of the command.
type cell struct {
	*load
	command string
	memory  int // MiB
	workers int // 0 for a merge, which has none
}

func (c cell) String() string {
	if c.workers == 0 {
		return fmt.Sprintf("%s/%s/%dMiB", c.command, c.name, c.memory)
	}
	return fmt.Sprintf("%s/%s/%dMiB-%d", c.command, c.name, c.memory, c.workers)
}

// TestMemory proves that the process stays at or below --memory, as the kernel
// counts what it has resident until its very end, whatever the input and whatever
// is written. Where that can't work it must refuse to start, and the limit that it
// names must work, and be the least that does.
func TestMemory(t *testing.T) {
	m := newMatrix(t)
	m.run(t, sampling.Of(t, m.sample(1), 4), func(*testing.T, cell) (func(pid int) error, error) {
		return func(int) error { return nil }, nil
	})
}

// TestCgroup runs the command where the kernel ends it if it takes more than
// --memory and 8 MiB, with all that the kernel does for it, and without swap.
func TestCgroup(t *testing.T) {
	m := newMatrix(t)
	m.run(t, sampling.Of(t, m.sample(5), 2), joinCgroup)
}

// joinCgroup returns what puts a cell's process in a cgroup of its own.
func joinCgroup(t *testing.T, c cell) (func(pid int) error, error) {
	const allowance = 8 << 20
	group, err := bench.NewCgroup(int64(c.memory)<<20 + allowance)
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() {
		t.Logf("the cgroup's peak: %.1f MiB", float64(group.Peak())/(1<<20))
		if group.Overrun() {
			t.Error("a process was killed for taking too much")
		}
		group.Remove()
	})
	return func(pid int) error {
		return os.WriteFile(group.Procs(), []byte(strconv.Itoa(pid)), 0)
	}, nil
}

// matrix runs cells and keeps what came of them.
type matrix struct {
	binary string

	mu       sync.Mutex
	results  map[cell]result
	refusals map[cell]*sync.Once // by the cell of the limit that was named
}

// result is what came of a cell.
type result struct {
	peak    float64 // MiB
	refused int     // MiB, the limit that was named instead; 0 if the cell ran
}

func newMatrix(t *testing.T) *matrix {
	if raceEnabled {
		t.Skip("the race detector takes many times the memory")
	}
	return &matrix{binary: buildCommand(t), results: map[cell]result{}, refusals: map[cell]*sync.Once{}}
}

// cells are all cells of a load.
func (l *load) cells() (cells []cell) {
	for _, command := range l.commands {
		for _, memory := range memoryLimits {
			for _, workers := range workerCounts {
				if memory < l.from || l.heavy && workers != 2 {
					continue
				}
				if command == "merge" {
					workers = 0
				}
				if c := (cell{l, command, memory, workers}); !slices.Contains(cells, c) {
					cells = append(cells, c)
				}
			}
		}
	}
	return cells
}

// sample returns the cells to be run: of the whole matrix, one in every. Else it
// is one of every so many loads, each with other limits than the one before.
func (m *matrix) sample(every int) (chosen []cell) {
	for i := range loads {
		l := &loads[i]
		switch {
		case sampling.All():
			cells := l.cells()
			for n := i % every; n < len(cells); n += every {
				chosen = append(chosen, cells[n])
			}
		case !l.heavy:
			chosen = append(chosen, l.example(i))
		}
	}
	return chosen
}

// example returns the cell that is to do for all of a load's.
func (l *load) example(turn int) cell {
	if l.at.memory > 0 {
		return cell{l, l.at.command, l.at.memory, l.at.workers}
	}
	const step = 7 // has nothing in common with the number of limits, nor with that of workers
	cells := l.cells()
	return cells[turn*step%len(cells)]
}

// run runs cells side by side. join is told of each cell and returns what is to be
// done with its process.
func (m *matrix) run(t *testing.T, cells []cell, join joiner) {
	defer m.report(t)
	t.Run("cells", func(t *testing.T) {
		for _, c := range cells {
			t.Run(c.String(), func(t *testing.T) {
				t.Parallel()
				m.check(t, c, join)
			})
		}
	})
}

type joiner func(*testing.T, cell) (started func(pid int) error, err error)

// check runs a cell, and where that is refused, what was named instead.
func (m *matrix) check(t *testing.T, c cell, join joiner) {
	e := m.peakOf(t, c, join)
	r := result{peak: float64(e.peak) / (1 << 20)}
	if e.status == 2 {
		r.refused = m.checkRefusal(t, c, e, join)
	} else if e.status != 0 {
		t.Errorf("exit status %d: %s", e.status, lastLine(e.stderr))
	}
	t.Logf("%.1f of %d MiB", r.peak, c.memory)
	if e.peak == 0 || e.peak > uint64(c.memory)<<20 {
		t.Errorf("%.2f MiB were resident, with --memory %dMiB", r.peak, c.memory)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.results[c] = r
}

var namedLimit = regexp.MustCompile(`--memory \d.*give --memory (\d+)MiB`)

// checkRefusal proves that the limit named by a refusal works, and that one below
// it does not. Several cells may have the same.
func (m *matrix) checkRefusal(t *testing.T, c cell, e ending, join joiner) (named int) {
	found := namedLimit.FindStringSubmatch(e.stderr)
	if found == nil || strings.Count(e.stderr, "\n") != 1 {
		t.Errorf("a refusal should be one line with a --memory to give: %s", e.stderr)
		return 0
	}
	named, _ = strconv.Atoi(found[1])
	if named <= c.memory {
		t.Errorf("with --memory %dMiB: %s", c.memory, e.stderr)
		return named
	}
	enough, less := c, c
	enough.memory, less.memory = named, named-1
	m.mu.Lock()
	once := m.refusals[enough]
	if once == nil {
		once = new(sync.Once)
		m.refusals[enough] = once
	}
	m.mu.Unlock()
	once.Do(func() {
		if e := m.peakOf(t, enough, join); e.status != 0 || e.peak > uint64(named)<<20 {
			t.Errorf("with the named limit: exit status %d, and %.2f of %d MiB: %s",
				e.status, float64(e.peak)/(1<<20), named, lastLine(e.stderr))
		}
		if e := m.start(t, less, join); e.status != 2 {
			t.Errorf("one MiB less than the named %d MiB: exit status %d, not 2: %s", named, e.status, lastLine(e.stderr))
		}
	})
	return named
}

// peakOf is start, once more where the first run took too much: Go's memory limit gives
// way where its collector is starved, as by other work on the machine. That is told of,
// and is a failure if it happens again.
func (m *matrix) peakOf(t *testing.T, c cell, join joiner) ending {
	t.Helper()
	e := m.start(t, c, join)
	if e.peak <= uint64(c.memory)<<20 {
		return e
	}
	t.Logf("%.2f MiB of %d were resident: tried again", float64(e.peak)/(1<<20), c.memory)
	return m.start(t, c, join)
}

// start runs the command on a cell's input, and looks at its report.
func (m *matrix) start(t *testing.T, c cell, join joiner) ending {
	t.Helper()
	input, err := c.load.inputs(filepath.Dir(m.binary))
	if err != nil {
		t.Fatal(err)
	}
	started, err := join(t, c)
	if err != nil {
		t.Skip(err)
	}
	dir := t.TempDir()
	cmd := exec.Command(m.binary, c.args(input.args, dir)...)
	cmd.Dir = input.dir
	if c.stdin {
		f, err := os.Open(input.path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		cmd.Stdin = struct{ io.Reader }{f} // a pipe, not the file
	}
	e, err := runToPeak(cmd, started)
	if err != nil {
		t.Fatal(err)
	}
	if e.status == 0 {
		e.peak = max(e.peak, c.checkReport(t, dir)) // the kernel's figure is exact to some pages of each processor
	}
	return e
}

// args are a cell's arguments. In flags, DIR is a folder to write to.
func (c cell) args(inputs []string, dir string) []string {
	args := []string{c.command, "--memory", fmt.Sprintf("%dMiB", c.memory)}
	if c.workers > 0 {
		args = append(args, "--parallel", strconv.Itoa(c.workers))
	}
	flags := slices.Clone(c.flags)
	if c.command != "check" {
		args = append(args, "--temp-dir", dir)
		if !slices.Contains(flags, "-o") {
			flags = append(flags, "-o", "DIR/out.csv")
		}
	} else if i := slices.Index(flags, "-o"); i >= 0 {
		flags = slices.Delete(flags, i, i+2)
	}
	if !slices.Contains(flags, "--report") {
		flags = append(flags, "--report", "DIR/report")
	}
	for _, flag := range flags {
		args = append(args, strings.Replace(flag, "DIR", dir, 1))
	}
	args = append(args, inputs...)
	if c.command != "merge" {
		args = append(args, "--max-invalid=100%") // none may be valid
	}
	return args
}

// checkReport returns the peak that a report has. A merge must have read all rows.
func (c cell) checkReport(t *testing.T, dir string) (peak uint64) {
	t.Helper()
	var report struct {
		PeakMemory uint64 `json:"peak_memory"`
		RowsRead   uint64 `json:"rows_read"`
		Rows       uint64 `json:"rows"`
	}
	data, err := readReport(filepath.Join(dir, "report"))
	if err == nil {
		err = json.Unmarshal(data, &report)
	}
	if err != nil || report.PeakMemory == 0 {
		t.Errorf("no peak was reported: %v", err)
	}
	if c.rows > 0 && (report.RowsRead != c.rows || report.Rows != c.sum) {
		t.Errorf("%d rows were merged to %d, not %d to %d", report.RowsRead, report.Rows, c.rows, c.sum)
	}
	return report.PeakMemory
}

// readReport reads a report, which may be compressed.
func readReport(path string) ([]byte, error) {
	if packed, err := os.ReadFile(path + ".zst"); err == nil {
		z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1))
		if err != nil {
			return nil, err
		}
		defer z.Close()
		return z.DecodeAll(packed, nil)
	}
	if packed, err := os.ReadFile(path + ".gz"); err == nil {
		z, err := gzip.NewReader(bytes.NewReader(packed))
		if err != nil {
			return nil, err
		}
		return io.ReadAll(z)
	}
	return os.ReadFile(path)
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}

// report logs the peaks as a table, in MiB, with the largest share of a limit
// marked.
func (m *matrix) report(t *testing.T) {
	var text bytes.Buffer
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(table, "MiB resident at most\t")
	for _, memory := range memoryLimits {
		for _, workers := range workerCounts {
			fmt.Fprintf(table, "%d/%d\t", memory, workers)
		}
	}
	fmt.Fprintln(table)
	largest := m.largest()
	for i := range loads {
		for _, command := range loads[i].commands {
			m.row(table, &loads[i], command, largest)
		}
	}
	table.Flush()
	t.Logf("%d cells; columns are --memory/--parallel; ≥N: refused, needs N MiB\n%s", len(m.results), text.String())
	if r := m.results[largest]; r.peak > 0 {
		t.Logf("* the largest share of a limit: %v: %.1f of %d MiB, %.1f %%", largest, r.peak, largest.memory, largest.share(r))
	}
}

func (c cell) share(r result) float64 { return 100 * r.peak / float64(c.memory) }

// largest returns the cell that ran with the largest share of its limit.
func (m *matrix) largest() (largest cell) {
	most := 0.0
	for c, r := range m.results {
		if share := c.share(r); r.refused == 0 && share > most {
			largest, most = c, share
		}
	}
	return largest
}

// row writes the row of a load, if any cell of it was run.
func (m *matrix) row(table io.Writer, l *load, command string, largest cell) {
	row, tried := "", false
	for _, memory := range memoryLimits {
		for i, workers := range workerCounts {
			if command == "merge" {
				workers = 0
			}
			c := cell{l, command, memory, workers}
			r, ok := m.results[c]
			switch {
			case !ok || command == "merge" && i > 0:
				row += "\t"
				continue
			case r.refused > 0:
				row += fmt.Sprintf("≥%d\t", r.refused)
			case c == largest:
				row += fmt.Sprintf("*%.1f\t", r.peak)
			default:
				row += fmt.Sprintf("%.1f\t", r.peak)
			}
			tried = true
		}
	}
	if tried {
		fmt.Fprintf(table, "%s %s\t%s\n", command, l.name, row)
	}
}
