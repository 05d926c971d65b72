package decode

import (
	"fmt"
	"strconv"
	"strings"
)

// HeadLen is the number of bytes that tell what is no text: a tar header.
const HeadLen = 512

// ForeignError says that an input is recognisably something else than lines of text.
type ForeignError struct {
	Name   string // of what it is
	Inside Format // what it is compressed with, or Plain
	WayOut string // a command for FILE that gives lines
}

// Error implements error.
func (e *ForeignError) Error() string {
	inside := ""
	if e.Inside != Plain {
		inside = fmt.Sprintf(" inside %v data", e.Inside)
	}
	return fmt.Sprintf("this is %s%s, not JSON Lines: convert it, %s | dailystats -", e.Name, inside, e.WayOut)
}

// foreign is a kind of data that is known not to be lines of text.
type foreign struct {
	name   string
	is     func(head string) bool
	wayOut string
}

// foreigners are told by their first bytes, of which there are up to HeadLen. None of them
// can begin a line of JSON.
var foreigners = []foreign{
	{"a tar archive", isTar, "tar -xOf FILE"},
	{"a zip archive", startsWith("PK\x03\x04", "PK\x05\x06", "PK\x07\x08"), "unzip -p FILE"},
	{"a 7z archive", startsWith("7z\xbc\xaf\x27\x1c"), "7z x -so FILE"},
	{"a Parquet file", startsWith("PAR1"), `duckdb -c "COPY (FROM 'FILE') TO '/dev/stdout' (FORMAT json)"`},
	{"an ORC file", startsWith("ORC"), "orc-contents FILE"},
	{"an Avro file", startsWith("Obj\x01"), "avro-tools tojson FILE"},
	{".lzma data", startsWith("\x5d\x00\x00"), "xz --format=lzma -dc FILE"},
	{"lzip data", startsWith("LZIP\x01"), "lzip -dc FILE"},
	{"lzop data", startsWith("\x89LZO\x00"), "lzop -dc FILE"},
	{"framed snappy data", startsWith("\xff\x06\x00\x00sNaPpY"), "snzip -dc FILE"},
	{"data of compress", startsWith("\x1f\x9d"), "gzip -dc FILE"},
	{"zlib data", isZlib, "pigz -dc FILE"},
	{"text in UTF-32", startsWith("\xff\xfe\x00\x00", "\x00\x00\xfe\xff"), "iconv -f UTF-32 -t UTF-8 FILE"},
	{"text in UTF-16", startsWith("\xff\xfe", "\xfe\xff"), "iconv -f UTF-16 -t UTF-8 FILE"},
	{"text in UTF-32", isWide("c000"), "iconv -f UTF-32LE -t UTF-8 FILE"},
	{"text in UTF-32", isWide("000c"), "iconv -f UTF-32BE -t UTF-8 FILE"},
	{"text in UTF-16", isWide("c0"), "iconv -f UTF-16LE -t UTF-8 FILE"},
	{"text in UTF-16", isWide("0c"), "iconv -f UTF-16BE -t UTF-8 FILE"},
}

// Pipe returns the command that decompresses a FILE and pipes it to the program. zstd has to be
// allowed the largest windows.
func (f Format) Pipe() string {
	if f == Zstd {
		return "zstd -dc --long=31 FILE | dailystats -"
	}
	return decompressors[f] + " | dailystats -"
}

// decompressors are the commands that take one layer of compression away.
var decompressors = map[Format]string{Gzip: "gzip -dc FILE", Zstd: "zstd -dc FILE", Bzip2: "bzip2 -dc FILE", Xz: "xz -dc FILE", Lz4: "lz4 -dc FILE"}

// checkText returns an error if text that begins with head is something else. inside is what
// it was compressed with, or Plain.
func checkText(head []byte, inside Format) error {
	if f := FormatOf(head); inside != Plain && f != Plain {
		return &ForeignError{fmt.Sprintf("%v data", f), inside, decompressors[inside]}
	}
	for _, f := range foreigners {
		if f.is(string(head)) {
			return &ForeignError{f.name, inside, f.commandInside(inside)}
		}
	}
	return nil
}

// commandInside returns the way out where the data is compressed.
func (f foreign) commandInside(inside Format) string {
	if inside == Plain || strings.HasPrefix(f.wayOut, "tar ") { // which looks for itself
		return f.wayOut
	}
	return decompressors[inside] + " >FILE.out; " + strings.Replace(f.wayOut, "FILE", "FILE.out", 1)
}

func startsWith(magics ...string) func(head string) bool {
	return func(head string) bool {
		for _, magic := range magics {
			if strings.HasPrefix(head, magic) {
				return true
			}
		}
		return false
	}
}

// isTar reports whether head is a tar header of any kind: 512 bytes that have their own sum,
// in octal, taken with spaces in its place.
func isTar(head string) bool {
	const at, length = 148, 8
	if len(head) < HeadLen {
		return false
	}
	want, err := strconv.ParseUint(strings.Trim(head[at:at+length], " \x00"), 8, 32)
	if err != nil {
		return false
	}
	sum := uint64(length * ' ')
	for i := range HeadLen {
		if i < at || i >= at+length {
			sum += uint64(head[i])
		}
	}
	return sum == want
}

// isZlib reports whether head begins like zlib data with a window of 32 KiB, and not like
// text: RFC 1950 has the sum of the first two bytes.
func isZlib(head string) bool {
	const method, some = 0x78, 16
	if len(head) < 2 || head[0] != method || (int(head[0])<<8|int(head[1]))%31 != 0 {
		return false
	}
	return strings.ContainsFunc(head[2:min(len(head), some)], func(r rune) bool { return r < '\t' || r == '\ufffd' })
}

// isWide returns whether head is text in units of several bytes. Of a unit, c stands for a
// byte of ASCII and 0 for a zero.
func isWide(unit string) func(head string) bool {
	return func(head string) bool {
		const units = 2 // a single one could be a line that ends in a zero
		if len(head) < units*len(unit) {
			return false
		}
		for i := range units * len(unit) {
			isASCII := 0 < head[i] && head[i] < 0x80
			if isZero := unit[i%len(unit)] == '0'; isZero && head[i] != 0 || !isZero && !isASCII {
				return false
			}
		}
		return true
	}
}
