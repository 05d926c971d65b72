package main

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// closeAgain makes those standard streams fail that were closed when the process was
// started. Before any code of ours, the Go runtime opens the null device in their place,
// for no other file to get their numbers: what is read would be an empty input, and what
// is written would be lost.
//
// There is no telling such a stream from a null device that the caller has opened for
// both reading and writing, and for one stream alone. Those who mean a null device
// mostly open it one way only (shells, systemd, cron), or for several streams at once
// (daemon(3), container runtimes).
func closeAgain() {
	var closed []int
	for fd := range 3 {
		if wasClosed(fd) {
			closed = append(closed, fd)
		}
	}
	for _, fd := range closed {
		if err := makeUseless(fd); err != nil {
			continue // it is as the runtime left it
		}
		if fd == unix.Stderr { // there is nobody to tell, but what tells may be written
			if null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0); err == nil {
				os.Stderr = null
			}
		}
	}
}

// wasClosed reports whether a standard stream is as the runtime opens it.
func wasClosed(fd int) bool {
	var info unix.Stat_t
	if err := unix.Fstat(fd, &info); err != nil || info.Mode&unix.S_IFMT != unix.S_IFCHR || info.Rdev != unix.Mkdev(1, 3) {
		return false
	}
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
	if err != nil || flags&unix.O_ACCMODE != unix.O_RDWR {
		return false
	}
	for other := range 3 {
		if other != fd && isDuplicate(fd, other) {
			return false
		}
	}
	return true
}

// isDuplicate reports whether two descriptors are of one open file, as after dup(2),
// where the kernel tells.
func isDuplicate(a, b int) bool {
	const kcmpFile = 0
	if same, err := unix.FcntlInt(uintptr(a), unix.F_DUPFD_QUERY, b); err == nil {
		return same == 1
	}
	pid := uintptr(os.Getpid())
	order, _, errno := unix.Syscall6(unix.SYS_KCMP, pid, pid, kcmpFile, uintptr(a), uintptr(b), 0)
	return errno == 0 && order == 0
}

// makeUseless makes a descriptor one that can be neither read from nor written to, nor
// opened again as /dev/fd/N.
func makeUseless(fd int) error {
	event, err := unix.Eventfd(0, unix.EFD_CLOEXEC)
	if err != nil {
		return err
	}
	defer unix.Close(event)
	useless, err := unix.Open(fmt.Sprintf("/proc/self/fd/%d", event), unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(useless)
	return unix.Dup3(useless, fd, 0)
}
