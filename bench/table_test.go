package bench

import (
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// sample is a result with a row of each sort.
func sample() *Result {
	run := Usage{Wall: 2, User: 5.5, System: 0.5, Peak: 53 << 20}
	return &Result{
		Format: 1, Started: time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC), Runs: 3,
		Machine: Machine{Processor: "Abacus", Processors: 4, Memory: 24 << 30, System: "linux/amd64", Go: "go1.26"},
		Workloads: []Workload{
			{
				Name: "events_1|2.jsonl", Bytes: 1_000_000_000, Events: 12_345_678, ResultRows: 1000,
				Rows: []Row{
					{Tool: "dailystats", Memory: 64 << 20, Held: true, Runs: []Usage{{Wall: 1.9}, run, {Wall: 12.5}}, Median: run, Spilled: 20 << 20, Hash: "0123456789abcdef"},
					{Tool: "miller", Version: "Miller 6", Parallel: 4, kind: peer, Runs: []Usage{run}, Median: run, Compared: &Comparison{Missing: 1234}},
					{Tool: "jq", Parallel: 4, kind: peer, Failed: "not found: " + strings.Repeat("x", 100)},
					{Tool: "wc -l", Parallel: 1, kind: floor, Runs: []Usage{{Wall: 0.04, User: 0.04}}, Median: Usage{Wall: 0.04, User: 0.04}},
				},
			},
			{Name: "1 event", Failed: "no space"},
		},
		Notes: []string{"a note"},
	}
}

// TestTable proves what people read on a terminal.
func TestTable(t *testing.T) {
	var out strings.Builder
	if err := sample().WriteTable(&out, 0); err != nil {
		t.Fatal(err)
	}
	want := `events_1|2.jsonl: 1.0 GB, 12,345,678 events, 1,000 rows

tool        limit         workers  time    from – to        CPU     peak memory  spilled  MB/s    events/s  × wc  result
dailystats  64 MiB, held  auto     2.00 s  1.90 s – 12.5 s  6.00 s  53.0 MiB     20 MiB   500     6.17 M    50.0  0123456789abcdef
Miller 6    none          4        2.00 s  2.00 s – 2.00 s  6.00 s  53.0 MiB     –        500     6.17 M    50.0  1,234 rows missing
jq          none          4        –       –                –       –            –        –       –         –     not found: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…
wc -l       –             1        40 ms   40 ms – 40 ms    40 ms   unknown      –        25,000  309 M     1.0   

1 event

no space

2026-11-23, on 4 × Abacus, 24 GiB of memory, linux/amd64, go1.26. Medians of 3 runs in turn, behind one that warmed up.
a note
`
	if out.String() != want {
		t.Errorf("got:\n%s\nwant:\n%s", out.String(), want)
	}
}

// TestNarrowTable proves that a table fits the terminal, as far as columns can be left out.
func TestNarrowTable(t *testing.T) {
	r := sample()
	r.Workloads[0].Rows[2].Failed = "not found"
	for _, width := range []int{120, 100, 80, 70} {
		var out strings.Builder
		if err := r.WriteTable(&out, width); err != nil {
			t.Fatal(err)
		}
		table, _, _ := strings.Cut(out.String(), "\n\n1 event")
		for line := range strings.Lines(table) {
			if n := utf8.RuneCountInString(strings.TrimRight(line, "\n ")); n > width {
				t.Errorf("%d characters of %d: %s", n, width, line)
			}
		}
		if !strings.Contains(table, "peak memory") || !strings.Contains(table, "time") {
			t.Errorf("in %d characters there is no time, or no memory:\n%s", width, table)
		}
	}
}

// TestMarkdown proves that a table stays one, whatever is in its cells.
func TestMarkdown(t *testing.T) {
	var out strings.Builder
	if err := sample().WriteMarkdown(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"**events\\_1\\|2.jsonl: 1.0 GB, 12,345,678 events, 1,000 rows**\n\n| tool | limit |",
		"|---|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---|\n| dailystats | 64 MiB, held | auto | 2.00 s |",
		"| 1,234 rows missing |\n",
		"**1 event**\n\nno space\n",
		"\n- a note\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in:\n%s", want, out.String())
		}
	}
}

// TestPage proves that a page shows all rows and charts, and escapes what
// people have called their files.
func TestPage(t *testing.T) {
	r := sample()
	r.Workloads[0].Name = "<script>alert(1)</script>"
	var out strings.Builder
	if err := r.WritePage(&out); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out.String(), "<script") {
		t.Error("a name is not escaped")
	}
	for want, count := range map[string]int{"<svg ": 2, "</tr>": 5, "&lt;script&gt;": 5, "<td>–</td>": 11, "a note": 1, "no space": 1} {
		if got := strings.Count(out.String(), want); got != count {
			t.Errorf("%q is there %d times, want %d", want, got, count)
		}
	}
}

// TestMedian proves that a median is taken of each figure by itself.
func TestMedian(t *testing.T) {
	runs := []Usage{{Wall: 3, User: 1, Peak: 10}, {Wall: 1, User: 3, Peak: 30}, {Wall: 2, User: 2, Peak: 20}}
	if got, want := medianOf(runs), (Usage{Wall: 2, User: 2, Peak: 20}); got != want {
		t.Errorf("of three: %+v, want %+v", got, want)
	}
	if got, want := medianOf(runs[:2]), (Usage{Wall: 2, User: 2, Peak: 20}); got != want {
		t.Errorf("of two: %+v, want %+v", got, want)
	}
	if got := medianOf(nil); got != (Usage{}) {
		t.Errorf("of none: %+v", got)
	}
}

// TestFormat proves what figures look like.
func TestFormat(t *testing.T) {
	for _, test := range []struct{ got, want string }{
		{formatSeconds(0.0123), "12 ms"},
		{formatSeconds(0.1), "0.10 s"},
		{formatSeconds(9.994), "9.99 s"},
		{formatSeconds(43.21), "43.2 s"},
		{formatSeconds(612.3), "612 s"},
		{formatCount(999), "999"},
		{formatCount(12_345), "12.3 k"},
		{formatCount(4_567_890), "4.57 M"},
		{formatCount(1e10), "10 G"},
		{formatPeak(20 << 20), "20.0 MiB"},
		{formatPeak(6 << 30), "6,144 MiB"},
		{formatRate(3.14), "3.1"},
		{formatRate(7370.6), "7,371"},
		{formatTick(2000), "2,000"},
		{formatTick(0.05), "0.05"},
		{cut(strings.Repeat("é", 80)), strings.Repeat("é", 80)},
		{(&failure{code: 7}).Error(), "exit code 7"},
		{cut(strings.Repeat("é", 81)), strings.Repeat("é", 80) + "…"},
		{formatRate(math.Pi * 1e6), "3,141,593"},
	} {
		if test.got != test.want {
			t.Errorf("got %q, want %q", test.got, test.want)
		}
	}
}
