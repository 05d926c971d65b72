//go:build unix

package input

import (
	"io/fs"
	"syscall"
)

// fileID tells files apart, whatever their paths. Its zero value is no file's.
type fileID struct{ device, inode uint64 }

func newFileID(info fs.FileInfo) fileID {
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return fileID{}
	}
	return fileID{uint64(s.Dev), uint64(s.Ino)} // their types differ between systems
}

func (id fileID) same(other fileID) bool { return id == other && id != fileID{} }

// bucket is a number that the ids of one file share, and few others.
func (id fileID) bucket() uint64 { return id.inode }
