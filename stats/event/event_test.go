package event

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"dailystats/stats"
	"dailystats/testdata/sampling"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// day is the day of a calendar date.
// Read is Next without what is left to Plain.
func (r *Reader) Read(text []byte) (rec stats.Record, size int, ok bool) {
	before := r.Fast()
	rec, size, _ = r.Next(text)
	if r.Fast() == before {
		return stats.Record{}, 0, false
	}
	return rec, size, true
}

func day(year, month, dayOfMonth int) stats.Day {
	d, ok := stats.DateDay(year, month, dayOfMonth)
	if !ok {
		panic(fmt.Sprint("no such day: ", year, month, dayOfMonth))
	}
	return d
}

// newYear is the day of the lines below.
var newYear = day(2024, 1, 1)

// visitOf and purchaseOf are the records of valid lines.
func visitOf(user int64) stats.Record {
	return stats.Record{Key: stats.Key{Day: newYear, User: user}}
}

func purchaseOf(user int64, whole, fraction uint64) stats.Record {
	r := visitOf(user)
	r.Purchase, r.Amount = true, stats.NewAmount(whole, fraction)
	return r
}

// cases are lines with what they stand for, or the codes of what is wrong. They
// feed the tests of both readers and are the seeds of the fuzz target.
var cases = []struct {
	line  string
	want  stats.Record
	codes string // separated by spaces; empty for a valid event
	slow  bool   // valid, but not known to the fast reader
}{
	// Whole events.
	{line: `{"user_id": 123, "event_type": "purchase", "timestamp": "2024-01-01T10:00:00Z", "amount": 19.99}`, want: purchaseOf(123, 19, 99e16)},
	{line: `{"user_id":1,"event_type":"view","timestamp":"2024-01-01T10:05:00Z"}`, want: visitOf(1)},
	{line: `{"amount":0.5,"timestamp":"2024-01-01T10:05:00Z","event_type":"purchase","user_id":1}`, want: purchaseOf(1, 0, 5e17)},
	{line: " \t\r{ \"user_id\"\t:\r1 , \"event_type\" : \"a\" , \"timestamp\" : \"2024-01-01T10:05:00Z\" } \t\r", want: visitOf(1)},
	{line: `{"user_id":1,"event_type":"view","timestamp":"2024-01-01T10:05:00Z","amount":-3}`, want: visitOf(1)},
	{line: `{"user_id":1,"event_type":"view","timestamp":"2024-01-01T10:05:00Z","amount":"x"}`, want: visitOf(1)},
	{line: `{"user_id":1,"event_type":"view","timestamp":"2024-01-01T10:05:00Z","amount":{"a":[1,2,{}],"b":null}}`, want: visitOf(1), slow: true},

	// The line.
	{line: `x`, codes: "malformed_json"},
	{line: `{`, codes: "malformed_json"},
	{line: `{}`, codes: "user_id_missing event_type_missing timestamp_missing"},
	{line: `{} {}`, codes: "malformed_json"},
	{line: `{}x`, codes: "malformed_json"},
	{line: `{},`, codes: "malformed_json"},
	{line: `[]`, codes: "not_an_object"},
	{line: `[{}]`, codes: "not_an_object"},
	{line: `null`, codes: "not_an_object"},
	{line: `true`, codes: "not_an_object"},
	{line: `"{}"`, codes: "not_an_object"},
	{line: `-0.5e+10`, codes: "not_an_object"},
	{line: "\ufeff{}", codes: "malformed_json"},
	{line: "\x00", codes: "malformed_json"},
	{line: "{}\x00", codes: "malformed_json"},
	{line: "{}\v", codes: "malformed_json"},
	{line: "{}\u00a0", codes: "malformed_json"},
	{line: `{"a":1,}`, codes: "malformed_json"},
	{line: `{,"a":1}`, codes: "malformed_json"},
	{line: `{"a" 1}`, codes: "malformed_json"},
	{line: `{"a":}`, codes: "malformed_json"},
	{line: `{a:1}`, codes: "malformed_json"},
	{line: `{'a':1}`, codes: "malformed_json"},
	{line: `{"a":1 "b":2}`, codes: "malformed_json"},
	{line: `{"a":1}/*x*/`, codes: "malformed_json"},

	// user_id.
	{line: event(`"user_id"`, `0`), want: visitOf(0)},
	{line: event(`"user_id"`, `-0`), want: visitOf(0)},
	{line: event(`"user_id"`, `-7`), want: visitOf(-7)},
	{line: event(`"user_id"`, `999999999999999999`), want: visitOf(999999999999999999)},
	{line: event(`"user_id"`, `9223372036854775807`), want: visitOf(9223372036854775807)},
	{line: event(`"user_id"`, `-9223372036854775808`), want: visitOf(-9223372036854775808), slow: true},
	{line: event(`"user_id"`, `9223372036854775808`), codes: "user_id_out_of_range"},
	{line: event(`"user_id"`, `-9223372036854775809`), codes: "user_id_out_of_range"},
	{line: event(`"user_id"`, strings.Repeat("9", 1_000_000)), codes: "user_id_out_of_range"},
	{line: event(`"user_id"`, `01`), codes: "malformed_json"},
	{line: event(`"user_id"`, `-01`), codes: "malformed_json"},
	{line: event(`"user_id"`, `+1`), codes: "malformed_json"},
	{line: event(`"user_id"`, `-`), codes: "malformed_json"},
	{line: event(`"user_id"`, `1.0`), codes: "user_id_not_integer"},
	{line: event(`"user_id"`, `1e3`), codes: "user_id_not_integer"},
	{line: event(`"user_id"`, `1E3`), codes: "user_id_not_integer"},
	{line: event(`"user_id"`, `99999999999999999999.0`), codes: "user_id_not_integer"},
	{line: event(`"user_id"`, `"1"`), codes: "user_id_not_integer"},
	{line: event(`"user_id"`, `null`), codes: "user_id_not_integer"},
	{line: event(`"user_id"`, `true`), codes: "user_id_not_integer"},
	{line: event(`"user_id"`, `[1]`), codes: "user_id_not_integer"},
	{line: event(`"user_id"`, `{"user_id":1}`), codes: "user_id_not_integer"},
	{line: event(`"User_Id"`, `1`), codes: "user_id_missing"},
	{line: event(`"\u0075ser_id"`, `1`), want: visitOf(1), slow: true},
	{line: event(`"\u0075\u0073\u0065\u0072\u005f\u0069\u0064"`, `1`), want: visitOf(1), slow: true},
	{line: event(`"user_id\u0000"`, `1`), codes: "user_id_missing"},
	{line: event(`"user_id\ud800"`, `1`), codes: "user_id_missing"},

	// event_type.
	{line: typed(`"p"`), want: visitOf(1)},
	{line: typed(`"Purchase"`), want: visitOf(1)},
	{line: typed(`"purchase "`), want: visitOf(1)},
	{line: typed(`"é"`), want: visitOf(1)},
	{line: typed(`" "`), want: visitOf(1)},
	{line: typed(`"\ud800"`), want: visitOf(1), slow: true},
	{line: typed(`"\u0000"`), want: visitOf(1), slow: true},
	{line: typed(`"purch\u0061se"`), codes: "amount_missing"},
	{line: typed(`"\u0070\u0075\u0072\u0063\u0068\u0061\u0073\u0065"`), codes: "amount_missing"},
	{line: typed(`"purchase"`), codes: "amount_missing"},
	{line: typed(`""`), codes: "event_type_empty"},
	{line: typed(`null`), codes: "event_type_not_string"},
	{line: typed(`1`), codes: "event_type_not_string"},
	{line: typed(`["purchase"]`), codes: "event_type_not_string"},
	{line: typed("\"a\tb\""), codes: "malformed_json"},
	{line: typed("\"a\x7fb\""), want: visitOf(1)},
	{line: typed("\"\xff\""), codes: "malformed_json"},
	{line: typed("\"\xc0\x80\""), codes: "malformed_json"},
	{line: typed("\"\xed\xa0\x80\""), codes: "malformed_json"},
	{line: typed(`"\x"`), codes: "malformed_json"},
	{line: typed(`"\u12g4"`), codes: "malformed_json"},

	// timestamp; TestTimestamps has the rest.
	{line: stamped(`"2024-01-01T00:00:00Z"`), want: visitOf(1)},
	{line: stamped(`"2024-01-01T23:59:59.999Z"`), want: visitOf(1)},
	{line: stamped(`"2024-01-01T23:59:60Z"`), want: visitOf(1)},
	{line: stamped(`"2023-12-31T24:00:00Z"`), want: visitOf(1)},
	{line: stamped(`"2024-01-01T10:00:00+00:00"`), want: visitOf(1)},
	{line: stamped(`"20240101T10Z"`), want: visitOf(1)},
	{line: stamped(`"2024-01-01T00:00:00\u005a"`), want: visitOf(1), slow: true},
	{line: stamped(`"2024-01-01T00:00:00.` + strings.Repeat("1", 1_000_000) + `Z"`), want: visitOf(1)},
	{line: stamped(`"INVALID_TIMESTAMP"`), codes: "timestamp_invalid"},
	{line: stamped(`""`), codes: "timestamp_invalid"},
	{line: stamped(`"2024-01-01T10:00:00"`), codes: "timestamp_not_utc"},
	{line: stamped(`"2024-01-01T10:00:00+01:00"`), codes: "timestamp_not_utc"},
	{line: stamped(`"2024-01-01T10:00:00\ud800"`), codes: "timestamp_invalid"},
	{line: stamped(`1704103200`), codes: "timestamp_not_string"},
	{line: stamped(`null`), codes: "timestamp_not_string"},

	// amount.
	{line: paid(`1`), want: purchaseOf(1, 1, 0)},
	{line: paid(`0.000000000000000001`), want: purchaseOf(1, 0, 1)},
	{line: paid(`999999999999999999`), want: purchaseOf(1, 999999999999999999, 0)},
	{line: paid(`999999999999999999.999999999999999999`), want: purchaseOf(1, 999999999999999999, 999999999999999999)},
	{line: paid(`0.0000000000000000005`), want: purchaseOf(1, 0, 0), slow: true},
	{line: paid(`0.0000000000000000015`), want: purchaseOf(1, 0, 2), slow: true},
	{line: paid(`1e3`), want: purchaseOf(1, 1000, 0), slow: true},
	{line: paid(`1E-2`), want: purchaseOf(1, 0, 1e16), slow: true},
	{line: paid(`0.1e1`), want: purchaseOf(1, 1, 0), slow: true},
	{line: paid(`10000000000000000000e-2`), want: purchaseOf(1, 1e17, 0), slow: true},
	{line: paid(`1` + strings.Repeat("0", 1_000_000) + `e-1000000`), want: purchaseOf(1, 1, 0), slow: true},
	{line: paid(`0.` + strings.Repeat("0", 1_000_000) + `1e1000001`), want: purchaseOf(1, 1, 0), slow: true},
	{line: paid(`1e-` + strings.Repeat("9", 1_000_000)), want: purchaseOf(1, 0, 0), slow: true},
	{line: paid(`0`), codes: "amount_not_positive"},
	{line: paid(`0.00`), codes: "amount_not_positive"},
	{line: paid(`-0`), codes: "amount_not_positive"},
	{line: paid(`0e99999999999999999999`), codes: "amount_not_positive"},
	{line: paid(`-5.00`), codes: "amount_not_positive"},
	{line: paid(`-1e400`), codes: "amount_not_positive"},
	{line: paid(`1e18`), codes: "amount_out_of_range"},
	{line: paid(`1000000000000000000`), codes: "amount_out_of_range"},
	{line: paid(`1e400`), codes: "amount_out_of_range"},
	{line: paid(`1e99999999999999999999`), codes: "amount_out_of_range"},
	{line: paid(`"5"`), codes: "amount_not_number"},
	{line: paid(`null`), codes: "amount_not_number"},
	{line: paid(`[5]`), codes: "amount_not_number"},
	{line: paid(`NaN`), codes: "malformed_json"},
	{line: paid(`Infinity`), codes: "malformed_json"},
	{line: paid(`.5`), codes: "malformed_json"},
	{line: paid(`5.`), codes: "malformed_json"},
	{line: paid(`05`), codes: "malformed_json"},
	{line: paid(`1e`), codes: "malformed_json"},
	{line: paid(`1e+`), codes: "malformed_json"},
	{line: paid(`0x1`), codes: "malformed_json"},

	// Names that repeat: the last one counts.
	{line: event(`"user_id":"x","user_id"`, `2`), codes: "", want: visitOf(2), slow: true},
	{line: event(`"user_id":1,"user_id"`, `2`), want: visitOf(2)},
	{line: event(`"user_id":1,"\u0075ser_id"`, `2`), want: visitOf(2), slow: true},
	{line: event(`"user_id":1,"user_id"`, `"x"`), codes: "user_id_not_integer"},
	{line: paid(`1,"amount":2`), want: purchaseOf(1, 2, 0)},
	{line: paid(`1,"amount":"2"`), codes: "amount_not_number"},
	{line: paid(`"1","amount":2`), want: purchaseOf(1, 2, 0)},
	{line: paid(`1,"event_type":"view"`), want: visitOf(1)},

	// All that is broken, in order, each field once.
	{line: `{"user_id":"x","event_type":"","timestamp":1,"amount":-1}`, codes: "user_id_not_integer event_type_empty timestamp_not_string"},
	{line: `{"event_type":"purchase","timestamp":"x","amount":-1}`, codes: "user_id_missing timestamp_invalid amount_not_positive"},

	// Other fields, of any kind.
	{line: other(`"\"\\\/\b\f\n\r\t\u00e9\uD834\uDD1E é"`), want: visitOf(1)},
	{line: other(`[[[]],{"a":{"b":[1,-2.5e-7,true,false,null,"x"]}}]`), want: visitOf(1)},
	{line: other(nested(10_000 - 1)), want: visitOf(1), slow: true},
	{line: other(nested(10_000)), codes: "malformed_json"},
	{line: other(strings.Repeat("[", 1_000_000)), codes: "malformed_json"},
	{line: other(strings.Repeat(`{"a":`, 9_999) + "1" + strings.Repeat("}", 9_999)), want: visitOf(1), slow: true},
	{line: other(strings.Repeat(`{"a":`, 10_000) + "1" + strings.Repeat("}", 10_000)), codes: "malformed_json"},
	{line: other(nested(mostNested - 1)), want: visitOf(1)},
	{line: other(nested(mostNested)), want: visitOf(1), slow: true},
	{line: other(`tru`), codes: "malformed_json"},
	{line: other(`nulll`), codes: "malformed_json"},
	{line: other(`[1,]`), codes: "malformed_json"},
	{line: other(`[1}`), codes: "malformed_json"},
	{line: other(`{"a":1]`), codes: "malformed_json"},
	{line: other(`{1:1}`), codes: "malformed_json"},
	{line: other(`"`), codes: "malformed_json"},
}

