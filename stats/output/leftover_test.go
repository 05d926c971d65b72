//go:build unix

package output

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// The next file of a target removes what processes that are gone have left, and
// nothing else.
func TestLeftovers(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "day.csv")
	abandon(t, path)
	put(t, path, "older")
	must(t, os.Chmod(path, 0o444)) // and so are the temporary files from here on
	abandon(t, path)
	written, finished := create(t, path), create(t, path)
	must(t, finished.Finish())
	others := []string{".day.csv.dailystats-1", ".day.csv.tmp", ".other.csv.dailystats-1-0.tmp", ".day.csv.dailystats-fifo.tmp", ".day.csv.dailystats-link.tmp", "other"}
	for _, name := range others[:3] {
		put(t, filepath.Join(folder, name), "not ours")
	}
	fifo := filepath.Join(folder, others[3])
	must(t, syscall.Mkfifo(fifo, 0o600))
	reader, err := os.OpenFile(fifo, os.O_RDWR, 0) // so that it can be opened for writing
	must(t, err)
	defer reader.Close()
	put(t, filepath.Join(folder, "other"), "")
	must(t, os.Symlink("other", filepath.Join(folder, others[4])))

	f := create(t, path)
	wantNames(t, folder, append(others, "day.csv", f.temporary, written.temporary, finished.temporary)...)
	write(t, written, "owned")
	commit(t, written)
	wantContent(t, path, "owned")
	commit(t, finished)
	wantContent(t, path, "")
}

// A lock on a network folder has to be for writing, and a folder may be one.
func TestLocksAreForWriting(t *testing.T) {
	f := create(t, filepath.Join(t.TempDir(), "day.csv"))
	leftover, err := openOthers(f.folder, f.temporary)
	must(t, err)
	defer leftover.Close()
	for _, locked := range []*os.File{f.lock, leftover} {
		flags, err := unix.FcntlInt(locked.Fd(), unix.F_GETFL, 0)
		must(t, err)
		if flags&unix.O_ACCMODE == unix.O_RDONLY {
			t.Error("a descriptor is only for reading")
		}
	}
}

// abandon leaves a temporary file as a process does that is killed.
func abandon(t *testing.T, path string) {
	f, err := Create(t.Context(), path)
	must(t, err)
	must(t, errors.Join(f.file.Close(), f.lock.Close(), f.folder.Close()))
}

// TestOneTarget has many files of one target at once: each is there whole when it
// is committed, whatever the others take for a leftover.
func TestOneTarget(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "day.csv")
	var writers sync.WaitGroup
	for range 8 {
		writers.Go(func() {
			for range 200 {
				f, err := Create(t.Context(), path)
				if err != nil {
					t.Error(err)
					return
				}
				if _, err := f.Write([]byte(header)); err != nil {
					t.Error(err)
				}
				if err := f.Commit(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	writers.Wait()
	wantContent(t, path, header)
	wantNames(t, folder, "day.csv")
}
