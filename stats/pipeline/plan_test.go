package pipeline

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"dailystats/stats/input/kafka"
	"dailystats/stats/output"
	"dailystats/stats/report"

	"github.com/dustin/go-humanize"
)

// demands is everything that a plan may have to be made for, in many combinations.
func demands() (all []demand) {
	for _, maxLine := range []int{1, 100, 1 * mib, 16 * mib} {
		for _, window := range []int64{0, minWindow} {
			for n := range 24 {
				d := demand{
					program:   DefaultProgram,
					maxLine:   maxLine,
					window:    window,
					sources:   []int{1, 3, 5000}[n%3],
					names:     int64(n%2) * 3 * mib,
					fetchSize: n / 6 % 2 * mib,
					checks:    n%4 == 3,
					files:     n % 6,
					rejects:   []int64{0, output.CompressorMemory("r.gz"), output.CompressorMemory("r.zst")}[n/3%3],
					samples:   n%5 == 0,
				}
				if !d.checks {
					d.result = []int64{output.CompressorMemory("r.gz"), 0, output.CompressorMemory("r.zst")}[n/2%3]
					d.state = n%7 == 0
				}
				all = append(all, d)
			}
		}
	}
	return all
}

// TestPlanKeepsItsPromise adds up all phases of every plan that works: none may come
// to more than the limit.
func TestPlanKeepsItsPromise(t *testing.T) {
	for _, memory := range []int64{24 * mib, 25 * mib, 32 * mib, 48 * mib, 64 * mib, 100 * mib, 256 * mib, 1 << 30, 1 << 40} {
		for _, workers := range []int{1, 2, 3, 4, 8, 16, 64} {
			for _, d := range demands() {
				p, err := newPlan(memory, workers, d)
				if err != nil {
					continue
				}
				sums := map[report.Phase]int64{}
				for _, l := range p.Lines() {
					sums[l.Phase] += l.Planned
				}
				read := sums[report.Always] + sums[report.Reading]
				folded := sums[report.Always] + p.Rejects + sums[report.Merging]
				written := sums[report.Always] - p.Decoder + sums[report.Merging] + sums[report.Writing]
				if most := max(read, folded, written); most > memory {
					t.Errorf("%d bytes of %d are spent on %+v:\n%v", most, memory, d, p)
				}
			}
		}
	}
}

// TestPlanStopsGrowing proves that there is a limit past which nothing is spent on
// buffers any more, so that what cannot be used is not asked of the system either.
func TestPlanStopsGrowing(t *testing.T) {
	const enough = 3 * gib
	for _, d := range demands() {
		for _, memory := range []int64{16 * gib, 1 << 40, 1 << 50} {
			p, err := newPlan(memory, 2, d)
			if err != nil {
				t.Fatal(err)
			}
			var sum int64
			for _, l := range p.Lines() {
				if l.Name != slack {
					sum += l.Planned
				}
			}
			if sum > enough {
				t.Errorf("%s of %s are spent:\n%v", size(sum), size(memory), p)
			}
		}
	}
}

// TestSmallestPlans proves that what the README promises to work does.
func TestSmallestPlans(t *testing.T) {
	for _, test := range []struct {
		memory    int64
		parallel  int
		window    int64
		fetchSize int
	}{
		{24 * mib, 1, 0, 0},
		{24 * mib, 1, minWindow, 0},
		{24 * mib, 0, minWindow, 0},
		{32 * mib, 2, 0, 0},
		{64 * mib, 4, minWindow, 0},
		{24 * mib, 1, minBatchWindow, kafka.MinFetchSize},
		{32 * mib, 2, minBatchWindow, kafka.MinFetchSize},
		{64 * mib, 4, minWindow, kafka.MinFetchSize},
	} {
		for _, sources := range []int{1, 2, 5000} {
			if _, err := newPlan(test.memory, test.parallel, demand{program: DefaultProgram, maxLine: DefaultMaxLine, sources: sources, window: test.window, fetchSize: test.fetchSize}); err != nil {
				t.Errorf("%+v, %d sources: %v", test, sources, err)
			}
		}
	}
}

// TestPlanNamesWhatWorks proves that the error about too little memory names a
// limit that works, and that one of a MiB less doesn't.
func TestPlanNamesWhatWorks(t *testing.T) {
	for _, test := range []struct {
		memory   int64
		parallel int
		maxLine  int
	}{
		{1, 1, DefaultMaxLine},
		{10 * mib, 0, DefaultMaxLine},
		{64 * mib, 500, DefaultMaxLine},
		{64 * mib, 2, 100 * mib},
		{64 * mib, 2, 1 << 40},
	} {
		_, err := newPlan(test.memory, test.parallel, demand{program: DefaultProgram, maxLine: test.maxLine, sources: 1})
		if !errors.Is(err, ErrUsage) || strings.Contains(err.Error(), "\n") {
			t.Fatalf("%+v: the error is %v", test, err)
		}
		named := regexp.MustCompile(`give Options.Memory ([0-9]+MiB)`).FindStringSubmatch(err.Error())
		if named == nil {
			t.Fatalf("no way out in: %v", err)
		}
		enough, parseErr := humanize.ParseBytes(named[1])
		if parseErr != nil {
			t.Fatal(parseErr)
		}
		if _, err := newPlan(int64(enough), test.parallel, demand{program: DefaultProgram, maxLine: test.maxLine, sources: 1}); err != nil {
			t.Errorf("what an error named doesn't work: %v", err)
		}
	}
}

// TestPlanTable proves that the table for the debug log has a line for each
// share.
func TestPlanTable(t *testing.T) {
	p, err := newPlan(DefaultMemory, 4, demand{program: DefaultProgram, maxLine: DefaultMaxLine, sources: 2, window: minWindow})
	if err != nil {
		t.Fatal(err)
	}
	if lines, want := strings.Count(p.String(), "\n"), len(p.Lines())+1; lines != want {
		t.Errorf("%d lines, want %d:\n%v", lines, want, p)
	}
}