func nested(depth int) string { return strings.Repeat("[", depth) + strings.Repeat("]", depth) }

// event, typed, stamped, paid and other return a line in which all is right but
// for one value, perhaps.
func event(name, value string) string {
	return `{` + name + `:` + value + `,"event_type":"view","timestamp":"2024-01-01T10:00:00Z"}`
}

func typed(value string) string {
	return `{"user_id":1,"event_type":` + value + `,"timestamp":"2024-01-01T10:00:00Z"}`
}

func stamped(value string) string {
	return `{"user_id":1,"event_type":"view","timestamp":` + value + `}`
}

func paid(value string) string {
	return `{"user_id":1,"event_type":"purchase","timestamp":"2024-01-01T10:00:00Z","amount":` + value + `}`
}

func other(value string) string {
	return `{"other":` + value + `,"user_id":1,"event_type":"view","timestamp":"2024-01-01T10:00:00Z"}`
}

func TestPlain(t *testing.T) {
	for _, test := range cases {
		got, fault := Schema{}.Plain([]byte(test.line))
		codes := ""
		if fault != nil {
			codes = strings.Join(fault.Rules.Codes(), " ")
			checkMessage(t, fault.Message())
		}
		if codes != test.codes || got != test.want {
			t.Errorf("%.200s: got %+v %q, want %+v %q", test.line, got, codes, test.want, test.codes)
		}
	}
}

