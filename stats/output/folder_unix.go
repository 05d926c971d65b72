//go:build unix

package output

import (
	"errors"
	"os"
	"syscall"
)

// syncFolder makes a new name in folder last through a power cut. A folder that
// may not be read, and a file system that can't sync folders, are passed over.
func syncFolder(folder string) error {
	f, err := os.Open(folder)
	if err != nil {
		return nil
	}
	defer f.Close()
	err = f.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	return err
}
