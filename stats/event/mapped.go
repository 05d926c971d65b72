package event

import (
	"bytes"
	"slices"

	"dailystats/stats"
)

// The functions here read values as a schema has them, where it is not the default one.

// mappedFields are the fields whose values are not as the zero Schema has them.
func (s *schema) mappedFields() (fields fieldSet) {
	if s.quoted || s.noType {
		fields |= hasUserID
	}
	if s.all || !slices.Equal(s.purchases, defaultSchema.purchases) {
		fields |= hasEventType
	}
	if !s.iso || s.unix || s.sql || s.convert || s.assumeUTC || s.zone != nil {
		fields |= hasTimestamp
	}
	if s.quoted || s.minor > 0 {
		fields |= hasAmount
	}
	return fields
}

func (f *fields) readMappedUserID(s *schema, b []byte, i int) int {
	if s.noType { // known as soon as there is anything
		f.known |= hasEventType
		f.purchase = s.all
	}
	start, isQuoted := s.unquote(b, i)
	return closed(b, f.readUserID(b, start), isQuoted)
}

func (f *fields) readMappedEventType(s *schema, b []byte, i int) int {
	f.known |= hasEventType
	text, end := typeAt(b, i)
	f.purchase = s.all || s.isPurchase(text)
	return end
}

// unquote returns the position of a number, which may be behind a quote.
func (s *schema) unquote(b []byte, i int) (start int, isQuoted bool) {
	if s.quoted && b[i] == '"' && i+1 < len(b) {
		return i + 1, true
	}
	return i, false
}

// closed returns the position behind the quote that must be at end if there is one in front.
func closed(b []byte, end int, isQuoted bool) int {
	switch {
	case !isQuoted || end == unknown:
		return end
	case end < len(b) && b[end] == '"':
		return end + 1
	default:
		return unknown
	}
}

func (s *schema) isPurchase(name []byte) bool {
	for _, purchase := range s.purchases {
		if string(name) == purchase {
			return true
		}
	}
	return false
}

func (r *Reader) readMappedTimestamp(f *fields, b []byte, i int) int {
	f.known |= hasTimestamp
	second, end := r.secondAt(b, i)
	if end == unknown {
		return unknown
	}
	if r.zone != nil {
		second += r.zone.offset(second)
	}
	day, ok := dayAt(second)
	if !ok {
		return unknown
	}
	f.day = day
	return end
}

// secondAt reads a timestamp.
func (r *Reader) secondAt(b []byte, i int) (second int64, end int) {
	s := r.schema
	if s.unix {
		start, isQuoted := s.unquote(b, i)
		second, end := unixAt(b, start, s.unixPlaces)
		if end = closed(b, end, isQuoted); end != unknown || !isQuoted {
			return second, end
		}
	}
	if s.iso {
		if day, ok := r.months.dateTime(b, i, hoursLayout); ok {
			if end := i + 1 + dateTimeSize; len(b)-end >= 2 && b[end] == 'Z' && b[end+1] == '"' {
				return int64(day)*secondsPerDay + secondOfDay(b, i), end + 2
			}
			return s.zoned(int64(day)*secondsPerDay+secondOfDay(b, i), b, i, parseExtendedZone)
		}
	}
	if s.sql {
		if day, ok := r.months.dateTime(b, i, sqlHoursLayout); ok {
			return s.zoned(int64(day)*secondsPerDay+secondOfDay(b, i), b, i, parseSQLZone)
		}
	}
	text, end := stringAt(b, i)
	if end == unknown {
		return 0, unknown
	}
	second, err := s.parseTimestamp(text)
	if err != nil {
		return 0, unknown
	}
	return second, end
}

// zoned reads the rest of a string at i that dateTime knows, and takes the zone from the time.
func (s *schema) zoned(written int64, b []byte, i int, parse func(text []byte) (zone, error)) (second int64, end int) {
	i = afterFraction(b, i+1+dateTimeSize)
	if end := afterUTC(b, i); end != unknown {
		return written, end
	}
	const most = len(` +00:00"`)
	size := bytes.IndexByte(b[i:min(i+most, len(b))], '"')
	if size < 0 {
		return 0, unknown
	}
	z, err := parse(b[i : i+size])
	if err != nil || z.kind == noZone && !s.assumeUTC || z.kind == inOffset && !s.convert {
		return 0, unknown
	}
	return written - int64(z.offset), i + size + 1
}

// unixAt reads a Unix time like 1705314600.25. What follows it must still be looked at.
func unixAt(b []byte, i, places int) (second int64, end int) {
	n, end := readDigits(b, i)
	if end == unknown {
		return 0, unknown
	}
	if end < len(b) && b[end] == '.' {
		fraction := end + 1
		if end = skipDigits(b, fraction); end == fraction {
			return 0, unknown
		}
	}
	n = wholeSeconds(n, places)
	if n > farthest || end < len(b) && b[end]|0x20 == 'e' {
		return 0, unknown
	}
	return int64(n) + unixEpoch, end
}

// wholeSeconds divides by constants, which takes a fraction of the time.
func wholeSeconds(n uint64, places int) uint64 {
	switch places {
	case 0:
		return n
	case 3:
		return n / 1e3
	case 6:
		return n / 1e6
	default:
		return n / 1e9
	}
}

// readMappedAmount is readAmount for a schema.
func (f *fields) readMappedAmount(s *schema, b []byte, i int) int {
	start, isQuoted := s.unquote(b, i)
	amount, end := amountAt(b, start)
	if end = closed(b, end, isQuoted); end != unknown && s.minor > 0 {
		if amount = inMinorUnits(amount, s.minor); amount == (stats.Amount{}) {
			end = unknown
		}
	}
	return f.setAmount(amount, b, i, end)
}

// inMinorUnits returns amount·10^-places, or 0 if the amount is not whole.
func inMinorUnits(amount stats.Amount, places int) stats.Amount {
	_, whole, fraction := amount.Limbs()
	if fraction != 0 {
		return stats.Amount{}
	}
	unit := tenTo[places]
	return stats.NewAmount(whole/unit, whole%unit*(stats.LimbBase/unit))
}
