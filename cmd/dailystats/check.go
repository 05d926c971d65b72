package main

import (
	"github.com/alecthomas/kong"
)

// checkCommand reads and validates, and writes no result.
type checkCommand struct {
	jobFlags
}

// Help is shown by kong below the first line.
func (c *checkCommand) Help() string {
	return `A gate for data: it exits with 3 if more events are invalid than --max-invalid allows.

Examples:

  dailystats check today.jsonl --max-invalid 0.5% --rejects bad.jsonl
  dailystats check 'in/*.zst' --log-invalid=false --report quality.json`
}

// Run is called by kong.
func (c *checkCommand) Run(s *session, command *kong.Context) error {
	o, err := c.options(command)
	if err != nil {
		return err
	}
	return s.runJob(&c.jobFlags, o)
}
