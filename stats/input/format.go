package input

import (
	"bytes"
	"context"
	"io"
	"strings"
)

// Format is how an input is stored, told by its first bytes alone where it isn't
// known from elsewhere.
type Format uint8

const (
	formatUnknown Format = iota
	FormatPlain
	FormatGzip
	FormatZstd
	FormatBzip2
	FormatXz
	FormatLz4
	FormatLegacyLz4
	FormatSkippable // a frame in front of zstd or lz4 data that is none of it
	FormatSnappy    // one block, or several with their lengths as Kafka has them; must be known
)

// magicLen is the number of bytes that tell a format.
const magicLen = 6

// formatOf returns the format of an input that starts with head: magicLen bytes,
// or all that there is. None of the magics can start a line of JSON.
func formatOf(head []byte) Format {
	starts := func(magic string) bool { return strings.HasPrefix(string(head), magic) }
	switch {
	case starts("\x1f\x8b"):
		return FormatGzip
	case starts("\x28\xb5\x2f\xfd"):
		return FormatZstd
	case starts("BZh") && len(head) > 3 && '1' <= head[3] && head[3] <= '9':
		return FormatBzip2
	case starts("\xfd7zXZ\x00"):
		return FormatXz
	case starts("\x04\x22\x4d\x18"):
		return FormatLz4
	case starts("\x02\x21\x4c\x18"):
		return FormatLegacyLz4
	case len(head) >= 4 && head[0]>>4 == 5 && string(head[1:4]) == "\x2a\x4d\x18":
		return FormatSkippable
	default:
		return FormatPlain
	}
}

// String returns the format's name.
func (f Format) String() string {
	return [...]string{"unknown", "plain", "gzip", "zstd", "bzip2", "xz", "lz4", "legacy lz4", "skippable", "snappy"}[f]
}

// needsWindow reports whether decoding takes memory that counts, as gzip's 32 KiB
// don't.
func (f Format) needsWindow() bool { return f != FormatPlain && f != FormatGzip }

// NeedsWindow reports whether reading the sources may take Config.MaxWindow
// bytes beside the blocks, because one of them is compressed with zstd, bzip2,
// xz or lz4, or is a named pipe or a device, which can't be looked at before.
//
// It looks at the first bytes of each file and, where that doesn't decide it, of
// stdin, for which it may have to wait; rest is what to read in stdin's place.
// Where ctx ends that wait, one goroutine stays until the read from stdin ends.
func NeedsWindow(ctx context.Context, sources *Sources, stdin io.Reader) (needed bool, rest io.Reader, err error) {
	usesStdin := false
	for s := range sources.All() {
		switch {
		case ctx.Err() != nil:
			return false, nil, context.Cause(ctx)
		case s.isStdin():
			usesStdin = true
		case !s.regular:
			return true, stdin, nil
		default:
			f, err := fileFormat(s)
			if err != nil || f.needsWindow() {
				return f.needsWindow(), stdin, err
			}
		}
	}
	if !usesStdin {
		return false, stdin, nil
	}
	head, err := readHead(&interruptible{ctx, stdin})
	switch {
	case ctx.Err() != nil:
		return false, nil, context.Cause(ctx)
	case err != nil:
		return false, nil, fileError(stdinName, err)
	case len(head) < magicLen:
		return false, bytes.NewReader(head), nil // a terminal would go on after its end
	default:
		return formatOf(head).needsWindow(), io.MultiReader(bytes.NewReader(head), stdin), nil
	}
}

// fileFormat looks at a regular file's first bytes.
func fileFormat(s Source) (Format, error) {
	f, _, err := s.openFile()
	if err != nil {
		return FormatPlain, fileError(s.Name, err)
	}
	defer f.Close()
	head, err := readHead(f)
	if err != nil {
		return FormatPlain, fileError(s.Name, err)
	}
	return formatOf(head), nil
}

// readHead reads the bytes that tell a format, or all that there are.
func readHead(r io.Reader) ([]byte, error) {
	head := make([]byte, magicLen)
	n, err := io.ReadFull(r, head)
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		err = nil
	}
	return head[:n], err
}
