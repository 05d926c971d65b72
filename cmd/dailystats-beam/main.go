// Command dailystats-beam counts the events of JSON Lines files per UTC day and user
// on an engine of Apache Beam: Flink, Spark, Dataflow, or Prism, which is in it.
//
// What an event is, and what is added up, dailystats' own packages say. In the order
// of the data:
//
//   - store.go, cloud.go: files, here and in Google Cloud Storage;
//   - pipeline.go: the job, as a graph;
//   - split.go: files become ranges of bytes;
//   - read.go: the lines of a range become events, which totals.go adds up as far as
//     memory goes, and page.go encodes;
//   - shard.go: what there is of a day and some of its users becomes a file;
//   - commit.go: files get their names, and report.go says what came of it.
//
// Around it:
//
//   - main.go, flags.go: the command line, and what the process exits with;
//   - submit.go: how an engine is given the job, waited for, and stopped;
//   - pool.go: workers for an engine that doesn't start them.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"dailystats/stats/pipeline"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
)

const (
	statusFailed         = 1
	statusUsage          = 2
	statusTooManyInvalid = 3
	statusSignal         = 128 // plus the signal's number
)

func main() {
	o := defineFlags(flag.CommandLine)
	flag.Parse()
	o.inputs = flag.Args()
	beam.Init() // a worker goes no further
	ctx, stop := notifyContext()
	err := run(ctx, o)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "dailystats-beam:", err)
	}
	os.Exit(status(err))
}

// run does what the command line asks for.
func run(ctx context.Context, o *options) error {
	if o.pool != "" {
		return servePool(ctx, o.pool)
	}
	j, err := newJob(ctx, o)
	if err != nil {
		return err
	}
	report, err := j.run(ctx, j.steps())
	if err != nil {
		return err
	}
	fmt.Fprint(os.Stderr, report.text())
	return report.failure()
}

// status is what the process exits with.
func status(err error) int {
	var s signalError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &s):
		return statusSignal + int(s.signal)
	case errors.Is(err, pipeline.ErrUsage):
		return statusUsage
	case errors.Is(err, pipeline.ErrTooManyInvalid):
		return statusTooManyInvalid
	default:
		return statusFailed
	}
}

// signalError is the cause of a context that a signal has ended.
type signalError struct{ signal syscall.Signal }

func (e signalError) Error() string { return "stopped: " + e.signal.String() }

// notifyContext returns a context that ends at the first signal to stop. The second
// one ends the process at once.
func notifyContext() (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(context.Background())
	received := make(chan os.Signal, 1)
	signal.Notify(received, syscall.SIGINT, syscall.SIGTERM)
	go func() {
		select {
		case s := <-received:
			signal.Stop(received)
			cancel(signalError{s.(syscall.Signal)})
		case <-ctx.Done():
		}
	}()
	return ctx, func() { cancel(nil) }
}
