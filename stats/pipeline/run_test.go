package pipeline

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"dailystats/stats"
	"dailystats/stats/event"
	"dailystats/stats/input/decode"
	"dailystats/stats/report"
	"dailystats/stats/result"
	"dailystats/testdata/sampling"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// runToBytes runs o on inputs, which it writes to files, and returns what comes out.
func runToBytes(t testing.TB, o Options, inputs ...string) (csv string, rejects []reject, report report.Report, err error) {
	t.Helper()
	checkLeaks(t)
	dir := t.TempDir()
	for i, text := range inputs {
		path := filepath.Join(dir, fmt.Sprintf("input-%03d", i))
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		o.Inputs = append(o.Inputs, path)
	}
	var out bytes.Buffer
	o.Stdout, o.Output = &out, "-"
	if o.MaxInvalid == (Limit{}) {
		o.MaxInvalid = anyInvalid
	}
	o.Rejects = filepath.Join(dir, "rejects")
	o.TempDir = newSpillFolder(t)
	report, err = Run(context.Background(), o)
	return out.String(), readRejects(t, o.Rejects), report, err
}

// reject is a line of a rejects file.
type reject struct {
	Input  string
	Line   uint64
	Errors []string
	Raw    string
}

func readRejects(t fataler, path string) (rejects []reject) {
	t.Helper()
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for d := json.NewDecoder(f); ; {
		var r reject
		err := d.Decode(&r)
		if err == io.EOF {
			return rejects
		}
		if err != nil {
			t.Fatal(err)
		}
		r.Input = filepath.Base(r.Input)
		rejects = append(rejects, r)
	}
}

// reference is what Run computes, in the obvious way: a map in memory.
func reference(inputs ...string) (csv string, rejects []reject) {
	groups := make(map[stats.Key]stats.Totals)
	for i, text := range inputs {
		text = strings.TrimPrefix(text, "\xef\xbb\xbf")
		for n, line := range strings.Split(text, "\n") {
			if strings.Trim(line, " \t\r") == "" {
				continue
			}
			rec, fault := event.Schema{}.Plain([]byte(line))
			if fault == nil {
				groups[rec.Key] = groups[rec.Key].Add(rec.Totals())
				continue
			}
			rejects = append(rejects, reject{
				Input:  fmt.Sprintf("input-%03d", i),
				Line:   uint64(n + 1),
				Errors: fault.Rules.Codes(),
				Raw:    string([]rune(strings.TrimSuffix(line, "\r"))),
			})
		}
	}
	csvBytes := []byte(result.Header)
	for _, k := range slices.SortedFunc(maps.Keys(groups), stats.Key.Compare) {
		csvBytes = new(result.Rows).Append(csvBytes, k, groups[k])
	}
	return string(csvBytes), rejects
}

// anyInvalid is a limit that lets any events pass, even where none is valid.
var anyInvalid = func() Limit {
	limit, err := ParseLimit("100%")
	if err != nil {
		panic(err)
	}
	return limit
}()

// lineGen draws lines, valid ones mostly, with few keys.
func lineGen() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		if rapid.IntRange(0, 9).Draw(t, "odd") == 0 {
			return rapid.SampledFrom([]string{
				"", " \t\r", "x", "[]", "{}", "\xff", `{"user_id":1,"event_type":"purchase","timestamp":"2024-01-01","amount":-1}`,
				`{"user_id":1,"event_type":"a","timestamp":"2024-01-01T00:00:00Z"} ` + strings.Repeat(" ", 5000),
				strings.Repeat("\x00", 3000),
			}).Draw(t, "line")
		}
		line := fmt.Sprintf(`{"user_id":%d,"event_type":%q,"timestamp":"2024-01-%02dT10:30:00Z"`,
			rapid.Int64Range(-20, 20).Draw(t, "user"), rapid.SampledFrom([]string{"purchase", "view"}).Draw(t, "type"), rapid.IntRange(1, 9).Draw(t, "day"))
		if rapid.Bool().Draw(t, "has amount") {
			line += fmt.Sprintf(`,"amount":%d.%d`, rapid.Uint64Range(0, 1e12).Draw(t, "whole"), rapid.Uint64Range(0, 1e17).Draw(t, "fraction"))
		}
		return line + "}"
	})
}

