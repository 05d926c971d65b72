package result

import (
	"math"
	"strconv"
	"testing"

	"dailystats/stats"

	"pgregory.net/rapid"
)

func date(t testing.TB, year, month, day int) stats.Day {
	t.Helper()
	d, ok := stats.DateDay(year, month, day)
	if !ok {
		t.Fatalf("no day %d-%d-%d", year, month, day)
	}
	return d
}

func TestRow(t *testing.T) {
	const cent = 1e16
	newYear := date(t, 2024, 1, 1)
	tests := []struct {
		name     string
		key      stats.Key
		totals   stats.Totals
		decimals stats.Decimals
		want     string
	}{
		{
			"purchase",
			stats.Key{Day: newYear, User: 123},
			stats.Totals{Events: 2, Purchases: 1, Revenue: stats.NewAmount(19, 99*cent)},
			stats.Decimals{},
			"2024-01-01,123,2,1,19.99\n",
		},
		{
			"no purchase",
			stats.Key{Day: newYear, User: 456},
			stats.Totals{Events: 1},
			stats.Decimals{},
			"2024-01-01,456,1,0,0.00\n",
		},
		{
			"first day, smallest user",
			stats.Key{User: math.MinInt64},
			stats.Totals{Events: 1, Purchases: 1, Revenue: stats.NewAmount(0, 1)},
			stats.Decimals{},
			"0000-01-01,-9223372036854775808,1,1,0.000000000000000001\n",
		},
		{
			"last day, largest of everything",
			stats.Key{Day: stats.MaxDay, User: math.MaxInt64},
			stats.Totals{
				Events:    math.MaxUint64,
				Purchases: math.MaxUint64,
				Revenue:   stats.AmountOfLimbs(math.MaxUint64, 1e18-1, 1e18-1),
			},
			stats.Decimals{},
			"9999-12-31,9223372036854775807,18446744073709551615,18446744073709551615," +
				"18446744073709551615999999999999999999.999999999999999999\n",
		},
		{
			"no decimals",
			stats.Key{Day: newYear, User: 1},
			stats.Totals{Events: 1, Purchases: 1, Revenue: stats.NewAmount(2, 50*cent)},
			stats.FixedDecimals(0),
			"2024-01-01,1,1,1,2\n",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := string(appendRow([]byte("before\n"), test.key, test.totals, test.decimals))
			if got != "before\n"+test.want {
				t.Errorf("got %q after the line before, want %q", got, test.want)
			}
			rows := Rows{Decimals: test.decimals}
			if got := string(rows.Append(nil, test.key, test.totals)); got != test.want {
				t.Errorf("the fast way gives %q, want %q", got, test.want)
			}
		})
	}
}

// TestRowsAgainstAppendRow proves that both ways write the same, whatever row
// was before.
func TestRowsAgainstappendRow(t *testing.T) {
	day := rapid.OneOf(rapid.Uint32Range(0, 3), rapid.Uint32Range(0, uint32(stats.MaxDay)))
	limb := rapid.OneOf(rapid.Just(uint64(0)), rapid.Uint64Range(0, stats.LimbBase-1),
		rapid.Map(rapid.Uint64Range(0, 99), func(c uint64) uint64 { return c * (stats.LimbBase / 100) }))
	count := rapid.OneOf(rapid.Uint64Range(0, 20), rapid.Uint64())
	rapid.Check(t, func(t *rapid.T) {
		var rows Rows
		if rapid.Bool().Draw(t, "fixed") {
			rows.Decimals = stats.FixedDecimals(rapid.IntRange(0, 18).Draw(t, "decimals"))
		}
		for range rapid.IntRange(1, 5).Draw(t, "rows") {
			key := stats.Key{Day: stats.Day(day.Draw(t, "day")), User: rapid.Int64().Draw(t, "user")}
			totals := stats.Totals{
				Events:    count.Draw(t, "events"),
				Purchases: count.Draw(t, "purchases"),
				Revenue:   stats.AmountOfLimbs(count.Draw(t, "high"), limb.Draw(t, "whole"), limb.Draw(t, "fraction")),
			}
			got, want := string(rows.Append(nil, key, totals)), string(appendRow(nil, key, totals, rows.Decimals))
			if got != want {
				t.Fatalf("got %q, want %q", got, want)
			}
		}
	})
}

// appendRow is what Rows has to do, in the obvious way.
func appendRow(dst []byte, key stats.Key, totals stats.Totals, decimals stats.Decimals) []byte {
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

// The result is rendered row by row: a row must not cost an allocation.
func TestRowsAllocateNothing(t *testing.T) {
	buffer := make([]byte, 0, 256)
	totals := stats.Totals{Events: math.MaxUint64, Revenue: stats.NewAmount(1, 1)}
	var rows Rows
	day := stats.Day(0)
	if n := testing.AllocsPerRun(100, func() {
		rows.Append(buffer, stats.Key{Day: day, User: math.MaxInt64}, totals)
		day++
	}); n != 0 {
		t.Errorf("%v allocations a row", n)
	}
}

// BenchmarkRow measures a row of the result.
func BenchmarkRow(b *testing.B) {
	day := date(b, 2024, 1, 1)
	totals := []stats.Totals{
		{Events: 1},
		{Events: 3, Purchases: 1, Revenue: stats.NewAmount(19, 99e16)},
	}
	key := func(i int) stats.Key { return stats.Key{Day: day, User: int64(i) * 17} }
	buffer := make([]byte, 0, 256)
	b.Run("by=plain", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			buffer = appendRow(buffer[:0], key(i), totals[i%2], stats.Decimals{})
		}
	})
	b.Run("by=Rows", func(b *testing.B) {
		var rows Rows
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			buffer = rows.Append(buffer[:0], key(i), totals[i%2])
		}
	})
}
