package pipeline

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"dailystats/sorter"
	"dailystats/stats/input/kafka"

	"github.com/dustin/go-humanize"
)

// TestPlanKeepsItsPromise adds up both phases of every plan that works: neither
// may come to more than the limit.
func TestPlanKeepsItsPromise(t *testing.T) {
	for _, memory := range []int64{24 * mib, 25 * mib, 32 * mib, 64 * mib, 100 * mib, 256 * mib, 1 << 30, 1 << 40} {
		for _, workers := range []int{1, 2, 3, 4, 7, 16, 64} {
			for _, maxLine := range []int{1, 100, 1 * mib, 16 * mib} {
				for input := range 12 {
					p, err := newPlan(memory, workers, demand{
						maxLine:   maxLine,
						sources:   []int{1, 3, 5000}[input/2%3],
						window:    int64(input%2) * minWindow,
						fetchSize: input / 6 * mib,
					})
					if err != nil {
						continue
					}
					input := int64(p.Blocks*p.BlockSize) + p.Decoder + p.Ahead + p.Fetched
					reading := int64(p.Workers*p.RunRecords)*sorter.EntrySize + sorter.PoolChunks*int64(p.ChunkPages)*sorter.PageSize
					merging := int64(p.Chunks)*sorter.ChunkBuffer + int64(p.Runs)*sorter.PageSize + int64(p.FanIn*levels)*sorter.StreamBuffer +
						p.stretchMemory(p.StretchRecords)
					if sum := p.Program + p.Runtime + p.Slack + p.Stacks + input + max(reading, merging); sum > memory {
						t.Errorf("%d bytes of %d are spent:\n%v", sum, memory, p)
					}
				}
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
			if _, err := newPlan(test.memory, test.parallel, demand{maxLine: DefaultMaxLine, sources: sources, window: test.window, fetchSize: test.fetchSize}); err != nil {
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
		_, err := newPlan(test.memory, test.parallel, demand{maxLine: test.maxLine, sources: 1})
		if !errors.Is(err, ErrUsage) || strings.Contains(err.Error(), "\n") {
			t.Fatalf("%+v: the error is %v", test, err)
		}
		named := regexp.MustCompile(`give --memory ([0-9]+MiB)`).FindStringSubmatch(err.Error())
		if named == nil {
			t.Fatalf("no way out in: %v", err)
		}
		enough, parseErr := humanize.ParseBytes(named[1])
		if parseErr != nil {
			t.Fatal(parseErr)
		}
		if _, err := newPlan(int64(enough), test.parallel, demand{maxLine: test.maxLine, sources: 1}); err != nil {
			t.Errorf("what an error named doesn't work: %v", err)
		}
	}
}

// TestPlanTable proves that the table for the debug log has a line for each
// share.
func TestPlanTable(t *testing.T) {
	p, err := newPlan(DefaultMemory, 4, demand{maxLine: DefaultMaxLine, sources: 2, window: minWindow})
	if err != nil {
		t.Fatal(err)
	}
	if lines := strings.Count(p.String(), "\n"); lines != 15 {
		t.Errorf("%d lines:\n%v", lines, p)
	}
}
