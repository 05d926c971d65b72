package sorter

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"unsafe"

	"dailystats/stats"

	"pgregory.net/rapid"
)

// TestRadixSort compares the radix sort with a comparison sort that keeps the
// order of equal keys, on keys that differ in few and in many bits.
func TestRadixSort(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var (
			n        = rapid.IntRange(0, 4*radixMin).Draw(t, "n")
			userBits = rapid.Uint64().Draw(t, "bits that differ in users")
			dayBits  = rapid.Uint64().Draw(t, "bits that differ in days")
			seed     = rapid.Uint64().Draw(t, "seed")
		)
		random := rand.New(rand.NewPCG(seed, 0))
		a := make([]entry, n)
		for i := range a {
			day := random.Uint64()&dayBits | 0x3333_3333&^dayBits
			a[i] = entry{
				user: random.Uint64()&userBits | 0x5555_5555_5555_5555&^userBits,
				rest: day<<valueBits | uint64(i),
			}
		}
		want := slices.Clone(a)
		slices.SortStableFunc(want, compareEntries)
		got, other := sortEntries(a, make([]entry, n))
		if n < radixMin { // compared, not counted: equal keys are in any order
			slices.SortStableFunc(got, func(a, b entry) int {
				return cmp.Or(compareEntries(a, b), cmp.Compare(a.value(), b.value()))
			})
		}
		if !slices.Equal(got, want) {
			t.Fatal("the orders differ")
		}
		if n > 0 && &got[0] == &other[0] {
			t.Fatal("both results are the same memory")
		}
	})
}

// TestBufferSize proves that buffers of several workers don't share cache lines:
// they are written to with every record.
func TestBufferSize(t *testing.T) {
	if size := unsafe.Sizeof(recordBuffer{}); size%64 != 0 {
		t.Errorf("a buffer has %d bytes", size)
	}
}

// BenchmarkSort measures sorting a full run by key.
func BenchmarkSort(b *testing.B) {
	const n = 1 << 17
	for _, users := range []uint64{1e3, 2e7, 1 << 63} {
		source := make([]entry, n)
		random := rand.New(rand.NewPCG(1, 2))
		for i := range source {
			source[i] = newEntry(stats.Key{Day: stats.Day(random.Uint32N(30)), User: int64(random.Uint64N(users))}, visit)
		}
		a, spare := make([]entry, n), make([]entry, n)
		b.Run(fmt.Sprintf("users=%.0e", float64(users)), func(b *testing.B) {
			b.SetBytes(n * int64(unsafe.Sizeof(entry{})))
			b.ReportAllocs()
			for b.Loop() {
				copy(a, source)
				sortEntries(a, spare)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/record")
		})
	}
}
