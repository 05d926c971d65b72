package output

import (
	"errors"

	"golang.org/x/sys/unix"
)

// exchange has two files exchange their names. Not every file system can do
// that: EINVAL says so, too.
func exchange(a, b string) error {
	err := unix.Renameat2(unix.AT_FDCWD, a, unix.AT_FDCWD, b, unix.RENAME_EXCHANGE)
	if errors.Is(err, unix.EINVAL) {
		return errors.ErrUnsupported
	}
	return err
}
