package main

import "context"

// checkCommand reads and validates, and writes no result.
type checkCommand struct {
	jobFlags
}

// Run is called by kong.
func (c *checkCommand) Run(ctx context.Context) error {
	return runJob(ctx, &c.jobFlags, c.options())
}
