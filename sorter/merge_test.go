package sorter

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"dailystats/stats"

	"pgregory.net/rapid"
)

// pagesOf encodes runs of records as pages in the order of their first keys.
func pagesOf(runs [][]stats.Record) []page {
	var pages []page
	for i, records := range runs {
		slices.SortFunc(records, func(a, b stats.Record) int { return a.Key.Compare(b.Key) })
		var w pageWriter
		for _, r := range records {
			if w.buf == nil || w.full() {
				if w.buf != nil {
					pages = append(pages, w.finish(uint32(i)))
				}
				w.start(make([]byte, 0, PageSize))
			}
			w.add(r.Key, r.Totals())
		}
		if w.buf != nil && !w.empty() {
			pages = append(pages, w.finish(uint32(i)))
		}
	}
	slices.SortStableFunc(pages, func(a, b page) int {
		return cmp.Or(comparePages(a, b), cmp.Compare(a.run(), b.run()))
	})
	return pages
}

// TestMergeAgainstMap proves that a merge yields the keys of a stretch, each
// once, with all that they add up to, and no others.
func TestMergeAgainstMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		distinct := rapid.SliceOfNDistinct(recordGen(), 0, 200, func(r stats.Record) stats.Key { return r.Key })
		runs := rapid.SliceOfN(distinct, 1, 5).Draw(t, "runs")
		s := stretch{
			from:   recordGen().Draw(t, "from").Key,
			until:  recordGen().Draw(t, "until").Key,
			isLast: rapid.Bool().Draw(t, "is last"),
			pages:  pagesOf(runs),
		}
		want := make(map[stats.Key]stats.Totals)
		for _, r := range slices.Concat(runs...) {
			if r.Key.Compare(s.from) >= 0 && s.holds(r.Key) {
				want[r.Key] = want[r.Key].Add(r.Totals())
			}
		}
		m := newMerger()
		if err := m.reset(s); err != nil {
			t.Fatal(err)
		}
		last, n := stats.Key{}, 0
		for ; ; n++ {
			k, totals, ok, err := m.next()
			if err != nil {
				t.Fatal(err)
			}
			if !ok {
				break
			}
			if n > 0 && k.Compare(last) <= 0 {
				t.Fatalf("%v comes after %v", k, last)
			}
			if totals != want[k] {
				t.Fatalf("%v adds up to %v, want %v", k, totals, want[k])
			}
			last = k
		}
		if n != len(want) {
			t.Fatalf("%d keys, want %d", n, len(want))
		}
	})
}

// stretchesOf cuts pages into stretches of target records.
func stretchesOf(t testing.TB, pages []page, target int) []stretch {
	out := make(chan stretch, len(pages))
	next := func() (page, error) {
		if len(pages) == 0 {
			return nil, nil
		}
		p := pages[0]
		pages = pages[1:]
		return p, nil
	}
	if err := cut(t.Context(), next, target, out); err != nil {
		t.Fatal(err)
	}
	close(out)
	var stretches []stretch
	for s := range out {
		stretches = append(stretches, s)
	}
	return stretches
}

// BenchmarkMerge measures the stretches of runs with keys of their own.
func BenchmarkMerge(b *testing.B) {
	const runRecords = 1 << 15
	for _, runs := range []int{1, 16, 128} {
		random := rand.New(rand.NewPCG(1, 2))
		all := make([][]stats.Record, runs)
		for i := range all {
			for range runRecords {
				r := stats.Record{Key: stats.Key{Day: stats.Day(random.IntN(30)), User: random.Int64N(2e7)}}
				if r.Purchase = random.IntN(3) == 0; r.Purchase {
					r.Amount = stats.NewAmount(random.Uint64N(200), random.Uint64N(100)*1e16)
				}
				all[i] = append(all[i], r)
			}
		}
		stretches := stretchesOf(b, pagesOf(all), 40000)
		b.Run(fmt.Sprintf("runs=%d", runs), func(b *testing.B) {
			m, keys := newMerger(), 0
			b.ReportAllocs()
			for b.Loop() {
				for _, s := range stretches {
					keys += mergeAll(b, m, s)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(keys), "ns/key")
		})
	}
}

func mergeAll(t testing.TB, m *merger, s stretch) (keys int) {
	if err := m.reset(s); err != nil {
		t.Fatal(err)
	}
	for {
		_, _, ok, err := m.next()
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			return keys
		}
		keys++
	}
}
