package event

import (
	"bytes"
	"math"

	"dailystats/stats"
)

// Reader reads lines as [Schema.Plain] does, in a single scan and without allocation, if
// they are as most lines are: what it says yes to is a valid event, and the
// record is the one that Plain returns. Other lines may be valid or not: they are
// left to Plain.
//
// It knows all of JSON's grammar, to a depth of mostNested, but gives up at
// escapes in the names and values that matter, at long numbers and at exponents.
//
//   - next.go: lines that are left to Plain;
//   - shape.go: it learns what is between the values, the same in most lines;
//   - structure.go: how that is read the first time;
//   - word.go: eight bytes of a value at a time;
//   - month.go: dates and times as most are; zone.go: days in a time zone;
//   - skip.go: values that don't matter;
//   - mapped.go: values as a Schema has them.
//
// All positions are of the text; unknown is passed on like an error. The zero
// Reader is one of the zero Schema, ready for use, by one goroutine.
type Reader struct {
	shape  shape
	months monthTable
	schema *schema    // nil for the zero Schema
	zone   *zoneTable // nil for UTC

	fast  uint64 // lines that it has read as above
	line  []byte // see Line
	fault *Fault // see Fault
}

// NewReader returns a reader of events as the schema has them.
func NewReader(of Schema) *Reader {
	r := new(Reader)
	if of.IsZero() {
		return r
	}
	s := of.s
	r.schema, r.shape.root, r.shape.mapped = s, s.root, s.mappedFields()
	if s.zone != nil {
		r.zone = &zoneTable{zone: s.zone}
	}
	return r
}

// Next reads the line at the start of text, which has whole lines; only the last one may lack
// its LF. size is its length, with the LF. The record is of a valid line. Bytes of the lines
// behind it may be looked at, but don't matter.
func (r *Reader) Next(text []byte) (rec stats.Record, size int, kind Kind) {
	var f fields
	s := &r.shape.start
	for i := 0; i != unknown; {
		next, end := s.follow(text, i)
		if next == nil {
			if next, end = r.shape.learn(s, text, i); next == nil {
				break
			}
		}
		s = next
		which := s.field
		if which >= clearing {
			f.known &^= s.clears
			which &^= clearing
		}
		switch which {
		case noField:
			i = skipScalar(text, end)
		case userID:
			i = f.readUserID(text, end)
		case eventType:
			i = f.readEventType(text, end)
		case timestamp:
			i = f.readTimestamp(&r.months, text, end)
		case amount:
			i = f.readAmount(text, end)
		case mapped | userID:
			i = f.readMappedUserID(r.schema, text, end)
		case mapped | eventType:
			i = f.readMappedEventType(r.schema, text, end)
		case mapped | timestamp:
			i = r.readMappedTimestamp(&f, text, end)
		case mapped | amount:
			i = f.readMappedAmount(r.schema, text, end)
		case endOfLine:
			f.known &^= s.clears
			if rec, ok := f.record(); ok {
				r.fast++
				return rec, end, Valid
			}
			return r.plain(text)
		}
	}
	return r.plain(text)
}

// fields is what has been read of an event. Where a name repeats, the last
// member overwrites the one before.
type fields struct {
	known    fieldSet // whose value is valid
	user     int64
	purchase bool
	day      stats.Day
	amount   stats.Amount
}

