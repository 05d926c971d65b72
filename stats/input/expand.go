package input

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/dustin/go-humanize"
)

// ErrNotFound is wrapped by Expand's error where an argument names nothing: no
// such file, a glob without a match, a folder without files.
var ErrNotFound = errors.New("input not found")

// TooManyError is Expand's error where there are more files than there is memory
// for.
type TooManyError struct {
	Count  int   // of files
	Memory int64 // bytes that finding them takes
}

func (e *TooManyError) Error() string {
	return fmt.Sprintf("finding %d inputs takes %s of memory", e.Count, humanize.IBytes(uint64(e.Memory)))
}

// Expansion says how Expand finds inputs. The zero value is ready for use.
type Expansion struct {
	// Other returns the sources of an argument that names no files, and none for the
	// others.
	Other func(arg string) ([]Source, error)
	// Duplicate is told the name of a file that is named again, be it by another path
	// or through a link. It is not among the sources a second time.
	Duplicate func(name string)
	// Piece is what standard input is a piece of; the zero value is nothing.
	Piece Piece
	// Memory is what finding inputs may take, in bytes; 0 is no limit.
	Memory int64
}

// Found is what Expand has found.
type Found struct {
	Sources *Sources
	files   fileSet
}

// Has reports whether info is that of a file among the sources, whatever its path.
func (f *Found) Has(info fs.FileInfo) bool { return f.files.has(info) }

// Memory returns the number of bytes that it takes to find the sources, which is more
// than they take then.
func (f *Found) Memory() int64 {
	return f.Sources.Memory() + int64(f.Sources.Len())*fileMemory + leastListing
}

// leastListing is the least memory for listing folders, in bytes.
const leastListing = 1 << 20

// Expand turns arguments into sources, in order. An argument is "-", a file, a
// folder, which stands for the regular files in it, by name, or a glob (with
// "**" for any depth of folders), which stands for the files that it matches,
// by name. What exists under its literal name is not taken as a glob.
//
// The error wraps ErrNotFound where an argument names nothing. It is a *TooManyError
// where there are too many.
func Expand(ctx context.Context, args []string, c Expansion) (*Found, error) {
	e := expander{ctx: ctx, Expansion: c, found: &Found{Sources: new(Sources)}}
	for _, arg := range args {
		if err := e.add(arg); err != nil {
			return nil, err
		}
	}
	if e.found.Sources.counted {
		return nil, &TooManyError{e.found.Sources.Len(), e.found.Memory()}
	}
	return e.found, nil
}

// expander is an Expand that goes on.
type expander struct {
	Expansion
	ctx   context.Context
	found *Found
	stdin bool // standard input is among the sources

	garbage garbage
}

