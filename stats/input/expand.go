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
	// Warn is told what is odd: a file that is named again, be it by another path or through
	// a link, which is not among the sources a second time; a file that is there plain and
	// compressed, which is among them twice.
	Warn func(message string)
	// IsTemporary reports whether a file of this name is one of the program's own, which no
	// folder or glob stands for. nil means that there are none.
	IsTemporary func(name string) bool
	// Piece is what standard input is a piece of; the zero value is nothing.
	Piece Piece
	// Memory is what finding inputs may take, in bytes; 0 is no limit.
	Memory int64
}

// Found is what Expand has found.
type Found struct {
	Sources *Sources
	// LeftOut is the number of files and folders that a named folder has, or a glob matches,
	// and that are not read, by why that is.
	LeftOut map[LeftOut]int

	files fileSet
}

// LeftOut is why a file is no input, though it is in a folder or matches a glob.
type LeftOut string

// Reasons.
const (
	HiddenName    LeftOut = "hidden_name"    // it, or its folder, begins with a dot or an underscore
	TemporaryFile LeftOut = "temporary_file" // one of this program's own
	LinkToFolder  LeftOut = "link_to_folder" // it could be one above
	NoRegularFile LeftOut = "no_regular_file"
)

// Has reports whether info is that of a file among the sources, whatever its path.
func (f *Found) Has(info fs.FileInfo) bool { return f.files.has(info) }

// Memory returns the number of bytes that it takes to find the sources, which is more
// than they take then.
func (f *Found) Memory() int64 {
	return f.Sources.Memory() + int64(f.Sources.Len())*fileMemory + leastListing
}

// leastListing is the least memory for listing folders, in bytes.
const leastListing = 1 << 20

