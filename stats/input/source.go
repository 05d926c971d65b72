package input

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"unicode"
	"unicode/utf8"

	"github.com/bmatcuk/doublestar/v4"
)

// ErrNotFound is wrapped by Expand's error where an argument names nothing: no
// such file, a glob without a match, a folder without files.
var ErrNotFound = errors.New("input not found")

// stdinName is the argument that means standard input, and the name of it.
const stdinName = "-"

// Source is one input: a file, or standard input.
type Source struct {
	Name    string                                 // path as it was given or found; "-" is standard input
	id      fileID                                 // of a file
	regular bool                                   // a file with a size, not a pipe or a device
	size    int64                                  // bytes, of a regular file when it was found
	open    func(context.Context, Decode) Messages // nil for what is a file
	remote  func() (io.ReadSeekCloser, error)      // opens a file that is elsewhere; nil for others

	// Of a regular file of which only a part is read; see Shard.
	isPart      bool
	from, until int64
}

// RemoteFile returns a source of a file of size bytes that is not in the file system
// of this host, and which open opens. Errors should not name it.
func RemoteFile(name string, size int64, open func() (io.ReadSeekCloser, error)) Source {
	return Source{Name: name, regular: true, size: size, remote: open}
}

// openFile opens a regular file, and returns its size.
func (s Source) openFile() (f io.ReadSeekCloser, size int64, err error) {
	if s.remote != nil {
		f, err := s.remote()
		return f, s.size, err
	}
	local, err := os.Open(s.Name)
	if err != nil {
		return nil, 0, err
	}
	info, err := local.Stat()
	if err != nil {
		local.Close()
		return nil, 0, err
	}
	return local, info.Size(), nil
}

// Size returns the number of bytes of a file when it was found, or of the part of it
// that is read, or -1 for what has no size: standard input, a pipe, a device.
func (s Source) Size() int64 {
	switch {
	case !s.regular:
		return -1
	case s.isPart:
		return s.until - s.from
	default:
		return s.size
	}
}

// SameFile reports whether info is that of the source's file, whatever its path.
func (s Source) SameFile(info fs.FileInfo) bool {
	return s.id.same(newFileID(info))
}

func (s Source) isStdin() bool { return s.Name == stdinName && !s.hasMessages() }

// Expand turns arguments into sources, in order. An argument is "-", a file, a
// folder, which stands for the regular files in it, by name, or a glob (with
// "**" for any depth of folders), which stands for the files that it matches,
// by name. What exists under its literal name is not taken as a glob.
//
// A file that is named again, be it by another path or through a link, is not
// among the sources a second time: its names are returned as duplicates. The
// error wraps ErrNotFound where an argument names nothing.
//
// other returns the sources of an argument that names no files, and none for the
// others. It may be nil.
func Expand(args []string, other func(arg string) ([]Source, error)) (sources []Source, duplicates []string, err error) {
	e := expansion{seen: make(map[uint64][]fileID)}
	for _, arg := range args {
		if other != nil {
			found, err := other(arg)
			if err != nil {
				return nil, nil, err
			}
			if len(found) > 0 {
				e.sources = append(e.sources, found...)
				continue
			}
		}
		if err := e.add(arg); err != nil {
			return nil, nil, err
		}
	}
	return e.sources, e.duplicates, nil
}

// expansion is what Expand has found so far.
type expansion struct {
	sources    []Source
	duplicates []string
	stdin      bool                // standard input is among the sources
	seen       map[uint64][]fileID // the sources' files, by bucket
}

func (e *expansion) add(arg string) error {
	if arg == stdinName {
		e.addSource(Source{Name: stdinName}, e.stdin)
		e.stdin = true
		return nil
	}
	info, err := os.Stat(arg)
	switch {
	case err == nil && info.IsDir():
		return e.addFolder(arg)
	case err == nil && info.Mode()&fs.ModeSocket != 0:
		return fmt.Errorf("%s is a socket, which can't be opened: have what it gives on standard input, -", label(arg))
	case err == nil:
		e.addFile(arg, info)
		return nil
	case strings.ContainsAny(arg, "*?[{"):
		return e.addGlob(arg)
	case isNotExist(err):
		return fmt.Errorf("%w: %s", ErrNotFound, label(arg))
	default:
		return fileError(arg, err)
	}
}

