package event

import (
	"encoding/json"
	"errors"
	"slices"
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
func (s Schema) Plain(line []byte) (stats.Record, *Fault) {
	return s.schema().plain(line)
}

func (s *schema) plain(line []byte) (stats.Record, *Fault) {
	line = trimSpace(line)
	if fault := checkLine(line); fault != nil {
		return stats.Record{}, fault
	}
	var (
		rec   stats.Record
		fault = Fault{schema: s}
		of    values
	)
	of.walk(line, s.root)
	rec.User = s.readUserID(of[userID], &fault)
	rec.Purchase = s.readEventType(of[eventType], &fault)
	rec.Day = s.readTimestamp(of[timestamp], &fault)
	if rec.Purchase {
		rec.Amount = s.readAmount(of[amount], &fault)
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

func (s *schema) readUserID(value []byte, fault *Fault) int64 {
	if value == nil {
		fault.add(UserIDMissing, value)
		return 0
	}
	n, ok := s.number(value)
	if !ok || !n.integer {
		fault.add(UserIDNotInteger, value)
		return 0
	}
	id, err := n.int64()
	if err != nil {
		fault.add(UserIDOutOfRange, value)
		return 0
	}
	return id
}

// number reads a value that is a number, or a string that holds one where that may be.
func (s *schema) number(value []byte) (n number, ok bool) {
	if isString(value) && !s.quoted {
		return n, false
	}
	return parseNumber(runes(value))
}

func isNumber(value []byte) bool {
	return value[0] == '-' || '0' <= value[0] && value[0] <= '9'
}

func isString(value []byte) bool { return value[0] == '"' }

func (s *schema) readEventType(value []byte, fault *Fault) (purchase bool) {
	switch {
	case s.noType:
		return s.all
	case value == nil:
		fault.add(EventTypeMissing, value)
	case !isString(value):
		fault.add(EventTypeNotString, value)
	case len(value) == len(`""`):
		fault.add(EventTypeEmpty, value)
	default:
		return s.all || slices.ContainsFunc(s.purchases, func(name string) bool { return isText(value, name) })
	}
	return s.all
}

func (s *schema) readTimestamp(value []byte, fault *Fault) stats.Day {
	if value == nil {
		fault.add(TimestampMissing, value)
		return 0
	}
	day, err := s.parseTime(value)
	switch err {
	case nil:
		return day
	case errNotTimeValue:
		fault.add(TimestampNotString, value)
	case errOffset, errNoZone:
		fault.add(TimestampNotUTC, value)
	default:
		fault.add(TimestampInvalid, value)
	}
	return 0
}

func (s *schema) readAmount(value []byte, fault *Fault) stats.Amount {
	if value == nil {
		fault.add(AmountMissing, value)
		return stats.Amount{}
	}
	n, ok := s.number(value)
	if !ok {
		fault.add(AmountNotNumber, value)
		return stats.Amount{}
	}
	amount, err := stats.ParseAmount(n.text(-s.minor))
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