// checkMessage looks whether a message is one line of a decent length.
func checkMessage(t failer, message string) {
	t.Helper()
	if len(message) > 2000 || strings.ContainsFunc(message, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		t.Errorf("not a line to show: %.300q", message)
	}
}

// read reads one line with a Reader that has read others before, or none.
func read(t testing.TB, r *Reader, line string) (stats.Record, bool) {
	t.Helper()
	rec, size, ok := r.Read([]byte(line))
	if ok && size != len(line) {
		t.Errorf("%.200s: read %d of %d bytes", line, size, len(line))
	}
	return rec, ok
}

// TestReader reads every case as the last line of a text, and with others behind
// it; with a Reader that knows nothing, that has read the line before, and that
// has read all cases.
func TestReader(t *testing.T) {
	var learned Reader
	for range 2 {
		for _, test := range cases {
			for _, behind := range []string{"", "\n", "\n{", "\n\n" + test.line + "\n"} {
				if len(test.line) > 100_000 && behind != "" && !sampling.All() {
					continue
				}
				var fresh Reader
				for range 3 {
					for _, r := range []*Reader{&fresh, &learned} {
						got, size, ok := r.Read([]byte(test.line + behind))
						if want := test.codes == "" && !test.slow; ok != want {
							t.Errorf("%.200s: known is %v, want %v", test.line, ok, want)
						}
						if ok && (got != test.want || size != len(test.line)+min(len(behind), 1)) {
							t.Errorf("%.200s: got %+v and %d bytes, want %+v", test.line, got, size, test.want)
						}
					}
				}
			}
		}
	}
}

