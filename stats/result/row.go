// Package result has the rows of a result: rendering them, reading them back, and adding
// up sorted ones.
//
//   - row.go: [Rows], a key and its totals as a line of CSV;
//   - parse.go: [Parser], which reads such lines;
//   - reader.go: [Reader] and [Writer], the rows of a whole result;
//   - sum.go: [Sum], which adds up several of them in one pass.
package result

import (
	"strconv"

	"dailystats/stats"
)

// Header is the first line of a result.
const Header = "date,user_id,event_count,purchase_count,total_revenue\n"

// Rows renders rows; it is fast if those of a day follow each other. Its zero value writes
// exact revenues.
type Rows struct {
	Decimals stats.Decimals

	day  stats.Day
	date []byte // day's text and the comma behind it; empty before the first row
}

// Append appends a row, with its line end.
func (r *Rows) Append(dst []byte, key stats.Key, totals stats.Totals) []byte {
	if key.Day != r.day || len(r.date) == 0 {
		r.day, r.date = key.Day, append(key.Day.Append(r.date[:0]), ',')
	}
	dst = append(dst, r.date...)
	dst = strconv.AppendInt(dst, key.User, 10)
	dst = append(dst, ',')
	dst = appendCount(dst, totals.Events)
	dst = append(dst, ',')
	dst = appendCount(dst, totals.Purchases)
	dst = append(dst, ',')
	dst = totals.Revenue.Append(dst, r.Decimals)
	return append(dst, '\n')
}

// End appends nothing: each row is complete.
func (r *Rows) End(dst []byte) []byte { return dst }

// appendCount appends a number that mostly has one digit.
func appendCount(dst []byte, n uint64) []byte {
	if n < 10 {
		return append(dst, '0'+byte(n))
	}
	return strconv.AppendUint(dst, n, 10)
}
