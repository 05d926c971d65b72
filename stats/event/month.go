package event

import (
	"bytes"

	"dailystats/stats"
)

// monthTable remembers months, by how they are written, for the one form that
// most timestamps have.
type monthTable [32]month

type month struct {
	text      uint64    // such as 2024-01-, as a word; 0 for none
	beforeDay stats.Day // the day before its first, which may not exist
	days      uint64
}

// dateTime reads what a string at i begins with, like "2024-01-15T10:30:00, by three words:
//
//	"2024-01-15T10:30:00
//	 ├──────┤├──────┤
//	            ├──────┤
//
// The layout is that of the second one. It knows neither the end of a day, 24:00:00, nor leap
// seconds.
func (t *monthTable) dateTime(b []byte, i int, layout wordLayout) (stats.Day, bool) {
	if len(b)-i < 1+dateTimeSize || b[i] != '"' {
		return 0, false
	}
	hours, ok := layout.digits(word(b, i+9))
	if _, alsoOK := clockLayout.digits(word(b, i+12)); !ok || !alsoOK || pair(hours, 3) > 23 {
		return 0, false
	}
	m := t.month(word(b, i+1))
	day := pair(hours, 0)
	if day-1 >= m.days { // day 0 too
		return 0, false
	}
	return m.beforeDay + stats.Day(day), true
}

const dateTimeSize = len("2024-01-15T10:30:00")

// secondOfDay returns the time of day of a string that dateTime knows, in seconds.
func secondOfDay(b []byte, i int) int64 {
	clock, _ := clockLayout.digits(word(b, i+12))
	return int64(pair(clock, 0)*3600 + pair(clock, 3)*60 + pair(clock, 6))
}

// afterFraction returns the position behind a fraction of a second, if there is one at i.
func afterFraction(b []byte, i int) int {
	if i < len(b) && (b[i] == '.' || b[i] == ',') {
		if end := skipDigits(b, i+1); end > i+1 {
			return end
		}
	}
	return i
}

// afterUTC returns the position behind a zone of UTC and the quote that follows.
func afterUTC(b []byte, i int) int {
	switch rest := b[i:]; {
	case bytes.HasPrefix(rest, []byte(`Z"`)):
		return i + len(`Z"`)
	case bytes.HasPrefix(rest, []byte(`+00:00"`)):
		return i + len(`+00:00"`)
	default:
		return unknown
	}
}

// month returns the month that is written as text, one of no days if there is
// none.
func (t *monthTable) month(text uint64) month {
	// The lower digit, and whether the upper one is odd.
	m := &t[text>>48&15|text>>36&16]
	if m.text != text {
		*m = newMonth(text)
	}
	return *m
}

func newMonth(text uint64) month {
	m := month{text: text}
	date, ok := dateLayout.digits(text)
	if !ok {
		return m
	}
	year, number := int(pair(date, 0)*100+pair(date, 2)), int(pair(date, 5))
	first, ok := stats.DateDay(year, number, 1)
	if !ok {
		return m
	}
	m.beforeDay = first - 1
	for m.days = 28; ; m.days++ {
		if _, ok := stats.DateDay(year, number, int(m.days)+1); !ok {
			return m
		}
	}
}

// wordLayout is eight bytes of text in which a digit stands for any that is not
// larger.
type wordLayout struct {
	zeros uint64 // the bytes, with 0 for each digit
	room  uint64 // what can be added to each byte of the difference that is allowed, below 0x80
}

var (
	dateLayout     = newWordLayout("9999-19-")
	hoursLayout    = newWordLayout("39T29:59")
	sqlHoursLayout = newWordLayout("39 29:59")
	clockLayout    = newWordLayout("29:59:59")
)

func newWordLayout(text string) (l wordLayout) {
	for i := range 8 {
		c, room := uint64(text[i]), uint64(0x7f)
		if '0' <= c && c <= '9' {
			c, room = '0', room-(c-'0')
		}
		l.zeros |= c << (8 * i)
		l.room |= room << (8 * i)
	}
	return l
}

// digits compares a text with the layout and returns it with the digits' values
// in place of the digits. What differs from the zeros is at most the digit where
// the layout has one, and nothing elsewhere: more than that, and there is no room
// for it below the byte's highest bit.
func (l wordLayout) digits(text uint64) (values uint64, ok bool) {
	values = text ^ l.zeros
	return values, (values|(values&^highs+l.room))&highs == 0
}

// pair is the number that two digits are, the first of them byte i.
func pair(values uint64, i int) uint64 {
	return values>>(8*i)&0xff*10 + values>>(8*i+8)&0xff
}