// Expand turns arguments into sources, in order. An argument is "-", a file, a folder,
// which stands for the regular files below it, by path, but for hidden ones, or a glob (with
// "**" for any depth of folders), which stands for the files that it matches, by path; a
// folder that one without "**" matches is taken as if it were named. What exists under its
// literal name is not taken as a glob.
//
// The error wraps ErrNotFound where an argument names nothing. It is a *TooManyError
// where there are too many.
func Expand(ctx context.Context, args []string, c Expansion) (*Found, error) {
	e := expander{ctx: ctx, Expansion: c, found: &Found{Sources: new(Sources), LeftOut: map[LeftOut]int{}}}
	for _, arg := range args {
		e.pairs = pairs{}
		if err := e.add(arg); err != nil {
			return nil, err
		}
		if message := e.pairs.String(); message != "" {
			e.warn(message)
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

	duplicates int // files that were named again
	pairs      pairs

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
		return e.addNamedFolder(arg)
	case err == nil && info.Mode()&fs.ModeSocket != 0:
		return fmt.Errorf("%s is a socket, which can't be opened: have what it gives on standard input, -", label(arg))
	case err == nil:
		e.addFile(arg, info)
		return nil
	case urlPipe(arg) != "":
		return fmt.Errorf("%w: %s is a URL: pipe it in, %s | dailystats -", ErrNotFound, label(arg), urlPipe(arg))
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

// addNamedFolder adds the files of a folder, of which there must be some.
func (e *expander) addNamedFolder(folder string) error {
	before := e.files()
	if err := e.addFolder(folder); err != nil || e.files() > before {
		return err
	}
	return fmt.Errorf("%w: folder %s has no files", ErrNotFound, label(folder))
}

// files returns how many files have been found, those that were known before among them.
func (e *expander) files() int { return e.found.Sources.Len() + e.duplicates }

// addFolder adds the regular files below a folder, also those that it has links to.
func (e *expander) addFolder(folder string) error {
	list := e.listing(folder, 4) // for the entries of a folder, and for the files of a pass
	for more := true; more; more = list.again() {
		paths, err := list.tree()
		if err != nil {
			return e.listFailure(folder, folder, err)
		}
		for _, path := range paths {
			if err := e.addListed(filepath.Join(folder, filepath.FromSlash(path))); err != nil {
				return err
			}
		}
	}
	return nil
}

// addListed adds a file of a folder, unless there is a reason to leave it out.
func (e *expander) addListed(path string) error {
	name := filepath.Base(path)
	switch {
	case e.isTemporary(name):
		e.found.LeftOut[TemporaryFile]++
		return nil
	case isHidden(name):
		e.found.LeftOut[HiddenName]++
		return nil
	}
	info, err := e.stat(path)
	switch {
	case err != nil:
		return err
	case info.IsDir():
		e.found.LeftOut[LinkToFolder]++
	case !info.Mode().IsRegular():
		e.found.LeftOut[NoRegularFile]++
	default:
		e.addFound(path, info)
	}
	return nil
}

// addFound adds a file that was not named itself.
func (e *expander) addFound(path string, info fs.FileInfo) {
	e.pairs.add(path)
	e.addFile(path, info)
}

func (e *expander) isTemporary(name string) bool { return e.IsTemporary != nil && e.IsTemporary(name) }

// isHidden reports whether a name is that of no data, by the conventions of Unix and Hadoop.
func isHidden(name string) bool { return name[0] == '.' || name[0] == '_' }

// stat looks at a file that was found. A link to nothing is an error.
func (e *expander) stat(path string) (fs.FileInfo, error) {
	if e.ctx.Err() != nil {
		return nil, context.Cause(e.ctx)
	}
	e.garbage.add(fileGarbage)
	info, err := os.Stat(path)
	if err == nil {
		return info, nil
	}
	if target, linkErr := os.Readlink(path); linkErr == nil && isNotExist(err) {
		return nil, fmt.Errorf("%w: %s is a link to %s, which does not exist: remove it", ErrNotFound, label(path), label(target))
	}
	return nil, e.failure(path, err)
}

// addGlob adds the files that a glob matches, and those of the folders that it matches: but
// "**" matches folders and what is in them, which would be there twice.
func (e *expander) addGlob(pattern string) error {
	before := e.files()
	base, rest := doublestar.SplitPattern(filepath.ToSlash(filepath.Clean(pattern)))
	list := e.listing(base, 4) // for the entries of a folder, and for what matches
	for more := true; more; more = list.again() {
		matches, err := list.matches(rest)
		if err != nil {
			return e.listFailure(pattern, base, err)
		}
		for _, match := range matches {
			if err := e.addMatch(filepath.Join(base, filepath.FromSlash(match)), strings.Contains(rest, "**")); err != nil {
				return err
			}
		}
	}
	if e.files() == before {
		return fmt.Errorf("%w: no file matches %s", ErrNotFound, label(pattern))
	}
	return nil
}

// addMatch adds what a glob matches.
func (e *expander) addMatch(path string, filesOnly bool) error {
	if e.isTemporary(filepath.Base(path)) {
		e.found.LeftOut[TemporaryFile]++
		return nil
	}
	info, err := e.stat(path)
	switch {
	case err != nil:
		return err
	case !info.IsDir():
		e.addFound(path, info)
	case !filesOnly:
		return e.addFolder(path)
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

// listFailure puts an error of listing the folder base into words.
func (e *expander) listFailure(pattern, base string, err error) error {
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
		e.addDuplicate(stdinName)
		return
	}
	e.stdin = true
	e.addSource(e.Piece.source())
}

func (e *expander) addFile(path string, info fs.FileInfo) {
	if !e.found.Sources.counted && !e.found.files.add(info) {
		e.addDuplicate(path)
		return
	}
	if info.Mode().IsRegular() {
		e.addSource(Source{path, regularFile(info.Size())})
	} else {
		e.addSource(Source{path, stream{}})
	}
}

func (e *expander) addDuplicate(name string) {
	e.duplicates++
	e.warn(name + " is named more than once: it is read once")
}

func (e *expander) warn(message string) {
	if e.Warn != nil {
		e.Warn(message)
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
