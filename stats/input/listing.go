package input

import (
	"context"
	"io"
	"io/fs"
	"os"
	"runtime"
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

	garbage *garbage

	from  string // the pass is about paths from this one on
	until string // and before this one; empty where it is about all others
}

const (
	leastRoom = 128 << 10
	entryRoom = 64 // bytes of what is found, beside its name
)

func newListing(ctx context.Context, base string, room int, g *garbage) *listing {
	return &listing{StatFS: os.DirFS(base).(fs.StatFS), ctx: ctx, room: max(room, leastRoom), garbage: g}
}

// garbage is what listing folders leaves to be collected, in bytes. On a machine that is
// busy with other things, the collector may fall behind, and the heap outgrow its limit:
// so whoever makes garbage here waits for it to be collected, now and then.
type garbage int

const (
	muchGarbage  = 2 << 20
	entryGarbage = 64  // of an entry of a folder
	fileGarbage  = 512 // of a file that is looked at
)

func (g *garbage) add(bytes int) {
	if *g += garbage(bytes); *g > muchGarbage {
		runtime.GC()
		*g = 0
	}
}

// again prepares for the next pass. It reports false if none is needed.
func (l *listing) again() bool {
	l.from, l.until = l.until, ""
	return l.from != ""
}

// sees reports whether the pass is about a path, or about paths below it: a/b comes
// behind a-c, though a comes before it.
func (l *listing) sees(path string) bool {
	isAbove := len(path) < len(l.from) && strings.HasPrefix(l.from, path) && l.from[len(path)] <= '/'
	return (path >= l.from || isAbove) && l.isBefore(path)
}

func (l *listing) isBefore(path string) bool { return l.until == "" || path < l.until }

// tree returns the paths of all files of a pass below the folder base, but for those below
// hidden folders, which are there themselves instead.
func (l *listing) tree() ([]string, error) {
	found := nearest[string]{listing: l, name: func(path string) string { return path }}
	err := fs.WalkDir(l, ".", func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil || path == ".":
			return err
		case e.IsDir() && !isHidden(e.Name()):
			return nil
		case path >= l.from && l.isBefore(path):
			found.add(path)
		}
		if e.IsDir() {
			return fs.SkipDir
		}
		return nil
	})
	return found.sorted(), err
}

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
	return found.all(folder.ReadDir)
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

// all returns what the pass sees of a folder whose entries read gives, some at a time.
func (n *nearest[T]) all(read func(int) ([]T, error)) ([]T, error) {
	for {
		const some = 1000
		entries, err := read(some)
		n.listing.garbage.add(len(entries) * entryGarbage)
		for _, e := range entries {
			if n.listing.sees(n.folder + n.name(e)) {
				n.add(e)
			}
		}
		switch {
		case n.listing.ctx.Err() != nil:
			return nil, context.Cause(n.listing.ctx)
		case err == io.EOF:
			return n.sorted(), nil
		case err != nil:
			return nil, err
		}
	}
}

func (n *nearest[T]) add(t T) {
	n.found = append(n.found, t)
	n.bytes += entryRoom + len(n.name(t))
	if n.bytes <= n.listing.room {
		return
	}
	n.found = n.sorted()
	keep := len(n.found) * 2 / 3
	for keep < len(n.found) && n.folder+n.name(n.found[keep]) <= n.listing.from {
		keep++
	}
	if keep == len(n.found) {
		return // the next pass must begin behind this one
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
