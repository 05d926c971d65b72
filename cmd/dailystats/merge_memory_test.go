package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"dailystats/stats/pipeline"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/ulikunitz/xz"
)

// mergeLoads are results that are hard on the memory of a merge in one way.
var mergeLoads = []struct {
	name        string
	files, rows int
	compress    func(w io.Writer) (io.WriteCloser, error) // nil for plain text
}{
	{"many", 10_000, 2, nil},
	{"plain", 300, 10_000, nil},
	{"gzip", 300, 10_000, func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriter(w), nil }},
	{"zstd", 60, 50_000, func(w io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(w, zstd.WithWindowSize(1<<20)) }},
	{"zstd, large windows", 6, 300_000, func(w io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(w, zstd.WithWindowSize(8<<20)) }},
	{"xz", 3, 300_000, func(w io.Writer) (io.WriteCloser, error) { return xz.NewWriter(w) }},
	{"lz4", 12, 300_000, func(w io.Writer) (io.WriteCloser, error) { return lz4.NewWriter(w), nil }},
}

// TestMergeMemory proves that a merge stays below --memory, as the kernel counts
// what it has resident, whatever the results and how they are stored.
func TestMergeMemory(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the kernel's figure for the process itself is read from /proc")
	}
	if raceEnabled {
		t.Skip("the race detector takes many times the memory")
	}
	command := buildCommand(t)
	for _, l := range mergeLoads {
		folder := writeResults(t, l.files, l.rows, l.compress)
		for _, memory := range []string{"24MiB", "64MiB"} {
			t.Run(l.name+"/"+memory, func(t *testing.T) {
				report := mergeIn(t, command, folder, memory)
				checkPeak(t, memory, pipeline.Report{PeakMemory: report.PeakMemory, BytesSpilled: report.BytesSpilled})
				if report.Rows != uint64(l.files*l.rows) || report.Groups != uint64(l.rows) {
					t.Errorf("%d rows of %d groups were merged, not %d of %d", report.Rows, report.Groups, l.files*l.rows, l.rows)
				}
			})
		}
	}
}

// writeResults writes files with a result of so many rows, and returns their folder.
func writeResults(t *testing.T, files, rows int, compress func(io.Writer) (io.WriteCloser, error)) string {
	text := []byte("date,user_id,event_count,purchase_count,total_revenue\n")
	for user := range rows {
		text = fmt.Appendf(text, "2024-01-01,%d,%d,1,%d.%02d\n", user*7, user%10+1, user*7919%1000, user%90+10)
	}
	if compress != nil {
		var data bytes.Buffer
		w, err := compress(&data)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(text); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		text = data.Bytes()
	}
	dir := t.TempDir()
	for n := range files {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprint(n)), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// mergeIn merges the results in a folder, writes the sum compressed, and returns
// the report.
func mergeIn(t *testing.T, command, folder, memory string) (report pipeline.MergeReport) {
	dir := t.TempDir()
	path := filepath.Join(dir, "report")
	out, err := exec.Command(command, "merge", folder, "--memory", memory, "-o", filepath.Join(dir, "out.zst"), "--temp-dir", dir, "--report", path).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &report); err != nil {
		t.Fatal(err)
	}
	return report
}
