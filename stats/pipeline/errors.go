package pipeline

import (
	"errors"
	"fmt"

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

// withWayOut adds the option that helps to an error of a package that doesn't know it.
func withWayOut(err error) error {
	var ofSpilling *spill.Error
	var ofWindow *decode.WindowError
	switch {
	case errors.As(err, &ofSpilling):
		return fmt.Errorf("%w (Options.TempDir names another folder)", err)
	case errors.As(err, &ofWindow):
		return fmt.Errorf("%w: raise Options.Memory", err)
	case errors.Is(err, kafka.ErrBatchTooLarge):
		return fmt.Errorf("%w: raise Options.Memory, or lower Options.Parallel", err)
	default:
		return err
	}
}
