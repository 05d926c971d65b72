package main

import (
	"cmp"

	"dailystats/stats"
	"dailystats/stats/pipeline"
	"dailystats/stats/report"

	"github.com/alecthomas/kong"
)

// mergeCommand adds up results.
type mergeCommand struct {
	Inputs []string `arg:"" name:"result" sep:"none" help:"Results, as run and merge write them: files, folders and globs, plain or compressed; - for standard input."`

	Output   string  `group:"Result:" short:"o" default:"daily_user_stats.csv" placeholder:"FILE" help:"File for the sum, as CSV; compressed if FILE ends in .gz or .zst; - for standard output. (default: ${default})"`
	Decimals *places `group:"Result:" placeholder:"N" help:"Round revenue to N decimal places, 0 to 18. (default: two, and as many more as it needs)"`
	Memory   size    `group:"Limits:" placeholder:"SIZE" help:"Memory limit of the whole process: 64MiB, 1GB, or bytes. (default: 64MiB, or 80% of the container's limit if that is less)"`
	TempDir  string  `group:"Result:" placeholder:"DIR" help:"Folder for spill files, used if there are too many results to read in parallel. (default: $$TMPDIR, else /var/tmp)"`
	Report   string  `group:"A run can also write:" placeholder:"FILE" help:"Write the summary as a JSON document."`
	Progress string  `group:"Log:" default:"auto" enum:"auto,always,never" placeholder:"WHEN" help:"Show a progress bar: ${enum}. (default: ${default}: on a terminal)"`
	logFlags
}

// Help is shown by kong below the first line.
func (c *mergeCommand) Help() string {
	return `The sum is byte for byte what one run over all of the events would have written, unless results were rounded with --decimals. A result that is damaged, cut off or not sorted is an error that names the line.

Examples:

  dailystats merge total.csv today.csv -o new.csv
  dailystats merge 'hosts/*/2024-01.csv.gz' -o 2024-01.csv.gz`
}

// Run is called by kong.
func (c *mergeCommand) Run(s *session, command *kong.Context) error {
	if c.Output == "" {
		return errNoOutput
	}
	o := c.options(command)
	if err := limitMemory(o.Memory); err != nil {
		return err
	}
	screen := newTerminal(s, c.Progress)
	log, err := openLog(s, &c.logFlags, screen)
	if err != nil {
		return err
	}
	defer log.close() // where it has not come to its ending
	o.Observer = c.observer(s, screen, log)
	_, err = pipeline.Merge(s.ctx, o)
	s.critical.Store(false)
	if err != nil {
		screen.hideProgress()
		return log.fail(err)
	}
	return nil
}

func (c *mergeCommand) options(command *kong.Context) pipeline.MergeOptions {
	o := pipeline.MergeOptions{
		Inputs:  c.Inputs,
		Output:  c.Output,
		Report:  c.Report,
		Read:    filesRead(command),
		Written: c.written(),
		Memory:  cmp.Or(int64(c.Memory), defaultMemory()),
		Program: programMemory,
		TempDir: c.TempDir,
	}
	if c.Decimals != nil {
		o.Decimals = stats.FixedDecimals(int(*c.Decimals))
	}
	return o
}

// observer passes on what happens in a merge to the log and to the progress bar.
func (c *mergeCommand) observer(s *session, screen *terminal, log *eventLog) pipeline.MergeObserver {
	return pipeline.MergeObserver{
		Started: func(progress func() pipeline.Progress) { log.follow(screen, progress) },
		Warning: log.warn,
		Plan: func(p pipeline.MergePlan) {
			useProcessors(1)
			limitGarbage(p.Memory, p.Live(), p.Slack)
			log.debugLines(p.String)
		},
		Ending: func(r report.Merge) error {
			screen.hideProgress()
			log.mergeSummary(r)
			err := log.close()
			s.critical.Store(err == nil) // the files are put in their places
			return err
		},
	}
}
