package event

import (
	"bytes"
	"encoding/json"
	"runtime"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// FuzzUnquote proves that strings are decoded as encoding/json does it.
func FuzzUnquote(f *testing.F) {
	for _, text := range []string{
		`""`, `"user_id"`, `"\u0075ser"`, `"\"\\\/\b\f\n\r\t"`, `"日本\u65e5"`,
		`"\ud83d\ude00"`, `"\ud83d"`, `"\ude00\ud83d"`, `"\ud83d\u0041"`, `"\ud83d\n"`, `"\ud83d\ud83d\ude00"`, `"\uFFFD\ufffd"`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, value []byte) {
		var want string
		if checkLine(append([]byte(`{"":`), append(value, '}')...)) != nil || json.Unmarshal(value, &want) != nil {
			return
		}
		if value = bytes.TrimSpace(value); value[0] != '"' {
			return // null
		}
		if got := unquote(value); string(got) != want {
			t.Errorf("%s is %q, not %q", value, got, want)
		}
	})
}

// TestTimestampText proves that what is left out of a long timestamp does not
// matter.
func TestTimestampText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		digits := rapid.SampledFrom([]string{"", "0", "00000", strings.Repeat("0", 19), strings.Repeat("0", 20), strings.Repeat("0", 21), strings.Repeat("0", 5000)})
		piece := rapid.SampledFrom([]string{
			"2024-01-15", "20240115", "2024W031", "T", "t", " ", "10:30:00", "24:00:00", "24", "23:59:60", "103000",
			".", ",", "0", "1", "9", "Z", "z", "+00:00", "-00", "+0000", "+01:00", `\u0030`, `\u0031`, `\u002e`, `\ud800`, "é", `\n`,
		})
		text := "2024-01-15T" + rapid.SampledFrom([]string{"10:30:00", "24:00:00", "24:00", "24", "23:59:60"}).Draw(t, "time") + "."
		if rapid.Bool().Draw(t, "any") {
			text = ""
		}
		for range rapid.IntRange(0, 6).Draw(t, "pieces") {
			text += digits.Draw(t, "digits") + piece.Draw(t, "piece")
		}
		value := []byte(`"` + text + digits.Draw(t, "last digits") + rapid.SampledFrom([]string{"", "Z", "+00:00", "+01:00"}).Draw(t, "zone") + `"`)
		day, err := parseDay(string(unquote(value)))
		short := timestampText(value)
		if gotDay, gotErr := parseDay(string(short)); gotDay != day || gotErr != err {
			t.Errorf("%.200s is (%v, %v), but %q is (%v, %v)", value, day, err, short, gotDay, gotErr)
		}
	})
}

// TestPlainMemory proves that neither reading a line, nor telling what is wrong with
// it, takes memory for the line: there is none.
func TestPlainMemory(t *testing.T) {
	const long = 4 << 20
	repeat := func(s string) string { return strings.Repeat(s, long/len(s)) }
	line := func(id, kind, timestamp string) string {
		return `{"user_id":` + id + `,"event_type":` + kind + `,"timestamp":` + timestamp + `,"amount":1}`
	}
	const id, kind, timestamp = `1`, `"purchase"`, `"2024-01-15T10:30:00Z"`
	for name, line := range map[string]string{
		"not JSON":               repeat("x"),
		"not UTF-8":              repeat("\xff"),
		"array":                  "[" + repeat("1,") + "1]",
		"deep":                   repeat("["),
		"other member":           `{"x":"` + repeat(`\u0078`) + `"}`,
		"name":                   `{"` + repeat(`\u0078`) + `":1}`,
		"user_id":                line(repeat("1"), kind, timestamp),
		"user_id, text":          line(`"`+repeat(`\u0031`)+`"`, kind, timestamp),
		"user_id, object":        line(`{"x":"`+repeat(`\u0031`)+`"}`, kind, timestamp),
		"event_type":             line(id, `"`+repeat(`\u0070`)+`"`, timestamp),
		"timestamp":              line(id, kind, `"`+repeat("x")+`"`),
		"timestamp, escapes":     line(id, kind, `"`+repeat(`\u0032`)+`"`),
		"timestamp, one escape":  line(id, kind, `"`+repeat("x")+`\u0032"`),
		"timestamp, surrogates":  line(id, kind, `"`+repeat(`\ud800`)+`"`),
		"timestamp, space":       line(id, kind, `"2024-01-15 10:30:00.`+repeat("0")+`Z"`),
		"timestamp, valid":       line(id, kind, `"2024-01-15T10:30:00.`+repeat("0")+`Z"`),
		"timestamp, valid, text": line(id, kind, `"2024-01-15T10:30:00.`+repeat(`\u0030`)+`Z"`),
		"amount":                 `{"user_id":1,"event_type":"purchase","timestamp":"2024-01-15T10:30:00Z","amount":` + repeat("1") + `}`,
		"amount, fraction":       `{"user_id":1,"event_type":"purchase","timestamp":"2024-01-15T10:30:00Z","amount":0.` + repeat("1") + `}`,
		"amount, exponent":       `{"user_id":1,"event_type":"purchase","timestamp":"2024-01-15T10:30:00Z","amount":1e` + repeat("1") + `}`,
	} {
		t.Run(name, func(t *testing.T) {
			text := []byte(line)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			if _, fault := (Schema{}).Plain(text); fault != nil {
				_ = fault.Message()
			}
			runtime.ReadMemStats(&after)
			const most = long / 4 // nesting takes some, of lines that are short, too
			if allocated := after.TotalAlloc - before.TotalAlloc; allocated > most {
				t.Errorf("%d bytes were allocated for a line of %d", allocated, len(text))
			}
		})
	}
}
