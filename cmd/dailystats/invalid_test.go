package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode"

	"dailystats/stats/event"
	"dailystats/stats/pipeline"

	"github.com/sirupsen/logrus"
	"pgregory.net/rapid"
)

// TestInvalidText compares the fast way to write an entry with logrus's.
func TestInvalidText(t *testing.T) {
	logger := logrus.New()
	logger.SetFormatter(formatter("text", false))
	text := rapid.OneOf(rapid.String(), rapid.StringMatching(`[a-z/._@^+-]{0,9}.?`), rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }))
	rapid.Check(t, func(t *rapid.T) {
		value, err := json.Marshal(text.Draw(t, "value"))
		if err != nil {
			t.Fatal(err)
		}
		line := fmt.Appendf(nil, rapid.SampledFrom([]string{
			`{"user_id": %s}`,
			`{"user_id": 1, "event_type": "", "timestamp": %s}`,
			`%s`,
			`{"user_id": %s`,
		}).Draw(t, "line of"), value)
		_, fault := event.Schema{}.Plain(line)
		e := pipeline.Invalid{Input: text.Draw(t, "input"), Line: rapid.Uint64().Draw(t, "line"), IsOffset: rapid.Bool().Draw(t, "offset"), Fault: fault}
		now := time.Unix(rapid.Int64Range(0, 1<<34).Draw(t, "now"), 0)
		want, err := logger.Formatter.Format(invalidEntry(logger, now, e))
		if err != nil {
			t.Fatal(err)
		}
		if got := appendInvalidText(nil, now, e); string(got) != string(want) {
			t.Fatalf("got  %s\nwant %s", got, want)
		}
	})
}

// TestLogIsPrintable proves that a log entry is one line, and nothing in it is
// obeyed by a terminal, whatever is in the event and in the input's name.
func TestLogIsPrintable(t *testing.T) {
	logger := logrus.New()
	hostile := rapid.StringOf(rapid.OneOf(rapid.Rune(), rapid.RuneFrom([]rune("\n\r\x1b\a\x00\x7f\u0085\u009b\u2028\u202e\U000e0001"))))
	rapid.Check(t, func(t *rapid.T) {
		name, value := hostile.Draw(t, "input"), hostile.Draw(t, "value")
		_, fault := event.Schema{}.Plain(fmt.Appendf(nil, `{"user_id": 1, "event_type": "a", "timestamp": "%s"}`, value))
		e := pipeline.Invalid{Input: name, Line: 1, Fault: fault}
		for _, format := range []string{"text", "json"} {
			logger.SetFormatter(formatter(format, false))
			log := &eventLog{Logger: logger, plain: format == "text"}
			text := string(log.appendInvalid(nil, e))
			line, isLine := strings.CutSuffix(text, "\n")
			if !isLine || strings.ContainsFunc(line, func(r rune) bool { return !unicode.IsPrint(r) }) {
				t.Fatalf("%s: %q", format, text)
			}
			var entry struct{ Input string }
			if err := json.Unmarshal([]byte(line), &entry); format == "json" && (err != nil || entry.Input != strings.ToValidUTF8(name, "\ufffd")) {
				t.Fatalf("%q of %s: %v", entry.Input, line, err)
			}
		}
	})
}

// BenchmarkInvalidEntry measures an entry, the fast way and logrus's.
func BenchmarkInvalidEntry(b *testing.B) {
	_, fault := event.Schema{}.Plain([]byte(`{"user_id": 1, "event_type": "purchase", "timestamp": "INVALID_TIMESTAMP", "amount": -5.00}`))
	e := pipeline.Invalid{Input: "events.jsonl", Line: 4711, Fault: fault}
	logger := logrus.New()
	for name, log := range map[string]*eventLog{
		"text":   {Logger: logger, plain: true},
		"logrus": {Logger: logger},
	} {
		logger.SetFormatter(formatter("text", false))
		b.Run("by="+name, func(b *testing.B) {
			var dst []byte
			b.ReportAllocs()
			for b.Loop() {
				dst = log.appendInvalid(dst[:0], e)
			}
		})
	}
}
