package sorter

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"dailystats/stats"
	"dailystats/testdata/sampling"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"
	"pgregory.net/rapid"
)

// appendFunc is a Renderer without state.
type appendFunc func(dst []byte, k stats.Key, t stats.Totals) []byte

func (f appendFunc) Append(dst []byte, k stats.Key, t stats.Totals) []byte { return f(dst, k, t) }
func (f appendFunc) End(dst []byte) []byte                                 { return dst }

// row is a rendering that shows everything and that the tests can compare.
func row(dst []byte, k stats.Key, t stats.Totals) []byte {
	return fmt.Appendf(dst, "%v,%d,%d,%d,%v\n", k.Day, k.User, t.Events, t.Purchases, t.Revenue)
}

func newRow() Renderer { return appendFunc(row) }

// reference is what Sorter computes, in the obvious way.
func reference(records []stats.Record) string {
	totals := make(map[stats.Key]stats.Totals)
	for _, r := range records {
		totals[r.Key] = totals[r.Key].Add(r.Totals())
	}
	var out []byte
	for _, k := range slices.SortedFunc(maps.Keys(totals), stats.Key.Compare) {
		out = row(out, k, totals[k])
	}
	return string(out)
}

// sortAll runs records through a sorter as the pipeline does: workers take
// them until the round is full, then it is folded.
func sortAll(ctx context.Context, cfg Config, records []stats.Record) (string, *Sorter, error) {
	s := New(ctx, cfg)
	defer s.Close()
	rest := records
	for {
		var err error
		if rest, err = fillRound(ctx, s, cfg.Workers, rest); err != nil {
			return "", s, err
		}
		if len(rest) == 0 {
			break
		}
		if err := s.Fold(ctx); err != nil {
			return "", s, err
		}
	}
	var out bytes.Buffer
	rows, err := s.Reduce(ctx, newRow, &out)
	if err == nil && int(rows) != bytes.Count(out.Bytes(), []byte("\n")) {
		err = fmt.Errorf("%d keys, but %d rows", rows, bytes.Count(out.Bytes(), []byte("\n")))
	}
	return out.String(), s, err
}

// fillRound gives records, some at a time, to workers until the round is full, and
// returns those that are left.
func fillRound(ctx context.Context, s *Sorter, workers int, records []stats.Record) ([]stats.Record, error) {
	const some = 7
	var mu sync.Mutex
	take := func() []stats.Record {
		mu.Lock()
		defer mu.Unlock()
		n := min(some, len(records))
		taken := records[:n]
		records = records[n:]
		return taken
	}
	g, ctx := errgroup.WithContext(ctx)
	for range max(workers, 1) {
		g.Go(func() error {
			run := s.NewRun(ctx)
			for !s.Full() {
				taken := take()
				if len(taken) == 0 {
					break
				}
				for _, r := range taken {
					if err := run.Add(r); err != nil {
						return err
					}
				}
			}
			return run.Flush()
		})
	}
	err := g.Wait()
	return records, err
}

// recordGen draws records whose keys repeat and lie at the edges, and amounts
// of every encoding.
func recordGen() *rapid.Generator[stats.Record] {
	day := rapid.OneOf(rapid.Uint32Range(0, 3), rapid.Uint32Range(738000, 738400), rapid.Just(uint32(stats.MaxDay)))
	user := rapid.OneOf(rapid.Int64Range(-3, 3), rapid.Int64Range(0, 1e6), rapid.Int64())
	fraction := rapid.OneOf(rapid.Just(uint64(0)), rapid.Map(rapid.Uint64Range(0, 99), func(c uint64) uint64 { return c * 1e16 }),
		rapid.Map(rapid.Uint64Range(0, 999999), func(c uint64) uint64 { return c * 1e12 }), rapid.Uint64Range(0, 1e18-1))
	whole := rapid.OneOf(rapid.Uint64Range(0, 100), rapid.Uint64Range(0, 1e18-1))
	return rapid.Custom(func(t *rapid.T) stats.Record {
		r := stats.Record{Key: stats.Key{Day: stats.Day(day.Draw(t, "day")), User: user.Draw(t, "user")}}
		if r.Purchase = rapid.Bool().Draw(t, "purchase"); r.Purchase {
			r.Amount = stats.NewAmount(whole.Draw(t, "whole"), fraction.Draw(t, "fraction"))
			if rapid.IntRange(0, 50).Draw(t, "most") == 0 {
				r.Amount = stats.AmountOfLimbs(1, 0, 0) // 10^18: what a smaller amount can round to
			}
		}
		return r
	})
}

