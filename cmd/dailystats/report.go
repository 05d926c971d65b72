package main

import "dailystats/stats/pipeline"

// reportCommand adds up reports.
type reportCommand struct {
	Inputs []string `arg:"" name:"report" sep:"none" help:"Reports, as run and check write them with --report: files with one or more each; - for standard input."`

	Output      string         `group:"Result:" short:"o" default:"-" placeholder:"FILE" help:"File for the sum, as JSON. (default: ${default}: standard output)"`
	MaxInvalid  pipeline.Limit `group:"Limits:" placeholder:"N|N%" help:"Fail with exit code 3 when more than N events, or N percent of all events, are invalid."`
	MinEvents   count          `group:"Limits:" placeholder:"N" help:"Fail with exit code 3 when fewer than N events are valid."`
	WarnInvalid pipeline.Limit `group:"Limits:" placeholder:"N|N%" help:"Log a warning when more than N events, or N percent of all events, are invalid."`
	logFlags
}

// Help is shown by kong below the first line.
func (c *reportCommand) Help() string {
	return `For runs that have read different events, such as shares of the same files: thresholds apply to all of them together.

Examples:

  dailystats report shares/*.json --max-invalid 1% -o report.json`
}

// Run is called by kong.
func (c *reportCommand) Run(s *session) error {
	if c.Output == "" {
		return errNoOutput
	}
	log, err := openLog(s, &c.logFlags, newTerminal(s, "never"))
	if err != nil {
		return err
	}
	defer log.close()
	_, err = pipeline.SumReports(s.ctx, pipeline.SumOptions{
		Inputs:      c.Inputs,
		Output:      c.Output,
		MaxInvalid:  c.MaxInvalid,
		WarnInvalid: c.WarnInvalid,
		MinEvents:   uint64(c.MinEvents),
		Warning:     log.warn,
	})
	if err != nil {
		return log.fail(err)
	}
	return nil
}
