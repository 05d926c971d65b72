package input

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"
	"unicode"
	"unicode/utf8"
)

// stdinName is the argument that means standard input, and the name of it.
const stdinName = "-"

// Source is one input: a file, standard input, or a log of messages.
type Source struct {
	Name string // path as it was given or found; "-" is standard input
	kind kind
}

// kind is what a source is: a [regularFile], a [filePart], a [stream], [standardInput] or a
// [messageLog].
type kind interface {
	// size returns the number of bytes that are read, or -1 where that is not known.
	size() int64
}

// regularFile is a file on disk, read up to the size that it had when it was found.
type regularFile int64

// filePart is the lines of a file that begin at an offset from from to before until.
type filePart struct {
	file        regularFile
	from, until int64
}

// stream is a named pipe or a device.
type stream struct{}

// standardInput may be a piece of a file that somebody else reads.
type standardInput struct{ Piece }

// messageLog opens a log of messages.
type messageLog func(context.Context, Decode) Messages

func (f regularFile) size() int64 { return int64(f) }
func (p filePart) size() int64    { return p.until - p.from }
func (stream) size() int64        { return -1 }
func (standardInput) size() int64 { return -1 }
func (messageLog) size() int64    { return -1 }

// openFile opens a regular file, and returns its size.
func (s Source) openFile() (f *os.File, size int64, err error) {
	if f, err = os.Open(s.Name); err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, 0, err
	}
	return f, info.Size(), nil
}

// Size returns the number of bytes of a file when it was found, or of the part of it
// that is read, or -1 for what has no size: standard input, a pipe, a device.
func (s Source) Size() int64 { return s.kind.size() }

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
