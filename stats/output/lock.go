package output

import (
	"io"
	"os"
)

// Lock locks the file at path, which is created if need be, until the lock is
// closed or the process ends. It does not wait: the error is ErrTaken where another
// process has the lock, and errors.ErrUnsupported where there are no locks.
func Lock(path string) (io.Closer, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o666)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	lock, err := lockFile(f)
	if err != nil {
		return nil, err
	}
	return lock, nil
}
