package main

import (
	"errors"
	"io"
	"os"
	"runtime"
	"sync/atomic"
	"syscall"

	"dailystats/bench/workload"
	"dailystats/stats"
	"dailystats/stats/output"
	"dailystats/stats/pipeline"

	"github.com/alecthomas/kong"
	"golang.org/x/term"
)

// genCommand writes a made-up workload.
type genCommand struct {
	Events   count          `default:"1e6" placeholder:"N" help:"Number of events. (default: ${default})"`
	Users    count          `default:"1e5" placeholder:"N" help:"Number of users; with as many users as events, and no skew, each has one event. (default: ${default})"`
	Days     count          `default:"30" placeholder:"N" help:"Number of days. (default: ${default})"`
	FirstDay stats.Day      `default:"2024-01-01" placeholder:"DAY" help:"The first of them. (default: ${default})"`
	Skew     workload.Skew  `default:"uniform" enum:"uniform,zipf" placeholder:"SKEW" help:"Distribution of events over users: ${enum}. (default: ${default})"`
	Order    workload.Order `default:"random" enum:"random,time" placeholder:"ORDER" help:"Order of the events: ${enum}. (default: ${default})"`
	Shape    workload.Shape `default:"spaced" enum:"spaced,compact,shuffled" placeholder:"SHAPE" help:"How events are written: ${enum} (compact, with the fields in any order). (default: ${default})"`
	Invalid  workload.Rate  `default:"0" placeholder:"RATE" help:"Fraction of invalid events, of all kinds: 0.01 or 1%. (default: ${default})"`
	Extra    count          `default:"0" placeholder:"BYTES" help:"Bytes of nested unknown fields in each event. (default: ${default})"`
	Schema   configFile     `placeholder:"FILE" help:"Write events as this config file says that they are written: the same as --config."`
	Seed     uint64         `default:"1" placeholder:"N" help:"Seed: another one gives other events. (default: ${default})"`
	Parallel workers        `placeholder:"N" help:"Number of goroutines. (default: the processors that the process may use)"`
	Progress string         `default:"auto" enum:"auto,always,never" placeholder:"WHEN" help:"Show a progress bar: ${enum}. (default: ${default}: on a terminal, if the events go elsewhere)"`
	Output   string         `short:"o" default:"-" placeholder:"FILE" help:"File for the events; compressed if FILE ends in .gz or .zst. (default: standard output)"`

	schemaFlags
}

// Help is shown by kong below the first line.
func (c *genCommand) Help() string {
	return `Examples:

  dailystats gen --events 1e7 --skew zipf --order time -o log.jsonl.zst
  dailystats gen --events 1e5 --invalid 1% | dailystats -
  dailystats gen --schema segment.json | dailystats --config segment.json -`
}

// Run is called by kong.
func (c *genCommand) Run(s *session, command *kong.Context) error {
	config, err := c.config()
	if err != nil {
		return err
	}
	w, err := workload.New(config)
	if err != nil {
		return usageError{err}
	}
	if err := output.CheckEnding(c.Output); err != nil {
		return usageError{err}
	}
	if err := pipeline.KeepApart(filesRead(command), []pipeline.File{{Path: c.Output, Role: "the output"}}); err != nil {
		return err
	}
	goroutines := int(c.Parallel)
	if goroutines == 0 {
		goroutines = runtime.GOMAXPROCS(0)
	}
	out := output.Stream(s.ctx, os.Stdout)
	if c.Output != "-" {
		if out, err = output.Create(s.ctx, c.Output); err != nil {
			return err
		}
		defer out.Discard()
	}
	counted := &countedWriter{out: out}
	screen := newTerminal(s, c.Progress)
	if screen.wantsBar && !(c.Output == "-" && term.IsTerminal(int(os.Stdout.Fd()))) {
		screen.showProgress("writing", counted.progress)
	}
	err = w.Write(s.ctx, counted, goroutines)
	screen.hideProgress()
	if err == nil {
		err = out.Commit()
	}
	if errors.Is(err, syscall.EPIPE) {
		return nil // whoever reads them has enough
	}
	return err
}

// countedWriter counts what is written.
type countedWriter struct {
	out   io.Writer
	bytes atomic.Int64
}

// Write implements io.Writer.
func (w *countedWriter) Write(p []byte) (int, error) {
	n, err := w.out.Write(p)
	w.bytes.Add(int64(n))
	return n, err
}

func (w *countedWriter) progress() pipeline.Progress {
	return pipeline.Progress{BytesRead: w.bytes.Load(), BytesTotal: -1}
}

func (c *genCommand) config() (workload.Config, error) {
	schema, err := c.schema()
	return workload.Config{
		Schema:   schema,
		Events:   uint64(c.Events),
		Users:    uint64(c.Users),
		Days:     uint64(c.Days),
		FirstDay: c.FirstDay,
		Skew:     c.Skew,
		Order:    c.Order,
		Shape:    c.Shape,
		Invalid:  c.Invalid,
		Extra:    int(c.Extra),
		Seed:     c.Seed,
	}, err
}
