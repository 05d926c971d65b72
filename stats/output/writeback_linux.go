package output

import (
	"os"
	"syscall"
)

// startWriteBack has the kernel begin to write a range of f to disk: so there is
// less to wait for when f is synced. It is only an advice. It does not wait for
// the disk, unless that has too much to do already.
func startWriteBack(f *os.File, offset, size int64) {
	const write = 2 // SYNC_FILE_RANGE_WRITE
	_ = syscall.SyncFileRange(int(f.Fd()), offset, size, write)
}
