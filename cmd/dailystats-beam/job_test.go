package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"dailystats/bench/workload"
	"dailystats/stats/pipeline"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var initBeam = sync.OnceFunc(beam.Init)

// newOptions returns what a test asks for where it doesn't say otherwise.
func newOptions(folder string, inputs ...string) *options {
	return &options{
		inputs: inputs, output: folder, shards: 3, rangeSize: defaultRange, maxLine: pipeline.DefaultMaxLine,
		decimals: -1, runner: prismRunner,
	}
}

// runJob runs a job.
func runJob(ctx context.Context, o *options) (*report, error) {
	return runJobBy(ctx, o, func(s steps) steps { return s })
}

// runJobBy runs a job by other steps.
func runJobBy(ctx context.Context, o *options, change func(steps) steps) (*report, error) {
	initBeam()
	j, err := newJob(ctx, o)
	if err != nil {
		return nil, err
	}
	return j.run(ctx, change(j.steps()))
}

// outcome is what a run comes to.
type outcome struct {
	CSV     string
	Rejects []reject
	Counts  string // as JSON
}

// reject is a line of a rejects file, but for where it is.
type reject struct {
	Input  string   `json:"input"`
	Errors []string `json:"errors"`
	Raw    string   `json:"raw"`
}

func parseRejects(t rapid.TB, text []byte) (rejects []reject) {
	t.Helper()
	for line := range bytes.Lines(text) {
		var r reject
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatal(err)
		}
		rejects = append(rejects, r)
	}
	return rejects
}

