package main

import (
	"context"
	"errors"
	"os"

	"dailystats/stats"

	"github.com/alecthomas/kong"
)

// runCommand does the job.
type runCommand struct {
	jobFlags

	Output   string  `group:"Result:" short:"o" default:"daily_user_stats.csv" placeholder:"FILE" help:"Where the result goes: CSV, compressed if FILE ends in .gz or .zst; - for standard output. (default: ${default})"`
	Decimals *places `group:"Result:" placeholder:"N" help:"Round revenue to N decimal places, 0 to 18. (default: two, and as many more as it needs)"`
	TempDir  string  `group:"Result:" placeholder:"DIR" help:"Folder for spill files. (default: $$TMPDIR, else /var/tmp)"`
}

// Help is shown by kong below the first line.
func (c *runCommand) Help() string {
	return `Each line is an event: {"user_id": 1, "event_type": "purchase", "timestamp": "2024-01-15T10:30:00Z", "amount": 19.99}. Those that are invalid are logged and skipped. The result is sorted by date and user_id.

Examples:

  dailystats
  dailystats logs/2024-01-*.jsonl.zst -o jan.csv.gz
  zcat old.gz | dailystats - new/ --memory 24MiB --max-invalid 1%
  dailystats today.jsonl --rejects bad.jsonl --log-invalid=false

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 more invalid events than --max-invalid, 130 interrupted, 143 terminated.`
}

var errNoOutput = usageError{errors.New("--output is empty: give a file, or - for standard output")}

// Run is called by kong.
func (c *runCommand) Run(ctx context.Context, command *kong.Context) error {
	if c.PrintConfig {
		return printSettings(os.Stdout, command)
	}
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
