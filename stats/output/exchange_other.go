//go:build !linux

package output

import "errors"

// exchange can't be done here: files replace each other.
func exchange(string, string) error { return errors.ErrUnsupported }
