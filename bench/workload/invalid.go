package workload

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"strconv"
	"strings"

	"dailystats/stats/event"
)

// Rate is a share of all events, in parts of 10^9.
type Rate uint32

const rateUnit = 1_000_000_000

var errRate = errors.New("it is no share such as 0.01 or 1%, from 0 to 1")

// UnmarshalText reads a share, such as 0.01 or 1%.
func (r *Rate) UnmarshalText(text []byte) error {
	number, percent := strings.CutSuffix(string(text), "%")
	share, err := strconv.ParseFloat(number, 64)
	if percent {
		share /= 100
	}
	if err != nil || !(share >= 0 && share <= 1) {
		return fmt.Errorf("%q: %w", text, errRate)
	}
	*r = Rate(math.Round(share * rateUnit))
	return nil
}

// faultDraw says which events are invalid: one, anywhere, in each of equal parts
// of all events.
type faultDraw struct {
	rate Rate
	seed uint64
}

// place is that of an invalid event.
type place struct {
	event  uint64 // its number among all events
	number uint64 // its number among the invalid ones
}

// never is behind all events.
const never = math.MaxUint64

// from returns the first place that is not before event n.
func (d faultDraw) from(n uint64) place {
	high, low := bits.Mul64(n, uint64(d.rate))
	number, _ := bits.Div64(high, low, rateUnit)
	for p := d.place(number); ; p = d.next(p) {
		if p.event >= n {
			return p
		}
	}
}

func (d faultDraw) next(p place) place { return d.place(p.number + 1) }

func (d faultDraw) place(number uint64) place {
	if d.rate == 0 {
		return place{event: never}
	}
	first, end := d.start(number), d.start(number+1)
	offset, _ := bits.Mul64(mix(d.seed^(number+1)*goldenRatio), end-first)
	return place{event: first + offset, number: number}
}

// start is the first event of a part.
func (d faultDraw) start(part uint64) uint64 {
	high, low := bits.Mul64(part, rateUnit)
	low, carry := bits.Add64(low, uint64(d.rate)-1, 0)
	start, _ := bits.Div64(high+carry, low, uint64(d.rate))
	return start
}

// fault is a way in which an event can be invalid.
type fault struct {
	rule  event.Rule
	field field    // whose value is wrong
	kind  string   // the type that it takes for that; any if empty
	wrong []string // values, of which one is taken; "" for none
	lines []string // or whole lines
}

// allFaults has one for each rule but one: a line that is too long takes a
// mebibyte.
var allFaults = [...]fault{
	{rule: event.MalformedJSON, lines: []string{
		`{"user_id": 123, "event_type": "login", "timestamp": "2024-01-01T11:00`,
		`{"user_id": 123, "event_type": "login", "timestamp": "2024-01-01T11:00:00Z",}`,
		`{'user_id': 123, 'event_type': 'login', 'timestamp': '2024-01-01T11:00:00Z'}`,
		`{"user_id": 0123, "event_type": "login", "timestamp": "2024-01-01T11:00:00Z"}`,
		`{"user_id": 123, "event_type": "purchase", "timestamp": "2024-01-01T11:00:00Z", "amount": NaN}`,
		"{\"user_id\": 123, \"event_type\": \"log\xffin\", \"timestamp\": \"2024-01-01T11:00:00Z\"}",
		"{\"user_id\": 123, \"event_type\": \"log\tin\", \"timestamp\": \"2024-01-01T11:00:00Z\"}",
		`{"user_id": 123, "event_type": "login", "timestamp": "2024-01-01T11:00:00Z"} {}`,
		`2024-01-01 11:00:00 INFO login user_id=123`,
	}},
	{rule: event.NotAnObject, lines: []string{`[123, "login", "2024-01-01T11:00:00Z"]`, `"login"`, `123`, `null`}},
	{rule: event.UserIDMissing, field: userID, wrong: []string{""}},
	{rule: event.UserIDNotInteger, field: userID, wrong: []string{`"123"`, `123.0`, `1e3`, `null`, `true`, `[123]`}},
	{rule: event.UserIDOutOfRange, field: userID, wrong: []string{`9223372036854775808`, `-9223372036854775809`}},
	{rule: event.EventTypeMissing, field: eventType, wrong: []string{""}},
	{rule: event.EventTypeNotString, field: eventType, wrong: []string{`7`, `null`, `["purchase"]`}},
	{rule: event.EventTypeEmpty, field: eventType, wrong: []string{`""`}},
	{rule: event.TimestampMissing, field: timestamp, wrong: []string{""}},
	{rule: event.TimestampNotString, field: timestamp, wrong: []string{`1704106800`, `null`}},
	{rule: event.TimestampInvalid, field: timestamp, wrong: []string{
		`"INVALID_TIMESTAMP"`, `""`, `"2024-01-01"`, `"2024-01-01 11:00:00Z"`, `"2024-02-30T11:00:00Z"`, `"2024-01-01T25:00:00Z"`,
	}},
	{rule: event.TimestampNotUTC, field: timestamp, wrong: []string{`"2024-01-01T11:00:00"`, `"2024-01-01T11:00:00+02:00"`}},
	{rule: event.AmountMissing, field: amount, kind: purchase, wrong: []string{""}},
	{rule: event.AmountNotNumber, field: amount, kind: purchase, wrong: []string{`"19.99"`, `null`}},
	{rule: event.AmountNotPositive, field: amount, kind: purchase, wrong: []string{`-5.00`, `0`, `-0.0`}},
	{rule: event.AmountOutOfRange, field: amount, kind: purchase, wrong: []string{`1e18`, `12345678901234567890.12`}},
}

