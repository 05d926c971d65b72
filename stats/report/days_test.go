package report

import (
	"math/bits"
	"slices"
	"testing"

	"dailystats/stats"

	"pgregory.net/rapid"
)

// TestDays adds up rows by day with a few workers, each of which sees some of
// them in order, and compares what comes out with a map.
func TestDays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		apart := rapid.SampledFrom([]stats.Day{1, 2, 1000, stats.MaxDay / 5000}).Draw(t, "days apart")
		days := rapid.IntRange(1, 5000).Draw(t, "days")
		parts := []*Days{NewDays(), NewDays(), NewDays()}
		marked := new(Calendar)
		want := map[stats.Day]Daily{}
		var wantSizes [65]uint64
		for i := range days {
			k := stats.Key{Day: stats.Day(i) * apart % stats.MaxDay, User: int64(i)}
			if stats.Day(i)*apart >= stats.MaxDay {
				break
			}
			totals := stats.Totals{Events: uint64(1 + i%9), Purchases: uint64(i % 2), Revenue: stats.NewAmount(uint64(i%2), 0)}
			parts[i*7%3].Add(k, totals)
			marked.Mark(k.Day)
			wantSizes[bits.Len64(totals.Events)]++
			d := want[k.Day]
			d.add(&Daily{Events: totals.Events, Purchases: totals.Purchases, Revenue: totals.Revenue, Users: 1})
			want[k.Day] = d
		}
		got := MergeDays(parts)
		if len(got.days) > mostDays || got.sizes != wantSizes {
			t.Fatalf("%d days, sizes %v, want %v", len(got.days), got.sizes, wantSizes)
		}
		span, first, last := marked.Range()
		if span != len(want) || first != 0 || want[last].Users == 0 {
			t.Fatalf("%d days from %v to %v, want %d", span, first, last, len(want))
		}
		wide := map[stats.Day]Daily{}
		for day, one := range want {
			d := wide[day&^(got.width-1)]
			d.add(&one)
			d.Day = day &^ (got.width - 1)
			wide[d.Day] = d
		}
		if len(wide) != len(got.days) || !slices.IsSortedFunc(got.days, func(a, b Daily) int { return int(a.Day) - int(b.Day) }) {
			t.Fatalf("%d days, want %d", len(got.days), len(wide))
		}
		for _, d := range got.days {
			if wide[d.Day] != d {
				t.Fatalf("got %+v, want %+v", d, wide[d.Day])
			}
		}
	})
}