// FuzzReaderAgainstPlain proves that a Reader is right whenever it says yes,
// whatever lines it has learned from, and that Plain takes any bytes.
func FuzzReaderAgainstPlain(f *testing.F) {
	for i, test := range cases {
		if next := cases[(i+1)%len(cases)]; len(test.line)+len(next.line) < 1000 {
			f.Add([]byte(test.line + "\n" + next.line))
		}
	}
	f.Add([]byte(" ")) // blank: no event, but no reason to panic
	f.Fuzz(func(t *testing.T, text []byte) {
		var r Reader
		for range 2 { // the second time, all has been learned
			checkText(t, &r, text)
		}
	})
}

// failer is what a test has in common with one of rapid's.
type failer interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// checkText compares a Reader with Plain on lines.
func checkText(t failer, r *Reader, text []byte) {
	t.Helper()
	for rest := text; len(rest) > 0; {
		line, behind, hasLF := bytes.Cut(rest, []byte{'\n'})
		got, size, ok := r.Read(rest)
		if ok && rest[size-1] == '\n' != hasLF || ok && size != len(rest)-len(behind) {
			t.Fatalf("%q: %d bytes are read", rest, size)
		}
		rest = behind
		want, fault := Schema{r.schema}.Plain(line)
		if fault != nil {
			checkMessage(t, fault.Message())
		}
		if ok && (fault != nil || got != want) {
			t.Fatalf("%q of %q\nfast: %+v\nplain: %+v %+v", line, text, got, want, fault)
		}
	}
}

