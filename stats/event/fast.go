package event

import (
	"bytes"
	"encoding/binary"

	"dailystats/stats"
)

// Fast reads a line as Plain does, in a single scan and without allocation, if
// it is as most lines are. Where ok is true, the line is a valid event, and rec
// is the record that Plain returns. Where it is false, Fast does not know: the
// line may be valid or not.
//
// It knows all of JSON's grammar, to a depth of mostNested, but gives up at
// escapes in the names and values that matter, at long numbers and at
// exponents. All positions are of the line; unknown is passed on like an error.
func Fast(line []byte) (rec stats.Record, ok bool) {
	i := skipSpace(line, 0)
	if i >= len(line) || line[i] != '{' {
		return rec, false
	}
	var f fields
	for more := true; more; {
		i = skipSpace(line, i+1) // behind the brace or comma
		if i = f.member(line, i); i == unknown {
			return rec, false
		}
		i = skipSpace(line, i)
		if i >= len(line) || line[i] != ',' && line[i] != '}' {
			return rec, false
		}
		more = line[i] == ','
	}
	if skipSpace(line, i+1) != len(line) {
		return rec, false
	}
	return f.record()
}

// fields is what Fast has read of an event. Where a name repeats, the last
// member overwrites the one before.
type fields struct {
	known    fieldSet
	user     int64
	purchase bool
	day      stats.Day
	amount   stats.Amount
}

// fieldSet has a bit for each field whose value is valid.
type fieldSet uint8

const (
	hasUserID fieldSet = 1 << iota
	hasEventType
	hasTimestamp
	hasAmount

	hasVisit    = hasUserID | hasEventType | hasTimestamp
	hasPurchase = hasVisit | hasAmount
)

func (f *fields) record() (rec stats.Record, ok bool) {
	rec.Key = stats.Key{Day: f.day, User: f.user}
	if f.purchase {
		rec.Purchase, rec.Amount = true, f.amount
		return rec, f.known == hasPurchase
	}
	return rec, f.known&hasVisit == hasVisit
}

// member reads a name and its value.
func (f *fields) member(b []byte, i int) int {
	start := i + 1
	if i >= len(b) || b[i] != '"' {
		return unknown
	}
	n, ascii := plainBytes(b[start:])
	end := start + n
	if !ascii || end >= len(b) || b[end] != '"' {
		return unknown
	}
	i = skipSpace(b, end+1)
	if i >= len(b) || b[i] != ':' {
		return unknown
	}
	i = skipSpace(b, i+1)
	switch string(b[start:end]) {
	case "user_id":
		return f.readUserID(b, i)
	case "event_type":
		return f.readEventType(b, i)
	case "timestamp":
		return f.readTimestamp(b, i)
	case "amount":
		return f.readAmount(b, i)
	default:
		return skipValue(b, i)
	}
}

// mostDigits is the number of digits that are read as one number: fewer than
// would overflow.
const mostDigits = 18

// readDigits reads a number that has digits only.
func readDigits(b []byte, i int) (n uint64, end int) {
	for end = i; end < len(b) && b[end]-'0' <= 9; end++ {
		n = n*10 + uint64(b[end]-'0')
	}
	if end == i || end-i > mostDigits || b[i] == '0' && end-i > 1 {
		return 0, unknown
	}
	return n, end
}

func (f *fields) readUserID(b []byte, i int) int {
	negative := i < len(b) && b[i] == '-'
	if negative {
		i++
	}
	n, end := readDigits(b, i)
	f.user = int64(n)
	if negative {
		f.user = -f.user
	}
	f.known |= hasUserID
	return end
}

func (f *fields) readEventType(b []byte, i int) int {
	if i >= len(b) || b[i] != '"' {
		return unknown
	}
	end := skipString(b, i)
	if end == unknown {
		return unknown
	}
	text := b[i+1 : end-1]
	if len(text) == 0 || bytes.IndexByte(text, '\\') >= 0 {
		return unknown
	}
	f.purchase = string(text) == "purchase"
	f.known |= hasEventType
	return end
}

func (f *fields) readTimestamp(b []byte, i int) int {
	text, end := stringAt(b, i)
	if end == unknown {
		return unknown
	}
	day, ok := fixedTimestamp(text)
	if !ok {
		var err error
		if day, err = parseTimestamp(text); err != nil {
			return unknown
		}
	}
	f.day = day
	f.known |= hasTimestamp
	return end
}

