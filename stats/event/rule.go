// Package event reads one line of input: it gives the record that the line
// stands for, or the rules that it breaks.
//
// In the order of the data:
//
//   - rule.go: [Rule], [Fault]: what can be wrong with an event;
//   - plain.go: [Plain], the reader that defines what is valid;
//   - members.go: the members of a JSON object, one by one;
//   - iso8601.go: dates and times;
//   - message.go: what is wrong, in words;
//   - fast.go: [Fast], the reader for lines that are as most lines are;
//   - skip.go: JSON values that nobody wants.
package event

import "strconv"

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

// Fault says why a line is not a valid event.
type Fault struct {
	Rules   []Rule // all that it breaks, in their order
	Message string // the same for a person, on one printable line
}

// Codes returns the codes of the rules.
func (f *Fault) Codes() []string {
	codes := make([]string, len(f.Rules))
	for i, r := range f.Rules {
		codes[i] = r.String()
	}
	return codes
}

// add notes that a rule is broken.
func (f *Fault) add(r Rule, message string) {
	if f.Message != "" {
		f.Message += "; "
	}
	f.Rules = append(f.Rules, r)
	f.Message += message
}

func newFault(r Rule, message string) *Fault {
	return &Fault{Rules: []Rule{r}, Message: message}
}

// TooLong is the fault of a line of more than limit bytes.
func TooLong(limit int) *Fault {
	return newFault(LineTooLong, "line is longer than "+strconv.Itoa(limit)+" bytes")
}
