package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"dailystats/stats/pipeline"
	"dailystats/stats/report"
	"dailystats/testdata/sampling"
)

// TestOutputShardsMemory proves that the process stays below --memory with as many
// output shards as it allows, all of which are written to.
func TestOutputShardsMemory(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("the kernel's figure for the process itself is read from /proc")
	}
	if raceEnabled {
		t.Skip("the race detector takes many times the memory")
	}
	command, dir := buildCommand(t), t.TempDir()
	events := filepath.Join(dir, "events.jsonl")
	f, err := os.Create(events)
	if err != nil {
		t.Fatal(err)
	}
	if err := writeEvents(bufio.NewWriter(f), 1_000_000, 1_000_000, ""); err != nil {
		t.Fatal(err)
	}
	f.Close()
	type limit struct {
		memory           int64 // MiB
		parallel, shards int
	}
	all := []limit{{24, 1, 100}, {29, 1, 200}, {32, 2, 100}, {64, 2, 500}, {128, 2, pipeline.MaxOutputShards}}
	for _, test := range sampling.Of(t, all, 1) {
		t.Run(fmt.Sprintf("%dMiB-%d-%d", test.memory, test.parallel, test.shards), func(t *testing.T) {
			dir := t.TempDir()
			reportFile := filepath.Join(dir, "report")
			out, err := exec.Command(command, events, "-o", filepath.Join(dir, "parts"), "--output-shards", fmt.Sprint(test.shards),
				"--memory", fmt.Sprintf("%dMiB", test.memory), "--parallel", fmt.Sprint(test.parallel), "--report", reportFile).CombinedOutput()
			if err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			text, err := os.ReadFile(reportFile)
			if err != nil {
				t.Fatal(err)
			}
			var report report.Report
			if err := json.Unmarshal(text, &report); err != nil {
				t.Fatal(err)
			}
			if report.PeakMemory == 0 || report.PeakMemory > uint64(test.memory)<<20 {
				t.Errorf("%d bytes were resident, of %d MiB", report.PeakMemory, test.memory)
			}
		})
	}
}
