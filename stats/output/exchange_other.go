//go:build !linux

package output

import (
	"errors"
	"os"
)

// exchange can't be done here: files replace each other.
func exchange(*os.Root, string, string) error { return errors.ErrUnsupported }
