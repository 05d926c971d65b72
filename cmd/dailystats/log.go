package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"dailystats/stats/await"
	"dailystats/stats/output"
	"dailystats/stats/pipeline"
	"dailystats/stats/report"

	"github.com/dustin/go-humanize"
	"github.com/sirupsen/logrus"
)

// eventLog is the log of one run.
type eventLog struct {
	*logrus.Logger
	session *session
	sink    *logSink
	plain   bool // text without colors
	person  bool // text with colors: somebody reads it
}

// openLog opens the log that flags ask for, on the terminal if it isn't a file.
func openLog(s *session, flags *logFlags, screen *terminal) (*eventLog, error) {
	sink := &logSink{name: "standard error", out: screen}
	if flags.LogFile != "" {
		f, err := openLogFile(s.ctx, flags.LogFile)
		if s.ctx.Err() != nil {
			return nil, context.Cause(s.ctx)
		}
		if err != nil {
			return nil, fmt.Errorf("--log-file: %w", output.WriteError(flags.LogFile, err))
		}
		sink = &logSink{name: flags.LogFile, out: newSharedWriter(s.late, f), file: f}
	}
	level, err := logrus.ParseLevel(flags.LogLevel)
	if err != nil {
		return nil, err
	}
	if flags.Quiet {
		level = logrus.ErrorLevel
	}
	logger := logrus.New()
	logger.SetOutput(sink)
	logger.SetLevel(level)
	logger.SetFormatter(formatter(flags.LogFormat, sink.file == nil && screen.isTerminal))
	text, isText := logger.Formatter.(*logrus.TextFormatter)
	return &eventLog{Logger: logger, session: s, sink: sink, plain: isText && text.DisableColors, person: isText && text.ForceColors}, nil
}