// addFolder adds a folder's regular files, also those that it has links to.
func (e *expansion) addFolder(folder string) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return fileError(folder, err)
	}
	found := false
	for _, entry := range entries {
		if !entry.Type().IsRegular() && entry.Type()&fs.ModeSymlink == 0 {
			continue
		}
		path := filepath.Join(folder, entry.Name())
		info, err := os.Stat(path)
		switch {
		case err != nil && isNotExist(err) && !entry.Type().IsRegular():
			continue // a link to nothing
		case err != nil:
			return fileError(path, err)
		case info.Mode().IsRegular():
			e.addFile(path, info)
			found = true
		}
	}
	if !found {
		return fmt.Errorf("%w: folder %s has no files", ErrNotFound, label(folder))
	}
	return nil
}

// addGlob adds the files that a glob matches, but no folders: "**" matches those
// too, and their files would be there twice.
func (e *expansion) addGlob(pattern string) error {
	paths, err := matches(pattern)
	if err != nil {
		return err
	}
	found := false
	for _, path := range paths {
		info, err := os.Stat(path)
		switch {
		case err != nil && isNotExist(err):
			continue // a link to nothing
		case err != nil:
			return fileError(path, err)
		case !info.IsDir():
			e.addFile(path, info)
			found = true
		}
	}
	if !found {
		return fmt.Errorf("%w: no file matches %s", ErrNotFound, label(pattern))
	}
	return nil
}

// matches returns the paths that a glob matches, sorted, as a shell would give
// them: hidden files only where the pattern says so.
func matches(pattern string) ([]string, error) {
	options := []doublestar.GlobOption{doublestar.WithNoHidden(), doublestar.WithFailOnIOErrors()}
	if strings.Contains(pattern, "**") {
		options = append(options, doublestar.WithNoFollow()) // a link to a folder above would have no end
	}
	paths, err := doublestar.FilepathGlob(pattern, options...)
	var pathErr *fs.PathError
	switch {
	case errors.Is(err, doublestar.ErrBadPattern):
		return nil, fmt.Errorf("%w: %s, which is no valid glob either", ErrNotFound, label(pattern))
	case errors.As(err, &pathErr):
		base, _ := doublestar.SplitPattern(filepath.ToSlash(pattern))
		return nil, fileError(filepath.Join(base, pathErr.Path), err)
	case err != nil:
		return nil, fmt.Errorf("%s: %w", label(pattern), err)
	}
	slices.Sort(paths)
	return slices.Compact(paths), nil
}

func (e *expansion) addFile(path string, info fs.FileInfo) {
	id := newFileID(info)
	known := e.seen[id.bucket()]
	again := slices.ContainsFunc(known, id.same)
	if !again {
		e.seen[id.bucket()] = append(known, id)
	}
	e.addSource(Source{Name: path, id: id, regular: info.Mode().IsRegular(), size: info.Size()}, again)
}

func (e *expansion) addSource(s Source, again bool) {
	if again {
		e.duplicates = append(e.duplicates, s.Name)
	} else {
		e.sources = append(e.sources, s)
	}
}

// isNotExist reports whether a path leads nowhere; a file taken for a folder on
// the way is ENOTDIR.
func isNotExist(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}

// fileError says which file err is about.
func fileError(name string, err error) error {
	return fmt.Errorf("%s: %w", label(name), reason(err))
}

// reason leaves out what the standard library says beside it: the call, and the
// path once more.
func reason(err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err
	}
	return err
}

// String returns the source's name as errors have it.
func (s Source) String() string { return label(s.Name) }

// label is how an error names an input: on one line, whatever is in the name.
func label(name string) string {
	switch {
	case name == stdinName:
		return "standard input"
	case name == "" || !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl):
		return strconv.Quote(name)
	default:
		return name
	}
}
