package sorter

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/dustin/go-humanize"
)

// SpillFile is a file that goes with the process: it loses its name as soon as it
// is made, where the system can do that.
type SpillFile struct {
	*os.File
	hasName bool
	size    int64         // bytes written
	total   *atomic.Int64 // bytes written to all spill files
}

const spillPrefix = "dailystats-spill-"

// CreateSpillFile makes a file in dir, whose bytes are added to total. Close must
// be called in the end.
func CreateSpillFile(dir string, total *atomic.Int64) (*SpillFile, error) {
	file, err := os.CreateTemp(dir, spillPrefix+"*")
	if err != nil {
		return nil, fmt.Errorf("creating a spill file (--temp-dir names another folder): %w", err)
	}
	return &SpillFile{File: file, hasName: os.Remove(file.Name()) != nil, total: total}, nil
}

// Size is the number of bytes that were written.
func (f *SpillFile) Size() int64 { return f.size }

// Write implements io.Writer.
func (f *SpillFile) Write(p []byte) (int, error) {
	n, err := f.File.Write(p)
	f.size += int64(n)
	f.total.Add(int64(n))
	if err != nil {
		return n, fmt.Errorf("spilling to disk, after %s (--temp-dir names another folder): %w",
			humanize.IBytes(uint64(f.total.Load())), err)
	}
	return n, nil
}

// Close gives the file's space back: what was in it has been read, or is not
// wanted any more.
func (f *SpillFile) Close() {
	_ = f.File.Close()
	if f.hasName {
		_ = os.Remove(f.Name())
	}
}

// RemoveLeftovers removes the spill files that processes have left in dir which
// were killed between making one and unlinking it: so they are empty. What is
// younger than a minute may have an owner. There may be very many other files.
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
	if !strings.HasPrefix(e.Name(), spillPrefix) && !strings.HasPrefix(e.Name(), "extsort_") {
		return false
	}
	info, err := e.Info()
	return err == nil && info.Mode().IsRegular() && info.Size() == 0 && time.Since(info.ModTime()) > time.Minute
}
