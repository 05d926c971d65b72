package event

import (
	"bytes"
	"errors"
	"slices"

	"dailystats/stats"
)

// What can be wrong with a timestamp. The last two are about its zone only.
var (
	errNotTimeValue = errors.New("is of the wrong type")
	errNotTime      = errors.New("is no timestamp")
	errNoDay        = errors.New("is on a day outside of the years 0000 to 9999")
	errLeapSecond   = errors.New("has a second 60 that is not 23:59:60 in UTC")
	errZoneFormat   = errors.New("has a time in the extended format (hh:mm:ss) and a zone in the basic one (+0000): ISO 8601 wants +00:00, or Z")
	errOffset       = errors.New("is not in UTC: its zone must be Z or +00:00")
	errNoZone       = errors.New("has no zone: it must end in Z or +00:00")
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

// moment is a time as it is written.
type moment struct {
	day    stats.Day
	second int32 // of the day; a day may have 24:00:00, and a second 60 is the one before
	leap   bool
	zone   zone
}

// zone is that of a timestamp.
type zone struct {
	kind   zoneKind
	offset int32 // seconds that its clocks are ahead of UTC's
}

type zoneKind uint8

const (
	noZone zoneKind = iota
	inUTC
	inOffset // another one, or written as if it were
)

// parseISO8601 reads an ISO 8601 date and time. It does not allocate.
//
//	timestamp = date "T" time [ zone ]
func parseISO8601(text []byte) (m moment, err error) {
	t := slices.IndexFunc(text, func(c byte) bool { return c == 'T' || c == 't' })
	if t < 0 {
		return m, errNotTime
	}
	day, dateStyle, ok := parseDate(text[:t])
	if !ok {
		return m, errNotTime
	}
	time, zone := cutZone(text[t+1:])
	clock, timeStyle, ok := parseTime(time)
	if !ok || !timeStyle.suits(dateStyle) {
		return m, errNotTime
	}
	m = clock.on(day)
	m.zone, err = parseZone(zone, dateStyle, timeStyle)
	return m, err
}

// parseDate reads a calendar, ordinal or week date.
func parseDate(text []byte) (day stats.Day, s style, ok bool) {
	var d [8]int // the digits
	switch {
	case matches(text, "0000-00-00", d[:]):
		day, ok = stats.DateDay(decimal(d[:4]), decimal(d[4:6]), decimal(d[6:8]))
		return day, extended, ok
	case matches(text, "00000000", d[:]):
		day, ok = stats.DateDay(decimal(d[:4]), decimal(d[4:6]), decimal(d[6:8]))
		return day, basic, ok
	case matches(text, "0000-000", d[:]):
		day, ok = stats.OrdinalDay(decimal(d[:4]), decimal(d[4:7]))
		return day, extended, ok
	case matches(text, "0000000", d[:]):
		day, ok = stats.OrdinalDay(decimal(d[:4]), decimal(d[4:7]))
		return day, basic, ok
	case matches(text, "0000-W00-0", d[:]):
		day, ok = stats.WeekDay(decimal(d[:4]), decimal(d[4:6]), d[6])
		return day, extended, ok
	case matches(text, "0000W000", d[:]):
		day, ok = stats.WeekDay(decimal(d[:4]), decimal(d[4:6]), d[6])
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
	c.hour, c.minute, c.second = decimal(d[:2]), decimal(d[2:4]), decimal(d[4:6])
	return c, s, c.exists()
}

// exists reports whether there is such a time somewhere: a day ends with 24:00:00, and
// a minute may have a second 60 that is the end of a day in UTC.
func (c clock) exists() bool {
	switch {
	case c.hour == 24:
		return c.minute == 0 && c.second == 0 && !c.fraction
	default:
		return c.hour < 24 && c.minute < 60 && c.second <= 60
	}
}

// on returns the time on a day.
func (c clock) on(day stats.Day) moment {
	m := moment{day: day, second: int32(c.hour*3600 + c.minute*60 + c.second)}
	if c.second == 60 {
		m.second, m.leap = m.second-1, true
	}
	return m
}

// cutZone cuts what follows a date's T in front of the zone.
func cutZone(text []byte) (time, zone []byte) {
	if i := slices.IndexFunc(text, startsZone); i >= 0 {
		return text[:i], text[i:]
	}
	return text, nil
}

func startsZone(c byte) bool { return c == 'Z' || c == 'z' || c == '+' || c == '-' }

// parseZone reads the zone of a time.
func parseZone(text []byte, date, time style) (z zone, err error) {
	if len(text) == 0 {
		return z, nil
	}
	if string(text) == "Z" || string(text) == "z" {
		return zone{kind: inUTC}, nil
	}
	z, s, ok := parseOffset(text)
	switch {
	case !ok:
		return z, errNotTime
	case s == basic && time == extended:
		return z, errZoneFormat
	case !s.suits(date) || !s.suits(time):
		return z, errNotTime
	default:
		return z, nil
	}
}

// parseExtendedZone reads the zone of a time in the extended format.
func parseExtendedZone(text []byte) (zone, error) { return parseZone(text, extended, extended) }

// parseOffset reads a zone such as +00:00, +0000 or +00.
func parseOffset(text []byte) (z zone, s style, ok bool) {
	if len(text) == 0 || text[0] != '+' && text[0] != '-' {
		return z, s, false
	}
	var d [4]int // hours, minutes
	switch digits := text[1:]; {
	case matches(digits, "00", d[:]):
	case matches(digits, "00:00", d[:]):
		s = extended
	case matches(digits, "0000", d[:]):
		s = basic
	default:
		return z, s, false
	}
	hours, minutes := decimal(d[:2]), decimal(d[2:])
	z = zone{kind: inOffset, offset: int32(hours*3600 + minutes*60)}
	switch {
	case text[0] == '-':
		z.offset = -z.offset
	case z.offset == 0:
		z.kind = inUTC
	}
	return z, s, hours <= 23 && minutes <= 59
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

func decimal(digits []int) (n int) {
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
