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

// Source is one input: a file, or standard input.
type Source struct {
	Name    string                                 // path as it was given or found; "-" is standard input
	regular bool                                   // a file with a size, not a pipe or a device
	size    int64                                  // bytes, of a regular file when it was found
	open    func(context.Context, Decode) Messages // nil for what is a file

	// Of a regular file of which only a part is read; see Shard.
	isPart      bool
	from, until int64
}

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

func (s Source) isStdin() bool { return s.Name == stdinName && !s.hasMessages() }

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
