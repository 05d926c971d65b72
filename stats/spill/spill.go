// Package spill has temporary files without a name, for what does not fit in memory.
package spill

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/dustin/go-humanize"
)

// File is a file that goes away with the process: where the system allows it, it loses
// its name as soon as it is created.
type File struct {
	*os.File
	dir     string
	hasName bool
	size    int64         // bytes written
	total   *atomic.Int64 // bytes written to all spill files
}

// Error is a failure to spill.
type Error struct {
	Dir     string // the folder
	Spilled int64  // bytes written to it before
	Err     error
}

// Error implements error.
func (e *Error) Error() string {
	return fmt.Sprintf("spilling to disk in %s, after %s: %v", e.Dir, humanize.IBytes(uint64(e.Spilled)), e.Err)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

const prefix = "dailystats-spill-"

// Create creates a file in dir. The bytes written to it are added to total. Close must
// be called in the end.
func Create(dir string, total *atomic.Int64) (*File, error) {
	file, err := os.CreateTemp(dir, prefix+"*")
	if err != nil {
		return nil, &Error{dir, total.Load(), err}
	}
	return &File{File: file, dir: dir, hasName: os.Remove(file.Name()) != nil, total: total}, nil
}

// Size is the number of bytes that were written.
func (f *File) Size() int64 { return f.size }

// Write implements io.Writer.
func (f *File) Write(p []byte) (int, error) {
	n, err := f.File.Write(p)
	f.size += int64(n)
	f.total.Add(int64(n))
	if err != nil {
		return n, &Error{f.dir, f.total.Load(), err}
	}
	return n, nil
}

// Close gives the file's space back: its content has been read, or is no longer wanted.
func (f *File) Close() {
	_ = f.File.Close()
	if f.hasName {
		_ = os.Remove(f.Name())
	}
}

// RemoveLeftovers removes the spill files in dir of processes that were killed between
// creating one and removing its name, which therefore are empty. A file younger than a
// minute may have an owner. The folder may hold very many other files.
func RemoveLeftovers(dir string) {
	folder, err := os.Open(dir)
	if err != nil {
		return
	}
	defer folder.Close()
	for err == nil {
		var entries []os.DirEntry
		entries, err = folder.ReadDir(1000)
		for _, e := range entries {
			if isLeftover(e) {
				_ = os.Remove(filepath.Join(dir, e.Name()))
			}
		}
	}
}

func isLeftover(e os.DirEntry) bool {
	if !strings.HasPrefix(e.Name(), prefix) && !strings.HasPrefix(e.Name(), "extsort_") {
		return false
	}
	info, err := e.Info()
	return err == nil && info.Mode().IsRegular() && info.Size() == 0 && time.Since(info.ModTime()) > time.Minute
}
