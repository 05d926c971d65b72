//go:build !unix

package input

import (
	"io/fs"
	"os"
)

// fileID tells files apart, whatever their paths. Its zero value is no file's.
type fileID struct{ info fs.FileInfo }

func newFileID(info fs.FileInfo) fileID { return fileID{info} }

func (id fileID) same(other fileID) bool { return os.SameFile(id.info, other.info) }

// bucket is a number that the ids of one file share. Here, the others do too:
// there is nothing portable to tell them apart by but comparing all.
func (id fileID) bucket() uint64 { return 0 }
