package input

import (
	"bytes"
	"fmt"
	"testing"

	"dailystats/stats/input/decode"
)

// BenchmarkRead measures reading a file from the page cache, in bytes of text.
func BenchmarkRead(b *testing.B) {
	var text bytes.Buffer
	for i := 0; text.Len() < 64<<20; i++ {
		fmt.Fprintf(&text, `{"user_id":%d,"event_type":"purchase","timestamp":"2024-01-%02dT10:%02d:00Z","amount":%d.99}`+"\n",
			i*7919%1_000_003, i%28+1, i%60, i%500)
	}
	for _, f := range []decode.Format{decode.Plain, decode.Gzip, decode.Zstd, decode.Lz4} {
		b.Run("format="+f.String(), func(b *testing.B) {
			data := text.Bytes()
			if f != decode.Plain {
				data = compress(f, data)
			}
			sources := expand(b, writeFile(b, "events", data))
			b.SetBytes(int64(text.Len()))
			b.ReportAllocs()
			for b.Loop() {
				r := NewReader(SourcesOf(sources...), Config{MaxWindow: 8 << 20})
				errs := make(chan error, 1)
				go func() { errs <- r.Run(b.Context()) }()
				for block := range blocksOf(r) {
					r.Release(block)
				}
				if err := <-errs; err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
