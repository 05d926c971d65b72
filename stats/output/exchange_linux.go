package output

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// exchange has two files of a folder exchange their names. Not every file system
// can do that: EINVAL says so, too.
func exchange(folder *os.Root, a, b string) error {
	f, err := folder.Open(".")
	if err != nil {
		return err
	}
	defer f.Close()
	err = unix.Renameat2(int(f.Fd()), a, int(f.Fd()), b, unix.RENAME_EXCHANGE)
	if errors.Is(err, unix.EINVAL) {
		return errors.ErrUnsupported
	}
	return err
}
