// Package sampling chooses what tests run of what takes long: some, or with the variable
// DAILYSTATS_TEST_ALL=1 all of it. What is chosen depends on a seed, which is logged and can
// be given in DAILYSTATS_TEST_SEED.
package sampling

import (
	"flag"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
)

// All reports whether tests are to run all that they can.
func All() bool { return os.Getenv("DAILYSTATS_TEST_ALL") == "1" }

var seed = sync.OnceValue(func() uint64 {
	if seed, err := strconv.ParseUint(os.Getenv("DAILYSTATS_TEST_SEED"), 10, 64); err == nil {
		return seed
	}
	return rand.Uint64()
})

// Seed returns the seed for a test, and logs it.
func Seed(t testing.TB) uint64 {
	t.Logf("DAILYSTATS_TEST_SEED=%d", seed())
	return seed()
}

// Of returns so many of all, in their order.
func Of[T any](t testing.TB, all []T, count int) []T {
	if All() || count >= len(all) {
		return all
	}
	random := rand.New(rand.NewPCG(Seed(t), 1))
	chosen := make([]T, 0, count)
	for i, one := range all {
		if random.IntN(len(all)-i) < count-len(chosen) {
			chosen = append(chosen, one)
		}
	}
	t.Logf("%d of %d", len(chosen), len(all))
	return chosen
}

// Count returns how often to do what may be done any number of times.
func Count(some, all int) int {
	if All() {
		return all
	}
	return some
}

// Main is a TestMain in which rapid checks a property so often, unless its own flag says how
// often.
func Main(m *testing.M, some, all int) {
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "rapid.checks" })
	if !given {
		_ = flag.Set("rapid.checks", strconv.Itoa(Count(some, all)))
	}
	os.Exit(m.Run())
}
