package main

import (
	"context"
	"errors"

	"dailystats/stats"
)

// runCommand does the job.
type runCommand struct {
	jobFlags

	Output   string  `short:"o" default:"daily_user_stats.csv" placeholder:"FILE" help:"Where the result goes: CSV, compressed if FILE ends in .gz or .zst; - for standard output. (default: ${default})"`
	Decimals *places `placeholder:"N" help:"Round revenue to N decimal places, 0 to 18. (default: two, and as many more as it needs)"`
	TempDir  string  `placeholder:"DIR" help:"Folder for spill files. (default: $$TMPDIR, else /var/tmp)"`
}

var errNoOutput = usageError{errors.New("--output is empty: give a file, or - for standard output")}

// Run is called by kong.
func (c *runCommand) Run(ctx context.Context) error {
	if c.Output == "" {
		return errNoOutput
	}
	o := c.options()
	o.Output = c.Output
	o.TempDir = c.TempDir
	if c.Decimals != nil {
		o.Decimals = stats.FixedDecimals(int(*c.Decimals))
	}
	return runJob(ctx, &c.jobFlags, o)
}
