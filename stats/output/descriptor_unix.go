//go:build unix

package output

import (
	"os"

	"golang.org/x/sys/unix"
)

// duplicate returns a file of its own for a stream that the process has open: it is written
// from where the stream is, and moves it on. Opening it by name would begin anew.
func duplicate(fd int, name string) (*os.File, error) {
	// What was inherited is not closed on exec; all that this process opens is.
	if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err != nil || flags&unix.FD_CLOEXEC != 0 {
		return nil, unix.EBADF
	}
	duplicate, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(duplicate), name), nil
}
