//go:build darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd

package output

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// openOthers opens a file that may be anybody's and anything, without waiting for
// whoever is at the other end of a pipe. It is for writing, as a lock on a network
// folder wants it, unless the file doesn't allow that.
func openOthers(folder *os.Root, name string) (*os.File, error) {
	f, err := folder.OpenFile(name, os.O_WRONLY|unix.O_NONBLOCK, 0)
	if errors.Is(err, os.ErrPermission) {
		f, err = folder.OpenFile(name, os.O_RDONLY|unix.O_NONBLOCK, 0)
	}
	return f, err
}

// lockFile locks f, without waiting, until lock is closed, which may be after f,
// or the process ends. The error is ErrTaken where somebody else has a lock.
func lockFile(f *os.File) (lock *os.File, err error) {
	fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	lock = os.NewFile(uintptr(fd), f.Name())
	err = unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		err = ErrTaken
	}
	if err != nil {
		lock.Close()
		return nil, err
	}
	return lock, nil
}
