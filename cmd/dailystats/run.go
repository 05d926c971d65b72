package main

import (
	"errors"

	"dailystats/stats"
	"dailystats/stats/pipeline"

	"github.com/alecthomas/kong"
)

// runCommand does the job.
type runCommand struct {
	jobFlags

	Output       string     `group:"Result:" short:"o" default:"daily_user_stats.csv" placeholder:"FILE" help:"File for the result, as CSV; compressed if FILE ends in .gz or .zst; - for standard output. (default: ${default})"`
	OutputShards shardCount `group:"Result:" placeholder:"N" help:"Divide the result by user into N files, part-00000.csv and so on, in the folder that --output names."`
	Decimals     *places    `group:"Result:" placeholder:"N" help:"Round revenue to N decimal places, 0 to 18. (default: two, and as many more as it needs)"`
	State        string     `group:"Kafka:" placeholder:"DIR" help:"Keep the result so far, and how far topics were read, in DIR: the result covers all messages, each counted exactly once, whatever crashes."`
	Commit       *bool      `group:"Kafka:" negatable:"" help:"Commit the offsets of the consumer group once the result is in place. (default: with --state)"`
	TempDir      string     `group:"Result:" placeholder:"DIR" help:"Folder for spill files. (default: $$TMPDIR, else /var/tmp)"`
}

// Help is shown by kong below the first line.
func (c *runCommand) Help() string {
	return `Each line is an event: {"user_id": 1, "event_type": "purchase", "timestamp": "2024-01-15T10:30:00Z", "amount": 19.99}. Invalid lines are logged and skipped. The result is sorted by date and user_id.

Examples:

  dailystats
  dailystats logs/2024-01-*.jsonl.zst -o jan.csv.gz
  zcat old.gz | dailystats - new/ --memory 24MiB --max-invalid 1%
  dailystats today.jsonl --rejects bad.jsonl --log-invalid=false
  dailystats 'kafka://b1:9092,b2:9092/events?group=stats' --state state

A topic is read up to the end offsets at the start of the run:

  kafka://HOST:PORT,.../TOPIC?group=G&from=F&until=U
  F: committed, earliest, @2024-01-15T10:30:00Z; U: now, @2024-01-15

With --state, each message counts exactly once: the next run makes up for one that crashed. Without it, if a run crashes between writing the result and committing to the group (--commit), the next run reads the same messages again.

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 too many invalid events (--max-invalid) or too few valid ones (--min-events), 129, 130, 131, 143 stopped by SIGHUP, SIGINT, SIGQUIT, SIGTERM.`
}

var errNoOutput = usageError{errors.New("--output is empty: give a file, or - for standard output")}

// Run is called by kong.
func (c *runCommand) Run(s *session, command *kong.Context) error {
	if c.Output == "" {
		return errNoOutput
	}
	o, err := c.options(command)
	if err != nil {
		return err
	}
	o.Output = c.Output
	o.OutputShards = int(c.OutputShards)
	o.TempDir = c.TempDir
	o.State = c.State
	o.Commit = c.State != ""
	if c.Commit != nil {
		o.Commit = *c.Commit
	}
	if c.Decimals != nil {
		o.Decimals = stats.FixedDecimals(int(*c.Decimals))
	}
	return s.runJob(&c.jobFlags, o)
}

// shardCount is a number of output shards.
type shardCount int

// UnmarshalText reads a number from 1.
func (n *shardCount) UnmarshalText(text []byte) error {
	return parseInt((*int)(n), text, 1, pipeline.MaxOutputShards)
}
