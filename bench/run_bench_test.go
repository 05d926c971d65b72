package bench

import (
	"cmp"
	"path/filepath"
	"runtime"
	"testing"

	"dailystats/bench/workload"
	"dailystats/stats/event"
	"dailystats/stats/pipeline"
	"dailystats/stats/report"
)

// BenchmarkRun measures the whole job on a million generated events of each kind,
// and is what the command's profile for the compiler is made of:
//
//	go test ./bench -run '^$' -bench '^BenchmarkRun$' -cpuprofile cmd/dailystats/default.pgo
func BenchmarkRun(b *testing.B) {
	nested, err := event.NewSchema(event.Form{
		UserIDField: event.Path{"context", "user", "id"}, TimestampField: event.Path{"context", "at"}, AmountField: event.Path{"properties", "total"},
		TimeFormats: []event.TimeFormat{event.UnixMilli}, QuotedNumbers: true,
	})
	if err != nil {
		b.Fatal(err)
	}
	zone, err := event.NewSchema(event.Form{TimeZone: "Europe/Amsterdam"})
	if err != nil {
		b.Fatal(err)
	}
	for _, kind := range []struct {
		name string
		workload.Config
	}{
		{"time-ordered", workload.Config{Users: 1e6, Skew: workload.Zipf, Order: workload.Time}},
		{"uniform", workload.Config{}},
		{"distinct", workload.Config{Users: 1e6}},
		{"shuffled", workload.Config{Shape: workload.Shuffled}},
		{"wide", workload.Config{Extra: 300}},
		{"invalid", workload.Config{Invalid: 5e7}},
		{"nested", workload.Config{Shape: workload.Compact, Schema: nested}},
		{"zone", workload.Config{Shape: workload.Compact, Schema: zone}},
	} {
		b.Run("kind="+kind.name, func(b *testing.B) {
			c := kind.Config
			c.Events, c.Users, c.Days = 1e6, cmp.Or(c.Users, 1e5), 30
			w, err := workload.New(c)
			if err != nil {
				b.Fatal(err)
			}
			dir := b.TempDir()
			input := filepath.Join(dir, "events.jsonl")
			if err := w.Create(b.Context(), input, runtime.GOMAXPROCS(0)); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			var report report.Report
			for b.Loop() {
				report, err = pipeline.Run(b.Context(), pipeline.Options{
					Inputs: []string{input}, TempDir: dir, Schema: c.Schema,
					Output: filepath.Join(dir, "result.csv"), Rejects: filepath.Join(dir, "rejects.jsonl"),
				})
				if err != nil {
					b.Fatal(err)
				}
			}
			b.SetBytes(int64(report.BytesRead))
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1e6, "ns/event")
		})
	}
}