// FuzzIsObject proves that isObject is right whenever it says yes.
func FuzzIsObject(f *testing.F) {
	for _, test := range cases {
		if len(test.line) < 1000 {
			f.Add([]byte(test.line))
		}
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		line = bytes.ReplaceAll(line, []byte{'\n'}, []byte{' '})
		if isObject(line) && (!utf8.Valid(line) || !json.Valid(line) || bytes.TrimLeft(line, " \t\r")[0] != '{') {
			t.Errorf("%q is no object", line)
		}
	})
}

// TestIsObjectExhaustively compares isObject with encoding/json on every short
// text over an alphabet, within an object.
func TestIsObjectExhaustively(t *testing.T) {
	const alphabet = `{}[]",:0-.e1tn\ `
	text := make([]byte, 0, 5)
	objects := 0
	var try func()
	try = func() {
		for _, line := range []string{`{` + string(text) + `}`, `{"a":` + string(text) + `}`, `{"a":[1` + string(text) + `]}`} {
			if !isObject([]byte(line)) {
				continue
			}
			objects++
			if !json.Valid([]byte(line)) {
				t.Fatalf("%s is no object", line)
			}
		}
		if len(text) == cap(text) {
			return
		}
		for _, c := range []byte(alphabet) {
			text = append(text, c)
			try()
			text = text[:len(text)-1]
		}
	}
	try()
	if objects < 1000 {
		t.Errorf("only %d objects: the test shows little", objects)
	}
}

// TestReaderAgainstPlainExhaustively compares the two on every short text over an
// alphabet, as a value and as what comes behind one, with a Reader that reads one
// after the other and so has learned from all kinds of structure.
func TestReaderAgainstPlainExhaustively(t *testing.T) {
	const alphabet = `{}[]",:0-.e1tn\ `
	text := make([]byte, 0, sampling.Count(4, 5))
	known := 0
	var r Reader
	var try func()
	try = func() {
		for _, line := range []string{other(string(text)), typed(`"view"` + string(text)), paid(string(text)), `{"user_id":1` + string(text) + `}`} {
			got, ok := read(t, &r, line+"\n")
			if !ok {
				continue
			}
			known++
			if want, fault := (Schema{}).Plain([]byte(line)); fault != nil || got != want {
				t.Fatalf("%s: fast %+v, plain %+v %+v", line, got, want, fault)
			}
		}
		if len(text) == cap(text) {
			return
		}
		for _, c := range []byte(alphabet) {
			text = append(text, c)
			try()
			text = text[:len(text)-1]
		}
	}
	try()
	if known < 300 {
		t.Errorf("the fast reader knew only %d lines: the test shows little", known)
	}
}

// TestRedact proves that no value of an event is in a message that is redacted.
func TestRedact(t *testing.T) {
	told := 0
	for _, value := range []string{`"Qx7777"`, `["Qx7777"]`, `{"Qx7777":1}`, `77777`, `-7.7777`, `7e7777`, `Qx7777`, "\"Qx7777\xff\"", `"2024-01-01 Qx7777"`, `""`} {
		for _, line := range []string{event(`"user_id"`, value), typed(value), stamped(value), paid(value), value} {
			_, fault := Schema{}.Plain([]byte(line))
			if fault == nil {
				continue
			}
			if strings.Contains(fault.Message(), "777") {
				told++
			}
			fault.Redact()
			if message := fault.Message(); message == "" || strings.Contains(message, "Qx") || strings.Contains(message, "777") {
				t.Errorf("%s: %s", line, message)
			}
		}
	}
	if told < 10 {
		t.Errorf("only %d messages have a value: the test shows little", told)
	}
}

