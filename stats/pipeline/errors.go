package pipeline

import (
	"errors"
	"fmt"
	"sort"

	"dailystats/stats/input/decode"
	"dailystats/stats/input/kafka"
	"dailystats/stats/spill"
)

// Errors and warnings name an option as Go code does, "Options.Memory": a caller whose
// users know it by another name, such as a flag, can replace that.

var (
	// ErrUsage is among the causes of errors about what was asked for: an input
	// that does not exist, limits that cannot work.
	ErrUsage = errors.New("wrong usage")
	// ErrTooManyInvalid is among the causes of the error of a run whose events don't pass:
	// there are more invalid ones than Options.MaxInvalid, or fewer valid ones than
	// Options.MinEvents.
	ErrTooManyInvalid = errors.New("too many invalid events")
)

// usageError is an error that ErrUsage is a cause of, without saying so.
type usageError struct{ error }

func (e usageError) Is(target error) bool { return target == ErrUsage }
func (e usageError) Unwrap() error        { return e.error }

// UsageErrorf formats an error about what was asked for.
func UsageErrorf(format string, args ...any) error {
	return usageError{fmt.Errorf(format, args...)}
}

// withWayOut adds the option that helps to an error of a package that doesn't know it. enough
// returns the memory limit, in bytes, with which a decompressor may have so large a window.
func withWayOut(err error, enough func(window int64) int64) error {
	var ofSpilling *spill.Error
	var ofWindow *decode.WindowError
	switch {
	case errors.As(err, &ofSpilling):
		return fmt.Errorf("%w (Options.TempDir names another folder)", err)
	case errors.As(err, &ofWindow):
		limit := "more Options.Memory"
		if ofWindow.Needed > 0 {
			limit = fmt.Sprintf("Options.Memory %dMiB", enough(ofWindow.Needed)/mib)
		}
		return fmt.Errorf("%w: give %s, or decompress it before, %s", err, limit, ofWindow.Format.Pipe())
	case errors.Is(err, kafka.ErrBatchTooLarge):
		return fmt.Errorf("%w: raise Options.Memory, or lower Options.Parallel", err)
	default:
		return err
	}
}

// leastMemory returns the least limit from a given one, in whole MiB, with which something works.
func leastMemory(from int64, works func(memory int64) bool) int64 {
	low, high := from/mib, 2*(from/mib)+1
	for !works(high*mib) && high < 1<<30 {
		low, high = high, 2*high
	}
	return (low + int64(sort.Search(int(high-low), func(n int) bool { return works((low + int64(n)) * mib) }))) * mib
}
