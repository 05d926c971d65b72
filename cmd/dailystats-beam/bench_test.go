package main

import (
	"os"
	"testing"

	"dailystats/bench/workload"
)

// BenchmarkRange reads a range and adds it up, as a worker does for each bundle.
func BenchmarkRange(b *testing.B) {
	for name, users := range map[string]uint64{"few": 1000, "distinct": 200_000} {
		b.Run(name, func(b *testing.B) {
			path := generate(b, workload.Config{Events: 200_000, Users: users, Days: 30, Seed: 1})
			info, err := os.Stat(path)
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(info.Size())
			f := &readFn{Temp: b.TempDir(), Shards: 4, MaxLine: 1 << 20}
			pages, counts := func(int64, []byte) {}, func(rangeCounts) {}
			for b.Loop() {
				f.StartBundle(b.Context(), pages, counts)
				if err := f.ProcessElement(b.Context(), byteRange{inputFile{Name: path, Path: path, Size: info.Size()}, 0, info.Size()}, pages, counts); err != nil {
					b.Fatal(err)
				}
				f.FinishBundle(b.Context(), pages, counts)
			}
		})
	}
}
