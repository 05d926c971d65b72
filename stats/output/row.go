package output

import (
	"strconv"

	"dailystats/stats"
)

// Header is the first line of a result.
const Header = "date,user_id,event_count,purchase_count,total_revenue\n"

// AppendRow appends a line of a result, with its line end.
func AppendRow(dst []byte, key stats.Key, totals stats.Totals, decimals stats.Decimals) []byte {
	dst = key.Day.Append(dst)
	dst = append(dst, ',')
	dst = strconv.AppendInt(dst, key.User, 10)
	dst = append(dst, ',')
	dst = strconv.AppendUint(dst, totals.Events, 10)
	dst = append(dst, ',')
	dst = strconv.AppendUint(dst, totals.Purchases, 10)
	dst = append(dst, ',')
	dst = totals.Revenue.Append(dst, decimals)
	return append(dst, '\n')
}

// Rows appends what AppendRow does, and faster where rows come by days. Its zero
// value writes exact revenues.
type Rows struct {
	Decimals stats.Decimals

	day  stats.Day
	date []byte // day's text and the comma behind it; empty before the first row
}

// Append appends a line of a result, with its line end.
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

// appendCount appends a number that has one digit mostly.
func appendCount(dst []byte, n uint64) []byte {
	if n < 10 {
		return append(dst, '0'+byte(n))
	}
	return strconv.AppendUint(dst, n, 10)
}
