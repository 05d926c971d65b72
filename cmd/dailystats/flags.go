package main

import (
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"time"

	"dailystats/stats/input"
	"dailystats/stats/input/kafka"
	"dailystats/stats/pipeline"

	"github.com/alecthomas/kong"
	"github.com/dustin/go-humanize"
)

// defaultInput is what is read where nothing is named.
const defaultInput = "events.jsonl"

// jobFlags are the flags of the commands that read events.
type jobFlags struct {
	Inputs []string `arg:"" optional:"" default:"events.jsonl" sep:"none" placeholder:"INPUT" help:"Files, folders and globs of JSON Lines, plain, gzip, zstd, bzip2, xz or lz4; - for standard input; kafka://HOST:PORT/TOPIC for a topic. (default: ${default})"`

	Memory      size           `group:"Limits:" placeholder:"SIZE" help:"Memory limit of the whole process: 64MiB, 1GB, or bytes. (default: 64MiB, or 80% of the container's limit if that is less)"`
	Parallel    workers        `group:"Limits:" placeholder:"N" help:"Number of workers. (default: the processors that the process may use)"`
	MaxLine     size           `group:"Limits:" placeholder:"SIZE" help:"Length of the longest line that can be an event. (default: 1MiB)"`
	MaxInvalid  pipeline.Limit `group:"Limits:" placeholder:"N|N%" help:"Fail with exit code 3 when more than N events, or N percent of all events, are invalid."`
	MinEvents   count          `group:"Limits:" placeholder:"N" help:"Fail with exit code 3 when fewer than N events are valid."`
	WarnInvalid pipeline.Limit `group:"Limits:" placeholder:"N|N%" help:"Log a warning when more than N events, or N percent of all events, are invalid."`
	Rejects     string         `group:"A run can also write:" placeholder:"FILE" help:"Write each invalid line as a JSON object."`
	Report      string         `group:"A run can also write:" placeholder:"FILE" help:"Write the summary as a JSON document."`
	Metrics     string         `group:"A run can also write:" placeholder:"FILE" help:"Write the summary as metrics for Prometheus (textfile collector)."`
	HTML        string         `group:"A run can also write:" name:"html" placeholder:"FILE" help:"Write the summary as an HTML page with charts, which needs no network."`
	Share       input.Share    `name:"shard" group:"Limits:" placeholder:"I/N" help:"Read only the I-th of N shares of the files, such as 1/4: N runs together read each line once."`
	Progress    string         `group:"Log:" default:"auto" enum:"auto,always,never" placeholder:"WHEN" help:"Show a progress bar: ${enum}. (default: ${default}: on a terminal)"`

	pieceFlags
	schemaFlags

	KafkaConfig  string        `group:"Kafka:" placeholder:"FILE" help:"Settings for TLS and SASL, with the names that kcat uses: security.protocol=sasl_ssl and so on. Environment variables such as DAILYSTATS_KAFKA_SASL_PASSWORD take precedence."`
	KafkaTimeout time.Duration `group:"Kafka:" placeholder:"TIME" help:"How long brokers may take to answer, retries included. (default: 30s)"`

	Redact     bool  `group:"A run can also write:" help:"Keep values of invalid events out of the log, the rejects and the HTML page."`
	LogInvalid alike `group:"Log:" default:"true" negatable:"" placeholder:"N" help:"Log each invalid event; or, of each input, the first N that break the same rules, and how many more there are. (default: ${default})"`
	logFlags
}

// logFlags are the flags of the commands that have a log.
type logFlags struct {
	LogLevel  string `group:"Log:" default:"info" enum:"debug,info,warn,warning,error" placeholder:"LEVEL" help:"Minimum level to log: ${enum}. (default: ${default})"`
	Quiet     bool   `group:"Log:" short:"q" help:"Log errors only: the same as --log-level=error."`
	LogFormat string `group:"Log:" default:"auto" enum:"auto,text,json" placeholder:"FORMAT" help:"Format of the log: ${enum}. (default: ${default}: text on a terminal, key=value elsewhere)"`
	LogFile   string `group:"Log:" placeholder:"FILE" help:"Append the log to FILE. (default: standard error)"`
}

// options is what the flags of a command say to the pipeline.
func (f *jobFlags) options(command *kong.Context) (pipeline.Options, error) {
	schema, err := f.schema()
	return pipeline.Options{
		Inputs:      f.Inputs,
		Schema:      schema,
		Rejects:     f.Rejects,
		Report:      f.Report,
		Metrics:     f.Metrics,
		HTML:        f.HTML,
		Memory:      int64(f.Memory),
		Parallel:    int(f.Parallel),
		MaxLine:     int(f.MaxLine),
		MaxInvalid:  f.MaxInvalid,
		WarnInvalid: f.WarnInvalid,
		MinEvents:   uint64(f.MinEvents),
		Redact:      f.Redact,
		Version:     "dailystats " + version(),
		Share:       f.Share,
		Piece:       f.piece(),
		Kafka: kafka.Settings{
			File:      f.KafkaConfig,
			Variables: variablePrefix + "_KAFKA",
			Timeout:   f.KafkaTimeout,
		},
		Read:    filesRead(command),
		Written: f.written(),
	}, err
}