// TestHostileLines reads lines of 2 MB, or 8 MB, each made of what a reader might look at
// again and again. One that does would not be through in a day.
func TestHostileLines(t *testing.T) {
	size := sampling.Count(2<<20, 8<<20)
	fill := func(piece string) string { return strings.Repeat(piece, size/len(piece)) }
	for name, line := range map[string]string{
		"open arrays":         other(fill(`[`)),
		"open objects":        other(fill(`{"a":`)),
		"arrays":              other(`[` + fill(`[],`) + `0]`),
		"deep and wide":       other(`[` + fill(nested(1000)+`,`) + `0]`),
		"fields":              `{` + fill(`"a":1,`) + `"b":2}`,
		"the same field":      `{` + fill(`"user_id":1,`) + `"user_id":2}`,
		"invalid fields":      `{` + fill(`"amount":"","timestamp":0,"event_type":{},"user_id":"1",`) + `"b":2}`,
		"escapes":             typed(`"` + fill(`\u0070`) + `"`),
		"escaped names":       `{` + fill(`"\u0061":1,`) + `"b":2}`,
		"quotes":              other(`"` + fill(`\"`) + `"`),
		"backslashes":         other(`"` + fill(`\\`)),
		"digits":              event(`"user_id"`, fill(`9`)),
		"zeros":               paid(`0.` + fill(`0`) + `1`),
		"exponent":            paid(`1e` + fill(`9`)),
		"minus":               event(`"user_id"`, fill(`-`)),
		"fraction of seconds": stamped(`"2024-01-01T00:00:00.` + fill(`9`) + `+00:0"`),
		"timestamp":           stamped(`"` + fill(`2024-`) + `"`),
		"invalid UTF-8":       other(`"` + fill("\xf0\x9f") + `"`),
		"spaces":              fill(` `) + `{}`,
		"control characters":  fill("\x1b"),
	} {
		t.Run(name, func(t *testing.T) { checkText(t, new(Reader), []byte(line+"\n"+line+"\n")) })
	}
}

// TestReaderOnChangedBytes changes each byte of each case into others that mean
// something, removes it and doubles it: what a Reader has just learned from the
// case is almost what it meets.
func TestReaderOnChangedBytes(t *testing.T) {
	const alphabet = "{}[]\",:0159-+.eEpvtnfuT Z\\\t\r\x00\x7f\x80\xff"
	var r Reader
	for _, test := range cases {
		if len(test.line) > 300 {
			continue
		}
		line := []byte(test.line + "\n")
		try := func(changed []byte) {
			r.Read(line)
			checkText(t, &r, changed)
		}
		for i, old := range line[:len(test.line)] {
			for _, b := range []byte(alphabet) {
				line[i] = b
				changed := slices.Clone(line)
				line[i] = old
				try(changed)
			}
			try(slices.Delete(slices.Clone(line), i, i+1))
			try(slices.Insert(slices.Clone(line), i, old))
		}
	}
}

// TestReaderLearns feeds a Reader lines that are made of the same few pieces, so
// that what it learned from one meets another that is almost the same.
func TestReaderLearns(t *testing.T) {
	pieces := rapid.SampledFrom([]string{
		`"user_id": 1`, `"user_id":-20`, `"user_id" : 123456789`, `"event_type": "purchase"`, `"event_type":"v"`, `"event_type":""`,
		`"timestamp": "2024-01-01T10:30:00Z"`, `"timestamp":"2024-02-30T10:30:00Z"`, `"amount": 1.5`, `"amount": null`, `"amount": 0`,
		`"a": []`, `"a": [1, "x"]`, `"a": [ {"b": 1}, {"b": 2} ]`, `"a": [{"user_id": 7}]`, `"a": {"timestamp": {}}`, `"a": {}`, `"a":  true`,
		`"a": [1, 2}`, `"a": {1]`, `"a": "`, `"b": "0123456789abcdef0123456789abcdef", "c": 1`, `"` + strings.Repeat("n", 60) + `": 1`, `"\u0061": 1`, ``,
	})
	separators := rapid.SampledFrom([]string{`, `, `,`, ` ,`, ``})
	ends := rapid.SampledFrom([]string{`}`, ` }`, `} `, `}}`, `]`, `},`, ``, `}{}`})
	rapid.Check(t, func(t *rapid.T) {
		var text []byte
		for range rapid.IntRange(1, 30).Draw(t, "lines") {
			text = append(text, '{')
			separator := separators.Draw(t, "separator")
			text = append(text, strings.Join(rapid.SliceOfN(pieces, 0, 6).Draw(t, "pieces"), separator)...)
			text = append(append(text, ends.Draw(t, "end")...), '\n')
		}
		var r Reader
		checkText(t, &r, text)
	})
}

// TestReaderForgets proves that a Reader goes on when it has learned all it can,
// and learns again.
func TestReaderForgets(t *testing.T) {
	var r Reader
	for i := range 10 * mostSegments {
		for _, line := range []string{
			fmt.Sprintf(`{"field%d":1,"user_id":1,"event_type":"v","timestamp":"2024-01-01T10:30:00Z"}`, i),
			fmt.Sprintf(`{"user_id":1,"event_type":"v","timestamp":"2024-01-01T10:30:00Z","x":{"%d":[]}}`, i),
		} {
			if rec, ok := read(t, &r, line+"\n"); !ok || rec != visitOf(1) {
				t.Fatalf("%s: got %+v, %v", line, rec, ok)
			}
		}
	}
}

