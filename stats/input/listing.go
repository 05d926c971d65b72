package input

import (
	"context"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
)

// listing lists files in the order of their paths, in little memory, however many
// entries their folders have. It takes several passes for that. Each looks at all
// entries again, but sees only those that come next in that order:
//
//	paths         a b c d e f g h i j k l m
//	first pass   │a b c d│   room for four, the first of them
//	second pass          │e f g h│
//	third pass                   │i j k l│
//	               from ─┘       └─ until, of the second pass
//
// It is a file system, of the folder base, so that a glob can be looked for in what
// a pass sees. Paths in it have slashes, and are compared byte by byte.
type listing struct {
	fs.StatFS
	ctx  context.Context
	room int // bytes for the entries of a folder, and for the paths that are found

	from  string // the pass is about paths from this one on
	until string // and before this one; empty where it is about all others
}

const (
	leastRoom = 128 << 10
	entryRoom = 96 // bytes of an entry beside its name
)

func newListing(ctx context.Context, base string, room int) *listing {
	return &listing{StatFS: os.DirFS(base).(fs.StatFS), ctx: ctx, room: max(room, leastRoom)}
}

// again prepares for the next pass. It reports false if none is needed.
func (l *listing) again() bool {
	l.from, l.until = l.until, ""
	return l.from != ""
}

// sees reports whether the pass is about a path, or about paths below it.
func (l *listing) sees(path string) bool {
	isAbove := len(path) < len(l.from) && l.from[len(path)] == '/' && strings.HasPrefix(l.from, path)
	return (path >= l.from || isAbove) && l.isBefore(path)
}

func (l *listing) isBefore(path string) bool { return l.until == "" || path < l.until }

// ReadDir implements fs.ReadDirFS.
func (l *listing) ReadDir(dir string) ([]fs.DirEntry, error) {
	f, err := l.Open(dir)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	folder, ok := f.(fs.ReadDirFile)
	if !ok {
		return nil, &fs.PathError{Op: "readdir", Path: dir, Err: fs.ErrInvalid}
	}
	found := nearest[fs.DirEntry]{listing: l, name: fs.DirEntry.Name}
	if dir != "." {
		found.folder = dir + "/"
	}
	for {
		const some = 1000
		entries, err := folder.ReadDir(some)
		for _, e := range entries {
			if l.sees(found.folder + e.Name()) {
				found.add(e)
			}
		}
		switch {
		case l.ctx.Err() != nil:
			return nil, context.Cause(l.ctx)
		case err == io.EOF:
			return found.sorted(), nil
		case err != nil:
			return nil, err
		}
	}
}

// nearest collects what a pass finds. Where that is more than there is room for, the
// pass is cut short in front of what is farthest.
type nearest[T any] struct {
	listing *listing
	folder  string         // with a slash, what all paths begin with
	name    func(T) string // the rest of a path
	found   []T
	bytes   int
}

func (n *nearest[T]) add(t T) {
	n.found = append(n.found, t)
	n.bytes += entryRoom + len(n.name(t))
	if n.bytes <= n.listing.room {
		return
	}
	n.found = n.sorted()
	keep := len(n.found) * 2 / 3
	if keep < 2 {
		return // there must be some progress
	}
	n.listing.until = n.folder + n.name(n.found[keep])
	clear(n.found[keep:])
	n.found, n.bytes = n.found[:keep], 0
	for _, t := range n.found {
		n.bytes += entryRoom + len(n.name(t))
	}
}

// sorted returns what was found and the pass is still about, each path once.
func (n *nearest[T]) sorted() []T {
	slices.SortFunc(n.found, func(a, b T) int { return strings.Compare(n.name(a), n.name(b)) })
	found := slices.CompactFunc(n.found, func(a, b T) bool { return n.name(a) == n.name(b) })
	for len(found) > 0 && !n.listing.isBefore(n.folder+n.name(found[len(found)-1])) {
		found = found[:len(found)-1]
	}
	return found
}