// written returns the files that the log is written to.
func (f *logFlags) written() []pipeline.File {
	return []pipeline.File{{Path: f.LogFile, Role: "the log"}}
}

// size is a number of bytes.
type size int64

func (s size) String() string {
	if s%(1<<10) == 0 {
		return strings.ReplaceAll(humanize.IBytes(uint64(s)), " ", "")
	}
	return strconv.FormatInt(int64(s), 10)
}

const maxSize = 1 << 50 // more than there is, and far from overflow

// UnmarshalText reads 512KiB, 64MiB, 1GB, or plain bytes.
func (s *size) UnmarshalText(text []byte) error {
	n, err := humanize.ParseBytes(string(text))
	if err != nil || n == 0 || n > maxSize {
		return fmt.Errorf("%q is not a size such as 512KiB, 64MiB, 1GB or 1048576", text)
	}
	*s = size(n)
	return nil
}

// count is a number of things.
type count uint64

const maxCount = 1e15 // to here, floating point holds every whole number

// multiples are the letters behind a number, as people write it.
var multiples = map[string]float64{"k": 1e3, "K": 1e3, "m": 1e6, "M": 1e6, "g": 1e9, "G": 1e9, "b": 1e9, "B": 1e9}

// UnmarshalText reads 1000000, 1,000,000, 1_000_000, 1M or 1e6.
func (c *count) UnmarshalText(text []byte) error {
	digits, multiple := strings.NewReplacer("_", "", ",", "").Replace(string(text)), 1.0
	if last := len(digits) - 1; last > 0 && multiples[digits[last:]] > 0 {
		digits, multiple = digits[:last], multiples[digits[last:]]
	}
	n, err := strconv.ParseFloat(digits, 64)
	n *= multiple
	if err != nil || !(n >= 0 && n <= maxCount) || n != math.Trunc(n) {
		return fmt.Errorf("%q is not a number such as 1000000, 1M or 1e6", text)
	}
	*c = count(n)
	return nil
}

// alike is how many invalid events that break the same rules are logged: all of them, unless it
// is a number.
type alike struct {
	none bool
	most uint64 // 0 is no limit
}

// IsBool has kong take the flag without a value.
func (alike) IsBool() bool { return true }

// Decode is called by kong.
func (a *alike) Decode(ctx *kong.DecodeContext) error {
	if ctx.Scan.Peek().Type != kong.FlagValueToken {
		*a = alike{}
		return nil
	}
	return a.UnmarshalText([]byte(fmt.Sprint(ctx.Scan.Pop().Value)))
}

// UnmarshalText reads true, false or a number.
func (a *alike) UnmarshalText(text []byte) error {
	switch string(text) {
	case "true", "yes":
		*a = alike{}
		return nil
	case "false", "no", "0":
		*a = alike{none: true}
		return nil
	}
	var n count
	if err := n.UnmarshalText(text); err != nil {
		return fmt.Errorf("%q is neither true nor false nor a number of events", text)
	}
	*a = alike{most: uint64(n)}
	return nil
}

func (a alike) String() string {
	if a.most > 0 {
		return strconv.FormatUint(a.most, 10)
	}
	return strconv.FormatBool(!a.none)
}

// workers is a number of workers.
type workers int

// UnmarshalText reads a number from 1.
func (w *workers) UnmarshalText(text []byte) error {
	return parseInt((*int)(w), text, 1, 1<<16)
}

// places is a number of decimal places.
type places int

// UnmarshalText reads a number from 0 to 18.
func (p *places) UnmarshalText(text []byte) error {
	return parseInt((*int)(p), text, 0, 18)
}

func parseInt(n *int, text []byte, least, most int) (err error) {
	*n, err = strconv.Atoi(string(text))
	if err != nil || *n < least || *n > most {
		return fmt.Errorf("%q is not a number from %d to %d", text, least, most)
	}
	return nil
}

// variablePrefix begins the names of the environment variables of flags.
const variablePrefix = "DAILYSTATS"

// ignoreEmptyVariables makes an empty variable the same as none, as most
// programs have it.
func ignoreEmptyVariables() {
	for _, variable := range os.Environ() {
		name, value, _ := strings.Cut(variable, "=")
		if value == "" && strings.HasPrefix(name, variablePrefix+"_") {
			os.Unsetenv(name)
		}
	}
}
