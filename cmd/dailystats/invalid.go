package main

import (
	"strconv"
	"strings"
	"time"

	"dailystats/stats/pipeline"

	"github.com/sirupsen/logrus"
)

// An invalid event's entry in the log. There can be millions of them, so there
// are two ways to write one: logrus's, which defines it, and for plain text a
// faster one.

func invalidEntry(logger *logrus.Logger, now time.Time, e pipeline.Invalid) *logrus.Entry {
	entry := logger.WithFields(logrus.Fields{
		"input":  e.Input,
		e.Unit(): e.Line,
		"errors": codes(e.Fault.Rules.Codes()),
	})
	entry.Time, entry.Level, entry.Message = now, logrus.WarnLevel, invalidMessage+e.Fault.Message()
	return entry
}

const invalidMessage = "event skipped: "

// appendInvalidText appends what logrus's TextFormatter, without colors, makes of
// invalidEntry.
func appendInvalidText(dst []byte, now time.Time, e pipeline.Invalid) []byte {
	dst = append(dst, `time="`...)
	dst = now.AppendFormat(dst, time.RFC3339)
	dst = append(dst, `" level=warning msg=`...)
	dst = appendQuoted(dst, invalidMessage+e.Fault.Message())
	dst = append(dst, ` errors=`...)
	dst = appendLogValue(dst, strings.Join(e.Fault.Rules.Codes(), ","))
	dst = append(dst, ` input=`...)
	dst = appendLogValue(dst, e.Input)
	dst = append(dst, ' ')
	dst = append(dst, e.Unit()...)
	dst = append(dst, '=')
	dst = strconv.AppendUint(dst, e.Line, 10)
	return append(dst, '\n')
}

// appendLogValue appends a text, in quotes if logrus would quote it.
func appendLogValue(dst []byte, text string) []byte {
	if strings.ContainsFunc(text, needsQuotes) {
		return appendQuoted(dst, text)
	}
	return append(dst, text...)
}

func needsQuotes(r rune) bool {
	switch {
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
		return false
	default:
		return !strings.ContainsRune("-._/@^+", r)
	}
}

// appendQuoted is strconv.AppendQuote, for text that is printable ASCII, as most
// of it is, without looking at its runes.
func appendQuoted(dst []byte, text string) []byte {
	start := len(dst)
	dst = append(dst, '"')
	for i := range len(text) {
		switch c := text[i]; {
		case c < ' ' || c > '~':
			return strconv.AppendQuote(dst[:start], text)
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}
