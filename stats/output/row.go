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
