package pipeline

import (
	"cmp"
	"io"
	"os"
	"runtime"
	"slices"

	"dailystats/stats"
	"dailystats/stats/event"
	"dailystats/stats/input"
	"dailystats/stats/input/kafka"
	"dailystats/stats/output"
	"dailystats/stats/report"
)

// Options is what a run is asked to do. Only Inputs must be given.
type Options struct {
	Inputs []string // files, directories, globs, URLs of Kafka topics; "-" is Stdin
	Output string   // file for the result, "-" is Stdout; empty validates only
	// OutputShards is the number of files that the result is divided into, by user;
	// Output is the folder for them. 0 does not divide it.
	OutputShards int
	Rejects      string // file for the invalid lines; empty for none
	Report       string // file for the report, as JSON; empty for none
	Metrics      string // file for the report, as Prometheus has it; empty for none
	HTML         string // file for the report, as an HTML page; empty for none
	// Read and Written are files that the caller reads, such as a config file, and
	// writes meanwhile, such as a log. None that is written, by whom ever, may be
	// another one.
	Read, Written []File

	Version string // name and version of the program, for the HTML page

	Schema event.Schema // how events are written; the zero value is section 2 of stats/README.md

	Memory   int64  // bytes, a promise about the whole process; 0 means DefaultMemory
	Program  int64  // bytes of Memory that the process's executable takes; 0 means DefaultProgram
	Parallel int    // workers; 0 means as many as processors and Memory allow
	TempDir  string // folder for spill files; empty means $TMPDIR, else /var/tmp

	MaxLine     int            // bytes; 0 means DefaultMaxLine
	MaxInvalid  Limit          // invalid events to put up with; the zero value is no limit
	WarnInvalid Limit          // invalid events not worth a warning; the zero value is no limit
	MinEvents   uint64         // valid events that there must be
	Redact      bool           // values of invalid events are neither told nor written to Rejects
	Decimals    stats.Decimals // how revenue is written

	Share input.Share // share of the inputs that is read; the zero value is all of them
	Piece input.Piece // what Stdin, the only input, is a piece of; the zero value is none

	Kafka kafka.Settings // how brokers are reached; Tell and FetchSize are of no interest
	// State is a folder that keeps the result of earlier runs, and up to where they
	// read their topics: the result is of all of them. Inputs must be topics. Empty
	// for none.
	State string
	// Commit has the groups of Inputs commit what was read, when the result is in
	// its place. With State that may fail: a warning tells.
	Commit bool

	Stdin  io.Reader // nil means os.Stdin
	Stdout io.Writer // nil means os.Stdout

	Observer Observer
}

// DefaultMemory is the memory limit of a run, in bytes, where none is given.
const DefaultMemory = 64 << 20

// DefaultProgram is what an executable such as the command's takes, in bytes: nearly all of
// its pages are soon resident.
const DefaultProgram = 8 << 20

// DefaultMaxLine is the longest line, in bytes, that is read where no other
// limit is given.
const DefaultMaxLine = 1 << 20

func (o Options) withDefaults() Options {
	o.Memory = cmp.Or(o.Memory, DefaultMemory)
	o.Program = cmp.Or(o.Program, DefaultProgram)
	o.MaxLine = cmp.Or(o.MaxLine, DefaultMaxLine)
	o.TempDir = cmp.Or(o.TempDir, DefaultTempDir())
	o.Stdin = cmp.Or[io.Reader](o.Stdin, os.Stdin)
	o.Stdout = cmp.Or[io.Writer](o.Stdout, os.Stdout)
	return o
}

// DefaultTempDir is $TMPDIR, else /var/tmp: /tmp is memory on many systems.
func DefaultTempDir() string {
	if dir := os.Getenv("TMPDIR"); dir != "" || runtime.GOOS == "windows" {
		return os.TempDir()
	}
	return "/var/tmp"
}

