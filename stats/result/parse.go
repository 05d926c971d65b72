package result

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"dailystats/stats"
)

// LongestRow is the length of the longest row of a result, with its line end.
const LongestRow = len("2024-01-31,-9223372036854775808,18446744073709551615,18446744073709551615,\n") + 20 + 18 + 1 + 18

// ParseHeader returns an error unless line is Header without its line end.
func ParseHeader(line []byte) error {
	if header := strings.TrimSuffix(Header, "\n"); string(line) != header {
		return fmt.Errorf("not a result: it begins with %s, not with %q", quote(line), header)
	}
	return nil
}

// Parser reads the rows of a result. Its zero value is ready.
type Parser struct {
	day  stats.Day
	date [dateLen]byte // day's text; zeros before the first row
}

const dateLen = len("YYYY-MM-DD")

// Parse undoes Rows.Append: line is a row without its line end, with revenue in
// any form. Only what Rows writes of the totals of some events is a row.
// The error says which column is wrong. A row costs no allocation.
func (p *Parser) Parse(line []byte) (stats.Key, stats.Totals, error) {
	key, totals, ok := p.fast(line)
	if !ok {
		key, totals, ok = p.plain(line)
	}
	if !ok {
		return key, totals, rowFault(line)
	}
	return key, totals, totalsFault(totals)
}

// fast reads the common rows, of the day before and without large or negative
// numbers, in one scan. It reports false where it doesn't know.
func (p *Parser) fast(line []byte) (key stats.Key, totals stats.Totals, ok bool) {
	if len(line) <= dateLen || [dateLen]byte(line) != p.date || line[dateLen] != ',' {
		return key, totals, false
	}
	user, rest, isUser := cutNumber(line[dateLen+1:])
	events, rest, isCount := cutNumber(rest)
	purchases, rest, isCountToo := cutNumber(rest)
	revenue, isSum := stats.ParseSum(rest)
	key = stats.Key{Day: p.day, User: int64(user)}
	totals = stats.Totals{Events: events, Purchases: purchases, Revenue: revenue}
	return key, totals, isUser && isCount && isCountToo && isSum
}

// cutNumber reads a number of at most 18 digits, and the comma behind it.
func cutNumber(text []byte) (n uint64, rest []byte, ok bool) {
	for i, c := range text {
		if c == ',' {
			needlessZero := i > 1 && text[0] == '0'
			return n, text[i+1:], 0 < i && i <= 18 && !needlessZero
		}
		d := c - '0'
		if d > 9 {
			return 0, nil, false
		}
		n = n*10 + uint64(d)
	}
	return 0, nil, false
}

// plain reads any row.
func (p *Parser) plain(line []byte) (key stats.Key, totals stats.Totals, ok bool) {
	columns, isSplit := splitRow(line)
	day, isDay := p.parseDate(columns[0])
	user, isUser := parseInt(columns[1])
	events, isCount := parseCount(columns[2])
	purchases, isCountToo := parseCount(columns[3])
	revenue, isSum := stats.ParseSum(columns[4])
	key = stats.Key{Day: day, User: user}
	totals = stats.Totals{Events: events, Purchases: purchases, Revenue: revenue}
	return key, totals, isSplit && isDay && isUser && isCount && isCountToo && isSum
}

// splitRow cuts a line at its commas. It reports false where they are too few;
// where they are too many, the last column has the rest.
func splitRow(line []byte) (columns [5][]byte, ok bool) {
	last := len(columns) - 1
	for i := range last {
		columns[i], line, ok = bytes.Cut(line, []byte{','})
		if !ok {
			return columns, false
		}
	}
	columns[last] = line
	return columns, true
}

// parseDate reads a date, and keeps it for the rows behind.
func (p *Parser) parseDate(text []byte) (stats.Day, bool) {
	day, ok := stats.ParseDay(text)
	if ok {
		p.day, p.date = day, [dateLen]byte(text)
	}
	return day, ok
}

// parseCount undoes strconv.AppendUint.
func parseCount(text []byte) (n uint64, ok bool) {
	if len(text) == 0 || text[0] == '0' && len(text) > 1 {
		return 0, false
	}
	if len(text) > 19 {
		n, err := strconv.ParseUint(string(text), 10, 64)
		return n, err == nil
	}
	for _, c := range text {
		d := c - '0'
		if d > 9 {
			return 0, false
		}
		n = n*10 + uint64(d)
	}
	return n, true
}

// parseInt undoes strconv.AppendInt.
func parseInt(text []byte) (int64, bool) {
	if len(text) == 0 || text[0] != '-' {
		size, ok := parseCount(text)
		return int64(size), ok && size <= math.MaxInt64
	}
	size, ok := parseCount(text[1:])
	return -int64(size), ok && 0 < size && size <= -math.MinInt64
}

// rowFault says what is wrong with a line that is no row.
func rowFault(line []byte) error {
	columns, _ := splitRow(line)
	if n := bytes.Count(line, []byte{','}) + 1; n != len(columns) {
		return fmt.Errorf("not %d columns but %d: %s", len(columns), n, quote(line))
	}
	const count = "a count below 2^64 without a needless 0"
	forms := [len(columns)]struct{ name, form string }{
		{"date", "a date such as 2024-01-31"},
		{"user_id", "a number of 64 bits without a needless 0 or +"},
		{"event_count", count},
		{"purchase_count", count},
		{"total_revenue", "a sum such as 19.99 with 18 decimal places at most"},
	}
	for i, f := range forms {
		if !isColumn(i, columns[i]) {
			return fmt.Errorf("%s %s is not %s", f.name, quote(columns[i]), f.form)
		}
	}
	return errors.New("not a row of a result")
}

// isColumn reports whether text can be in column i.
func isColumn(i int, text []byte) (ok bool) {
	switch i {
	case 0:
		_, ok = stats.ParseDay(text)
	case 1:
		_, ok = parseInt(text)
	case 2, 3:
		_, ok = parseCount(text)
	case 4:
		_, ok = stats.ParseSum(text)
	}
	return ok
}

// totalsFault says why no events add up to t, whatever they were rounded to.
func totalsFault(t stats.Totals) error {
	high, whole, fraction := t.Revenue.Limbs() // high is that of as many purchases of the largest amount
	switch {
	case t.Events == 0:
		return errors.New("event_count is 0")
	case t.Purchases > t.Events:
		return fmt.Errorf("purchase_count %d is more than event_count %d", t.Purchases, t.Events)
	case high > t.Purchases || high == t.Purchases && whole+fraction > 0:
		return fmt.Errorf("total_revenue %v is more than purchase_count %d can bring", t.Revenue, t.Purchases)
	default:
		return nil
	}
}

// quote shows a text that is wrong, or the start of it.
func quote(text []byte) string {
	const longest = 200
	if len(text) > longest {
		return strconv.Quote(string(text[:longest])) + "…"
	}
	return strconv.Quote(string(text))
}
