package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"dailystats/bench"
	"dailystats/stats/output"
	"dailystats/stats/pipeline"

	"github.com/alecthomas/kong"
	"golang.org/x/term"
)

// benchCommand measures the job, and what else does it.
type benchCommand struct {
	Inputs []string `arg:"" optional:"" sep:"none" placeholder:"INPUT" help:"Files, folders and globs to measure the job on."`

	Scale    []count       `placeholder:"N" help:"Also measure generated files with so many events: 1e6,1e7,1e8."`
	Users    []bench.Users `default:"same,distinct" enum:"same,distinct" placeholder:"USERS" help:"Users of those events: a thousand, whatever the number of events, or one for each event. (default: ${default})"`
	Memory   []size        `placeholder:"SIZE" help:"Memory limits to try. (default: 64MiB)"`
	Parallel []workers     `placeholder:"N" help:"Numbers of workers to try. (default: that of run)"`
	Limit    bool          `help:"Have the system hold each process to its limit as well, with a cgroup."`
	Runs     workers       `default:"3" placeholder:"N" help:"Runs of each, in turn, after one that warms up. (default: ${default})"`
	Peers    []string      `placeholder:"NAME" help:"Measure other tools too, on the same files: duckdb, clickhouse, polars, datafusion, miller, jq, python, or all."`
	PeerDir  string        `placeholder:"DIR" help:"Also look for them in DIR, where bench/peers/setup has installed them."`
	Schema   configFile    `placeholder:"FILE" help:"Events are written as this config file says: the same as --config."`
	TempDir  string        `placeholder:"DIR" help:"Folder for results, spill files and generated events. (default: $$TMPDIR, else /var/tmp)"`

	JSON     string `name:"json" placeholder:"FILE" help:"Write all figures as a JSON document."`
	Markdown string `placeholder:"FILE" help:"Write the table as Markdown."`
	HTML     string `name:"html" placeholder:"FILE" help:"Write an HTML page with tables and charts, which needs no network."`
	SVG      string `name:"svg" placeholder:"DIR" help:"Write each chart as an SVG file."`

	schemaFlags
}

// Help is shown by kong below the first line.
func (c *benchCommand) Help() string {
	return `Each tool with its settings is a process of its own, run once to warm up and then several times in turn with the others. Wall and processor time and peak memory are what the kernel says of it when it has ended; "wc -l" on the same files is the floor. Results are compared with ours, group by group. Files are best in the page cache: warming up sees to that where they fit.

The table goes to standard output. What fails, is not found or is killed has a row that says so; the exit code is 0 only if all that was asked of dailystats itself was measured: 1 if a run failed or --limit is not possible here, 2 if a run was refused as wrong usage. After an interrupt the table has what was measured.

Examples:

  dailystats bench events.jsonl --memory 24MiB,64MiB --parallel 1,2,4
  dailystats bench --scale 1e6,1e7,1e8 --html growth.html
  dailystats bench events.jsonl --peers duckdb,jq --peer-dir peers
  dailystats bench --scale 1e6 --schema segment.json --peers duckdb`
}

// Run is called by kong.
func (c *benchCommand) Run(s *session, command *kong.Context) error {
	if len(c.Inputs) == 0 && len(c.Scale) == 0 {
		return usageError{errors.New("nothing to measure: give files, or --scale for generated ones")}
	}
	program, err := os.Executable()
	if err != nil {
		return fmt.Errorf("our own program can't be found: %w", err)
	}
	config := c.config(s, program)
	if config.Schema, err = c.schema(); err != nil {
		return err
	}
	config.Read, config.Written = filesRead(command), c.written()
	s.critical.Store(true) // it has large files to remove in the end
	result, err := bench.Run(s.ctx, config)
	s.critical.Store(false)
	return errors.Join(err, c.write(s.late, result))
}

func (c *benchCommand) config(s *session, command string) bench.Config {
	config := bench.Config{
		Command:  command,
		Inputs:   c.Inputs,
		Users:    c.Users,
		Limit:    c.Limit,
		Runs:     int(c.Runs),
		Peers:    c.Peers,
		PeerDir:  c.PeerDir,
		TempDir:  c.TempDir,
		Progress: func(message string) { fmt.Fprintln(s.stderr, message) },
	}
	for _, events := range c.Scale {
		config.Scale = append(config.Scale, uint64(events))
	}
	for _, memory := range c.Memory {
		config.Memory = append(config.Memory, int64(memory))
	}
	for _, parallel := range c.Parallel {
		config.Parallel = append(config.Parallel, int(parallel))
	}
	return config
}

// written returns the files that are written.
func (c *benchCommand) written() []pipeline.File {
	files := []pipeline.File{
		{Path: c.JSON, Role: "the JSON document"},
		{Path: c.Markdown, Role: "the Markdown table"},
		{Path: c.HTML, Role: "the page"},
	}
	if c.SVG != "" {
		for _, path := range bench.ChartFiles(c.SVG) {
			files = append(files, pipeline.File{Path: path, Role: "the chart"})
		}
	}
	isStdout := func(f pipeline.File) bool { return f.Path == "-" }
	if !slices.ContainsFunc(files, isStdout) { // one of them may follow the table
		files = append(files, pipeline.File{Path: "-", Role: "the table"})
	}
	return files
}

// write writes what was measured, be it all or not.
func (c *benchCommand) write(ctx context.Context, result bench.Result) error {
	if len(result.Workloads) == 0 {
		return nil
	}
	out := output.Stream(ctx, os.Stdout)
	width := 0
	if columns, _, err := term.GetSize(int(os.Stdout.Fd())); err == nil {
		width = columns
	}
	err := result.WriteTable(out, width)
	if err == nil {
		err = out.Commit()
	}
	for _, file := range []struct {
		path  string
		write func(ctx context.Context, path string) error
	}{
		{c.JSON, result.CreateJSON},
		{c.Markdown, result.CreateMarkdown},
		{c.HTML, result.CreatePage},
		{c.SVG, result.CreateCharts},
	} {
		if file.path != "" {
			err = errors.Join(err, file.write(ctx, file.path))
		}
	}
	return err
}
