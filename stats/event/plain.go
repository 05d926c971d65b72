package event

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"unicode/utf8"

	"dailystats/stats"
)

// isBlank reports whether a line, without its LF, has nothing but white space in it.
func isBlank(line []byte) bool { return skipSpace(line, 0) == len(line) }

// trimSpace returns line without the white space around it.
func trimSpace(line []byte) []byte {
	line = line[skipSpace(line, 0):]
	for len(line) > 0 && skipSpace(line[len(line)-1:], 0) == 1 {
		line = line[:len(line)-1]
	}
	return line
}

// Plain reads a line, without its LF, by the rules one by one. It defines what
// a valid event is. Only a fault keeps the line. It takes little memory, whatever
// the length of the line.
func Plain(line []byte) (stats.Record, *Fault) {
	line = trimSpace(line)
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
	if fault.Rules != 0 {
		return stats.Record{}, &fault
	}
	return rec, nil
}

// checkLine looks for a JSON object, which line is without white space around
// it. encoding/json has the limit of nesting of section 2 of stats/README.md.
func checkLine(line []byte) *Fault {
	if isObject(line) { // what follows would come to the same, in five times the time
		return nil
	}
	if !utf8.Valid(line) || !json.Valid(line) {
		return newFault(MalformedJSON, line)
	}
	if line[0] != '{' {
		return newFault(NotAnObject, line)
	}
	return nil
}

func readUserID(value []byte, fault *Fault) int64 {
	switch {
	case value == nil:
		fault.add(UserIDMissing, value)
	case !isInteger(value):
		fault.add(UserIDNotInteger, value)
	default:
		const longest = len("-9223372036854775808")
		id, err := strconv.ParseInt(string(value[:min(len(value), longest+1)]), 10, 64)
		if err == nil {
			return id
		}
		fault.add(UserIDOutOfRange, value)
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
		fault.add(EventTypeMissing, value)
	case !isString(value):
		fault.add(EventTypeNotString, value)
	case len(value) == len(`""`):
		fault.add(EventTypeEmpty, value)
	default:
		return isText(value, "purchase")
	}
	return false
}

func readTimestamp(value []byte, fault *Fault) stats.Day {
	switch {
	case value == nil:
		fault.add(TimestampMissing, value)
		return 0
	case !isString(value):
		fault.add(TimestampNotString, value)
		return 0
	}
	day, problem := parseTimestamp(timestampText(value))
	if problem == nil {
		return day
	}
	rule := TimestampInvalid
	if problem == errOffset || problem == errNoZone {
		rule = TimestampNotUTC
	}
	fault.add(rule, value)
	return 0
}

func readAmount(value []byte, fault *Fault) stats.Amount {
	switch {
	case value == nil:
		fault.add(AmountMissing, value)
		return stats.Amount{}
	case !isNumber(value):
		fault.add(AmountNotNumber, value)
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
	fault.add(rule, value)
	return stats.Amount{}
}