// TestRunAgainstMap proves that a run's result and rejects don't depend on the
// number of workers, the memory limit, or how the lines are split and stored.
func TestRunAgainstMap(t *testing.T) {
	checkLeaks(t)
	dir, spill := t.TempDir(), newSpillFolder(t)
	rapid.Check(t, func(t *rapid.T) {
		inputs := rapid.SliceOfN(rapid.Map(rapid.SliceOfN(lineGen(), 0, 300), func(lines []string) string {
			return strings.Join(lines, "\n")
		}), 1, 4).Draw(t, "inputs")
		wantCSV, wantRejects := reference(inputs...)
		for i, o := range []Options{
			{Parallel: 1, Memory: 24 * mib},
			{Parallel: 2, Memory: 64 * mib},
			{Parallel: 7, Memory: 256 * mib},
		} {
			sub := filepath.Join(dir, fmt.Sprint(i))
			o.Inputs = store(t, sub, inputs, rapid.SampledFrom([]string{"plain", "gzip"}).Draw(t, "stored as"))
			var out bytes.Buffer
			o.Stdout, o.Output, o.MaxInvalid = &out, "-", anyInvalid
			o.TempDir, o.Rejects = spill, filepath.Join(sub, "rejects")
			report, err := Run(context.Background(), o)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(wantCSV, out.String()); diff != "" {
				t.Fatalf("%+v: %s", o, diff)
			}
			if diff := cmp.Diff(wantRejects, readRejects(t, o.Rejects)); diff != "" {
				t.Fatalf("%+v: %s", o, diff)
			}
			if int(report.Rows) != strings.Count(wantCSV, "\n")-1 || int(report.Invalid) != len(wantRejects) {
				t.Fatalf("the report is %+v", report)
			}
		}
	})
}

