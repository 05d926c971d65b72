//go:build unix

package output

import (
	"errors"
	"os"
	"syscall"
)

// syncFolder makes a new name in folder last through a power cut. A file system
// that can't sync folders is passed over.
func syncFolder(folder *os.Root) error {
	f, err := folder.Open(".")
	if err != nil {
		return err
	}
	defer f.Close()
	err = f.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	return err
}
