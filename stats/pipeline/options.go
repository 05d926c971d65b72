package pipeline

import (
	"io"

	"dailystats/stats"
	"dailystats/stats/event"
	"dailystats/stats/input"
	"dailystats/stats/input/kafka"
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
	Page         string // file for the report, as an HTML page; empty for none
	// Read and Written are files that the caller reads, such as a config file, and
	// writes meanwhile, such as a log. None that is written, by whom ever, may be
	// another one.
	Read, Written []File

	Memory   int64  // bytes, a promise about the whole process; 0 means DefaultMemory
	Parallel int    // workers; 0 means as many as processors and Memory allow
	TempDir  string // folder for spill files; empty means $TMPDIR, else /var/tmp

	MaxLine     int            // bytes; 0 means DefaultMaxLine
	MaxInvalid  Limit          // invalid events to put up with; the zero value is no limit
	WarnInvalid Limit          // invalid events not worth a warning; the zero value is no limit
	MinEvents   uint64         // valid events that there must be
	Redact      bool           // values of invalid events are neither told nor written to Rejects
	Decimals    stats.Decimals // how revenue is written

	Shard input.Shard // share of the inputs that is read; the zero value is all of them
	Piece input.Piece // what Stdin, the only input, is a piece of; the zero value is none

	Kafka kafka.Settings // how brokers are reached; Tell and FetchSize are of no interest
	// State is a folder that keeps what runs before came to, and up to where they
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

// DefaultMaxLine is the longest line, in bytes, that is read where no other
// limit is given.
const DefaultMaxLine = 1 << 20

// Observer is told what happens in a run. Functions that are nil are not called.
type Observer struct {
	// AppendInvalid renders an invalid event. It is called by several goroutines
	// at a time, in no order.
	AppendInvalid func(dst []byte, e Invalid) []byte
	// WriteInvalid takes what was rendered, of some events at a time and all of
	// them in input order. An error ends the run. It must be there if
	// AppendInvalid is.
	WriteInvalid func(rendered []byte) error
	// Started takes a function that tells how far the run has come. It may be
	// called at any time from then on, by any goroutine.
	Started func(progress func() Progress)
	// Warning takes a sentence about something odd that is no failure.
	Warning func(message string)
	// Ending takes what the run came to when all is written, before the first file
	// appears: what it returns can still keep them from it. failure is nil, or has
	// ErrTooManyInvalid among its causes.
	Ending func(r Report, failure error) error
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
