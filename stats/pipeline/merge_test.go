package pipeline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dailystats/stats"
	"dailystats/stats/input"
	"dailystats/stats/report"
	"dailystats/stats/result"
	"dailystats/testdata/sampling"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
	"pgregory.net/rapid"
)

// few is a number of open files that leaves a merge the fewest inputs at a time.
const few = 1

// TestMergeOfAnySplit proves that the merge of the results of any split of events
// is the result of all of them, be it at once or by way of other merges, in any
// order, through spill files or not, and also where it is rounded in the end.
func TestMergeOfAnySplit(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		inputs := rapid.SliceOfN(rapid.Map(rapid.SliceOfN(lineGen(), 0, 50), func(lines []string) string {
			return strings.Join(lines, "\n") + "\n"
		}), 1, 5).Draw(t, "inputs")
		var results []string
		for _, text := range inputs {
			results = append(results, runText(t, text, stats.Decimals{}))
		}
		decimals := rapid.SampledFrom([]stats.Decimals{{}, stats.FixedDecimals(2)}).Draw(t, "decimals")
		want := runText(t, strings.Join(inputs, ""), decimals)

		sub := filepath.Join(dir, "results")
		results = store(t, sub, rapid.Permutation(results).Draw(t, "order"), rapid.SampledFrom([]string{"plain", "gzip"}).Draw(t, "stored as"))
		files := rapid.SampledFrom([]int{0, few}).Draw(t, "open files")
		if n := rapid.IntRange(0, len(results)).Draw(t, "merged before"); n > 0 {
			merged := filepath.Join(sub, "merged.csv")
			if _, err := Merge(context.Background(), MergeOptions{Inputs: results[:n], Output: merged, TempDir: dir, openFiles: files}); err != nil {
				t.Fatal(err)
			}
			results = append(results[n:], merged)
		}
		var got bytes.Buffer
		report, err := Merge(context.Background(), MergeOptions{Inputs: results, Output: "-", Stdout: &got, TempDir: dir, Decimals: decimals, openFiles: files})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got.String()); diff != "" {
			t.Fatal(diff)
		}
		if spills := files == few && len(results) > minFiles; spills != (report.BytesSpilled > 0) || int(report.Rows) != strings.Count(want, "\n")-1 {
			t.Fatalf("the report is %+v", report)
		}
	})
}

// TestMergeOfShares proves that the merge of the results of all shards of some files
// is the result of the files, whatever the number of shards and wherever they are
// cut: within line ends, in lines longer than a shard, behind a last line without
// its end.
func TestMergeOfShares(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		o := Options{Output: "-", Parallel: 1, Memory: 24 * mib, MaxInvalid: anyInvalid, MaxLine: rapid.SampledFrom([]int{100, 1000, 6000}).Draw(t, "max line")}
		for i := range rapid.IntRange(1, 3).Draw(t, "files") {
			var text []byte
			for _, line := range rapid.SliceOfN(lineGen(), 0, 20).Draw(t, "lines") {
				text = append(append(text, line...), rapid.SampledFrom([]string{"\n", "\r\n"}).Draw(t, "end")...)
			}
			if rapid.Bool().Draw(t, "cut off") {
				text = bytes.TrimRight(text, "\r\n")
			}
			o.Inputs = append(o.Inputs, filepath.Join(dir, fmt.Sprint("input-", i)))
			if err := os.WriteFile(o.Inputs[i], text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		run := func(s input.Share) string {
			var result bytes.Buffer
			o.Stdout, o.Share = &result, s
			if _, err := Run(context.Background(), o); err != nil {
				t.Fatal(err)
			}
			return result.String()
		}
		want := run(input.Share{})
		var results []string
		count := rapid.IntRange(1, 12).Draw(t, "shards")
		for i := range count {
			results = append(results, run(input.Share{Index: i + 1, Count: count}))
		}
		var got bytes.Buffer
		results = store(t, filepath.Join(dir, "results"), results, "plain")
		if _, err := Merge(context.Background(), MergeOptions{Inputs: results, Output: "-", Stdout: &got, TempDir: dir}); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got.String()); diff != "" {
			t.Fatalf("%d shards, -want +got:\n%s", count, diff)
		}
	})
}

