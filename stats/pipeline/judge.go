package pipeline

import "fmt"

// refusal is an error of data that does not pass: ErrTooManyInvalid is a cause of it,
// without saying so.
type refusal struct{ error }

func (e refusal) Is(target error) bool { return target == ErrTooManyInvalid }
func (e refusal) Unwrap() error        { return e.error }

// judge returns an error where valid and invalid events don't pass.
func judge(maxInvalid Limit, minEvents, valid, invalid uint64) error {
	if maxInvalid.Exceeded(invalid, valid+invalid) {
		return fmt.Errorf("%w: more than Options.MaxInvalid %s", ErrTooManyInvalid, maxInvalid)
	}
	if valid < minEvents {
		return refusal{fmt.Errorf("too few valid events: %d, fewer than Options.MinEvents %d", valid, minEvents)}
	}
	return nil
}

// noneValid returns an error where there are invalid events only, unless a limit allows them.
func noneValid(maxInvalid Limit, valid, invalid uint64) error {
	if maxInvalid != (Limit{}) || valid > 0 || invalid == 0 {
		return nil
	}
	return refusal{fmt.Errorf("no event is valid: all %d are invalid (Options.MaxInvalid 100%% allows that)", invalid)}
}

// warningOf returns what there is to warn of, or nothing.
func warningOf(warnInvalid Limit, valid, invalid uint64) string {
	if !warnInvalid.Exceeded(invalid, valid+invalid) {
		return ""
	}
	return fmt.Sprintf("more than Options.WarnInvalid %s: %d of %d events are invalid", warnInvalid, invalid, valid+invalid)
}
