package event

import (
	"bytes"

	"dailystats/stats"
)

// Seconds are counted from the start of 0000-01-01 in UTC, as a [stats.Day] counts days.
const (
	secondsPerDay = 24 * 60 * 60
	unixEpoch     = 719528 * secondsPerDay // 1970-01-01T00:00:00Z
	farthest      = 1 << 40                // more than lie between any of our days and 1970
)

// parseTime returns the day of a timestamp.
func (s *schema) parseTime(value []byte) (stats.Day, error) {
	second, err := s.secondOf(value)
	if err != nil {
		return 0, err
	}
	day, ok := s.localDay(second)
	if !ok {
		return 0, errNoDay
	}
	return day, nil
}

// secondOf returns the second that a timestamp is in.
func (s *schema) secondOf(value []byte) (int64, error) {
	if s.unix {
		if n, ok := s.number(value); ok {
			return n.unixSecond(s.unixPlaces)
		}
	}
	if !isString(value) {
		return 0, errNotTimeValue
	}
	return s.parseTimestamp(timestampText(value))
}

// unixSecond returns the second that a Unix time is in, whose unit is a second's decimal place.
func (n *number) unixSecond(places int) (int64, error) {
	second, ok := n.floor(-places)
	if !ok || second < -farthest || second > farthest {
		return 0, errNoDay
	}
	return second + unixEpoch, nil
}

// parseTimestamp reads a timestamp that is text, in the formats of the schema. It does not
// allocate.
func (s *schema) parseTimestamp(text []byte) (second int64, err error) {
	err = errNotTime
	if s.iso {
		if second, err = s.utc(parseISO8601(text)); err == nil {
			return second, nil
		}
	}
	if s.sql {
		second, sqlErr := s.utc(parseSQL(text))
		if sqlErr != errNotTime {
			return second, sqlErr
		}
	}
	return 0, err
}

// parseSQL reads a date and time as databases write them. It does not allocate.
//
//	timestamp = YYYY-MM-DD " " hh:mm:ss [ fraction ] [ "Z" / " UTC" / [ " " ] offset ]
func parseSQL(text []byte) (m moment, err error) {
	const date = len("2024-01-15")
	if len(text) <= date || text[date] != ' ' || text[len("2024-01")] != '-' {
		return m, errNotTime
	}
	day, _, ok := parseDate(text[:date])
	if !ok {
		return m, errNotTime
	}
	time, zoneText := text[date+1:], []byte(nil)
	if i := bytes.IndexAny(time, " Z+-"); i >= 0 {
		time, zoneText = time[:i], time[i:]
	}
	clock, _, ok := parseTime(time)
	if !ok || len(time) < len("10:30:00") || time[2] != ':' || time[5] != ':' {
		return m, errNotTime
	}
	m = clock.on(day)
	m.zone, err = parseSQLZone(zoneText)
	return m, err
}

func parseSQLZone(text []byte) (z zone, err error) {
	switch string(text) {
	case "":
		return z, nil
	case "Z", " UTC":
		return zone{kind: inUTC}, nil
	}
	z, _, ok := parseOffset(bytes.TrimPrefix(text, []byte{' '}))
	if !ok {
		return z, errNotTime
	}
	return z, nil
}

// utc returns the second that a moment is in. err is passed on.
func (s *schema) utc(m moment, err error) (second int64, _ error) {
	if err != nil {
		return 0, err
	}
	written := int64(m.day)*secondsPerDay + int64(m.second)
	second = written - int64(m.zone.offset)
	isOther := m.zone.kind == inOffset && !s.convert
	if isOther {
		second = written // but for its zone it may be valid
	}
	switch isEnd := floorMod(second, secondsPerDay) == secondsPerDay-1; {
	case m.leap && !isEnd && isOther:
		return 0, errNotTime
	case m.leap && !isEnd:
		return 0, errLeapSecond
	}
	isUnzoned := m.zone.kind == noZone && !s.assumeUTC
	if !isOther && !isUnzoned {
		return second, nil
	}
	switch _, ok := dayAt(second); {
	case !ok:
		return 0, errNoDay
	case isOther:
		return 0, errOffset
	default:
		return 0, errNoZone
	}
}

func floorMod(n, by int64) int64 { return (n%by + by) % by }

// localDay returns the day in the schema's zone that a second is in.
func (s *schema) localDay(second int64) (stats.Day, bool) {
	if s.zone != nil {
		second += zoneOffset(s.zone, second)
	}
	return dayAt(second)
}

// dayAt returns the day that a second is in.
func dayAt(second int64) (stats.Day, bool) {
	const end = (int64(stats.MaxDay) + 1) * secondsPerDay
	return stats.Day(second / secondsPerDay), 0 <= second && second < end
}