// store writes inputs to files in dir and returns their paths.
func store(t *rapid.T, dir string, inputs []string, how string) (paths []string) {
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for i, text := range inputs {
		data := []byte(text)
		if how == "gzip" {
			var b bytes.Buffer
			w := gzip.NewWriter(&b)
			w.Write(data)
			w.Close()
			data = b.Bytes()
		}
		path := filepath.Join(dir, fmt.Sprintf("input-%03d", i))
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	return paths
}

// FuzzRun proves for any bytes what TestRunAgainstMap does for likely lines. The
// second text is an input that is read ahead, where there is more than one worker.
func FuzzRun(f *testing.F) {
	f.Add("{\"user_id\":1,\"event_type\":\"purchase\",\"timestamp\":\"2024-01-01T00:00:00Z\",\"amount\":1.5}\n\n{}\n", "{}\n\n[]", uint8(3))
	f.Add("\xef\xbb\xbf{\"user_id\":-1,\"event_type\":\"a\",\"timestamp\":\"2024-W01-1T24Z\"}\r\n\xff", "", uint8(1))
	f.Fuzz(func(t *testing.T, first, second string, parallel uint8) {
		if mayBeCompressed(first) || mayBeCompressed(second) {
			t.Skip("might be compressed data")
		}
		wantCSV, wantRejects := reference(first, second)
		csv, rejects, _, err := runToBytes(t, Options{Parallel: int(parallel%8) + 1, Memory: 100 * mib}, first, second)
		if errors.As(err, new(*decode.ForeignError)) {
			t.Skip("is no JSON Lines")
		}
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(wantCSV, csv); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(wantRejects, rejects); diff != "" {
			t.Error(diff)
		}
		// Nothing that a spreadsheet could take for a formula.
		if rows, isResult := strings.CutPrefix(csv, result.Header); !isResult || strings.Trim(rows, "0123456789-,.\n") != "" {
			t.Errorf("more than numbers: %q", csv)
		}
	})
}

func mayBeCompressed(text string) bool {
	return slices.ContainsFunc([]string{"\x1f\x8b", "(\xb5", "BZ", "\xfd7", "\x04\x22", "\x02\x21"}, func(start string) bool {
		return strings.HasPrefix(text, start)
	}) || len(text) > 1 && strings.HasPrefix(text[1:], "*M") // of skippable frames
}

// TestPermutation proves that the order of events changes nothing.
func TestPermutation(t *testing.T) {
	checkLeaks(t)
	rapid.Check(t, func(t *rapid.T) {
		lines := rapid.SliceOfN(lineGen(), 0, 200).Draw(t, "lines")
		shuffled := rapid.Permutation(lines).Draw(t, "shuffled")
		one, _ := reference(strings.Join(lines, "\n"))
		var out bytes.Buffer
		_, err := Run(context.Background(), Options{
			Inputs: []string{"-"}, Stdin: strings.NewReader(strings.Join(shuffled, "\n")),
			Output: "-", Stdout: &out, Parallel: 2, MaxInvalid: anyInvalid,
		})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(one, out.String()); diff != "" {
			t.Fatal(diff)
		}
	})
}

// TestObserverOrder proves that invalid events are told in input order, whatever
// worker found them, and from one goroutine at a time.
func TestObserverOrder(t *testing.T) {
	var inputs []string
	for range 3 {
		var b strings.Builder
		for i := range 20000 {
			if i%7 == 3 {
				b.WriteString("bad\n")
			} else {
				b.WriteString(`{"user_id":1,"event_type":"a","timestamp":"2024-01-01T00:00:00Z"}` + "\n")
			}
		}
		inputs = append(inputs, b.String())
	}
	var log []byte
	o := Options{Parallel: 7, Memory: 100 * mib, Observer: Observer{
		AppendInvalid: func(dst []byte, e Invalid) []byte {
			return fmt.Appendf(dst, "%s %06d\n", filepath.Base(e.Input), e.Line)
		},
		WriteInvalid: func(p []byte) error {
			log = append(log, p...)
			return nil
		},
	}}
	_, rejects, report, err := runToBytes(t, o, inputs...)
	if err != nil {
		t.Fatal(err)
	}
	seen := strings.Fields(strings.ReplaceAll(string(log), " ", ":"))
	if !slices.IsSorted(seen) || len(seen) != int(report.Invalid) || len(rejects) != len(seen) {
		t.Errorf("%d events seen, in order: %v; %d reported, %d rejects", len(seen), slices.IsSorted(seen), report.Invalid, len(rejects))
	}
	for i, r := range rejects {
		if seen[i] != fmt.Sprintf("%s:%06d", r.Input, r.Line) {
			t.Fatalf("reject %d is %v, seen was %s", i, r, seen[i])
		}
	}
}

// TestMaxInvalidStops proves that a count stops the run at the first event too
// many, with the rejects up to that one, on any number of workers.
func TestMaxInvalidStops(t *testing.T) {
	limit, err := ParseLimit("1000")
	if err != nil {
		t.Fatal(err)
	}
	for _, parallel := range []int{1, 4} {
		o := Options{Parallel: parallel, MaxInvalid: limit}
		csv, rejects, report, err := runToBytes(t, o, strings.Repeat("bad\n", 2_000_000))
		if !errors.Is(err, ErrTooManyInvalid) {
			t.Fatalf("the error is %v", err)
		}
		if csv != "" || len(rejects) != 1001 || rejects[1000].Line != 1001 {
			t.Errorf("%d rejects, result %q", len(rejects), csv)
		}
		if report.Lines >= 2_000_000 {
			t.Errorf("all %d lines were read", report.Lines)
		}
	}
}

// TestLongLines proves that lines of every length up to the limit are read, and
// those beyond it are named, among short ones.
func TestLongLines(t *testing.T) {
	valid := func(length int) string {
		line := `{"user_id":1,"event_type":"a","timestamp":"2024-01-01T00:00:00Z","x":""}`
		return strings.Replace(line, `""`, `"`+strings.Repeat("x", length-len(line))+`"`, 1)
	}
	lines := []string{valid(100), valid(DefaultMaxLine), valid(DefaultMaxLine + 1), "bad", valid(300_000), strings.Repeat("\x01", 300_000), valid(10 * DefaultMaxLine), valid(100)}
	_, rejects, report, err := runToBytes(t, Options{Parallel: 3}, strings.Join(lines, "\n"))
	if err != nil {
		t.Fatal(err)
	}
	if report.Events != 4 || report.Invalid != 4 || report.Lines != 8 {
		t.Errorf("the report is %+v", report)
	}
	var got []string
	for _, r := range rejects {
		got = append(got, fmt.Sprintf("%d %v %d", r.Line, r.Errors, len(r.Raw)))
	}
	want := []string{"3 [line_too_long] 4096", "4 [malformed_json] 3", "6 [malformed_json] 300000", "7 [line_too_long] 4096"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestCancelled proves that a run that is ended, at any moment, returns the
// cause and changes no file, or was through before.
func TestCancelled(t *testing.T) {
	checkLeaks(t)
	random := rand.New(rand.NewPCG(sampling.Seed(t), 0))
	in := filepath.Join(t.TempDir(), "in")
	if err := os.WriteFile(in, []byte(spilledLines()), 0o600); err != nil {
		t.Fatal(err)
	}
	usual := cancelAfter(t, in, time.Hour)
	for range sampling.Count(10, 100) {
		cancelAfter(t, in, time.Duration(random.Float64()*1.1*float64(usual)))
	}
}

// cancelAfter checks a run that is ended after some time, and returns how long it
// took.
func cancelAfter(t *testing.T, in string, after time.Duration) time.Duration {
	start := time.Now()
	dir := t.TempDir()
	target := filepath.Join(dir, "result")
	if err := os.WriteFile(target, []byte("older"), 0o600); err != nil {
		t.Fatal(err)
	}
	cause := errors.New("stopped")
	ctx, cancel := context.WithTimeoutCause(t.Context(), after, cause)
	defer cancel()
	_, err := Run(ctx, Options{
		Inputs: []string{in}, Output: target, Rejects: filepath.Join(dir, "rejects"), TempDir: newSpillFolder(t),
		Parallel: 1, Memory: 24 * mib,
	})
	if err != nil && !errors.Is(err, cause) {
		t.Errorf("after %v: the error is %v, want %v", after, err, cause)
	}
	entries, _ := os.ReadDir(dir)
	text, _ := os.ReadFile(target)
	if asItWas := len(entries) == 1 && string(text) == "older"; asItWas == (err == nil) {
		t.Errorf("after %v: the error is %v, the folder has %v", after, err, entries)
	}
	return time.Since(start)
}

// spilledLines are events that are spilled in 24 MiB, and some that are invalid.
func spilledLines() string {
	var b strings.Builder
	for user := range 250_000 {
		fmt.Fprintf(&b, `{"user_id":%d,"event_type":"a","timestamp":"20240101T00Z"}`+"\n", user)
	}
	return b.String() + strings.Repeat("bad\n", 10_000)
}

// TestWriteFails proves that a run ends that can't write what it has merged.
func TestWriteFails(t *testing.T) {
	checkLeaks(t)
	want := errors.New("no room")
	_, err := Run(t.Context(), Options{
		Inputs: []string{"-"}, Stdin: strings.NewReader(spilledLines()),
		Output: "-", Stdout: failingWriter{want}, TempDir: newSpillFolder(t),
		Parallel: 1, Memory: 24 * mib,
	})
	if !errors.Is(err, want) {
		t.Errorf("the error is %v, want %v", err, want)
	}
}

type failingWriter struct{ err error }

func (w failingWriter) Write([]byte) (int, error) { return 0, w.err }

// TestStdinCancelled proves that a run ends that waits for an input without end.
func TestStdinCancelled(t *testing.T) {
	checkLeaks(t)
	cause := errors.New("stopped")
	ctx, cancel := context.WithCancelCause(t.Context())
	in, feed := io.Pipe()
	defer in.Close()
	go func() {
		for line := "bad\n"; ; {
			if _, err := io.WriteString(feed, line); err != nil {
				return
			}
		}
	}()
	_, err := Run(ctx, Options{
		Inputs: []string{"-"}, Stdin: in,
		Observer: Observer{
			AppendInvalid: func(dst []byte, e Invalid) []byte { return append(dst, '\n') },
			WriteInvalid: func(p []byte) error {
				cancel(cause)
				return nil
			},
		},
	})
	if !errors.Is(err, cause) {
		t.Errorf("the error is %v, want %v", err, cause)
	}
}

// TestRefused proves what is found before anything is read or written.
func TestRefused(t *testing.T) {
	checkLeaks(t)
	dir := t.TempDir()
	in := filepath.Join(dir, "in")
	if err := os.WriteFile(in, []byte("{}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "link")
	if err := os.Link(in, link); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		o     Options
		usage bool
	}{
		"missing input":          {Options{Inputs: []string{in + "x"}, Output: in + ".csv"}, true},
		"output is an input":     {Options{Inputs: []string{in}, Output: in}, true},
		"output links to input":  {Options{Inputs: []string{in}, Output: link}, true},
		"rejects are an input":   {Options{Inputs: []string{in}, Output: in + ".csv", Rejects: in}, true},
		"output is the rejects":  {Options{Inputs: []string{in}, Output: in + ".csv", Rejects: in + ".csv"}, true},
		"too little memory":      {Options{Inputs: []string{in}, Output: in + ".csv", Memory: 1 * mib}, true},
		"no such folder":         {Options{Inputs: []string{in}, Output: filepath.Join(dir, "no", "x.csv")}, false},
		"no such spill folder":   {Options{Inputs: []string{in}, Output: in + ".csv", TempDir: filepath.Join(dir, "no")}, true},
		"no such rejects folder": {Options{Inputs: []string{in}, Output: in + ".csv", Rejects: filepath.Join(dir, "no", "x")}, false},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Run(context.Background(), test.o)
			if err == nil || errors.Is(err, ErrUsage) != test.usage || strings.Contains(err.Error(), "\n") {
				t.Errorf("the error is %v; wrong usage: %v, want %v", err, errors.Is(err, ErrUsage), test.usage)
			}
			entries, _ := os.ReadDir(dir)
			if len(entries) != 2 {
				t.Errorf("left in the folder: %v", entries)
			}
		})
	}
}

// TestCheckOnly proves that without an output events are only validated.
func TestCheckOnly(t *testing.T) {
	checkLeaks(t)
	report, err := Run(context.Background(), Options{
		Inputs: []string{"-"}, Stdin: strings.NewReader("{\"user_id\":1,\"event_type\":\"a\",\"timestamp\":\"2024-01-01T00:00:00Z\"}\n\nbad"),
	})
	if err != nil {
		t.Fatal(err)
	}
	if report.Lines != 3 || report.Blank != 1 || report.Events != 1 || report.Invalid != 1 || report.Rows != 0 {
		t.Errorf("the report is %+v", report)
	}
}

// fataler is a test of either kind, *testing.T or *rapid.T.
type fataler interface {
	Helper()
	Fatal(args ...any)
}
