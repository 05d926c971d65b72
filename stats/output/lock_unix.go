//go:build unix

package output

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// lockFile locks the file with that name, without waiting, until lock is closed
// or the process ends. It is an error if the name does not mean that file any more.
func lockFile(path string) (lock *os.File, err error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errTaken
	}
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) || err == nil && !means(path, f) {
		err = errTaken
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// means reports whether path means the regular file that is open as f.
func means(path string, f *os.File) bool {
	named, err := os.Lstat(path)
	if err != nil {
		return false
	}
	open, err := f.Stat()
	return err == nil && open.Mode().IsRegular() && os.SameFile(named, open)
}
