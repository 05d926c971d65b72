// Package event reads one line of input: it gives the record that the line
// stands for, or the rules that it breaks.
//
// In the order of the data:
//
//   - schema.go: [Form], [Schema]: how events are written; path.go: where values are;
//   - rule.go: [Rule], [Fault]: what can be wrong with an event;
//   - plain.go: [Schema.Plain], the reader that defines what is valid;
//   - members.go: the members of a JSON object, one by one; text.go: the text of
//     strings; number.go: the value of numbers;
//   - timestamp.go: times and their days; iso8601.go: dates and times as text; zone.go: time
//     zones;
//   - message.go: what is wrong, in words;
//   - fast.go: [Reader], for lines that are as most lines are, and the files that it
//     names.
package event

import (
	"iter"
	"math/bits"
)

// Rule is something that an event must satisfy.
type Rule uint8

// The rules, in the order in which an event's faults are given.
const (
	LineTooLong Rule = iota
	MalformedJSON
	NotAnObject
	UserIDMissing
	UserIDNotInteger
	UserIDOutOfRange
	EventTypeMissing
	EventTypeNotString
	EventTypeEmpty
	TimestampMissing
	TimestampNotString
	TimestampInvalid
	TimestampNotUTC
	AmountMissing
	AmountNotNumber
	AmountNotPositive
	AmountOutOfRange

	// RuleCount is the number of rules.
	RuleCount = iota
)

// String returns the code under which a broken rule is logged and counted.
func (r Rule) String() string {
	return [RuleCount]string{
		LineTooLong:        "line_too_long",
		MalformedJSON:      "malformed_json",
		NotAnObject:        "not_an_object",
		UserIDMissing:      "user_id_missing",
		UserIDNotInteger:   "user_id_not_integer",
		UserIDOutOfRange:   "user_id_out_of_range",
		EventTypeMissing:   "event_type_missing",
		EventTypeNotString: "event_type_not_string",
		EventTypeEmpty:     "event_type_empty",
		TimestampMissing:   "timestamp_missing",
		TimestampNotString: "timestamp_not_string",
		TimestampInvalid:   "timestamp_invalid",
		TimestampNotUTC:    "timestamp_not_utc",
		AmountMissing:      "amount_missing",
		AmountNotNumber:    "amount_not_number",
		AmountNotPositive:  "amount_not_positive",
		AmountOutOfRange:   "amount_out_of_range",
	}[r]
}

// RuleSet is some rules: a bit each.
type RuleSet uint32

// All yields the rules in their order.
func (s RuleSet) All() iter.Seq[Rule] {
	return func(yield func(Rule) bool) {
		for rest := s; rest != 0; rest &= rest - 1 {
			if !yield(Rule(bits.TrailingZeros32(uint32(rest)))) {
				return
			}
		}
	}
}

// Codes returns the rules' codes, which are not to be changed.
func (s RuleSet) Codes() []string {
	if s != 0 && s&(s-1) == 0 {
		return codes[bits.TrailingZeros32(uint32(s))][:]
	}
	var list []string
	for r := range s.All() {
		list = append(list, r.String())
	}
	return list
}

// codes has each rule's own.
var codes = func() (c [RuleCount][1]string) {
	for r := range Rule(RuleCount) {
		c[r][0] = r.String()
	}
	return c
}()

// Fault says why a line is not a valid event: all rules that it breaks, one for
// the line or one for each of the fields. It refers to the line.
type Fault struct {
	Rules RuleSet

	schema   *schema    // nil where the line breaks a rule
	problems [4]problem // in the rules' order
	count    int
	message  string // empty before it is asked for
}

// problem is a rule that is broken, and by what.
type problem struct {
	rule   Rule
	value  []byte // of the field, in JSON, or the line
	limit  int    // of a line's length
	hidden bool   // the value is not for messages
}

// Redact keeps values of the event out of the fault's messages.
func (f *Fault) Redact() {
	f.message = ""
	for i := range f.problems {
		f.problems[i].hidden = true
	}
}

func (f *Fault) add(r Rule, value []byte) {
	f.Rules |= 1 << r
	f.problems[f.count] = problem{rule: r, value: value}
	f.count++
}

func newFault(r Rule, line []byte) *Fault {
	f := &Fault{schema: defaultSchema}
	f.add(r, line)
	return f
}

// TooLong is the fault of a line of more than limit bytes.
func TooLong(limit int) *Fault {
	f := newFault(LineTooLong, nil)
	f.problems[0].limit = limit
	return f
}