// check returns an error about options that contradict each other, or cannot work whatever is
// on disk.
func (o *Options) check(in *inputs) error {
	if file, ok := in.firstFile(); ok && o.State != "" {
		return UsageErrorf("Options.State is for Kafka topics alone: %s would be counted again by each run", file)
	}
	switch {
	case o.State != "" && o.Output == "":
		return UsageErrorf("Options.State needs an output")
	case o.Commit && o.State == "" && !in.hasGroup():
		return UsageErrorf("Options.Commit needs an input kafka://… with a group")
	case o.Piece != (input.Piece{}) && !slices.Equal(o.Inputs, []string{"-"}):
		return UsageErrorf("a piece of a file is read from standard input: give - as the only input")
	case o.OutputShards < 0 || o.OutputShards > MaxOutputShards:
		return UsageErrorf("a result can be divided into 1 to %d files", MaxOutputShards)
	case o.OutputShards > 0 && (o.Output == "" || o.Output == "-"):
		return UsageErrorf("a result that is divided goes to a folder: give one as the output")
	case o.OutputShards > 0 && o.State != "":
		return UsageErrorf("the result of a state can't be divided into output shards")
	case o.OutputShards > 0 && o.OutputShards*filesOfShard+ownFiles > openFiles():
		return UsageErrorf("%d output shards take more open files than the %d that a process may have: raise that limit (ulimit -n), or give fewer", o.OutputShards, openFiles())
	}
	if err := o.Piece.Check(); o.Piece != (input.Piece{}) && err != nil {
		return UsageErrorf("%w", err)
	}
	return nil
}

// checkEndings returns an error if the name of an output promises what is not written.
func (o *Options) checkEndings() error {
	if o.OutputShards > 0 {
		return checkEndings("", o.Rejects, o.Report, o.Metrics, o.HTML)
	}
	return checkEndings(o.Output, o.Rejects, o.Report, o.Metrics, o.HTML)
}

func checkEndings(result string, others ...string) error {
	err := output.CheckResultEnding(result)
	for _, path := range others {
		err = cmp.Or(err, output.CheckEnding(path))
	}
	if err != nil {
		return UsageErrorf("%w", err)
	}
	return nil
}

// Observer is told what happens in a run. Functions that are nil are not called.
type Observer struct {
	// AppendInvalid renders an invalid event. It is called by several goroutines
	// at a time, in no order.
	AppendInvalid func(dst []byte, e Invalid) []byte
	// WriteInvalid takes what was rendered, of some events at a time and all of
	// them in input order. An error ends the run. It must be there if
	// AppendInvalid is.
	WriteInvalid func(rendered []byte) error
	// MostAlike is how many events of an input that break the same rules are passed to
	// WriteInvalid; 0 is all of them. More is told of the others when the input ends.
	MostAlike uint64
	More      func(m More)
	// Started takes a function that tells how far the run has come. It may be
	// called at any time from then on, by any goroutine.
	Started func(progress func() Progress)
	// Warning takes a sentence about something odd that is no failure.
	Warning func(message string)
	// Ending takes the report when all is written, before the first file
	// appears: what it returns can still keep them from it. failure is nil, or has
	// ErrTooManyInvalid among its causes.
	Ending func(r report.Report, failure error) error
	// Plan takes the sizes that the run works with, before it starts.
	Plan func(Plan)
}

// Invalid is an event that was skipped.
type Invalid struct {
	Input string // the input's name
	Line  uint64 // line number in it, from 1, or the offset of the message that has the line
	Fault *event.Fault

	IsOffset bool // Line is an offset
}

// More is events of an input that break the same rules, and that were not told one by one.
type More struct {
	Input string
	Codes []string
	Count uint64
}

// Unit is what Line is: "line" or "offset".
func (e Invalid) Unit() string {
	if e.IsOffset {
		return "offset"
	}
	return "line"
}

// Progress is how far a run has come.
type Progress struct {
	BytesRead  int64 // of the inputs, as they are stored
	BytesTotal int64 // of all inputs; -1 where it can't be known
	Events     uint64
	Merging    bool // all is read
}

// Phase is what a run is doing, in a word.
func (p Progress) Phase() string {
	if p.Merging {
		return "merging"
	}
	return "reading"
}