func TestReaderAllocatesNothing(t *testing.T) {
	for _, shape := range shapes {
		line := []byte(shape.line)
		var r Reader
		if n := testing.AllocsPerRun(100, func() { r.Read(line) }); n != 0 {
			t.Errorf("%s: %v allocations", shape.name, n)
		}
		if _, _, ok := r.Read(line); !ok {
			t.Errorf("%s is not known", shape.name)
		}
	}
}

func TestMessages(t *testing.T) {
	for line, want := range map[string]string{
		stamped(`"INVALID_TIMESTAMP"`):                 `timestamp "INVALID_TIMESTAMP" is not an ISO 8601 date and time`,
		stamped(`"2024-01-01 10:00:00Z"`):              `timestamp "2024-01-01 10:00:00Z" has a space where ISO 8601 has a T`,
		stamped(`"2024-01-01 10:00:00 UTC"`):           `timestamp "2024-01-01 10:00:00 UTC" has a space where ISO 8601 has a T, and UTC where it has a Z`,
		stamped(`"2024-01-01T10:00:00+0000"`):          `timestamp "2024-01-01T10:00:00+0000" has a time in the extended format (hh:mm:ss) and a zone in the basic one (+0000): ISO 8601 wants +00:00, or Z`,
		stamped(`"2024-01-01T10:00:00+02:00"`):         `timestamp "2024-01-01T10:00:00+02:00" is not in UTC: its zone must be Z or +00:00`,
		stamped(`"2024-01-01T10:00:00"`):               `timestamp "2024-01-01T10:00:00" has no zone: it must end in Z or +00:00`,
		stamped(`"\u001b[31m\n\u202e"`):                `timestamp "\x1b[31m\n\u202e" is not an ISO 8601 date and time`,
		stamped(`"` + strings.Repeat("é", 150) + `"`):  `timestamp "` + strings.Repeat("é", 100) + `…" is not an ISO 8601 date and time`,
		stamped(`"a` + strings.Repeat("é", 150) + `"`): `timestamp "a` + strings.Repeat("é", 99) + `…" is not an ISO 8601 date and time`,
		paid(`-5.00`):             `amount -5.00 is not greater than 0`,
		paid(`1e18`):              `amount 1e18 is not less than 10^18`,
		paid(`"5"`):               `amount "5" is not a number`,
		paid(`{"a":1}`):           `amount (an object) is not a number`,
		typed(`"purchase"`):       `amount is missing, though event_type is purchase`,
		event(`"user_id"`, `"7"`): `user_id "7" is not an integer`,
		event(`"user_id"`, strings.Repeat("9", 300)): `user_id ` + strings.Repeat("9", 200) + `… is not in the range of 64-bit integers`,
		`{"user_id":`:     `line is not JSON: unexpected end of JSON input at column 11`,
		"":                `line is not JSON: unexpected end of JSON input at column 0`,
		"\ufeff{}":        `line is not JSON: invalid character '\ufeff' looking for beginning of value at column 1`,
		"{}\u00a0":        `line is not JSON: invalid character '\u00a0' after top-level value at column 3`,
		"{é":              `line is not JSON: invalid character 'é' looking for beginning of object key string at column 2`,
		`[1]`:             `line is an array, not an object`,
		`bad`:             `line is not JSON: invalid character 'b' looking for beginning of value at column 1`,
		"{\"\xff\":1}":    `line is not UTF-8: invalid byte 0xff at column 3`,
		`{"user_id":"x"}`: `user_id "x" is not an integer; event_type is missing; timestamp is missing`,
	} {
		_, fault := Schema{}.Plain([]byte(line))
		if fault == nil {
			t.Errorf("%.100s is valid", line)
			continue
		}
		if diff := cmp.Diff(want, fault.Message()); diff != "" {
			t.Error(diff)
		}
	}
	if got := TooLong(100).Message(); got != "line is longer than 100 bytes" {
		t.Error(got)
	}
}

// TestEachRuleHasItsMessage proves that a message tells which rule is broken, whatever the
// value: no two rules have the same.
func TestEachRuleHasItsMessage(t *testing.T) {
	const value = `"2024-01-01T10:00:00"`
	messages := make(map[string]Rule)
	for r := range Rule(RuleCount) {
		line := []byte(value)
		if r == TimestampInvalid {
			line = []byte(`"x"`)
		}
		message := newFault(r, line).Message()
		if other, known := messages[message]; known {
			t.Errorf("%v and %v have the message %q", other, r, message)
		}
		messages[message] = r
	}
}

func TestCodes(t *testing.T) {
	seen := make(map[string]bool)
	for r := range Rule(RuleCount) {
		if r.String() == "" || seen[r.String()] {
			t.Errorf("rule %d has the code %q", r, r)
		}
		seen[r.String()] = true
	}
}

