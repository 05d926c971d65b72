package pipeline

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"dailystats/bench/workload"
	"dailystats/stats/event"
)

const goodEvent = `{"user_id":1,"event_type":"login","timestamp":"2024-01-15T10:30:00Z"}`

// hintsOf returns what a run warns of, but for its inputs' names.
func hintsOf(t *testing.T, events string) (hints []string) {
	t.Helper()
	return hintsOfForm(t, event.Form{}, events)
}

// hintsOfForm is hintsOf for a run that is told how events are written.
func hintsOfForm(t *testing.T, form event.Form, events string) (hints []string) {
	t.Helper()
	schema, err := event.NewSchema(form)
	if err != nil {
		t.Fatal(err)
	}
	var mine []string
	_, err = Run(t.Context(), Options{
		Schema: schema, Inputs: []string{"-"}, Stdin: strings.NewReader(events), MaxInvalid: anyInvalid, Parallel: 2,
		Observer: Observer{Warning: func(message string) { mine = append(mine, message) }},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range mine {
		hints = append(hints, strings.TrimPrefix(m, "-: "))
	}
	return hints
}

// TestHints proves that what is wrong with a whole input is told, with the way out.
func TestHints(t *testing.T) {
	lines := func(line string, n int) string { return strings.Repeat(line+"\n", n) }
	for events, want := range map[string]string{
		"[\n" + lines(goodEvent+",", 5) + goodEvent + "\n]\n":                                  "this is a JSON array",
		"[" + strings.Repeat(goodEvent+",", 500) + goodEvent + "]":                             "this is a JSON array",
		"[\n  {\n    \"user_id\": 1\n  }\n]":                                                   "this is a JSON array",
		lines("{\n  \"user_id\": 1,\n  \"event_type\": \"a\"\n}", 3):                           "this is pretty-printed JSON",
		lines("{ \"user_id\": 1,\n  \"event_type\": \"a\" }", 3):                               "this is pretty-printed JSON",
		lines(goodEvent+goodEvent, 3):                                                          "there are several objects on a line",
		lines(goodEvent+" "+goodEvent, 3) + lines(goodEvent, 100):                              "there are several objects on a line",
		lines("\x00\x00\x00\x00\x07"+goodEvent, 3):                                             "messages have the five bytes of a schema registry",
		strings.Repeat("\x00", 5000) + goodEvent + "\n" + goodEvent:                            "it begins with NUL bytes",
		strings.Repeat("\x00", 3<<20) + "\n" + lines(goodEvent, 10):                            "it begins with NUL bytes",
		lines(`{"input":"a","line":2,"errors":["malformed_json"],"message":"m","raw":"x"}`, 3): "these are rejects of dailystats: jq -r .raw",
		"<!DOCTYPE html>\n<html>\n</html>\n":                                                   "this is HTML or XML",
		"user_id,event_type,timestamp\n1,login,2024-01-15T10:30:00Z\n":                         "this is CSV",

		lines(`{"userId":1,"event_type":"a","timestamp":"2024-01-15T10:30:00Z"}`, 3):                              "no event has user_id: Form.UserIDField userId",
		lines(`{"user":{"id":1,"name":"x"},"event":"a","ts":"2024-01-15T10:30:00Z"}`, 3):                          "no event has user_id, event_type, timestamp: Form.UserIDField user.id Form.EventTypeField event Form.TimestampField ts",
		lines(`{"user_id":1,"event_type":"purchase","timestamp":"2024-01-15T10Z","properties":{"revenue":5}}`, 3): "no event has amount: Form.AmountField properties.revenue",
		lines(`{"who":1,"event_type":"a","created_at":"2024-01-15T10:30:00Z"}`, 3):                                "no event has user_id, timestamp: all 3 of the first ones have others, such as created_at, event_type, who",

		lines(`{"user_id":1,"event_type":"a","timestamp":1705314600}`, 3):                  "timestamps look like Unix seconds: Form.TimeFormats unix",
		lines(`{"user_id":1,"event_type":"a","timestamp":1705314600123}`, 3):               "timestamps look like Unix milliseconds: Form.TimeFormats unix-ms",
		lines(`{"user_id":1,"event_type":"a","timestamp":"1705314600123456"}`, 3):          "timestamps look like Unix microseconds: Form.TimeFormats unix-us",
		lines(`{"user_id":1,"event_type":"a","timestamp":1705314600123456789}`, 3):         "timestamps look like Unix nanoseconds: Form.TimeFormats unix-ns",
		lines(`{"user_id":1,"event_type":"a","timestamp":"2024-01-15 10:30:00 UTC"}`, 3):   "timestamps have a space where ISO 8601 has a T, as SQL writes them: Form.TimeFormats sql",
		lines(`{"user_id":1,"event_type":"a","timestamp":"2024-01-15 10:30:00"}`, 3):       "timestamps have a space where ISO 8601 has a T, as SQL writes them, and no zone: Form.TimeFormats sql Form.AssumeUTC",
		lines(`{"user_id":1,"event_type":"a","timestamp":"2024-01-15T10:30:00"}`, 3):       "timestamps have no zone: Form.AssumeUTC",
		lines(`{"user_id":1,"event_type":"a","timestamp":"2024-01-15T10:30:00-05:00"}`, 3): "timestamps have zones other than UTC: Form.ConvertOffsets",
		lines(`{"user_id":"1","event_type":"a","timestamp":"2024-01-15T10:30:00Z"}`, 3):    "user_id is quoted: Form.QuotedNumbers",
		lines(goodEvent, 50) + strings.Replace(goodEvent, "login", "Purchase", 1) + "\n":   `event_type "Purchase" is not purchase, so its amounts are not counted: Form.Purchases`,
		lines(strings.Replace(goodEvent, "login", "PURCHASE", 1), 2) + "x\n":               `event_type "PURCHASE" is not purchase, so its amounts are not counted: Form.Purchases`,
	} {
		got := hintsOf(t, events)
		if len(got) == 0 || !strings.HasPrefix(got[0], want) || len(got) > 1 && !strings.Contains(want, "Form.") {
			t.Errorf("%.60q: %q, want %q", events, got, want)
		}
	}
}

// TestWholeCommand proves that a hint has all options that events need, if they are known.
func TestWholeCommand(t *testing.T) {
	const three = 3
	for line, want := range map[string]string{
		`{"userId":"7","event":"purchase","sentAt":1705314600123,"ts":"2024-01-15T10:30:00Z","properties":{"revenue":"5.00"}}`: "Form.UserIDField userId Form.EventTypeField event Form.TimestampField ts Form.AmountField properties.revenue Form.QuotedNumbers",
		`{"id":9,"customer":{"id":1},"created_at":"2024-01-15T10:30:00-05:00","total_price":"19.99"}`:                          "Form.UserIDField customer.id Form.TimestampField created_at Form.AmountField total_price Form.Purchases '*' Form.NoEventType Form.ConvertOffsets Form.QuotedNumbers",
		`{"a.b":{"user id":1},"event_type":"x","ts":1705314600}`:                                                               `Form.UserIDField 'a\.b.user id' Form.TimestampField ts Form.TimeFormats unix`,
		`{"a.b":{"userId":1},"event_type":"x","ts":1705314600}`:                                                                `Form.UserIDField 'a\.b.userId' Form.TimestampField ts Form.TimeFormats unix`,
		`{"user_id":"x","event_type":"x","ts":1705314600}`:                                                                     "",
	} {
		hints := hintsOf(t, strings.Repeat(line+"\n", three))
		got := ""
		for _, hint := range hints {
			if command, ok := strings.CutPrefix(hint, "this reads them: dailystats check FILE "); ok {
				got = command
			}
		}
		if got != want {
			t.Errorf("%s: %q, want %q; all hints: %q", line, got, want, hints)
		}
	}
}

// TestHintsOfForms proves that hints know what the run was told, and that the command has that,
// too.
func TestHintsOfForms(t *testing.T) {
	sql := []event.TimeFormat{event.SQL}
	for _, test := range []struct {
		form event.Form
		line string
		want []string
	}{
		{event.Form{MinorUnits: 2, TimeZone: "Asia/Tokyo"}, `{"user_id":"1","event_type":"purchase","timestamp":"2024-01-01T20:00:00Z","amount":150}`, []string{
			"user_id is quoted: Form.QuotedNumbers",
			"this reads them: dailystats check FILE Form.QuotedNumbers Form.TimeZone Asia/Tokyo Form.MinorUnits 2"}},
		{event.Form{Purchases: []string{"buy", "a,b"}, AmountField: event.Path{"cents"}}, `{"userId":1,"event_type":"buy","timestamp":"2024-01-01T20:00:00Z","cents":150}`, []string{
			"no event has user_id: Form.UserIDField userId",
			`this reads them: dailystats check FILE Form.UserIDField userId Form.AmountField cents Form.Purchases 'a\,b,buy'`}},
		{event.Form{NoEventType: true, Purchases: []string{"*"}}, `{"customer":1,"created_at":"2024-01-01T10:00:00Z","total":100}`, []string{
			"no event has user_id, timestamp, amount: Form.UserIDField customer Form.TimestampField created_at Form.AmountField total",
			"this reads them: dailystats check FILE Form.UserIDField customer Form.TimestampField created_at Form.AmountField total Form.Purchases '*' Form.NoEventType"}},
		{event.Form{TimeFormats: sql, AssumeUTC: true}, `{"user_id":1,"event_type":"x","timestamp":"2024-01-01T10:00:00"}`, []string{
			"timestamps are as ISO 8601 has them: Form.TimeFormats iso8601,sql",
			"this reads them: dailystats check FILE Form.TimeFormats iso8601,sql Form.AssumeUTC"}},
		{event.Form{TimeFormats: sql}, `{"user_id":1,"event_type":"x","timestamp":"2024-01-01T10:00:00Z"}`, []string{
			"timestamps are as ISO 8601 has them: Form.TimeFormats iso8601,sql",
			"this reads them: dailystats check FILE Form.TimeFormats iso8601,sql"}},
		{event.Form{TimeFormats: []event.TimeFormat{event.Unix}}, `{"user_id":1,"event_type":"x","timestamp":"1705314600"}`, []string{
			"timestamp is quoted: Form.QuotedNumbers",
			"this reads them: dailystats check FILE Form.TimeFormats unix Form.QuotedNumbers"}},
		{event.Form{TimeFormats: []event.TimeFormat{event.SQL, event.ISO8601}}, `{"user_id":1,"event_type":"x","timestamp":"2024-01-31 10:00:00"}`, []string{
			"timestamps have no zone: Form.AssumeUTC",
			"this reads them: dailystats check FILE Form.TimeFormats iso8601,sql Form.AssumeUTC"}},
		{event.Form{Purchases: []string{"x"}}, `{"user_id":1,"timestamp":"2024-01-01T10:00:00Z"}`, []string{
			"no event has event_type: all 3 of the first ones have others, such as timestamp, user_id"}},
		{event.Form{}, `{"user_id":1,"timestamp":"2024-01-01T10:00:00Z","amount":3}`, []string{
			"no event has event_type: Form.NoEventType Form.Purchases '*'",
			"this reads them: dailystats check FILE Form.Purchases '*' Form.NoEventType"}},
		{event.Form{}, `{"a\nb":{"userId":1},"event_type":"x","timestamp":"2024-01-01T10:00:00Z"}`, []string{"no event has user_id: Form.UserIDField 'a\nb.userId'"}},
		{event.Form{}, `{"user_id":1,"event":"Order Completed","timestamp":"2024-01-01T10:00:00Z","properties":{"revenue":5}}`, []string{
			"no event has event_type, amount: Form.EventTypeField event Form.AmountField properties.revenue",
			`no event is a purchase: say with Form.Purchases which event types are, such as "Order Completed"`}},
		{event.Form{UserIDField: event.Path{""}}, `{"user_id":1,"event_type":"x","timestamp":"2024-01-01T10:00:00Z"}`, []string{
			`no event has "": Form.UserIDField user_id`,
			"this reads them: dailystats check FILE Form.UserIDField user_id"}},
	} {
		if got := hintsOfForm(t, test.form, strings.Repeat(test.line+"\n", 3)); !slices.Equal(got, test.want) {
			t.Errorf("%s:\n%q, want\n%q", test.line, got, test.want)
		}
	}
}

// TestNoHints proves that right inputs get none, whatever few of their lines are.
func TestNoHints(t *testing.T) {
	good := strings.Repeat(goodEvent+"\n", 20)
	for _, events := range []string{
		"", "\n\n", good, "[]\n" + good, "{\n" + good, good + goodEvent + goodEvent + "\nx\ny\nz\n",
		good + `{"user_id":"1","event_type":"a","timestamp":"2024-01-15T10:30:00Z"}` + "\n", "x\n" + good, "a,b,c\n" + good,
		good + `{"note":"Purchase"}`, "x\ny\nz\n", "{}\n" + good, "[1]\n[2]\n{}\n" + good + strings.Repeat("x\n", 10),
	} {
		if got := hintsOf(t, events); len(got) > 0 {
			t.Errorf("%.60q: %q", events, got)
		}
	}
	for _, shape := range []workload.Shape{workload.Spaced, workload.Compact, workload.Shuffled} {
		for _, rate := range []string{"0", "1%", "50%", "90%"} {
			var invalid workload.Rate
			if err := invalid.UnmarshalText([]byte(rate)); err != nil {
				t.Fatal(err)
			}
			for seed := range uint64(5) {
				w, err := workload.New(workload.Config{Events: 3000, Users: 100, Days: 3, Shape: shape, Invalid: invalid, Extra: 50, Seed: seed})
				if err != nil {
					t.Fatal(err)
				}
				var events bytes.Buffer
				if err := w.Write(t.Context(), &events, 1); err != nil {
					t.Fatal(err)
				}
				if got := hintsOf(t, events.String()); len(got) > 0 {
					t.Errorf("a workload of shape %v with %s invalid: %q", shape, rate, got)
				}
			}
		}
	}
}

// TestHintsOfManyInputs proves that inputs with the same fault share a hint, in an order that
// does not depend on the workers.
func TestHintsOfManyInputs(t *testing.T) {
	var i inspector
	for n := range 150 {
		i.look(fmt.Sprintf("%03d", 149-n), []byte("[\n{}\n]\n"), true)
	}
	i.look("a", []byte(`{"userId":1}`), true)
	want := []string{"050 and 99 more inputs: this is a JSON array, not an object on each line: jq -c '.[]' FILE | dailystats -"}
	if got := i.all(); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}