const (
	hasUserID    fieldSet = 1 << userID
	hasEventType fieldSet = 1 << eventType
	hasTimestamp fieldSet = 1 << timestamp
	hasAmount    fieldSet = 1 << amount

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

// mostDigits is the number of digits that are read as one number: fewer than
// would overflow.
const mostDigits = 19

// readDigits reads a number that has digits only.
func readDigits(b []byte, i int) (n uint64, end int) {
	if len(b)-i >= 8 {
		if n, count := digitsOf(word(b, i)); count < 8 {
			if count == 0 || b[i] == '0' && count > 1 {
				return 0, unknown
			}
			return n, i + count
		}
	}
	return readManyDigits(b, i)
}

// readManyDigits is readDigits for more than seven, or near the end of the text.
func readManyDigits(b []byte, i int) (n uint64, end int) {
	end = i
	for len(b)-end >= 8 && end < i+16 {
		eight, count := digitsOf(word(b, end))
		if count == 0 {
			break
		}
		n = n*tenTo[count] + eight
		end += count
	}
	for ; end < len(b) && b[end]-'0' <= 9; end++ {
		n = n*10 + uint64(b[end]-'0')
	}
	if end == i || end-i > mostDigits || b[i] == '0' && end-i > 1 {
		return 0, unknown
	}
	return n, end
}

func (f *fields) readUserID(b []byte, i int) int {
	negative := b[i] == '-'
	if negative {
		i++
	}
	n, end := readDigits(b, i)
	if n > math.MaxInt64 {
		return unknown
	}
	f.user = int64(n)
	if negative {
		f.user = -f.user
	}
	f.known |= hasUserID
	return end
}

func (f *fields) readEventType(b []byte, i int) int {
	if b[i] == '"' && isPurchase(b, i) {
		f.known |= hasEventType
		f.purchase = true
		return i + len(`"purchase"`)
	}
	text, end := typeAt(b, i)
	f.purchase = string(text) == "purchase"
	f.known |= hasEventType
	return end
}

// typeAt returns the text of a string without escapes that is not empty.
func typeAt(b []byte, i int) (text []byte, end int) {
	if b[i] != '"' {
		return nil, unknown
	}
	end = shortString(b, i)
	if end == unknown {
		if end = skipString(b, i); end == unknown {
			return nil, unknown
		}
		if bytes.IndexByte(b[i+1:end-1], '\\') >= 0 {
			return nil, unknown
		}
	}
	if end == i+len(`""`) {
		return nil, unknown
	}
	return b[i+1 : end-1], end
}

func (f *fields) readTimestamp(months *monthTable, b []byte, i int) int {
	f.known |= hasTimestamp
	if day, ok := months.dateTime(b, i, hoursLayout); ok {
		f.day = day
		end := i + 1 + dateTimeSize
		if len(b)-end >= 2 && b[end] == 'Z' && b[end+1] == '"' {
			return end + 2
		}
		if end = afterUTC(b, afterFraction(b, end)); end != unknown {
			return end
		}
	}
	text, end := stringAt(b, i)
	if end == unknown {
		return unknown
	}
	second, err := defaultSchema.parseTimestamp(text)
	if err != nil {
		return unknown
	}
	day, ok := dayAt(second)
	if !ok {
		return unknown
	}
	f.day = day
	return end
}

// stringAt returns the text of a string without escapes, all ASCII.
func stringAt(b []byte, i int) (text []byte, end int) {
	if b[i] != '"' {
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
	return f.setAmount(amount, b, i, end)
}

// setAmount keeps an amount that was read from i to end. Where end is unknown, it passes over the
// value.
func (f *fields) setAmount(amount stats.Amount, b []byte, i, end int) int {
	if end == unknown {
		f.known &^= hasAmount
		return skipScalar(b, i)
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
	if whole >= stats.LimbBase || whole == 0 && fraction == 0 || end < len(b) && b[end]|0x20 == 'e' {
		return amount, unknown
	}
	return stats.NewAmount(whole, fraction), end
}

// readFraction reads decimal places, in units of the last that an Amount has.
func readFraction(b []byte, i int) (n uint64, end int) {
	if len(b)-i >= 8 {
		if n, count := digitsOf(word(b, i)); 0 < count && count < 8 {
			return n * tenTo[mostPlaces-count], i + count
		}
	}
	for end = i; end < len(b) && b[end]-'0' <= 9; end++ {
		n = n*10 + uint64(b[end]-'0')
	}
	places := end - i
	if places == 0 || places > mostPlaces {
		return 0, unknown
	}
	return n * tenTo[mostPlaces-places], end
}

// mostPlaces is the number of decimal places that an Amount has.
const mostPlaces = 18

var tenTo = [mostPlaces + 1]uint64{
	1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9,
	1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
}