func TestIsBlank(t *testing.T) {
	for line, want := range map[string]bool{"": true, " ": true, "\r": true, " \t \r": true, "\v": false, "\u00a0": false, "x": false, " {} ": false} {
		if got := isBlank([]byte(line)); got != want {
			t.Errorf("%q: %v", line, got)
		}
	}
}

// shapes are lines as they come, for the benchmarks.
var shapes = []struct{ name, line string }{
	{"spaced", `{"user_id": 12345678, "event_type": "purchase", "timestamp": "2024-01-15T10:30:00Z", "amount": 19.99}`},
	{"visit", `{"user_id": 12345678, "event_type": "page_view", "timestamp": "2024-01-15T10:30:00Z"}`},
	{"compact", `{"user_id":12345678,"event_type":"purchase","timestamp":"2024-01-15T10:30:00Z","amount":19.99}`},
	{"fraction", `{"user_id":12345678,"event_type":"purchase","timestamp":"2024-01-15T10:30:00.123456Z","amount":19.99}`},
	{"offset", `{"user_id":12345678,"event_type":"purchase","timestamp":"2024-01-15T10:30:00+00:00","amount":19.99}`},
	{"shuffled", "{  \"timestamp\"\t:\"2024-01-15T10:30:00Z\"\t,  \"event_type\":\"purchase\",  \"amount\":19.99 , \"user_id\": 12345678  }"},
	{"unique", `{"user_id":12345678,"event_type":"purchase","field_NAME":[1,"x"],"timestamp":"2024-01-15T10:30:00Z","amount":19.99}`},
	{"wide", `{"user_id":12345678,"event_type":"purchase","timestamp":"2024-01-15T10:30:00Z","amount":19.99,"session":"6fe1c7b2-8b0a-4d5f-9d3e-2b7a1c9e0f44","page":{"url":"https://example.com/shop/item?id=4711&ref=mail","title":"An item – and more","tags":["new","sale",null],"position":{"x":-12.5,"y":1e3}},"agent":"Mozilla/5.0 (X11; Linux x86_64)","flags":[true,false]}`},
}

// BenchmarkReader measures lines that the fast reader takes. They differ from
// each other, as lines do: what a processor could foresee of one line again and
// again would not count.
func BenchmarkReader(b *testing.B) {
	for _, shape := range shapes {
		b.Run("shape="+shape.name, func(b *testing.B) {
			text, lines := vary(shape.line)
			b.SetBytes(int64(len(text) / lines))
			b.ReportAllocs()
			var r Reader
			var rest []byte
			for b.Loop() {
				if len(rest) == 0 {
					rest = text
				}
				_, size, ok := r.Read(rest)
				if !ok {
					b.Fatal("not known")
				}
				rest = rest[size:]
			}
		})
	}
}

// vary returns lines like one, with other users, types and amounts, and some
// without an amount.
func vary(line string) (text []byte, lines int) {
	random := rand.New(rand.NewPCG(1, 2))
	types := []string{"page_view", "login", "add_to_cart", "purchase", "purchase"}
	amount := regexp.MustCompile(`[\s,]*("(amount|revenue)":\s*[0-9.]+|"properties":{.*?}})`)
	for lines = range 20_000 {
		one := strings.Replace(line, "12345678", strconv.Itoa(random.IntN(2_000_000)), 1)
		kind := types[random.IntN(len(types))]
		one = strings.Replace(one, "purchase", kind, 1)
		if kind != "purchase" {
			one = amount.ReplaceAllString(one, "")
		}
		one = strings.Replace(one, "19.99", fmt.Sprintf("%.2f", random.Float64()*500+1), 1)
		one = strings.Replace(one, "-15T", fmt.Sprintf("-%02dT", 1+random.IntN(28)), 1)
		one = strings.Replace(one, "NAME", strconv.Itoa(lines), 1)
		text = append(append(text, one...), '\n')
	}
	return text, lines + 1
}

// invalidLines are what the plain reader has to find words for.
var invalidLines = []struct{ name, line string }{
	{"malformed", `{"user_id": 12345678, "event_type": "purchase", "timestamp": "2024-01-15T10:30`},
	{"invalid", `{"user_id": "12345678", "event_type": "purchase", "timestamp": "INVALID_TIMESTAMP", "amount": -5.00}`},
}

// BenchmarkPlain measures a line that the plain reader reads or rejects.
func BenchmarkPlain(b *testing.B) {
	for _, shape := range slices.Concat(shapes, invalidLines) {
		b.Run("shape="+shape.name, func(b *testing.B) {
			line := []byte(shape.line)
			b.SetBytes(int64(len(line)))
			b.ReportAllocs()
			for b.Loop() {
				Schema{}.Plain(line)
			}
		})
	}
}