// A line that is too long is one of tooLongEvery that are invalid, and behind
// one of each other rule.
const (
	tooLongEvery  = 4096
	tooLongNumber = len(allFaults)
	tooLong       = 1 << 20 // bytes, at least: the limit is that where no other is given
)

// faultOf returns the rule that an invalid event breaks, by its number among
// them.
func (w *Workload) faultOf(number uint64) event.Rule {
	if number%tooLongEvery == uint64(tooLongNumber) {
		return event.LineTooLong
	}
	return w.faults[number%uint64(len(w.faults))].rule
}

// newPadding returns a value that makes an event too long.
func newPadding() []byte {
	padding := bytes.Repeat([]byte{'.'}, tooLong)
	padding[0], padding[tooLong-1] = '"', '"'
	return padding
}

// appendInvalid appends event n, which is invalid in the way that its number
// among those gives.
func (r *renderer) appendInvalid(dst []byte, n, number uint64) []byte {
	if r.faultOf(number) == event.LineTooLong {
		v := r.draw(n, "")
		v[properties] = r.padding
		return r.appendObject(dst, v)
	}
	f := &r.faults[number%uint64(len(r.faults))]
	if f.lines != nil {
		dst = append(dst, f.lines[r.random.Uint64()%uint64(len(f.lines))]...)
		return append(dst, '\n')
	}
	v := r.draw(n, f.kind)
	return r.appendWrong(dst, v, f, f.wrong[r.random.Uint64()%uint64(len(f.wrong))])
}

// appendWrong appends an event with a wrong value.
func (r *renderer) appendWrong(dst []byte, v *values, f *fault, wrong string) []byte {
	v[f.field] = nil
	if wrong != "" {
		v[f.field] = []byte(wrong)
	}
	return r.appendObject(dst, v)
}

// possibleFaults returns the faults that events can have as the schema has them: a value may
// be wrong in one and right in another.
func (w *Workload) possibleFaults() (possible []fault) {
	r := renderer{Workload: w}
	for _, f := range allFaults {
		isRight := func(wrong string) bool {
			r.random.Seed(w.Seed, 0)
			_, fault := w.Schema.Plain(r.appendWrong(nil, r.draw(0, f.kind), &f, wrong))
			return fault == nil || fault.Rules != 1<<f.rule
		}
		if f.lines == nil {
			f.wrong = slices.DeleteFunc(slices.Clone(f.wrong), isRight)
		}
		if len(f.lines)+len(f.wrong) > 0 {
			possible = append(possible, f)
		}
	}
	return possible
}