// runText returns the result of a run over events.
func runText(t fataler, events string, decimals stats.Decimals) string {
	var result bytes.Buffer
	_, err := Run(context.Background(), Options{
		Inputs: []string{"-"}, Stdin: strings.NewReader(events), Output: "-", Stdout: &result, Decimals: decimals, Parallel: 1, Memory: 24 * mib, MaxInvalid: anyInvalid,
	})
	if err != nil {
		t.Fatal(err)
	}
	return result.String()
}

// TestMergeRoundsOnce proves that sums on their way through spill files are exact.
func TestMergeRoundsOnce(t *testing.T) {
	var inputs []string
	for i := range 9 {
		inputs = append(inputs, filepath.Join(t.TempDir(), fmt.Sprint(i)))
		if err := os.WriteFile(inputs[i], []byte(result.Header+"2024-01-01,1,1,1,0.001\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var got bytes.Buffer
	o := MergeOptions{Inputs: inputs, Output: "-", Stdout: &got, TempDir: t.TempDir(), Decimals: stats.FixedDecimals(2), openFiles: few}
	if _, err := Merge(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if want := result.Header + "2024-01-01,1,9,9,0.01\n"; got.String() != want {
		t.Errorf("got %q, want %q", got.String(), want)
	}
}

// TestMergeFrames proves that frames of zstd data that need more memory than the
// first one are read, too.
func TestMergeFrames(t *testing.T) {
	rows := []byte{}
	for user := range int64(20_000) {
		rows = new(result.Rows).Append(rows, stats.Key{User: user}, stats.Totals{Events: 1})
	}
	encoder, err := zstd.NewWriter(nil, zstd.WithWindowSize(512*kib))
	if err != nil {
		t.Fatal(err)
	}
	stored := encoder.EncodeAll(rows, encoder.EncodeAll([]byte(result.Header), nil))
	var got bytes.Buffer
	if _, err := Merge(t.Context(), MergeOptions{Inputs: []string{"-"}, Stdin: bytes.NewReader(stored), Output: "-", Stdout: &got}); err != nil {
		t.Error(err)
	}
	input := filepath.Join(t.TempDir(), "input")
	if err := os.WriteFile(input, stored, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Merge(t.Context(), MergeOptions{Inputs: []string{input}, Output: "-", Stdout: &got}); err != nil {
		t.Error(err)
	}
	if want := strings.Repeat(result.Header+string(rows), 2); got.String() != want {
		t.Errorf("%d bytes were written, not %d", got.Len(), len(want))
	}
}

// TestMergeManyInputs proves that any number of inputs is merged in the least
// memory with few open files, by levels of spill files, and that all of it is
// counted.
func TestMergeManyInputs(t *testing.T) {
	checkLeaks(t)
	inputs := sampling.Count(3000, 10_000) / 3 * 3
	dir := t.TempDir()
	for i := range inputs {
		row := new(result.Rows).Append([]byte(result.Header), stats.Key{User: int64(i % 3)}, stats.Totals{Events: 2, Purchases: 1, Revenue: stats.NewAmount(1, 1)})
		row = new(result.Rows).Append(row, stats.Key{Day: 1, User: int64(i)}, stats.Totals{Events: 1})
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprint(i)), row, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want := []byte(result.Header)
	third := uint64(inputs / 3)
	for user := range int64(3) {
		want = new(result.Rows).Append(want, stats.Key{User: user}, stats.Totals{Events: 2 * third, Purchases: third, Revenue: stats.NewAmount(third, third)})
	}
	for user := range int64(inputs) {
		want = new(result.Rows).Append(want, stats.Key{Day: 1, User: user}, stats.Totals{Events: 1})
	}
	for _, o := range []MergeOptions{{Memory: 24 * mib, openFiles: few}, {Memory: 24 * mib}, {Memory: 512 * mib, openFiles: inputs + ownFiles}} {
		var got bytes.Buffer
		o.Inputs, o.Output, o.Stdout, o.TempDir = []string{dir}, "-", &got, newSpillFolder(t)
		report, err := Merge(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got.Bytes(), want) {
			t.Errorf("%d open files: the result is not what was expected: %d bytes, not %d", o.openFiles, got.Len(), len(want))
		}
		if report.Inputs != inputs || report.RowsRead != 2*uint64(inputs) || report.Rows != uint64(inputs+3) || (report.BytesSpilled > 0) != (o.Memory == 24*mib) {
			t.Errorf("the report is %+v", report)
		}
	}
}

// TestSpillsAreFreed proves that a spill file is given up with the last of its runs:
// what was merged again takes no space twice.
func TestSpillsAreFreed(t *testing.T) {
	checkLeaks(t)
	var inputs []string
	for i := range 400 {
		inputs = append(inputs, filepath.Join(t.TempDir(), fmt.Sprint(i)))
		if err := os.WriteFile(inputs[i], []byte(result.Header), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	m, err := newMerge(t.Context(), MergeOptions{Inputs: inputs, Output: os.DevNull, TempDir: t.TempDir(), Memory: 16 * mib, openFiles: few})
	if err != nil {
		t.Fatal(err)
	}
	defer m.close()
	if err := m.do(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(m.spills) < 2 {
		t.Errorf("there are %d levels of spill files", len(m.spills))
	}
	for i, s := range m.spills {
		if _, err := s.File.Stat(); !errors.Is(err, os.ErrClosed) {
			t.Errorf("spill file %d, with %d runs, is not closed: %v", i+1, s.runs, err)
		}
	}
}

// TestMergeRefused proves what is found before anything is written.
func TestMergeRefused(t *testing.T) {
	dir := t.TempDir()
	in := filepath.Join(dir, "in")
	if err := os.WriteFile(in, []byte(result.Header), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		o    MergeOptions
		want string
	}{
		"no input":             {MergeOptions{Output: in + ".csv"}, "nothing to merge"},
		"missing input":        {MergeOptions{Inputs: []string{in + "x"}, Output: in + ".csv"}, "not found"},
		"output is an input":   {MergeOptions{Inputs: []string{in}, Output: in}, "it is an input"},
		"report is an input":   {MergeOptions{Inputs: []string{in}, Output: in + ".csv", Report: in}, "it is an input"},
		"report is the output": {MergeOptions{Inputs: []string{in}, Output: in + ".csv", Report: in + ".csv"}, "written twice"},
		"log is an input":      {MergeOptions{Inputs: []string{in}, Output: in + ".csv", Written: []File{{in, "the log"}}}, "it is an input"},
		"too little memory":    {MergeOptions{Inputs: []string{in}, Output: in + ".csv", Memory: mib}, "give Options.Memory"},
		"no such spill folder": {MergeOptions{Inputs: []string{in}, Output: in + ".csv", TempDir: filepath.Join(dir, "no")}, "is not a folder"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Merge(t.Context(), test.o)
			if !errors.Is(err, ErrUsage) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("the error is %v", err)
			}
			if entries, _ := os.ReadDir(dir); len(entries) != 1 {
				t.Errorf("left in the folder: %v", entries)
			}
		})
	}
}

// TestMergeCancelled proves that a merge that is ended returns the cause, changes
// no file, and leaves no goroutine behind: before it begins, and while it reads.
func TestMergeCancelled(t *testing.T) {
	checkLeaks(t)
	dir := t.TempDir()
	in := filepath.Join(dir, "in")
	rows := []byte(result.Header)
	for user := range int64(100_000) {
		rows = new(result.Rows).Append(rows, stats.Key{User: user}, stats.Totals{Events: 1})
	}
	if err := os.WriteFile(in, rows, 0o600); err != nil {
		t.Fatal(err)
	}
	checkLeaks(t)
	cause := errors.New("stopped")
	for _, size := range []int{0, len(result.Header), len(rows) / 2} {
		ctx, cancel := context.WithCancelCause(context.Background())
		stdin := &endingReader{Reader: bytes.NewReader(rows), rest: size, end: func() { cancel(cause) }}
		_, err := Merge(ctx, MergeOptions{Inputs: []string{in, "-"}, Stdin: stdin, Output: filepath.Join(dir, "out"), TempDir: dir})
		if err != cause {
			t.Errorf("after %d bytes the error is %v, want %v", size, err, cause)
		}
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("left in the folder: %v", entries)
	}
}

// endingReader calls end when it has given rest bytes.
type endingReader struct {
	*bytes.Reader
	rest int
	end  func()
}

func (r *endingReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if r.rest -= n; r.rest <= 0 {
		r.end()
	}
	return n, err
}

// TestMergePlan proves that no batch of a plan comes to more than the limit, that
// batches come to an end, and that what the README promises to work does.
func TestMergePlan(t *testing.T) {
	anyNeed := rapid.SampledFrom([]input.Need{{}, {}, {Compressed: true}, {Window: 1}, {Compressed: true, Window: mib}, {Compressed: true, Window: 8 * mib}, {Compressed: true, Window: 1 << 40}})
	rapid.Check(t, func(t *rapid.T) {
		memory := rapid.SampledFrom([]int64{24, 32, 64, 256, 4096}).Draw(t, "MiB") * mib
		files := rapid.SampledFrom([]int{0, 50, 1000, 1 << 20}).Draw(t, "open files")
		inputs := rapid.SliceOfN(anyNeed, 1, 400).Draw(t, "inputs")
		p, err := newMergePlan(memory, inputs, mergeDemand{program: DefaultProgram, openFiles: files})
		if err != nil {
			t.Fatal(err)
		}
		var parts []part
		for _, n := range inputs {
			parts = append(parts, part{need: n})
		}
		p.sort(parts)
		fixed := p.Program + p.Runtime + p.Slack + p.Inputs + p.Buffers
		for batches := 0; ; batches++ {
			n, last := p.next(parts)
			l := p.sum(parts[:n])
			if last {
				l.memory += p.Result
			}
			if n == 0 || fixed+l.memory > memory || l.files > max(files-ownFiles, minFiles) || batches > 1000 {
				t.Fatalf("batch %d of %d parts takes %+v: %v", n, len(parts), l, p)
			}
			if last {
				break
			}
			parts = append(parts[n:len(parts):len(parts)], part{level: parts[n-1].level + 1})
		}
	})
}

// TestMergePlanNamesWhatWorks proves that the error about too little memory names
// a limit that works, and that one of a MiB less doesn't.
func TestMergePlanNamesWhatWorks(t *testing.T) {
	for _, inputs := range [][]input.Need{make([]input.Need, 1), make([]input.Need, 20_000), {{Compressed: true, Window: 8 * mib}}} {
		_, err := newMergePlan(2*mib, inputs, mergeDemand{program: DefaultProgram, openFiles: 100})
		var enough int64
		if err == nil {
			t.Fatal("2 MiB are enough")
		}
		if _, scanErr := fmt.Sscanf(err.Error()[strings.Index(err.Error(), "give"):], "give Options.Memory %dMiB", &enough); scanErr != nil {
			t.Fatalf("%v: %v", err, scanErr)
		}
		if _, err := newMergePlan(enough*mib, inputs, mergeDemand{program: DefaultProgram, openFiles: 100}); err != nil {
			t.Error(err)
		}
		if _, err := newMergePlan((enough-1)*mib, inputs, mergeDemand{program: DefaultProgram, openFiles: 100}); err == nil {
			t.Errorf("%d inputs: %d MiB are enough, too", len(inputs), enough-1)
		}
	}
}

// BenchmarkMerge measures merging results of a million rows together, from the
// page cache.
func BenchmarkMerge(b *testing.B) {
	for _, inputs := range []int{2, 20, 500} {
		b.Run(fmt.Sprintf("inputs=%d", inputs), func(b *testing.B) {
			dir := b.TempDir()
			for i := range inputs {
				rows := []byte(result.Header)
				for user := range int64(1_000_000 / inputs) {
					key := stats.Key{Day: stats.Day(user * 30 * int64(inputs) / 1_000_000), User: user*1009 + int64(i*37%100)}
					rows = new(result.Rows).Append(rows, key, stats.Totals{Events: 3, Purchases: 1, Revenue: stats.NewAmount(uint64(user%1000), 99e16)})
				}
				if err := os.WriteFile(filepath.Join(dir, fmt.Sprint(i)), rows, 0o600); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportAllocs()
			var report report.Merge
			for b.Loop() {
				var err error
				if report, err = Merge(b.Context(), MergeOptions{Inputs: []string{dir}, Output: os.DevNull, TempDir: dir}); err != nil {
					b.Fatal(err)
				}
			}
			b.SetBytes(int64(report.BytesRead))
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(report.Rows), "ns/row")
		})
	}
}
