package output

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
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

// ErrTaken is the error of a file that somebody else has locked, or removed.
var ErrTaken = errors.New("another process locks or removes every new file")

// temporaryNames is how the names of temporary files for a target begin and end.
func temporaryNames(target string) (prefix, suffix string) {
	const longest = 180 // bytes of the target's name, so that a temporary one fits in 255
	target = strings.ToValidUTF8(target[:min(len(target), longest)], "")
	return "." + target + ".dailystats-", ".tmp"
}

// IsTemporary reports whether a file of this name is a temporary one of a process that writes
// to some target, or was killed while it did.
func IsTemporary(name string) bool {
	return strings.HasPrefix(name, ".") && strings.Contains(name, ".dailystats-") && strings.HasSuffix(name, ".tmp")
}

// createTemporary creates the file that is to become t, with t's permissions, and
// locks it; lock is nil where that can't be done. Nobody can read it meanwhile who
// couldn't read t.
func createTemporary(folder *os.Root, t target) (file, lock *os.File, err error) {
	const attempts = 100 // a second one is rare already
	for range attempts {
		file, lock, err = tryTemporary(folder, t)
		if !errors.Is(err, ErrTaken) {
			break
		}
	}
	return file, lock, err
}

// tryTemporary is one attempt at createTemporary. It fails with ErrTaken where
// somebody else takes the file for a leftover.
func tryTemporary(folder *os.Root, t target) (file, lock *os.File, err error) {
	perm := fs.FileMode(0o666)
	if t.exists {
		perm = t.perm
	}
	prefix, suffix := temporaryNames(t.name())
	name := fmt.Sprintf("%s%d-%016x%s", prefix, os.Getpid(), rand.Uint64(), suffix)
	file, err = folder.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
	if err != nil {
		return nil, nil, err
	}
	lock, err = lockFile(file)
	if errors.Is(err, ErrTaken) || err == nil && !means(folder, name, file) {
		lock.Close() // of no interest, even where there is none
		file.Close()
		_ = folder.Remove(name)
		return nil, nil, ErrTaken
	}
	if t.exists {
		file.Chmod(perm) // what the umask kept out, where the file system knows permissions
	}
	return file, lock, nil
}

// removeLeftovers removes those temporary files for a target that nobody owns.
// What can't be removed stays.
func removeLeftovers(folder *os.Root, target string) {
	list, err := folder.Open(".")
	if err != nil {
		return
	}
	defer list.Close()
	prefix, suffix := temporaryNames(target)
	for err == nil {
		var names []string
		names, err = list.Readdirnames(1000)
		for _, name := range names {
			if strings.HasPrefix(name, prefix) && strings.HasSuffix(name, suffix) {
				removeUnowned(folder, name)
			}
		}
	}
}

func removeUnowned(folder *os.Root, name string) {
	file, err := openOthers(folder, name)
	if err != nil {
		return
	}
	defer file.Close()
	lock, err := lockFile(file)
	if err != nil {
		return
	}
	defer lock.Close()
	if means(folder, name, file) {
		_ = folder.Remove(name)
	}
}

// means reports whether name is that of the regular file that is open as f, and
// not of a link to it.
func means(folder *os.Root, name string, f *os.File) bool {
	named, err := folder.Lstat(name)
	if err != nil {
		return false
	}
	open, err := f.Stat()
	return err == nil && open.Mode().IsRegular() && os.SameFile(named, open)
}
