package output

import (
	"io"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// zstdWindow is how far back, in bytes, a .zst file refers to itself. It bounds
// what writing and reading the file takes of memory.
const zstdWindow = 1 << 20

// newCompressor returns the compressor that the ending of name asks for, or nil
// where it asks for none. The same bytes give the same file, on any machine and
// however the writes cut them: neither encoder looks at where a write ends, and
// the headers hold neither time nor name.
func newCompressor(name string, w io.Writer) (io.WriteCloser, error) {
	switch {
	case strings.HasSuffix(name, ".gz"):
		return gzip.NewWriter(w), nil
	case strings.HasSuffix(name, ".zst"):
		return zstd.NewWriter(w,
			zstd.WithEncoderConcurrency(1), // with more it reads ahead, and takes their memory
			zstd.WithLowerEncoderMem(true),
			zstd.WithWindowSize(zstdWindow),
			zstd.WithZeroFrames(true)) // else nothing written is no zstd file
	default:
		return nil, nil
	}
}
