// Command dailystats counts the events of JSON Lines files per UTC day and
// user, in bounded memory.
//
// It adds to [dailystats/stats/pipeline] what a person at a terminal needs:
//
//   - main.go: commands, and what the process exits with;
//   - run.go, check.go, merge.go, report.go, gen.go, bench.go, version.go, completion.go, flag_list.go,
//     man.go: one command each;
//   - args.go, near.go, flags.go, piece.go, config.go, settings.go: where the
//     settings come from; options.go: which flag an option is;
//   - memory.go, hugepages_linux.go, startup_linux.go: the memory limit of the process;
//   - signals.go, trace.go: being interrupted; status_linux.go and its like: being asked;
//   - streams.go, streams_linux.go: the standard streams;
//   - job.go: running the pipeline, and telling how it went;
//   - log.go, progress.go, terminal.go: the log, and the progress bar that shares its
//     terminal.
package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"reflect"

	"dailystats/stats/output"
	"dailystats/stats/pipeline"

	"github.com/alecthomas/kong"
)

// commands is the command line.
type commands struct {
	Config configFile `placeholder:"FILE" help:"Read settings from a JSON file, whose keys are the names of flags. A flag beats its environment variable, which beats the file."`

	PrintConfig bool `help:"Print all settings of a command and where each comes from, then exit."`

	Run     runCommand     `cmd:"" default:"withargs" help:"Write events, purchases and revenue per UTC day and user. The default command."`
	Check   checkCommand   `cmd:"" help:"Validate only: log, rejects, thresholds and report, but no result."`
	Merge   mergeCommand   `cmd:"" help:"Add up the results of several hosts, days or runs."`
	Report  reportCommand  `cmd:"" help:"Add up the reports of several runs, and judge them together."`
	Gen     genCommand     `cmd:"" help:"Write made-up events, the same for the same flags on any machine."`
	Bench   benchCommand   `cmd:"" help:"Benchmark the job, and other tools that can do it, on huge files."`
	Version versionCommand `cmd:"" help:"Print the version. Also: --version."`
	Help    helpCommand    `cmd:"" help:"Show the help of a command."`

	Completion completionCommand `cmd:"" help:"Write a completion script for a shell."`
	Man        manCommand        `cmd:"" help:"Write the manual page."`
	Flags      flagsCommand      `cmd:"" hidden:"" help:"Print the flags of a command, for programs that start it."`
}

const description = "Events per UTC day and user, purchases, and exact revenue: from JSON Lines of any size, in bounded memory."

const (
	statusFailed         = 1
	statusUsage          = 2
	statusTooManyInvalid = 3
	statusSignal         = 128 // plus the signal's number
)

func main() {
	closeAgain()
	os.Exit(status(run(os.Args[1:])))
}

// run runs the command that args give, and tells of its failure. When a signal has
// come, it does not wait forever for the command to end.
func run(args []string) error {
	s := newSession()
	ended := make(chan error, 1)
	go func() { ended <- s.execute(args) }()
	select {
	case err := <-ended:
		return s.stoppedOr(err)
	case stopped := <-s.over:
		if !s.told.Load() {
			s.tell(stopped)
		}
		return stopped
	}
}

func (s *session) execute(args []string) error {
	ignoreEmptyVariables()
	s.asJSON = wantsJSON(args)
	command, err := parse(args)
	switch {
	case err != nil:
	case printsSettings(command):
		err = s.printSettings(command)
	default:
		command.Bind(s)
		err = command.Run()
	}
	if told := new(toldError); err != nil && !errors.As(err, told) {
		s.tell(s.stoppedOr(err))
	}
	return err
}

// stoppedOr returns err, or the signal that has come if err is an error of any kind: it
// may have waited to be told.
func (s *session) stoppedOr(err error) error {
	if err != nil && s.ctx.Err() != nil {
		return context.Cause(s.ctx)
	}
	return err
}

// parse reads the command line, the environment and the config file.
func parse(args []string) (*kong.Context, error) {
	parser, err := kong.New(&commands{},
		kong.Name("dailystats"),
		kong.Description(description),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.DefaultEnvars(variablePrefix),
		kong.Resolvers(config{}),
		kong.WithHyphenPrefixedParameters(true),
		kong.KindMapper(reflect.String, kong.MapperFunc(decodeText)),
	)
	if err != nil {
		return nil, err
	}
	args, inputs, err := inputsLast(parser.Model, usual(args))
	if err != nil {
		return nil, usageError{err}
	}
	command, err := parser.Parse(args)
	if unwritten, ok := errors.AsType[*fs.PathError](err); ok && unwritten.Path == os.Stdout.Name() { // the help
		return nil, output.WriteError("standard output", unwritten)
	}
	if err != nil {
		return nil, usageError{err}
	}
	if len(inputs) > 0 {
		inputsOf(command.Selected()).Target.Set(reflect.ValueOf(inputs))
	}
	return command, nil
}

// usageError is an error in what the command was given.
type usageError struct{ error }

func (e usageError) Error() string        { return e.error.Error() + " (see dailystats --help)" }
func (e usageError) Is(target error) bool { return target == pipeline.ErrUsage }
func (e usageError) Unwrap() error        { return e.error }

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
