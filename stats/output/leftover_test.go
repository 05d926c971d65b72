//go:build unix

package output

import (
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
)

// The next file of a target removes what processes that are gone have left, and
// nothing else.
func TestLeftovers(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "day.csv")
	abandon(t, path)
	abandon(t, path)
	owned := create(t, path)
	others := []string{".day.csv.dailystats-1", ".day.csv.tmp", ".other.csv.dailystats-1-0.tmp", ".day.csv.dailystats-fifo.tmp", ".day.csv.dailystats-link.tmp", "other"}
	for _, name := range others[:3] {
		put(t, filepath.Join(folder, name), "not ours")
	}
	must(t, syscall.Mkfifo(filepath.Join(folder, others[3]), 0o600))
	put(t, filepath.Join(folder, "other"), "")
	must(t, os.Symlink("other", filepath.Join(folder, others[4])))

	f := create(t, path)
	wantNames(t, folder, append(others, filepath.Base(f.temporary), filepath.Base(owned.temporary))...)
	write(t, owned, "owned")
	commit(t, owned)
	wantContent(t, path, "owned")
}

// abandon leaves a temporary file as a process does that is killed.
func abandon(t *testing.T, path string) {
	f, err := Create(path)
	must(t, err)
	must(t, f.file.Close())
	f.lock.Close()
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
				f, err := Create(path)
				if err != nil {
					t.Error(err)
					return
				}
				if _, err := f.Write([]byte(Header)); err != nil {
					t.Error(err)
				}
				if err := f.Commit(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	writers.Wait()
	wantContent(t, path, Header)
	wantNames(t, folder, "day.csv")
}
