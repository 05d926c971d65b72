//go:build !(darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd)

package output

import (
	"errors"
	"os"
)

func openOthers(*os.Root, string) (*os.File, error) { return nil, errors.ErrUnsupported }

// lockFile can't be done here without keeping others from renaming the file, or
// losing the lock when f is closed.
func lockFile(*os.File) (*os.File, error) { return nil, errors.ErrUnsupported }
