//go:build unix

package input

import (
	"io/fs"
	"slices"
	"syscall"
)

// fileSet is a set of files, whatever their paths. The zero value is empty.
//
// A file takes some ten bytes, where a map of devices and inodes would take four
// times that: it is its inode, in one of the buckets of its device.
type fileSet map[uint64]*inodes

type inodes [4096][]uint64

// fileMemory is what a file takes in a fileSet, in bytes, with what its bucket has
// in reserve.
const fileMemory = 12

// add adds a file, and reports whether it was not in the set.
func (s *fileSet) add(info fs.FileInfo) bool {
	file, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return true
	}
	if s.has(info) {
		return false
	}
	device := uint64(file.Dev) // its type differs between systems
	if *s == nil {
		*s = make(fileSet)
	}
	if (*s)[device] == nil {
		(*s)[device] = new(inodes)
	}
	bucket := (*s)[device].bucket(uint64(file.Ino))
	if n := len(*bucket); n == cap(*bucket) { // append would have more in reserve
		*bucket = append(make([]uint64, 0, n+n/8+1), *bucket...)
	}
	*bucket = append(*bucket, uint64(file.Ino))
	return true
}

// has reports whether a file is in the set.
func (s fileSet) has(info fs.FileInfo) bool {
	file, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return false
	}
	of := s[uint64(file.Dev)]
	return of != nil && slices.Contains(*of.bucket(uint64(file.Ino)), uint64(file.Ino))
}

func (n *inodes) bucket(inode uint64) *[]uint64 { return &n[inode%uint64(len(n))] }
