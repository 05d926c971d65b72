//go:build !unix

package input

import (
	"io/fs"
	"os"
	"slices"
)

// fileSet is a set of files, whatever their paths. The zero value is empty. There is
// nothing portable to tell files apart by but comparing all.
type fileSet []fs.FileInfo

// fileMemory is what a file takes in a fileSet, in bytes.
const fileMemory = 512

// add adds a file, and reports whether it was not in the set.
func (s *fileSet) add(info fs.FileInfo) bool {
	if s.has(info) {
		return false
	}
	*s = append(*s, info)
	return true
}

// has reports whether a file is in the set.
func (s fileSet) has(info fs.FileInfo) bool {
	return slices.ContainsFunc(s, func(other fs.FileInfo) bool { return os.SameFile(info, other) })
}
