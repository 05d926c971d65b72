package output

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// target is what a path means as a place to write to.
type target struct {
	path    string      // symbolic links followed
	stream  int         // that the process has open under this number, if inPlace; or -1
	inPlace bool        // a device, a pipe or an open file: it can't be replaced
	exists  bool        // as a file to be replaced
	perm    fs.FileMode // its permissions, if it exists
}

var (
	errIsFolder     = errors.New("it is a folder: name a file in it")
	errTooManyLinks = errors.New("too many symbolic links")
	errNoName       = errors.New("the file name is empty")
)

// findTarget looks at what is there under path, which may be nothing yet.
func findTarget(path string) (target, error) {
	if path == "" {
		return target{}, errNoName
	}
	if end, err := followLinks(path); err == nil {
		if stream, ok := descriptor(end); ok {
			return target{path: end, stream: stream, inPlace: true}, nil
		}
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		path, err = followLinks(path)
		return target{path: path}, err
	case err != nil:
		return target{}, err
	case info.IsDir():
		return target{}, errIsFolder
	case !info.Mode().IsRegular():
		return target{path: path, stream: -1, inPlace: true}, nil
	}
	path, err = followLinks(path)
	return target{path: path, exists: true, perm: info.Mode().Perm()}, err
}

// SameTarget reports whether two paths, under which there is nothing yet, name
// the same file to be.
func SameTarget(a, b string) bool {
	a, errA := followLinks(a)
	b, errB := followLinks(b)
	if errA != nil || errB != nil || filepath.Base(a) != filepath.Base(b) {
		return false
	}
	folderA, errA := os.Stat(target{path: a}.folder())
	folderB, errB := os.Stat(target{path: b}.folder())
	return errA == nil && errB == nil && os.SameFile(folderA, folderB)
}

// followLinks returns what path names when it is no symbolic link, or the end
// of the links, whether there is a file or not. Paths are not cleaned: x/.. is
// not the current folder where x is a link itself.
func followLinks(path string) (string, error) {
	const most = 40 // as Linux has it
	for range most {
		link, err := os.Readlink(path)
		if _, isStream := descriptor(path); err != nil || isStream {
			return path, nil
		}
		if !filepath.IsAbs(link) {
			folder, _ := filepath.Split(path)
			link = folder + link
		}
		path = link
	}
	return "", errTooManyLinks
}

// descriptor returns the number of the stream that a path names, such as /dev/stdout: it is
// the open file that is meant, not one that takes its name.
func descriptor(path string) (fd int, ok bool) {
	switch path {
	case "/dev/stdout":
		return 1, true
	case "/dev/stderr":
		return 2, true
	}
	for _, folder := range []string{"/dev/fd/", "/proc/self/fd/"} {
		if number, found := strings.CutPrefix(path, folder); found {
			fd, err := strconv.Atoi(number)
			return fd, err == nil && fd >= 0
		}
	}
	return 0, false
}

// OpenStream opens the stream that a path names, to be written from where it is. It reports
// false if the path names none.
func OpenStream(path string) (f *os.File, isStream bool, err error) {
	end, err := followLinks(path)
	if err != nil {
		return nil, false, nil
	}
	fd, ok := descriptor(end)
	if !ok {
		return nil, false, nil
	}
	f, err = duplicate(fd, path)
	return f, true, err
}

// folder returns the folder that t lies in.
func (t target) folder() string {
	folder, _ := filepath.Split(t.path)
	if folder == "" {
		return "."
	}
	return folder
}

// name returns t's name in its folder.
func (t target) name() string {
	_, name := filepath.Split(t.path)
	return name
}
