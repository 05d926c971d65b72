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

	Output       string     `group:"Result:" short:"o" default:"daily_user_stats.csv" placeholder:"FILE" help:"Where the result goes: CSV, compressed if FILE ends in .gz or .zst; - for standard output. (default: ${default})"`
	OutputShards shardCount `group:"Result:" placeholder:"N" help:"Divide the result by user into N files part-00000.csv, ... in the folder that --output names, each a result of its own."`
	Decimals     *places    `group:"Result:" placeholder:"N" help:"Round revenue to N decimal places, 0 to 18. (default: two, and as many more as it needs)"`
	State        string     `group:"Kafka:" placeholder:"DIR" help:"Keep in DIR what all runs so far came to, and how far they have read their topics: the result is of all messages, each once, whatever crashes."`
	Commit       *bool      `group:"Kafka:" negatable:"" help:"Have the consumer group of a topic commit what was read, once the result is in its place. (default: with --state)"`
	TempDir      string     `group:"Result:" placeholder:"DIR" help:"Folder for spill files. (default: $$TMPDIR, else /var/tmp)"`
}

// Help is shown by kong below the first line.
func (c *runCommand) Help() string {
	return `Each line is an event: {"user_id": 1, "event_type": "purchase", "timestamp": "2024-01-15T10:30:00Z", "amount": 19.99}. Those that are invalid are logged and skipped. The result is sorted by date and user_id.

Examples:

  dailystats
  dailystats logs/2024-01-*.jsonl.zst -o jan.csv.gz
  zcat old.gz | dailystats - new/ --memory 24MiB --max-invalid 1%
  dailystats today.jsonl --rejects bad.jsonl --log-invalid=false
  dailystats 'kafka://b1:9092,b2:9092/events?group=stats' --state state

A topic is read to the end that it has at the start:

  kafka://HOST:PORT,.../TOPIC?group=G&from=F&until=U
  F: committed, earliest, @2024-01-15T10:30:00Z; U: now, @2024-01-15

With --state, each message counts once: a run that crashed is made up for by the next one. Without, a crash between the result and the group's commit (--commit) has the next run read the same messages again.

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 more invalid events than --max-invalid, 130 interrupted, 143 terminated.`
}

var errNoOutput = usageError{errors.New("--output is empty: give a file, or - for standard output")}

// Run is called by kong.
func (c *runCommand) Run(s *session, command *kong.Context) error {
	if c.PrintConfig {
		return s.printSettings(command)
	}
	if c.Output == "" {
		return errNoOutput
	}
	o := c.options(command)
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