func (e *expander) add(arg string) error {
	if e.Other != nil {
		found, err := e.Other(arg)
		for _, s := range found {
			e.addSource(s)
		}
		if err != nil || len(found) > 0 {
			return err
		}
	}
	if arg == stdinName {
		e.addStdin()
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

// listing lists a folder, in a part of the memory that is left.
func (e *expander) listing(folder string, part int64) *listing {
	const plenty = 32 << 20
	left := e.Memory - e.found.Memory()
	switch {
	case e.Memory == 0:
		left = plenty * part
	case e.found.Sources.counted:
		left = e.Memory
	}
	return newListing(e.ctx, folder, int(min(max(left/part, leastListing), plenty)), &e.garbage)
}

// addFolder adds a folder's regular files, also those that it has links to.
func (e *expander) addFolder(folder string) error {
	isEmpty := true
	list := e.listing(folder, 2)
	for more := true; more; more = list.again() {
		names, err := list.names()
		if err != nil {
			return e.failure(folder, err)
		}
		for _, name := range names {
			path := filepath.Join(folder, name)
			info, err := e.stat(path)
			switch {
			case err != nil:
				return e.failure(path, err)
			case info != nil && info.Mode().IsRegular():
				e.addFile(path, info)
				isEmpty = false
			}
		}
	}
	if isEmpty {
		return fmt.Errorf("%w: folder %s has no files", ErrNotFound, label(folder))
	}
	return nil
}

// stat looks at a file that was found, or returns nil if that is a link to nothing.
func (e *expander) stat(path string) (fs.FileInfo, error) {
	if e.ctx.Err() != nil {
		return nil, context.Cause(e.ctx)
	}
	e.garbage.add(fileGarbage)
	info, err := os.Stat(path)
	if err == nil || !isNotExist(err) {
		return info, err
	}
	if link, linkErr := os.Lstat(path); linkErr == nil && link.Mode()&fs.ModeSymlink != 0 {
		return nil, nil
	}
	return nil, err
}

// addGlob adds the files that a glob matches, but no folders: "**" matches those
// too, and their files would be there twice.
func (e *expander) addGlob(pattern string) error {
	isEmpty := true
	base, rest := doublestar.SplitPattern(filepath.ToSlash(filepath.Clean(pattern)))
	list := e.listing(base, 4) // for the entries of a folder, and for what matches
	for more := true; more; more = list.again() {
		matches, err := list.matches(rest)
		if err != nil {
			return e.globFailure(pattern, base, err)
		}
		for _, match := range matches {
			path := filepath.Join(base, filepath.FromSlash(match))
			info, err := e.stat(path)
			switch {
			case err != nil:
				return e.failure(path, err)
			case info != nil && !info.IsDir():
				e.addFile(path, info)
				isEmpty = false
			}
		}
	}
	if isEmpty {
		return fmt.Errorf("%w: no file matches %s", ErrNotFound, label(pattern))
	}
	return nil
}

// matches returns the paths of a pass that a glob matches, as a shell would give
// them: hidden files only where the pattern says so.
func (l *listing) matches(pattern string) ([]string, error) {
	options := []doublestar.GlobOption{doublestar.WithNoHidden(), doublestar.WithFailOnIOErrors()}
	if strings.Contains(pattern, "**") {
		options = append(options, doublestar.WithNoFollow()) // a link to a folder above would have no end
	}
	found := nearest[string]{listing: l, name: func(path string) string { return path }}
	err := doublestar.GlobWalk(l, pattern, func(path string, _ fs.DirEntry) error {
		if path >= l.from && l.isBefore(path) {
			found.add(path)
		}
		return nil
	}, options...)
	return found.sorted(), err
}

// failure says which file err is about, unless it is the end of the context.
func (e *expander) failure(name string, err error) error {
	if e.ctx.Err() != nil {
		return context.Cause(e.ctx)
	}
	return fileError(name, err)
}

// globFailure puts an error of a glob below base into words.
func (e *expander) globFailure(pattern, base string, err error) error {
	var pathErr *fs.PathError
	switch {
	case e.ctx.Err() != nil:
		return context.Cause(e.ctx)
	case errors.Is(err, doublestar.ErrBadPattern):
		return fmt.Errorf("%w: %s, which is no valid glob either", ErrNotFound, label(pattern))
	case errors.As(err, &pathErr):
		return fileError(filepath.Join(base, pathErr.Path), err)
	default:
		return fmt.Errorf("%s: %w", label(pattern), err)
	}
}

func (e *expander) addStdin() {
	if e.stdin {
		e.tellDuplicate(stdinName)
		return
	}
	e.stdin = true
	e.addSource(e.Piece.source())
}

func (e *expander) addFile(path string, info fs.FileInfo) {
	if !e.found.Sources.counted && !e.found.files.add(info) {
		e.tellDuplicate(path)
		return
	}
	if info.Mode().IsRegular() {
		e.addSource(Source{path, regularFile(info.Size())})
	} else {
		e.addSource(Source{path, stream{}})
	}
}

func (e *expander) tellDuplicate(name string) {
	if e.Duplicate != nil {
		e.Duplicate(name)
	}
}

// addSource adds a source. Where there are too many, they are only counted from then
// on.
func (e *expander) addSource(s Source) {
	e.found.Sources.Add(s)
	if e.Memory > 0 && e.found.Memory() > e.Memory {
		e.found.Sources.countOnly()
		e.found.files = nil
	}
}
