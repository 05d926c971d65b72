package sorter

import (
	"context"
	"fmt"
	"io"
	"testing"

	"dailystats/stats"
)

// appendPlain is a rendering that costs next to nothing.
func appendPlain(dst []byte, k stats.Key, t stats.Totals) []byte {
	return append(dst, byte(k.User), byte(t.Events), '\n')
}

// BenchmarkAdd measures what a record costs up to its page: projection, run
// sort, merge of equal keys, encoding.
func BenchmarkAdd(b *testing.B) {
	for _, keys := range []int{1e3, 1e6} {
		records := manyRecords(keys)
		b.Run(fmt.Sprintf("keys=%d", keys), func(b *testing.B) {
			ctx := context.Background()
			s := New(ctx, Config{TempDir: b.TempDir(), RunRecords: 1 << 17, ChunkPages: 512})
			defer s.Close()
			run := s.NewRun(ctx)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if err := run.Add(records[i%len(records)]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkReduce measures what a distinct key costs from its page to the
// writer, with as many open runs.
func BenchmarkReduce(b *testing.B) {
	const keys = 1e6
	records := manyRecords(keys)
	for _, runs := range []int{1, 16, 256} {
		b.Run(fmt.Sprintf("runs=%d", runs), func(b *testing.B) {
			ctx := context.Background()
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				s := New(ctx, Config{TempDir: b.TempDir(), RunRecords: keys/runs + 2, ChunkPages: 256, Chunks: 1000, Runs: 1000, StretchRecords: 40000})
				if _, err := fillRound(ctx, s, 1, records); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
				if _, err := s.Reduce(ctx, func() Renderer { return appendFunc(appendPlain) }, io.Discard); err != nil {
					b.Fatal(err)
				}
				s.Close()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/keys, "ns/key")
		})
	}
}

// fullPage returns the rows of events of users in steps of 20 or so, as many
// as a page holds.
func fullPage() (rows []keyTotals) {
	var w pageWriter
	w.start(make([]byte, pageSize), pageSize)
	for user := int64(1000); !w.full(); user += 17 + user%7 {
		g := keyTotals{stats.Key{Day: 739252, User: user}, stats.Totals{Events: 1}}
		if user%3 == 0 {
			g.Totals.Purchases, g.Totals.Revenue = 1, stats.NewAmount(19, 99e16)
		}
		w.addTotals(g.Key, g.Totals)
		rows = append(rows, g)
	}
	return rows
}

// BenchmarkPageEncode measures writing a page.
func BenchmarkPageEncode(b *testing.B) {
	rows, buf := fullPage(), make([]byte, pageSize)
	b.ReportAllocs()
	for b.Loop() {
		var w pageWriter
		w.start(buf, pageSize)
		for i := range rows {
			w.addTotals(rows[i].Key, rows[i].Totals)
		}
		b.SetBytes(int64(len(w.finish())))
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(rows)), "ns/record")
}

// BenchmarkPageDecode measures reading it.
func BenchmarkPageDecode(b *testing.B) {
	rows := fullPage()
	p := encode(rows)
	b.SetBytes(int64(len(p)))
	b.ReportAllocs()
	buffer := newRecordBuffer(len(rows))
	for b.Loop() {
		buffer.clear()
		if all, err := p.collect(buffer, firstKey, endOfKeys); !all || err != nil {
			b.Fatal(all, err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(rows)), "ns/record")
}
