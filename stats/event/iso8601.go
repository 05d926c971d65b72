package event

import (
	"bytes"
	"errors"
	"slices"

	"dailystats/stats"
)

// What can be wrong with a timestamp. The last two are about its zone only.
var (
	errNotISO8601 = errors.New("is not an ISO 8601 date and time")
	errZoneFormat = errors.New("has a time in the extended format (hh:mm:ss) and a zone in the basic one (+0000): ISO 8601 wants +00:00, or Z")
	errOffset     = errors.New("is not in UTC: its zone must be Z or +00:00")
	errNoZone     = errors.New("has no zone: it must end in Z or +00:00")
)

// style is how an element of a timestamp is written: with or without separators
// between its parts. All elements that show a style must show the same.
type style uint8

const (
	either style = iota
	extended
	basic
)

func (s style) suits(other style) bool { return s == other || s == either || other == either }

// parseTimestamp returns the day of an ISO 8601 date and time in UTC. It does
// not allocate.
//
//	timestamp = date "T" time [ zone ]
func parseTimestamp(text []byte) (stats.Day, error) {
	t := slices.IndexFunc(text, func(c byte) bool { return c == 'T' || c == 't' })
	if t < 0 {
		return 0, errNotISO8601
	}
	day, dateStyle, ok := parseDate(text[:t])
	if !ok {
		return 0, errNotISO8601
	}
	time, zone := cutZone(text[t+1:])
	clock, timeStyle, ok := parseTime(time)
	if !ok || !timeStyle.suits(dateStyle) {
		return 0, errNotISO8601
	}
	if clock.isEndOfDay() {
		if day, ok = day.Next(); !ok {
			return 0, errNotISO8601
		}
	}
	return day, checkZone(zone, dateStyle, timeStyle)
}

// parseDate reads a calendar, ordinal or week date.
func parseDate(text []byte) (day stats.Day, s style, ok bool) {
	var d [8]int // the digits
	switch {
	case matches(text, "0000-00-00", d[:]):
		day, ok = stats.DateDay(number(d[:4]), number(d[4:6]), number(d[6:8]))
		return day, extended, ok
	case matches(text, "00000000", d[:]):
		day, ok = stats.DateDay(number(d[:4]), number(d[4:6]), number(d[6:8]))
		return day, basic, ok
	case matches(text, "0000-000", d[:]):
		day, ok = stats.OrdinalDay(number(d[:4]), number(d[4:7]))
		return day, extended, ok
	case matches(text, "0000000", d[:]):
		day, ok = stats.OrdinalDay(number(d[:4]), number(d[4:7]))
		return day, basic, ok
	case matches(text, "0000-W00-0", d[:]):
		day, ok = stats.WeekDay(number(d[:4]), number(d[4:6]), d[6])
		return day, extended, ok
	case matches(text, "0000W000", d[:]):
		day, ok = stats.WeekDay(number(d[:4]), number(d[4:6]), d[6])
		return day, basic, ok
	default:
		return 0, either, false
	}
}

// clock is a time of day as it is written.
type clock struct {
	hour, minute, second int
	fraction             bool // of the last of them, and not zero
}

// parseTime reads a time of day with an optional fraction of its last part.
func parseTime(text []byte) (c clock, s style, ok bool) {
	if i := slices.IndexFunc(text, func(c byte) bool { return c == '.' || c == ',' }); i >= 0 {
		fraction := text[i+1:]
		if len(fraction) == 0 || !isDigits(fraction) {
			return c, s, false
		}
		c.fraction = len(bytes.Trim(fraction, "0")) > 0
		text = text[:i]
	}
	var d [6]int
	switch {
	case matches(text, "00", d[:]):
	case matches(text, "00:00", d[:]), matches(text, "00:00:00", d[:]):
		s = extended
	case matches(text, "0000", d[:]), matches(text, "000000", d[:]):
		s = basic
	default:
		return c, s, false
	}
	c.hour, c.minute, c.second = number(d[:2]), number(d[2:4]), number(d[4:6])
	return c, s, c.exists()
}

// exists reports whether there is such a time: a day ends with 24:00:00, and
// may have a second 23:59:60 before that.
func (c clock) exists() bool {
	switch {
	case c.hour == 24:
		return c.minute == 0 && c.second == 0 && !c.fraction
	case c.second == 60:
		return c.hour == 23 && c.minute == 59
	default:
		return c.hour < 24 && c.minute < 60 && c.second < 60
	}
}

func (c clock) isEndOfDay() bool { return c.hour == 24 }

// cutZone cuts what follows a date's T in front of the zone.
func cutZone(text []byte) (time, zone []byte) {
	if i := slices.IndexFunc(text, startsZone); i >= 0 {
		return text[:i], text[i:]
	}
	return text, nil
}

func startsZone(c byte) bool { return c == 'Z' || c == 'z' || c == '+' || c == '-' }

// checkZone returns nil for UTC.
func checkZone(zone []byte, date, time style) error {
	if len(zone) == 0 {
		return errNoZone
	}
	if string(zone) == "Z" || string(zone) == "z" {
		return nil
	}
	var d [4]int // hours, minutes
	var s style
	switch digits := zone[1:]; { // behind the sign: a Z has nothing behind it
	case zone[0] != '+' && zone[0] != '-':
		return errNotISO8601
	case matches(digits, "00", d[:]):
	case matches(digits, "00:00", d[:]):
		s = extended
	case matches(digits, "0000", d[:]):
		s = basic
	default:
		return errNotISO8601
	}
	switch {
	case number(d[:2]) > 23 || number(d[2:]) > 59:
		return errNotISO8601
	case s == basic && time == extended:
		return errZoneFormat
	case !s.suits(date) || !s.suits(time):
		return errNotISO8601
	case zone[0] == '+' && d == [4]int{}:
		return nil
	default:
		return errOffset
	}
}

// matches reports whether text is as layout has it, where a 0 stands for any
// digit, and puts the digits' values into digits.
func matches(text []byte, layout string, digits []int) bool {
	if len(text) != len(layout) {
		return false
	}
	n := 0
	for i, c := range text {
		switch {
		case layout[i] == '0' && '0' <= c && c <= '9':
			digits[n] = int(c - '0')
			n++
		case layout[i] == '0' || layout[i] != c:
			return false
		}
	}
	return true
}

func number(digits []int) (n int) {
	for _, d := range digits {
		n = n*10 + d
	}
	return n
}

func isDigits(text []byte) bool {
	for _, c := range text {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}
