package output

import (
	"os"

	"golang.org/x/sys/unix"
)

// keptInCache is how many bytes of a file, the last ones, stay in memory for
// whoever reads it next.
const keptInCache = 256 << 20

// writeBack has the kernel begin to write a range of f to disk, so that there is
// less to wait for when f is synced, and forget what came long before it: a
// result larger than memory would push out the pages of everything else, and
// new ones take longer to find than the ones just given back. Both are only
// advice. It does not wait for the disk, unless that has too much to do already.
func writeBack(f *os.File, offset, size int64) {
	_ = unix.SyncFileRange(int(f.Fd()), offset, size, unix.SYNC_FILE_RANGE_WRITE)
	if end := offset + size - keptInCache; end > 0 {
		_ = unix.Fadvise(int(f.Fd()), 0, end, unix.FADV_DONTNEED)
	}
}
