package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"unicode"

	"dailystats/stats/input"
	"dailystats/stats/pipeline"
	"dailystats/stats/report"

	"github.com/sirupsen/logrus"
)

// runJob runs the pipeline with a log and a progress bar.
func (s *session) runJob(flags *jobFlags, o pipeline.Options) error {
	o.Memory = cmp.Or(o.Memory, defaultMemory())
	o.Program = programMemory
	if err := limitMemory(o.Memory); err != nil {
		return err
	}
	screen := newTerminal(s, flags.Progress)
	log, err := openLog(s, &flags.logFlags, screen)
	if err != nil {
		return err
	}
	o.Observer = observer(flags, screen, log)
	defer log.close() // where it has not come to its ending
	var told error
	o.Observer.Ending = func(r report.Report, failure error) error {
		screen.hideProgress()
		if failure != nil {
			told = log.fail(failure)
		}
		log.summary(r)
		err := log.close()
		s.critical.Store(err == nil) // the files are put in their places
		return err
	}
	_, err = pipeline.Run(s.ctx, o)
	s.critical.Store(false)
	if errors.Is(err, input.ErrNotFound) && slices.Equal(o.Inputs, []string{defaultInput}) && isFed(os.Stdin) {
		err = fmt.Errorf("%w: give - to read standard input", err)
	}
	if err == nil || told != nil && errors.Is(told, err) {
		return told
	}
	screen.hideProgress()
	return log.fail(err)
}

// isFed reports whether a stream is a file or a pipe, not a terminal or a null device.
func isFed(stream *os.File) bool {
	info, err := stream.Stat()
	return err == nil && (info.Mode().IsRegular() || info.Mode()&fs.ModeNamedPipe != 0)
}

// observer passes on what happens in a run to the log and to the progress bar.
func observer(flags *jobFlags, screen *terminal, log *eventLog) pipeline.Observer {
	o := pipeline.Observer{
		Started: func(progress func() pipeline.Progress) { log.follow(screen, progress) },
		Warning: log.warn,
		Plan: func(p pipeline.Plan) {
			useProcessors(p.Workers)
			limitGarbage(p.Memory, p.Live(), p.Slack)
			log.debugLines(p.String)
		},
	}
	if !flags.LogInvalid.none && log.IsLevelEnabled(logrus.WarnLevel) {
		o.AppendInvalid, o.WriteInvalid = log.appendInvalid, log.writeInvalid
		o.MostAlike, o.More = flags.LogInvalid.most, log.more
	}
	return o
}

// toldError is a failure that the user has been told of.
type toldError struct{ error }

func (e toldError) Unwrap() error { return e.error }

// oneLine escapes what would not stay on one line, such as the control
// characters in a file's name.
func oneLine(text string) string {
	var b strings.Builder
	for _, r := range text {
		if unicode.IsPrint(r) {
			b.WriteRune(r)
		} else {
			b.WriteString(strings.Trim(fmt.Sprintf("%+q", r), "'"))
		}
	}
	return b.String()
}