// TestSorterAgainstMap proves that any records, in any sizes of runs, chunks,
// rounds and stretches, come out as a map adds them up.
func TestSorterAgainstMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		records := rapid.SliceOfN(recordGen(), 0, 600).Draw(t, "records")
		cfg := Config{
			Workers:        rapid.IntRange(1, 4).Draw(t, "workers"),
			RunRecords:     rapid.IntRange(2, 50).Draw(t, "run"),
			ChunkPages:     rapid.IntRange(1, 4).Draw(t, "chunk"),
			Chunks:         rapid.IntRange(1, 6).Draw(t, "chunks"),
			Runs:           rapid.IntRange(1, 6).Draw(t, "runs"),
			FanIn:          rapid.IntRange(2, 3).Draw(t, "fan-in"),
			StretchRecords: rapid.IntRange(1, 300).Draw(t, "stretch"),
			BufferBytes:    rapid.IntRange(1, 2000).Draw(t, "buffer"),
		}
		got, _, err := sortAll(context.Background(), cfg, records)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(reference(records), got); diff != "" {
			t.Fatal(diff)
		}
	})
}

// manyRecords are records with n distinct keys, in an order that is neither
// theirs nor random.
func manyRecords(n int) []stats.Record {
	records := make([]stats.Record, n)
	for i := range records {
		user := int64(i) * 7919 % int64(n)
		records[i] = stats.Record{
			Key:      stats.Key{Day: stats.Day(user % 30), User: user},
			Purchase: i%3 == 0,
		}
		if records[i].Purchase {
			records[i].Amount = stats.NewAmount(uint64(i%500), uint64(i%100)*1e16)
		}
	}
	return records
}

// TestLevels proves that generations are merged level by level, and that the
// levels change nothing in the result.
func TestLevels(t *testing.T) {
	records := manyRecords(20000)
	want := reference(records)
	for _, test := range []struct {
		runs, fanIn int
		levels      int // levels of generations there must have been
	}{
		{runs: 1000, fanIn: 2, levels: 0},
		{runs: 64, fanIn: 100, levels: 1},
		{runs: 16, fanIn: 4, levels: 2},
		{runs: 2, fanIn: 3, levels: 5},
	} {
		t.Run(fmt.Sprintf("runs=%d,fan-in=%d", test.runs, test.fanIn), func(t *testing.T) {
			got, s, err := sortAll(context.Background(), Config{Workers: 1, RunRecords: 100, ChunkPages: 4, Chunks: 1000, Runs: test.runs, FanIn: test.fanIn}, records)
			if err != nil {
				t.Fatal(err)
			}
			if got != want {
				t.Error("the result differs from the reference")
			}
			levels := 0
			for _, g := range s.generations {
				levels = max(levels, g.level+1)
			}
			if levels != test.levels {
				t.Errorf("%d levels of generations, want %d", levels, test.levels)
			}
		})
	}
}

// TestHostileKeys sorts keys in orders that are hard on some sorts. One that takes
// time by the square of their number would not be through in an hour.
func TestHostileKeys(t *testing.T) {
	n := sampling.Count(1<<16, 1<<18)
	for name, key := range map[string]func(i int) stats.Key{
		"one key":    func(int) stats.Key { return stats.Key{Day: stats.MaxDay, User: math.MinInt64} },
		"ascending":  func(i int) stats.Key { return stats.Key{User: int64(i)} },
		"descending": func(i int) stats.Key { return stats.Key{User: int64(-i)} },
		"extremes": func(i int) stats.Key {
			return stats.Key{User: math.MinInt64 * int64(i%2), Day: stats.Day(i%2) * stats.MaxDay}
		},
		"organ pipes":  func(i int) stats.Key { return stats.Key{User: int64(min(i, n-i))} },
		"high bits":    func(i int) stats.Key { return stats.Key{User: int64(i) << 45} },
		"all days":     func(i int) stats.Key { return stats.Key{Day: stats.Day(i*7919) % (stats.MaxDay + 1)} },
		"one low byte": func(i int) stats.Key { return stats.Key{User: int64(i)<<8 | 0x80} },
	} {
		t.Run(name, func(t *testing.T) {
			records := make([]stats.Record, n)
			for i := range records {
				records[i].Key = key(i)
			}
			got, _, err := sortAll(t.Context(), Config{TempDir: t.TempDir(), Workers: 2, RunRecords: 1 << 12, Runs: 16, FanIn: 3}, records)
			if err != nil {
				t.Fatal(err)
			}
			if got != reference(records) {
				t.Error("the result differs from the reference")
			}
		})
	}
}

// TestOpenFiles proves that open files are bounded by the number of levels, and
// that all are closed in the end.
func TestOpenFiles(t *testing.T) {
	before := openFiles(t)
	cfg := Config{TempDir: t.TempDir(), RunRecords: 100, ChunkPages: 4, Runs: 2, FanIn: 3}
	s := New(t.Context(), cfg)
	most, folds := 0, 0
	for rest := manyRecords(20000); len(rest) > 0; folds++ {
		var err error
		if rest, err = fillRound(t.Context(), s, 1, rest); err != nil {
			t.Fatal(err)
		}
		if err := s.Fold(t.Context()); err != nil {
			t.Fatal(err)
		}
		levels := 1
		for _, g := range s.generations {
			levels = max(levels, g.level+1)
		}
		open := openFiles(t) - before
		most = max(most, open)
		if bound := (cfg.FanIn-1)*levels + 1; open > bound {
			t.Fatalf("%d open files after %d rounds, more than %d", open, folds, bound)
		}
	}
	if folds < 81 || most < 5 { // 3^4
		t.Errorf("%d rounds, %d files: the test shows little", folds, most)
	}
	s.Close()
	if after := openFiles(t); after > before {
		t.Errorf("%d open files after Close, %d before", after, before)
	}
}

