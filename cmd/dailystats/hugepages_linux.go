package main

import "golang.org/x/sys/unix"

// avoidHugePages keeps the kernel from making 2 MiB resident where 4 KiB are
// used. A kernel that can't be asked is no reason to fail.
func avoidHugePages() {
	_ = unix.Prctl(unix.PR_SET_THP_DISABLE, 1, 0, 0, 0)
}
