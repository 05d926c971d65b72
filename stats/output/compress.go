package output

import (
	"io"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// zstdWindow is how far back, in bytes, a .zst file refers to itself. It bounds
// what writing and reading the file takes of memory. A larger window makes results
// and rejects no smaller: what is alike in them is close together.
const zstdWindow = 128 << 10

// CompressorMemory returns the number of bytes that it takes, from the first write
// on, to compress a file as the ending of its name asks for.
func CompressorMemory(name string) int64 {
	switch compressedEnding(name) {
	case ".gz":
		return 1152 << 10
	case ".zst":
		return 768 << 10
	default:
		return 0
	}
}

// compressedEnding returns the ending of a name if it asks for compression.
func compressedEnding(name string) string {
	switch ending := strings.ToLower(filepath.Ext(name)); ending {
	case ".gz", ".zst":
		return ending
	default:
		return ""
	}
}

// newCompressor returns the compressor that the ending of name asks for, or nil
// where it asks for none. The same bytes give the same file, on any machine and
// however the writes cut them: neither encoder looks at where a write ends, and
// the headers hold neither time nor name.
func newCompressor(name string, w io.Writer) (io.WriteCloser, error) {
	switch compressedEnding(name) {
	case ".gz":
		return gzip.NewWriter(w), nil
	case ".zst":
		return zstd.NewWriter(w,
			zstd.WithEncoderConcurrency(1), // with more it reads ahead, and takes their memory
			zstd.WithEncoderLevel(zstd.SpeedFastest),
			zstd.WithLowerEncoderMem(true),
			zstd.WithWindowSize(zstdWindow),
			zstd.WithZeroFrames(true)) // else nothing written is no zstd file
	default:
		return nil, nil
	}
}
