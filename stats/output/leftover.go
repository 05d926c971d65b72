package output

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
)

// A process that is killed leaves its temporary files behind. The next one that
// writes to the same target removes them, if nobody owns them any more: who writes
// a temporary file holds a lock on it, which ends with the process. The number of
// a process would say little in another container, or on another host.
//
//	create ──→ lock ──→ has it its name? ──→ write ──→ commit or discard ──→ unlock
//	  ↑          │ no       │ no
//	  └──────────┴──────────┘ somebody was quicker, who takes it for a leftover
//
// Who removes a leftover locks it, too, so that it can't get an owner meanwhile.
// Where files can't be locked, leftovers stay. Where locks are not seen by other
// hosts, as on a network folder mounted so, one of them may take the file of
// another for a leftover: that run fails, and its target is as it was.

// errTaken is the error of a file that somebody else has locked, or removed.
var errTaken = errors.New("another process locks or removes every new file")

// temporaryNames is where t's temporary files are, and how their names begin and
// end.
func temporaryNames(t target) (folder, prefix, suffix string) {
	const longest = 180 // bytes of t's name, so that a temporary one fits in 255
	folder, name := filepath.Split(t.path)
	name = strings.ToValidUTF8(name[:min(len(name), longest)], "")
	return folder, "." + name + ".dailystats-", ".tmp"
}

// createTemporary creates the file that is to become t, with t's permissions, and
// locks it; lock is nil where that can't be done. Nobody can read it meanwhile who
// couldn't read t.
func createTemporary(t target) (file, lock *os.File, err error) {
	const attempts = 100 // a second one is rare already
	for range attempts {
		file, lock, err = tryTemporary(t)
		if !errors.Is(err, errTaken) {
			break
		}
	}
	return file, lock, err
}

// tryTemporary is one attempt at createTemporary. It fails with errTaken where
// somebody else takes the file for a leftover.
func tryTemporary(t target) (file, lock *os.File, err error) {
	perm := fs.FileMode(0o666)
	if t.exists {
		perm = t.perm
	}
	folder, prefix, suffix := temporaryNames(t)
	name := fmt.Sprintf("%s%s%d-%016x%s", folder, prefix, os.Getpid(), rand.Uint64(), suffix)
	file, err = os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
	if err != nil {
		return nil, nil, err
	}
	lock, err = lockFile(file)
	if errors.Is(err, errTaken) || err == nil && !means(name, file) {
		lock.Close() // of no interest, even where there is none
		file.Close()
		_ = os.Remove(name)
		return nil, nil, errTaken
	}
	if t.exists {
		file.Chmod(perm) // what the umask kept out, where the file system knows permissions
	}
	return file, lock, nil
}

// removeLeftovers removes those temporary files of t that nobody owns. What can't
// be removed stays.
func removeLeftovers(t target) {
	folder, err := os.Open(t.folder())
	if err != nil {
		return
	}
	defer folder.Close()
	path, prefix, suffix := temporaryNames(t)
	for err == nil {
		var names []string
		names, err = folder.Readdirnames(1000)
		for _, name := range names {
			if strings.HasPrefix(name, prefix) && strings.HasSuffix(name, suffix) {
				removeUnowned(path + name)
			}
		}
	}
}

func removeUnowned(path string) {
	file, err := openOthers(path)
	if err != nil {
		return
	}
	defer file.Close()
	lock, err := lockFile(file)
	if err != nil {
		return
	}
	defer lock.Close()
	if means(path, file) {
		_ = os.Remove(path)
	}
}

// means reports whether path means the regular file that is open as f.
func means(path string, f *os.File) bool {
	named, err := os.Lstat(path)
	if err != nil {
		return false
	}
	open, err := f.Stat()
	return err == nil && open.Mode().IsRegular() && os.SameFile(named, open)
}