func openFiles(t *testing.T) int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("there is no list of open files: ", err)
	}
	return len(entries)
}

// TestSmallInputSpillsNothing proves that little data stays in memory.
func TestSmallInputSpillsNothing(t *testing.T) {
	_, s, err := sortAll(context.Background(), Config{Workers: 4, TempDir: filepath.Join(t.TempDir(), "missing")}, manyRecords(5000))
	if err != nil {
		t.Fatal(err)
	}
	if n := s.BytesSpilled(); n != 0 {
		t.Errorf("%d bytes spilled", n)
	}
}

// TestSpillFilesAreUnlinked proves that a spill file has no name while it is in
// use, so that it can't outlive the process.
func TestSpillFilesAreUnlinked(t *testing.T) {
	dir := t.TempDir()
	cfg := Config{TempDir: dir, RunRecords: 100, ChunkPages: 2, Runs: 20}
	_, s, err := sortAll(context.Background(), cfg, manyRecords(10000))
	if err != nil {
		t.Fatal(err)
	}
	if s.BytesSpilled() == 0 || len(s.generations) == 0 {
		t.Fatal("nothing was spilled: the test shows nothing")
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 0 {
		t.Errorf("left in the folder: %v", entries)
	}
}

// TestSpillFailure proves that a spill folder that fails is an error, with the
// way out, for every worker that waits, and not a hang.
func TestSpillFailure(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, cfg := range []Config{
		{Workers: 4, TempDir: file, RunRecords: 50, ChunkPages: 2},
		{Workers: 4, TempDir: file, RunRecords: 50, ChunkPages: 64, Runs: 10},
	} {
		_, _, err := sortAll(context.Background(), cfg, manyRecords(30000))
		if err == nil || !strings.Contains(err.Error(), file) {
			t.Errorf("the error is %v; want one that names the folder", err)
		}
	}
}

// TestWriteFailure proves that the error of a failing writer comes back.
func TestWriteFailure(t *testing.T) {
	errFull := errors.New("full")
	s := New(context.Background(), Config{Workers: 3, RunRecords: 100, ChunkPages: 2, StretchRecords: 50, BufferBytes: 10})
	defer s.Close()
	if _, err := fillRound(context.Background(), s, 3, manyRecords(10000)); err != nil {
		t.Fatal(err)
	}
	writes := 0
	_, err := s.Reduce(context.Background(), newRow, writerFunc(func(p []byte) (int, error) {
		if writes++; writes > 5 {
			return 0, errFull
		}
		return len(p), nil
	}))
	if !errors.Is(err, errFull) {
		t.Errorf("the error is %v, want %v", err, errFull)
	}
}

type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// TestCancel proves that a sorter whose context ends, at any moment, returns its
// cause, whichever of its goroutines is the first to notice.
func TestCancel(t *testing.T) {
	cfg := Config{Workers: 3, RunRecords: 50, ChunkPages: 1, Chunks: 10, FanIn: 2, StretchRecords: 50, BufferBytes: 10}
	records := manyRecords(3000)
	want := reference(records)
	start := time.Now()
	if _, _, err := sortAll(context.Background(), cfg, records); err != nil {
		t.Fatal(err)
	}
	whole := time.Since(start)
	cause := errors.New("stopped")
	times := sampling.Count(50, 200)
	for i := range times {
		ctx, cancel := context.WithCancelCause(context.Background())
		timer := time.AfterFunc(whole*time.Duration(i)/time.Duration(times), func() { cancel(cause) })
		got, _, err := sortAll(ctx, cfg, records)
		timer.Stop()
		cancel(nil)
		if err != nil && !errors.Is(err, cause) {
			t.Fatalf("the error is %v, want %v", err, cause)
		}
		if err == nil && got != want {
			t.Fatal("it ended early and says nothing")
		}
	}
}

// TestCancelWhileWriting proves that a reduction ends when its context does.
func TestCancelWhileWriting(t *testing.T) {
	cause := errors.New("stopped")
	ctx, cancel := context.WithCancelCause(context.Background())
	s := New(ctx, Config{RunRecords: 100, ChunkPages: 2, StretchRecords: 50, BufferBytes: 10})
	defer s.Close()
	if _, err := fillRound(ctx, s, 1, manyRecords(10000)); err != nil {
		t.Fatal(err)
	}
	_, err := s.Reduce(ctx, newRow, writerFunc(func(p []byte) (int, error) {
		cancel(cause)
		return len(p), nil
	}))
	if !errors.Is(err, cause) {
		t.Errorf("the error is %v, want %v", err, cause)
	}
}