// counts returns what the reports of all runs on some input have in common.
func counts(t rapid.TB, r pipeline.Report) string {
	t.Helper()
	text, err := json.MarshalIndent(pipeline.Report{
		Schema: r.Schema, Lines: r.Lines, Blank: r.Blank, Events: r.Events, Invalid: r.Invalid, InvalidByCode: r.InvalidByCode, Groups: r.Groups,
		Result: &pipeline.Result{
			Purchases: r.Result.Purchases, Revenue: r.Result.Revenue, Days: r.Result.Days,
			FirstDay: r.Result.FirstDay, LastDay: r.Result.LastDay,
		},
	}, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func readAll(t rapid.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// oneMachine runs what dailystats run does.
func oneMachine(t rapid.TB, dir string, o *options) outcome {
	t.Helper()
	var csv bytes.Buffer
	rejects := filepath.Join(dir, "rejects.jsonl")
	r, err := pipeline.Run(context.Background(), pipeline.Options{
		Inputs: o.inputs, Output: "-", Stdout: &csv, Rejects: rejects, MaxLine: int(o.maxLine), Redact: o.redact, Decimals: o.decimals.of(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return outcome{csv.String(), parseRejects(t, readAll(t, rejects)), counts(t, r)}
}

// onPrism runs a job, adds up its files if there are several, and checks what is in
// its folder.
func onPrism(t rapid.TB, o *options) (outcome, *report) {
	t.Helper()
	return onPrismBy(t, o, func(s steps) steps { return s })
}

// onPrismBy is onPrism, by other steps.
func onPrismBy(t rapid.TB, o *options, change func(steps) steps) (outcome, *report) {
	t.Helper()
	r, err := runJobBy(context.Background(), o, change)
	if err != nil {
		t.Fatal(err)
	}
	wantFolder(t, o.output, slices.Concat(r.Files, r.Rejects, []string{reportName, successName}))
	var csv bytes.Buffer
	var rejects []byte
	for _, name := range r.Rejects {
		rejects = append(rejects, readAll(t, filepath.Join(o.output, name))...)
	}
	if o.single || len(r.Files) == 0 {
		if len(r.Files) > 0 {
			csv.Write(readAll(t, filepath.Join(o.output, singleName)))
		}
	} else if _, err := pipeline.Merge(context.Background(), pipeline.MergeOptions{
		Inputs: []string{filepath.Join(o.output, "*.csv")}, Output: "-", Stdout: &csv, Decimals: o.decimals.of(),
	}); err != nil {
		t.Fatal(err)
	}
	var whole pipeline.Report
	if err := json.Unmarshal(readAll(t, filepath.Join(o.output, reportName)), &whole); err != nil {
		t.Fatal(err)
	}
	return outcome{csv.String(), parseRejects(t, rejects), counts(t, whole)}, r
}

// wantFolder checks what is in a folder.
func wantFolder(t rapid.TB, folder string, want []string) {
	t.Helper()
	names, err := disk{}.list(context.Background(), folder)
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("files: -want +got:\n%s", diff)
	}
}

// gunzip writes what a gzip file has to a new file.
func gunzip(t testing.TB, path string) string {
	t.Helper()
	r, err := gzip.NewReader(bytes.NewReader(readAll(t, path)))
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	plain := filepath.Join(t.TempDir(), "events.jsonl")
	if err := os.WriteFile(plain, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return plain
}

// TestOnlineRetail proves that real events give the result that they give on one
// machine, as one file or several, cut into ranges or compressed.
func TestOnlineRetail(t *testing.T) {
	compressed := "../../testdata/online_retail.jsonl.gz"
	want := string(readAll(t, "../../testdata/online_retail.csv"))
	plain := gunzip(t, compressed)
	for _, input := range []string{plain, compressed} {
		for _, single := range []bool{true, false} {
			o := newOptions(filepath.Join(t.TempDir(), "out"), input)
			o.rangeSize, o.single = 10_000, single
			got, r := onPrism(t, o)
			if diff := cmp.Diff(oneMachine(t, t.TempDir(), o), got); diff != "" {
				t.Errorf("%s: -one machine +Prism:\n%.2000s", input, diff)
			}
			if got.CSV != want {
				t.Errorf("%s: the result is not that of testdata", input)
			}
			if input == plain && r.Ranges < 30 {
				t.Errorf("there were %d ranges", r.Ranges)
			}
			if !single && (len(r.Files) <= r.Result.Days || r.Files[0] != "2010-12-01-00000-of-00003.csv") {
				t.Errorf("there are %d files, first %s", len(r.Files), r.Files[0])
			}
		}
	}
}

// generate writes events to a new file.
func generate(t testing.TB, c workload.Config) string {
	t.Helper()
	w, err := workload.New(c)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "events.jsonl")
	if err := w.Create(context.Background(), path, 4); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestMillionEvents proves that a million events in 16 ranges give what they give on
// one machine.
func TestMillionEvents(t *testing.T) {
	path := generate(t, workload.Config{Events: 1_000_000, Users: 300_000, Days: 7, Invalid: 2_000_000, Seed: 1})
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	o := newOptions(filepath.Join(t.TempDir(), "out"), path)
	o.single, o.rangeSize = true, size(info.Size()/16+1)
	want := oneMachine(t, t.TempDir(), o)
	got, r := onPrism(t, o)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-one machine +Prism:\n%.2000s", diff)
	}
	if r.Ranges != 16 || r.Invalid == 0 {
		t.Errorf("%d ranges, %d invalid events", r.Ranges, r.Invalid)
	}
	checkOffsets(t, readAll(t, path), readAll(t, filepath.Join(o.output, rejectsName)))
}

// checkOffsets checks that at each reject's offset there is the line that it has.
func checkOffsets(t testing.TB, data, rejects []byte) {
	t.Helper()
	last := int64(-1)
	for line := range bytes.Lines(rejects) {
		var r struct {
			Offset int64
			Raw    string
		}
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatal(err)
		}
		if r.Offset <= last || !bytes.HasPrefix(data[r.Offset:], []byte(r.Raw)) && !strings.ContainsRune(r.Raw, '\uFFFD') {
			t.Errorf("at offset %d there is not %.100q", r.Offset, r.Raw)
		}
		last = r.Offset
	}
}

// anyLine draws a line, without its end.
var anyLine = rapid.OneOf(
	rapid.SampledFrom([]string{
		`{"user_id":1,"event_type":"page_view","timestamp":"2024-01-15T10:30:00Z"}`,
		`{"user_id":-5,"event_type":"purchase","timestamp":"2024-01-16T23:59:59.9Z","amount":0.005}`,
		`{"user_id":9223372036854775807,"event_type":"purchase","timestamp":"2024-01-16T00:00:00Z","amount":123456789.987654321}`,
		`{"user_id":-9223372036854775808,"event_type":"x","timestamp":"0000-01-01T00:00:00Z"}`,
		`{"user_id":2,"event_type":"x","timestamp":"9999-12-31T00:00:00Z"}`,
		"", "  ", "bad", "{}", "\xff\xfe",
	}),
	rapid.Custom(func(t *rapid.T) string {
		return fmt.Sprintf(`{"user_id":%d,"event_type":"purchase","timestamp":"2024-01-%02dT10:30:00Z","amount":%d.%02d,"x":%q}`,
			rapid.Int64Range(-3, 3).Draw(t, "user"), rapid.IntRange(1, 3).Draw(t, "day"), rapid.IntRange(1, 99).Draw(t, "whole"),
			rapid.IntRange(0, 99).Draw(t, "cents"), strings.Repeat("x", rapid.IntRange(0, 200).Draw(t, "length")))
	}),
)

// TestAnyInput proves that it does not matter how files are cut: within line ends, in
// lines longer than a range, or not at all.
func TestAnyInput(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp(dir, "")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		o := newOptions(filepath.Join(dir, "out"))
		for i := range rapid.IntRange(1, 3).Draw(t, "files") {
			var data []byte
			for _, line := range rapid.SliceOfN(anyLine, 0, 20).Draw(t, "lines") {
				data = append(append(data, line...), rapid.SampledFrom([]string{"\n", "\n", "\r\n"}).Draw(t, "end")...)
			}
			if rapid.Bool().Draw(t, "cut off") {
				data = bytes.TrimRight(data, "\r\n")
			}
			path := filepath.Join(dir, fmt.Sprint(i))
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
			o.inputs = append(o.inputs, path)
		}
		o.rangeSize = size(rapid.IntRange(40, 400).Draw(t, "range"))
		o.maxLine = size(rapid.IntRange(70, 400).Draw(t, "max line"))
		o.decimals = decimals(rapid.IntRange(-1, 3).Draw(t, "decimals"))
		o.redact = rapid.Bool().Draw(t, "redact")
		o.single = true
		got, _ := onPrism(t, o)
		if diff := cmp.Diff(oneMachine(t, dir, o), got); diff != "" {
			t.Fatalf("-one machine +Prism:\n%s", diff)
		}
	})
}

// TestManyKeys proves that a bundle of more keys than are added up at once loses
// none, and that the sorter may have to fold.
func TestManyKeys(t *testing.T) {
	path := generate(t, workload.Config{Events: 2*mostKeys + 1000, Users: 2*mostKeys + 1000, Days: 1, Seed: 1})
	o := newOptions(filepath.Join(t.TempDir(), "out"), path)
	o.shards = 1
	got, _ := onPrism(t, o)
	if diff := cmp.Diff(oneMachine(t, t.TempDir(), o), got); diff != "" {
		t.Errorf("-one machine +Prism:\n%.2000s", diff)
	}
}

// TestMaxInvalid proves that a job with too many invalid events has rejects and a
// report, but no result.
func TestMaxInvalid(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.jsonl")
	if err := os.WriteFile(path, []byte(strings.Repeat("bad\n", 3)+"\n"+`{"user_id":1,"event_type":"x","timestamp":"2024-01-15T10:30:00Z"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for limit, tooMany := range map[string]bool{"2": true, "3": false, "75%": false, "74.9%": true} {
		for _, single := range []bool{true, false} {
			o := newOptions(filepath.Join(t.TempDir(), "out"), path)
			o.single = single
			if err := o.maxInvalid.UnmarshalText([]byte(limit)); err != nil {
				t.Fatal(err)
			}
			r, err := runJob(context.Background(), o)
			if err != nil {
				t.Fatal(err)
			}
			if errors.Is(r.failure(), pipeline.ErrTooManyInvalid) != tooMany {
				t.Errorf("%s: %v", limit, r.failure())
			}
			if !tooMany {
				continue
			}
			wantFolder(t, o.output, append(r.Rejects, reportName))
			if n := len(parseRejects(t, readAll(t, filepath.Join(o.output, r.Rejects[0])))); n != 3 {
				t.Errorf("%s: there are %d rejects", limit, n)
			}
		}
	}
}

// TestCancelled proves that a job that is stopped leaves nothing.
func TestCancelled(t *testing.T) {
	path := generate(t, workload.Config{Events: 500_000, Users: 500_000, Days: 3, Invalid: 2_000_000, Seed: 1})
	ctx, cancel := context.WithCancelCause(t.Context())
	stopped := errors.New("stopped")
	o := newOptions(filepath.Join(t.TempDir(), "out"), path)
	o.rangeSize = 1 << 20
	go func() {
		for { // until something has been written
			if names, _ := os.ReadDir(o.output); len(names) > 0 {
				cancel(stopped)
				return
			}
		}
	}()
	if _, err := runJob(ctx, o); !errors.Is(err, stopped) {
		t.Errorf("the error is %v", err)
	}
	wantFolder(t, o.output, nil)
}
