package event

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"unicode/utf8"

	"dailystats/stats"
)

// whitespace is what JSON allows between values; a line has no LF in it.
const whitespace = " \t\r"

// IsBlank reports whether a line has nothing but white space in it.
func IsBlank(line []byte) bool {
	return len(bytes.Trim(line, whitespace)) == 0
}

// Plain reads a line, without its LF, by the rules one by one. It defines what
// a valid event is. The line is not kept. Beside short values, it takes memory
// only for a timestamp with escapes, up to twice its length.
func Plain(line []byte) (stats.Record, *Fault) {
	line = bytes.Trim(line, whitespace)
	if fault := checkLine(line); fault != nil {
		return stats.Record{}, fault
	}
	var (
		rec   stats.Record
		fault Fault
		of    = membersOf(line)
	)
	rec.User = readUserID(of.userID, &fault)
	rec.Purchase = readEventType(of.eventType, &fault)
	rec.Day = readTimestamp(of.timestamp, &fault)
	if rec.Purchase {
		rec.Amount = readAmount(of.amount, &fault)
	}
	if len(fault.Rules) > 0 {
		return stats.Record{}, &fault
	}
	return rec, nil
}

// checkLine looks for a JSON object, which line is without white space around
// it. encoding/json has SPEC's limit of nesting.
func checkLine(line []byte) *Fault {
	if !utf8.Valid(line) {
		return newFault(MalformedJSON, "line is not UTF-8: "+invalidUTF8(line))
	}
	if !json.Valid(line) {
		return newFault(MalformedJSON, "line is not JSON: "+syntaxError(line))
	}
	if line[0] != '{' {
		return newFault(NotAnObject, "line is "+kindOf(line)+", not an object")
	}
	return nil
}

func readUserID(value []byte, fault *Fault) int64 {
	switch {
	case value == nil:
		fault.add(UserIDMissing, "user_id is missing")
	case !isInteger(value):
		fault.add(UserIDNotInteger, "user_id "+show(value)+" is not an integer")
	default:
		const longest = len("-9223372036854775808")
		id, err := strconv.ParseInt(string(value[:min(len(value), longest+1)]), 10, 64)
		if err == nil {
			return id
		}
		fault.add(UserIDOutOfRange, "user_id "+show(value)+" is not in the range of 64-bit integers")
	}
	return 0
}

// isInteger reports whether a JSON value is a number without fraction and
// exponent.
func isInteger(value []byte) bool {
	return isNumber(value) && !bytes.ContainsAny(value, ".eE")
}

func isNumber(value []byte) bool {
	return value[0] == '-' || '0' <= value[0] && value[0] <= '9'
}

func isString(value []byte) bool { return value[0] == '"' }

func readEventType(value []byte, fault *Fault) (purchase bool) {
	switch {
	case value == nil:
		fault.add(EventTypeMissing, "event_type is missing")
	case !isString(value):
		fault.add(EventTypeNotString, "event_type "+show(value)+" is not a string")
	case len(value) == len(`""`):
		fault.add(EventTypeEmpty, "event_type is empty")
	default:
		return isText(value, "purchase")
	}
	return false
}

func readTimestamp(value []byte, fault *Fault) stats.Day {
	switch {
	case value == nil:
		fault.add(TimestampMissing, "timestamp is missing")
		return 0
	case !isString(value):
		fault.add(TimestampNotString, "timestamp "+show(value)+" is not a string")
		return 0
	}
	text := unquote(value)
	day, problem := parseTimestamp(text)
	if problem == nil {
		return day
	}
	rule := TimestampInvalid
	if problem == errOffset || problem == errNoZone {
		rule = TimestampNotUTC
	}
	fault.add(rule, "timestamp "+quote(text)+" "+timestampMessage(text, problem))
	return 0
}

func readAmount(value []byte, fault *Fault) stats.Amount {
	switch {
	case value == nil:
		fault.add(AmountMissing, "amount is missing, though event_type is purchase")
		return stats.Amount{}
	case !isNumber(value):
		fault.add(AmountNotNumber, "amount "+show(value)+" is not a number")
		return stats.Amount{}
	}
	amount, err := stats.ParseAmount(value)
	if err == nil {
		return amount
	}
	rule := AmountNotPositive
	if errors.Is(err, stats.ErrOutOfRange) {
		rule = AmountOutOfRange
	}
	fault.add(rule, "amount "+show(value)+" is "+err.Error())
	return stats.Amount{}
}
