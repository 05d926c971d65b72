package output

import (
	"math"
	"testing"

	"dailystats/stats"
)

func date(t testing.TB, year, month, day int) stats.Day {
	t.Helper()
	d, ok := stats.DateDay(year, month, day)
	if !ok {
		t.Fatalf("no day %d-%d-%d", year, month, day)
	}
	return d
}

func TestAppendRow(t *testing.T) {
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
			got := string(AppendRow([]byte("before\n"), test.key, test.totals, test.decimals))
			if got != "before\n"+test.want {
				t.Errorf("got %q after the line before, want %q", got, test.want)
			}
		})
	}
}

// The result is rendered row by row: a row must not cost an allocation.
func TestAppendRowAllocatesNothing(t *testing.T) {
	buffer := make([]byte, 0, 256)
	key := stats.Key{Day: date(t, 2024, 1, 1), User: math.MaxInt64}
	totals := stats.Totals{Events: math.MaxUint64, Revenue: stats.NewAmount(1, 1)}
	if n := testing.AllocsPerRun(100, func() { AppendRow(buffer, key, totals, stats.Decimals{}) }); n != 0 {
		t.Errorf("%v allocations a row", n)
	}
}

// BenchmarkAppendRow measures a row of the result.
func BenchmarkAppendRow(b *testing.B) {
	key := stats.Key{Day: date(b, 2024, 1, 1)}
	totals := stats.Totals{Events: 1, Purchases: 1, Revenue: stats.NewAmount(19, 99e16)}
	buffer := AppendRow(make([]byte, 0, 256), key, totals, stats.Decimals{})
	b.SetBytes(int64(len(buffer)))
	b.ReportAllocs()
	for b.Loop() {
		buffer = AppendRow(buffer[:0], key, totals, stats.Decimals{})
	}
}
