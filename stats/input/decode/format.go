package decode

import (
	"io"
	"strings"
)

// Format is how an input is stored, told by its first bytes alone where it isn't
// known from elsewhere.
type Format uint8

// Formats.
const (
	Unknown Format = iota // to be detected
	Plain
	Gzip
	Zstd
	Bzip2
	Xz
	Lz4
	legacyLz4
	skippable // a frame in front of zstd or lz4 data that is none of it
	Snappy    // one block, or several with their lengths as Kafka has them; must be known
)

// MagicLen is the number of bytes that tell a format.
const MagicLen = 6

// magics are what each format begins with, where that is always the same.
var magics = [...]string{Gzip: "\x1f\x8b", Zstd: "\x28\xb5\x2f\xfd", Xz: "\xfd7zXZ\x00", Lz4: "\x04\x22\x4d\x18"}

// FormatOf returns the format of an input that starts with head: MagicLen bytes,
// or all that there is. None of the magics can start a line of JSON.
func FormatOf(head []byte) Format {
	starts := func(magic string) bool { return strings.HasPrefix(string(head), magic) }
	switch {
	case starts(magics[Gzip]):
		return Gzip
	case starts(magics[Zstd]):
		return Zstd
	case starts("BZh") && len(head) > 3 && '1' <= head[3] && head[3] <= '9':
		return Bzip2
	case starts(magics[Xz]):
		return Xz
	case starts(magics[Lz4]):
		return Lz4
	case starts("\x02\x21\x4c\x18"):
		return legacyLz4
	case len(head) >= 4 && head[0]>>4 == 5 && string(head[1:4]) == "\x2a\x4d\x18":
		return skippable
	default:
		return Plain
	}
}

// String returns the format's name.
func (f Format) String() string {
	return [...]string{"unknown", "plain", "gzip", "zstd", "bzip2", "xz", "lz4", "legacy lz4", "skippable", "snappy"}[f]
}

// NeedsWindow reports whether decoding takes memory that counts, as gzip's 32 KiB
// don't.
func (f Format) NeedsWindow() bool { return f != Plain && f != Gzip }

// Head reads the first bytes, which tell a format: MagicLen of them, or all that there are.
func Head(r io.Reader) ([]byte, error) {
	head := make([]byte, MagicLen)
	n, err := io.ReadFull(r, head)
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		err = nil
	}
	return head[:n], err
}
