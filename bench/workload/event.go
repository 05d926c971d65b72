package workload

import (
	"math/bits"
	"strconv"

	"dailystats/stats"
)

// field is a field of an event, in the order in which they are written unless
// they are shuffled.
type field int

const (
	userID field = iota
	eventType
	timestamp
	amount
	properties // unknown to the reader

	fields = iota
)

// names are what the fields are called, with their quotes.
var names = [fields]string{
	userID:     `"user_id"`,
	eventType:  `"event_type"`,
	timestamp:  `"timestamp"`,
	amount:     `"amount"`,
	properties: `"properties"`,
}

const purchase = `"purchase"`

// eventTypes are as frequent as they are here.
var eventTypes = [16]string{
	`"page_view"`, `"page_view"`, `"page_view"`, `"page_view"`, `"page_view"`,
	`"page_view"`, `"page_view"`, `"page_view"`, `"page_view"`, `"page_view"`,
	`"login"`, `"login"`, `"login"`,
	purchase, purchase, purchase,
}

// values are the fields' values as JSON, nil where an event has none.
type values [fields][]byte

// draw makes up the values of event n, of a random type if kind is empty. They
// are good until the next call.
func (r *renderer) draw(n uint64, kind string) *values {
	var ends [fields]int
	user, second, random := r.users.user(n, &r.random), r.times.second(n, &r.random), r.random.Uint64()
	if kind == "" {
		kind = eventTypes[random%16]
	}
	const mostCents = 50_000
	cents, _ := bits.Mul64(random, mostCents)
	cents++
	m := r.memory[:0]
	if r.form != nil {
		m = r.form.appendValues(m, &ends, drawn{user, kind, second, cents}, r.FirstDay)
	} else {
		m = strconv.AppendUint(m, user, 10)
		ends[userID] = len(m)
		m = append(m, kind...)
		ends[eventType] = len(m)
		m = appendTimestamp(m, r.FirstDay, second)
		ends[timestamp] = len(m)
		if kind == purchase {
			m = appendCents(m, cents)
		}
		ends[amount] = len(m)
	}
	if r.Extra > 0 {
		m = r.appendProperties(m)
	}
	ends[properties] = len(m)
	r.memory = m
	start := 0
	for i, end := range ends {
		r.values[i] = nil
		if end > start {
			r.values[i] = m[start:end]
		}
		start = end
	}
	return &r.values
}

func appendTimestamp(dst []byte, first stats.Day, second uint64) []byte {
	dst = append(dst, '"')
	dst = (first + stats.Day(second/secondsPerDay)).Append(dst)
	second %= secondsPerDay
	dst = append(dst, 'T')
	dst = append(appendTwo(dst, second/3600), ':')
	dst = append(appendTwo(dst, second/60%60), ':')
	dst = appendTwo(dst, second%60)
	return append(dst, 'Z', '"')
}

func appendCents(dst []byte, cents uint64) []byte {
	dst = strconv.AppendUint(dst, cents/100, 10)
	return appendTwo(append(dst, '.'), cents%100)
}

func appendTwo(dst []byte, n uint64) []byte {
	return append(dst, '0'+byte(n/10), '0'+byte(n%10))
}

// appendProperties appends an object that makes the event longer by the extra
// bytes that are wanted, as far as it can: items, and a pad for what is left.
func (r *renderer) appendProperties(dst []byte) []byte {
	const (
		field = `, "properties": ` // what is written beside the value
		item  = `{"sku": "A000000", "tags": ["new", null], "rating": -4.5e0}, `
		head  = `{"items": [`
		tail  = `{}], "pad": "`
		end   = `"}`
	)
	left := max(r.Extra, MinExtra) - len(field) - len(head) - len(tail) - len(end)
	dst = append(dst, head...)
	for ; left >= len(item); left -= len(item) {
		start := len(dst)
		dst = append(dst, item...)
		sku := dst[start+len(`{"sku": "A`):]
		for i, random := 0, r.random.Uint64(); i < 6; i, random = i+1, random/10 {
			sku[i] = '0' + byte(random%10)
		}
	}
	dst = append(dst, tail...)
	for ; left > 0; left-- {
		dst = append(dst, '.')
	}
	return append(dst, end...)
}

// appendEvent appends the valid event n as a line.
func (r *renderer) appendEvent(dst []byte, n uint64) []byte {
	return r.appendObject(dst, r.draw(n, ""))
}

// appendObject appends values as an object on a line of its own.
func (r *renderer) appendObject(dst []byte, v *values) []byte {
	if r.form != nil {
		return r.appendForm(dst, v)
	}
	switch r.Shape {
	case Compact:
		return appendFields(dst, v, &fieldOrder, ":", ",")
	case Shuffled:
		return appendFields(dst, v, r.shuffle(), ":", ",")
	default:
		return appendFields(dst, v, &fieldOrder, ": ", ", ")
	}
}

// fieldOrder is that of fields which are not shuffled.
var fieldOrder = [fields]field{userID, eventType, timestamp, amount, properties}

func appendFields(dst []byte, v *values, order *[fields]field, colon, comma string) []byte {
	separator := "{"
	for _, i := range order {
		value := v[i]
		if value == nil {
			continue
		}
		dst = append(dst, separator...)
		dst = append(dst, names[i]...)
		dst = append(dst, colon...)
		dst = append(dst, value...)
		separator = comma
	}
	return append(dst, "}\n"...)
}

// shuffle puts the fields in any order.
func (r *renderer) shuffle() *[fields]field {
	order := fieldOrder
	random := r.random.Uint64()
	for i := fields - 1; i > 0; i-- {
		j := random % uint64(i+1)
		random /= uint64(i + 1)
		order[i], order[j] = order[j], order[i]
	}
	return &order
}
