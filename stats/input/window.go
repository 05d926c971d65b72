package input

import (
	"bytes"
	"context"
	"io"

	"dailystats/stats/input/decode"
)

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
			if err != nil || f.NeedsWindow() {
				return f.NeedsWindow(), stdin, err
			}
		}
	}
	if !usesStdin {
		return false, stdin, nil
	}
	head, err := decode.Head(&interruptible{ctx, stdin})
	switch {
	case ctx.Err() != nil:
		return false, nil, context.Cause(ctx)
	case err != nil:
		return false, nil, fileError(stdinName, err)
	case len(head) < decode.MagicLen:
		return false, bytes.NewReader(head), nil // a terminal would go on after its end
	default:
		return decode.FormatOf(head).NeedsWindow(), io.MultiReader(bytes.NewReader(head), stdin), nil
	}
}

// fileFormat looks at a regular file's first bytes.
func fileFormat(s Source) (decode.Format, error) {
	f, _, err := s.openFile()
	if err != nil {
		return decode.Plain, fileError(s.Name, err)
	}
	defer f.Close()
	head, err := decode.Head(f)
	if err != nil {
		return decode.Plain, fileError(s.Name, err)
	}
	return decode.FormatOf(head), nil
}