// openLogFile opens a file to append to, or standard output for "-".
func openLogFile(ctx context.Context, path string) (*os.File, error) {
	if path == "-" {
		return os.Stdout, nil
	}
	if f, isStream, err := output.OpenStream(path); isStream {
		return f, err
	}
	return await.OpenFile(ctx, path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
}

func formatter(format string, forPerson bool) logrus.Formatter {
	if format == "json" {
		return &printableJSON{logrus.JSONFormatter{DisableHTMLEscape: true}}
	}
	colors := forPerson && format == "auto" && os.Getenv("NO_COLOR") == ""
	return &logrus.TextFormatter{ForceColors: colors, DisableColors: !colors, DisableTimestamp: colors}
}

// printableJSON writes entries as logrus does, but escapes what can't be printed,
// such as C1 controls and DEL, which JSON allows and a terminal obeys.
type printableJSON struct{ logrus.JSONFormatter }

// Format implements logrus.Formatter.
func (f *printableJSON) Format(e *logrus.Entry) ([]byte, error) {
	text, err := f.JSONFormatter.Format(e)
	if err != nil || !bytes.ContainsFunc(text, func(r rune) bool { return r > '~' }) {
		return text, err
	}
	var b []byte
	for _, r := range string(text) {
		switch {
		case unicode.IsPrint(r) || r == '\n':
			b = utf8.AppendRune(b, r)
		case r < 1<<16:
			b = fmt.Appendf(b, `\u%04x`, r)
		default:
			high, low := utf16.EncodeRune(r)
			b = fmt.Appendf(b, `\u%04x\u%04x`, high, low)
		}
	}
	return b, nil
}

// wantsJSON reports whether arguments ask for a log in JSON. It must be known where they are
// wrong, too.
func wantsJSON(args []string) bool {
	for i, arg := range args {
		if value, found := strings.CutPrefix(arg, "--log-format="); found {
			return value == "json"
		}
		if arg == "--log-format" && i+1 < len(args) {
			return args[i+1] == "json"
		}
	}
	return os.Getenv(variablePrefix+"_LOG_FORMAT") == "json"
}

// jsonFailure is a failure as an entry of a JSON log.
func jsonFailure(err error) string {
	entry := logrus.New().WithTime(time.Now())
	entry.Level, entry.Message = logrus.ErrorLevel, forUser(err.Error())
	text, formatErr := formatter("json", false).Format(entry)
	if formatErr != nil {
		return entry.Message + "\n"
	}
	return string(text)
}

// appendInvalid appends the entry of an invalid event. Several goroutines may
// call it at a time: the logger itself would have them wait for each other.
func (l *eventLog) appendInvalid(dst []byte, e pipeline.Invalid) []byte {
	if l.plain {
		return appendInvalidText(dst, time.Now(), e)
	}
	text, err := l.Formatter.Format(invalidEntry(l.Logger, time.Now(), e))
	if err != nil {
		l.sink.note(err)
	}
	return append(dst, text...)
}

// writeInvalid writes entries.
func (l *eventLog) writeInvalid(entries []byte) error {
	l.sink.Write(entries)
	return l.sink.failure()
}

// more logs how many invalid events there were that were not logged.
func (l *eventLog) more(m pipeline.More) {
	l.WithFields(logrus.Fields{"input": m.Input, "errors": codes(m.Codes), "count": m.Count}).
		Warn(humanize.Comma(int64(m.Count)) + " more skipped for the same reason")
}

// warn logs a sentence about something odd.
func (l *eventLog) warn(message string) {
	l.sink.reopen(l.session)
	l.Warn(forUser(message))
}

// debugLines logs each line of a text, which is made only if it is wanted.
func (l *eventLog) debugLines(text func() string) {
	if !l.IsLevelEnabled(logrus.DebugLevel) {
		return
	}
	for line := range strings.Lines(text()) {
		l.Debug(strings.TrimSpace(line))
	}
}

// summary logs what the run saw: the fields of the report's file.
func (l *eventLog) summary(r report.Report) {
	l.debugLines(r.PlanTable)
	for _, reason := range slices.Sorted(maps.Keys(r.LeftOut)) {
		l.Debugf("files left out of folders and globs: %d %s", r.LeftOut[reason], reason)
	}
	l.Debugf("the fast reader took %d of %d events", r.FastEvents, r.Events)
	if l.person {
		l.Info("summary\n" + r.Text())
		return
	}
	fields := logrus.Fields{
		"lines":           r.Lines,
		"blank":           r.Blank,
		"events":          r.Events,
		"invalid":         r.Invalid,
		"invalid_by_code": codeCounts(r.InvalidByCode),
		"rows":            r.Rows,
	}
	addProcess(fields, r.BytesRead, r.BytesSpilled, r.PeakMemory, r.Seconds)
	if r.Result != nil {
		addResult(fields, r.Output, r.Result)
	}
	if r.TimeZone != "" {
		fields["time_zone"] = r.TimeZone
	}
	l.WithFields(fields).Info("summary")
}

// mergeSummary logs what a merge saw.
func (l *eventLog) mergeSummary(r report.Merge) {
	l.debugLines(r.PlanTable)
	if l.person {
		l.Info("summary\n" + r.Text())
		return
	}
	fields := logrus.Fields{
		"inputs":    r.Inputs,
		"rows_read": r.RowsRead,
		"rows":      r.Rows,
		"events":    r.Events,
	}
	addProcess(fields, r.BytesRead, r.BytesSpilled, r.PeakMemory, r.Seconds)
	addResult(fields, r.Output, &r.Result)
	l.WithFields(fields).Info("summary")
}

// addProcess adds what the process took.
func addProcess(fields logrus.Fields, read, spilled, peak uint64, seconds float64) {
	fields["bytes_read"] = read
	fields["bytes_spilled"] = spilled
	fields["peak_memory"] = peak
	fields["seconds"] = seconds
}

// addResult adds what a result comes to.
func addResult(fields logrus.Fields, output string, r *report.Result) {
	fields["output"] = output
	fields["purchases"] = r.Purchases
	fields["revenue"] = r.Revenue.String()
	fields["days"] = r.Days
}

// fail tells of a failure. Where the log is a file, the terminal is told too;
// and only the terminal where it is the user's mistake: that file may be part
// of it.
func (l *eventLog) fail(err error) error {
	l.session.told.Store(true)
	isFile := l.sink.file != nil
	tooLate := l.session.late.Err() != nil // for the log
	l.sink.reopen(l.session)
	if !isFile || !errors.Is(err, pipeline.ErrUsage) {
		l.Error(forUser(err.Error()))
	}
	if isFile || tooLate {
		l.session.tell(err)
	}
	return toldError{err}
}

// close returns the first error in writing the log.
func (l *eventLog) close() error {
	if l.sink.file != nil && !l.sink.closed {
		l.sink.closed = true
		l.sink.note(l.sink.file.Close())
	}
	return l.sink.failure()
}

// logSink is where the log goes. It keeps the first error to itself until the
// end: logrus would print each of them.
type logSink struct {
	name   string
	out    io.Writer
	file   *os.File // nil for the terminal
	closed bool

	mu  sync.Mutex
	err error
}

func (s *logSink) Write(p []byte) (int, error) {
	s.mu.Lock()
	_, err := s.out.Write(p)
	s.mu.Unlock()
	s.note(err)
	return len(p), nil
}

// reopen makes a log that has been closed take the bad news that came after.
func (s *logSink) reopen(of *session) {
	if !s.closed {
		return
	}
	if f, err := openLogFile(of.late, s.name); err == nil {
		s.out, s.file, s.closed = newSharedWriter(of.late, f), f, false
	}
}

func (s *logSink) note(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	isLeft := errors.Is(err, syscall.EPIPE) // its reader has gone: the run goes on without a log
	if stopped := new(signalError); err != nil && s.err == nil && !isLeft && !errors.As(err, stopped) {
		s.err = output.WriteError(s.name, err)
		if s.file != nil {
			s.err = fmt.Errorf("--log-file: %w", s.err)
		}
	}
}

func (s *logSink) failure() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// codes are error codes: a list in JSON, words in text.
type codes []string

func (c codes) String() string { return strings.Join(c, ",") }

// codeCounts are numbers of events by error code: an object in JSON, words in
// text.
type codeCounts map[string]uint64

func (c codeCounts) String() string {
	words := make([]string, 0, len(c))
	for code, count := range c {
		words = append(words, fmt.Sprintf("%s=%d", code, count))
	}
	slices.Sort(words)
	return strings.Join(words, " ")
}
