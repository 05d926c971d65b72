package sorter

import (
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
		room := firstRoom(int64(i))
		slices.SortFunc(records, func(a, b stats.Record) int { return a.Key.Compare(b.Key) })
		var w pageWriter
		for _, r := range records {
			if w.full() {
				pages = append(pages, w.finish())
				w = pageWriter{}
			}
			if !w.started() {
				w.start(make([]byte, pageSize), room)
				room = pageSize
			}
			w.addTotals(r.Key, r.Totals())
		}
		if w.started() {
			pages = append(pages, w.finish())
		}
	}
	slices.SortStableFunc(pages, comparePages)
	return pages
}

// TestMergeAgainstMap proves that a merge yields the keys of a stretch, each
// once, with all that they add up to, and no others, in as many parts as it
// takes.
func TestMergeAgainstMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		distinct := rapid.SliceOfNDistinct(recordGen(), 0, 200, func(r stats.Record) stats.Key { return r.Key })
		runs := rapid.SliceOfN(distinct, 1, 5).Draw(t, "runs")
		s := stretch{
			from:  recordGen().Draw(t, "from").Key,
			until: recordGen().Draw(t, "until").Key,
			pages: pagesOf(runs),
		}
		if rapid.Bool().Draw(t, "is last") {
			s.until = endOfKeys
		}
		if s.from.Compare(s.until) > 0 {
			s.from, s.until = s.until, s.from
		}
		if rapid.Bool().Draw(t, "all") {
			s.from, s.until = firstKey, endOfKeys
		}
		want := make(map[stats.Key]stats.Totals)
		for _, r := range slices.Concat(runs...) {
			if r.Key.Compare(s.from) >= 0 && r.Key.Compare(s.until) < 0 {
				want[r.Key] = want[r.Key].Add(r.Totals())
			}
		}
		m := newMerger(rapid.IntRange(1, 100).Draw(t, "target"), len(runs), s)
		last, n := firstKey, 0
		for from := s.from; from != s.until; {
			until, err := m.merge(s, from)
			if err != nil {
				t.Fatal(err)
			}
			b := m.records
			for i := 0; i < len(b.entries); n++ {
				k, end := b.entries[i].key(), b.endOfKey(i)
				if n > 0 && k.Compare(last) <= 0 || k.Compare(from) < 0 || k.Compare(until) >= 0 {
					t.Fatalf("%v comes after %v, in a part from %v to %v", k, last, from, until)
				}
				if totals := b.sum(b.entries[i:end]); totals != want[k] {
					t.Fatalf("%v adds up to %v, want %v", k, totals, want[k])
				}
				last, i = k, end
			}
			from = until
		}
		if n != len(want) {
			t.Fatalf("%d keys, want %d", n, len(want))
		}
	})
}

// TestMergeOfDamagedPages proves that a run which has a key more often than
// there is room for ends the merge.
func TestMergeOfDamagedPages(t *testing.T) {
	m := newMerger(1, 1, stretch{number: 1})
	var pages []page
	for range cap(m.records.entries) + 1 {
		pages = append(pages, pagesOf([][]stats.Record{{{}}})...)
	}
	if _, err := m.merge(stretch{from: firstKey, until: endOfKeys, pages: pages}, firstKey); err != errDamagedPage {
		t.Fatalf("error %v, want %v", err, errDamagedPage)
	}
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
			m, keys := newMerger(40000, runs, stretches[0]), 0
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
	for from := s.from; from != s.until; {
		until, err := m.merge(s, from)
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(m.records.entries); keys++ {
			end := m.records.endOfKey(i)
			m.records.sum(m.records.entries[i:end])
			i = end
		}
		from = until
	}
	return keys
}