// stringAt returns the text of a string without escapes, all ASCII.
func stringAt(b []byte, i int) (text []byte, end int) {
	if i >= len(b) || b[i] != '"' {
		return nil, unknown
	}
	n, ascii := plainBytes(b[i+1:])
	end = i + 1 + n
	if !ascii || end >= len(b) || b[end] != '"' {
		return nil, unknown
	}
	return b[i+1 : end], end + 1
}

// readAmount reads an amount that is valid, and passes over one that is not:
// it may belong to an event that is no purchase.
func (f *fields) readAmount(b []byte, i int) int {
	amount, end := amountAt(b, i)
	if end == unknown {
		f.known &^= hasAmount
		return skipValue(b, i)
	}
	f.amount = amount
	f.known |= hasAmount
	return end
}

// amountAt reads a number like 19.99. What follows it must still be looked at.
func amountAt(b []byte, i int) (amount stats.Amount, end int) {
	whole, end := readDigits(b, i)
	if end == unknown {
		return amount, unknown
	}
	var fraction uint64
	if end < len(b) && b[end] == '.' {
		if fraction, end = readFraction(b, end+1); end == unknown {
			return amount, unknown
		}
	}
	if whole == 0 && fraction == 0 || end < len(b) && b[end]|0x20 == 'e' {
		return amount, unknown
	}
	return stats.NewAmount(whole, fraction), end
}

// readFraction reads decimal places, in units of the last that an Amount has.
func readFraction(b []byte, i int) (n uint64, end int) {
	for end = i; end < len(b) && b[end]-'0' <= 9; end++ {
		n = n*10 + uint64(b[end]-'0')
	}
	places := end - i
	if places == 0 || places > mostDigits {
		return 0, unknown
	}
	return n * tenTo[mostDigits-places], end
}

var tenTo = [mostDigits + 1]uint64{
	1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9,
	1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
}

// fixedTimestamp reads the one form that most timestamps have, by three words
// of eight bytes, the last of which begins within the hour:
//
//	2024-01-15T10:30:00Z
//	├──────┤├──────┤
//	            ├──────┤
func fixedTimestamp(text []byte) (stats.Day, bool) {
	if len(text) != len("2024-01-15T10:30:00Z") {
		return 0, false
	}
	date, ok1 := dateLayout.digits(text)
	hours, ok2 := hoursLayout.digits(text[8:])
	seconds, ok3 := secondsLayout.digits(text[12:])
	if !ok1 || !ok2 || !ok3 {
		return 0, false
	}
	hour, minute, second := pair(hours, 3), pair(seconds, 2), pair(seconds, 5)
	if hour > 23 || minute > 59 || second > 59 {
		return 0, false // or the end of a day, or a leap second: not here
	}
	return stats.DateDay(pair(date, 0)*100+pair(date, 2), pair(date, 5), pair(hours, 0))
}

// wordLayout is eight bytes of text in which a 0 stands for any digit.
type wordLayout struct {
	text uint64 // the bytes, the first one lowest
	room uint64 // what can be added to each byte of the difference that is allowed, below 0x80
}

var (
	dateLayout    = newWordLayout("0000-00-")
	hoursLayout   = newWordLayout("00T00:00")
	secondsLayout = newWordLayout("0:00:00Z")
)

func newWordLayout(text string) (l wordLayout) {
	for i := range 8 {
		room := uint64(0x7f)
		if text[i] == '0' {
			room -= 9
		}
		l.text |= uint64(text[i]) << (8 * i)
		l.room |= room << (8 * i)
	}
	return l
}

// digits compares the first eight bytes of text with the layout and returns
// them with the digits' values in place of the digits. What differs from the
// layout is at most 9 where that has a 0, and nothing elsewhere: more than that,
// and there is no room for it below the byte's highest bit.
func (l wordLayout) digits(text []byte) (values uint64, ok bool) {
	const highs = 0x8080808080808080
	values = binary.LittleEndian.Uint64(text) ^ l.text
	return values, (values|(values&^highs+l.room))&highs == 0
}

// pair is the number that two digits are, the first of them byte i.
func pair(values uint64, i int) int {
	return int(values>>(8*i)&0xff)*10 + int(values>>(8*i+8)&0xff)
}
