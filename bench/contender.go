package bench

import (
	"encoding/json"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"

	"dailystats/stats/input"
	"dailystats/stats/pipeline"
	"dailystats/stats/report"
)

// contender is one row of a workload, and the process that gives it figures.
type contender struct {
	row     Row
	process func(output string) process // which writes its result there
}

// contenders returns all rows of a workload of files: ours, the peers', and the
// floor.
func (b *bench) contenders(files []string) []contender {
	var all []contender
	for _, memory := range b.Memory {
		for _, parallel := range b.Parallel {
			all = append(all, b.own(files, memory, parallel))
		}
	}
	for _, p := range b.peers {
		all = append(all, b.peerRows(p, files)...)
	}
	return append(all, floorContender(files))
}

// own is the job with one set of settings.
func (b *bench) own(files []string, memory int64, parallel int) contender {
	row := Row{Tool: "dailystats", Memory: memory, Parallel: parallel, kind: ours}
	if memory == 0 {
		row.Memory = pipeline.DefaultMemory
	}
	if b.Limit {
		row.Held = true
	}
	return contender{row: row, process: func(output string) process {
		args := []string{b.Command, "run", "--output", output, "--report", reportOf(output),
			"--temp-dir", b.dir, "--log-invalid=false", "--log-level", "error", "--log-format", "json", "--progress", "never",
			"--memory", strconv.FormatInt(row.Memory, 10)}
		if parallel > 0 {
			args = append(args, "--parallel", strconv.Itoa(parallel))
		}
		if !b.Schema.IsZero() {
			args = append(args, "--config", b.schemaFile())
		}
		p := process{args: slices.Concat(args, []string{"--"}, files), env: ownEnvironment()}
		if row.Held {
			p.memory = row.Memory
		}
		return p
	}}
}

// ownEnvironment is the environment without settings of ours, which would count
// for each run.
func ownEnvironment() []string {
	return slices.DeleteFunc(os.Environ(), func(variable string) bool {
		return strings.HasPrefix(variable, "DAILYSTATS_")
	})
}

// reportOf is the file for the report that belongs to a result.
func reportOf(output string) string { return output + ".json" }

func readReport(path string) (r report.Report, err error) {
	const most = 16 << 20
	text, err := input.ReadSmall(path, most)
	if err != nil {
		return r, err
	}
	return r, json.Unmarshal(text, &r)
}

// withoutLog returns the message of a log entry of ours.
func withoutLog(entry string) string {
	var e struct{ Msg string }
	if err := json.Unmarshal([]byte(entry), &e); err != nil || e.Msg == "" {
		return entry
	}
	return e.Msg
}

// floorContender counts the files' lines, as fast as that can be done: nothing
// that reads them takes less.
func floorContender(files []string) contender {
	row := Row{Tool: "wc -l", Parallel: 1, kind: floor}
	if _, err := exec.LookPath("wc"); err != nil {
		row.Failed = "not found"
	}
	return contender{row: row, process: func(string) process {
		return process{args: slices.Concat([]string{"wc", "-l", "--"}, files), env: os.Environ()}
	}}
}

// title names a row on one line.
func (r *Row) title() string {
	title := r.Tool
	if r.Memory > 0 {
		title += " " + formatSize(r.Memory)
	}
	if r.Parallel > 0 {
		title += " × " + strconv.Itoa(r.Parallel)
	}
	return title
}
