package pipeline

import (
	"errors"
	"fmt"
	"testing"

	"dailystats/stats/input/decode"
	"dailystats/stats/input/kafka"
	"dailystats/stats/spill"
)

// TestWithWayOut proves that an error of a package that doesn't know our options names the
// one that helps, and that its cause stays.
func TestWithWayOut(t *testing.T) {
	other := errors.New("other")
	enough := func(window int64) int64 { return 4 * window }
	for _, test := range []struct {
		err  error
		want string
	}{
		{&spill.Error{Dir: "tmp", Spilled: 5 << 20, Err: other}, "spilling to disk in tmp, after 5.0 MiB: other (Options.TempDir names another folder)"},
		{&decode.WindowError{Format: decode.Zstd, Needed: 128 << 20, Most: 8 << 20}, "decompressing its zstd data takes 128 MiB, more than the 8.0 MiB that there is for it: give Options.Memory 512MiB, or decompress it before, zstd -dc --long=31 FILE | dailystats -"},
		{&decode.WindowError{Format: decode.Xz, Most: 8 << 20}, "decompressing its xz data takes more than the 8.0 MiB that there is for it: give more Options.Memory, or decompress it before, xz -dc FILE | dailystats -"},
		{fmt.Errorf("%w of 64KiB", kafka.ErrBatchTooLarge), "there is a batch of messages that is larger than the limit of 64KiB: raise Options.Memory, or lower Options.Parallel"},
		{other, "other"},
	} {
		wrapped := fmt.Errorf("in: %w", test.err)
		if got := withWayOut(wrapped, enough); got.Error() != "in: "+test.want || !errors.Is(got, test.err) {
			t.Errorf("got %v, want in: %s", got, test.want)
		}
	}
	if withWayOut(nil, enough) != nil {
		t.Error("no error has become one")
	}
}
