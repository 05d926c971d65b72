package input

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"dailystats/stats/input/decode"
	"dailystats/testdata/sampling"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/ulikunitz/xz"
)

// compress returns data in a format. bzip2 has no compressor in Go.
func compress(f decode.Format, data []byte) []byte {
	var b bytes.Buffer
	var w interface {
		Write([]byte) (int, error)
		Close() error
	}
	var err error
	switch f {
	case decode.Plain:
		return data
	case decode.Gzip:
		w = gzip.NewWriter(&b)
	case decode.Zstd:
		w, err = zstd.NewWriter(&b, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<17))
	case decode.Xz:
		w, err = xz.WriterConfig{DictCap: 1 << 16}.NewWriter(&b)
	case decode.Lz4:
		lz := lz4.NewWriter(&b)
		err = lz.Apply(lz4.BlockSizeOption(lz4.Block64Kb), lz4.ConcurrencyOption(1))
		w = lz
	}
	if err == nil {
		_, err = w.Write(data)
	}
	if err = errors.Join(err, w.Close()); err != nil {
		panic(err) // a bug of the test
	}
	return b.Bytes()
}

func testdata(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

const testWindow = 9 << 20

// readText reads stored bytes back as text.
func readText(t testing.TB, stored []byte) (string, error) {
	lines, err := readLines(t.Context(), []Source{Piece{}.source()}, Config{MaxWindow: testWindow, Stdin: bytes.NewReader(stored)})
	var text strings.Builder
	for _, l := range lines {
		text.WriteString(l.Text + "\n")
	}
	return text.String(), err
}

// members are files as the tools write them.
var members = []string{
	"name.gz",
	"default.zst", "nocheck.zst", "pzstd.zst",
	"level1.bz2",
	"crc64.xz", "crc32.xz", "nocheck.xz", "sha256-blocks.xz",
	"default.lz4", "nocheck.lz4",
}

// TestTools proves that what the command line tools write is read.
func TestTools(t *testing.T) {
	lines := string(testdata(t, "lines.jsonl"))
	want := map[string]string{
		"lines.jsonl":     lines,
		"level9.bz2":      lines,
		"default.xz":      lines,
		"linked-x300.lz4": strings.Repeat(lines, 300),
	}
	for _, name := range members {
		want[name] = lines
	}
	for _, suffix := range []string{"gz", "zst", "bz2", "xz", "lz4"} {
		want["empty."+suffix] = ""
	}
	for name, want := range want {
		t.Run(name, func(t *testing.T) {
			got, err := readText(t, testdata(t, name))
			if err != nil {
				t.Fatal(err)
			}
			if got != want {
				t.Errorf("got %q", got)
			}
		})
	}
}

// TestMembers proves that members are one stream, whatever their variants, also
// empty ones, and where a line goes on in the next member.
func TestMembers(t *testing.T) {
	lines := string(testdata(t, "lines.jsonl"))
	for _, f := range []decode.Format{decode.Gzip, decode.Zstd, decode.Xz, decode.Lz4} {
		t.Run(f.String(), func(t *testing.T) {
			cut := len(lines) / 2
			stored := slices.Concat(compress(f, []byte(lines[:cut])), compress(f, nil), compress(f, nil), compress(f, []byte(lines[cut:])))
			if got, err := readText(t, stored); err != nil || got != lines {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
	for _, suffix := range []string{".gz", ".zst", ".bz2", ".xz", ".lz4"} {
		t.Run(suffix, func(t *testing.T) {
			stored, want := testdata(t, "empty"+suffix), ""
			for range 2 {
				for _, name := range members {
					if strings.HasSuffix(name, suffix) {
						stored, want = append(stored, testdata(t, name)...), want+lines
					}
				}
				stored = append(stored, testdata(t, "empty"+suffix)...)
			}
			if got, err := readText(t, stored); err != nil || got != want {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

// TestManyEmptyMembers proves that members without text don't look like the end,
// nor like a decoder that is stuck.
func TestManyEmptyMembers(t *testing.T) {
	for _, suffix := range []string{".gz", ".zst", ".bz2", ".xz", ".lz4"} {
		stored := append(bytes.Repeat(testdata(t, "empty"+suffix), 1000), testdata(t, members[slices.IndexFunc(members, func(name string) bool {
			return strings.HasSuffix(name, suffix)
		})])...)
		if got, err := readText(t, stored); err != nil || got != string(testdata(t, "lines.jsonl")) {
			t.Errorf("%s: got %q, %v", suffix, got, err)
		}
	}
}

// TestXzPadding proves that zeros between and after xz streams are skipped, four
// at a time.
func TestXzPadding(t *testing.T) {
	stream, lines := testdata(t, "crc64.xz"), string(testdata(t, "lines.jsonl"))
	stored := slices.Concat(stream, make([]byte, 8), stream, make([]byte, 4))
	if got, err := readText(t, stored); err != nil || got != lines+lines {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := readText(t, stored[:len(stored)-1]); err == nil {
		t.Error("three zeros at the end are no error")
	}
}

// TestSkippableFrames proves that frames that aren't data are skipped in front of
// zstd and lz4, and that nothing else may follow them.
func TestSkippableFrames(t *testing.T) {
	skippable := func(magic byte, length int) []byte {
		frame := binary.LittleEndian.AppendUint32([]byte{magic, 0x2a, 0x4d, 0x18}, uint32(length))
		return append(frame, make([]byte, length)...)
	}
	front := append(skippable(0x50, 100_000), skippable(0x5f, 0)...)
	for _, name := range []string{"default.zst", "default.lz4"} {
		if got, err := readText(t, append(front, testdata(t, name)...)); err != nil || got != string(testdata(t, "lines.jsonl")) {
			t.Errorf("%s: got %q, %v", name, got, err)
		}
	}
	if got, err := readText(t, front); err != nil || got != "" {
		t.Errorf("nothing else: got %q, %v", got, err)
	}
	for _, bad := range [][]byte{front[:len(front)-1], front[:5000], []byte("{}\n"), testdata(t, "name.gz")} {
		if bytes.HasPrefix(front, bad) {
			bad = bad[:len(bad):len(bad)]
		} else {
			bad = append(slices.Clip(front), bad...)
		}
		if got, err := readText(t, bad); err == nil {
			t.Errorf("%.20q…: got %q, want an error", bad, got)
		}
	}
}

// magicLenOf returns how many bytes make the data compressed; what is shorter is
// plain text.
func magicLenOf(stored []byte) int {
	for n := 1; n <= decode.MagicLen; n++ {
		if decode.FormatOf(stored[:n]) != decode.Plain {
			return n
		}
	}
	return decode.MagicLen
}

// TestTruncated proves that data that ends at any byte but a member's last is an
// error, also in a second member.
func TestTruncated(t *testing.T) {
	for _, name := range members {
		t.Run(name, func(t *testing.T) {
			one := testdata(t, name)
			two := append(slices.Clip(one), one...)
			for n := magicLenOf(one); n < len(two); n++ {
				if n == len(one) || name == "pzstd.zst" && n%len(one) == 12 {
					continue // whole as far as anyone can see: the 12 bytes are a skippable frame
				}
				_, err := readText(t, two[:n])
				checkDamage(t, fmt.Sprintf("%d of %d bytes", n, len(two)), err)
			}
		})
	}
}

// checkDamage checks that err blames the data, on one line.
func checkDamage(t *testing.T, what string, err error) {
	t.Helper()
	if err == nil || !strings.HasPrefix(err.Error(), "standard input: ") || strings.Contains(err.Error(), "\n") {
		t.Errorf("%s: error %v", what, err)
	}
}

// TestTrailingGarbage proves that what follows the last member is not ignored.
func TestTrailingGarbage(t *testing.T) {
	for _, name := range members {
		for _, garbage := range []string{"x", "\x00", "garbage that is longer than any magic or header is, in any format there is", "\x1f\x8b", "BZ", "BZh"} {
			if garbage == "\x00" && strings.HasSuffix(name, ".gz") {
				continue // that is padding: see TestTrailing
			}
			_, err := readText(t, append(testdata(t, name), garbage...))
			checkDamage(t, name+" and "+garbage, err)
		}
	}
}

// TestBitFlips proves that a flipped bit is an error or makes no difference. What
// has no checksum can't promise that, but must not panic nor hang.
func TestBitFlips(t *testing.T) {
	want := string(testdata(t, "lines.jsonl"))
	for _, name := range members {
		t.Run(name, func(t *testing.T) {
			stored := testdata(t, name)
			var bits []int
			for bit := 8 * decode.MagicLen; bit < 8*len(stored); bit++ {
				bits = append(bits, bit)
			}
			for _, bit := range sampling.Of(t, bits, len(bits)/12) {
				flipped := slices.Clone(stored)
				flipped[bit/8] ^= 1 << (bit % 8)
				got, err := readText(t, flipped)
				if err == nil && got != want && !strings.HasPrefix(name, "nocheck") {
					t.Errorf("bit %d: got %q", bit, got)
				}
			}
		})
	}
}

// TestTooLarge proves that a decoder that would take more memory than there is
// doesn't start, and that the error says what to do.
func TestTooLarge(t *testing.T) {
	lz4Header := append([]byte("\x04\x22\x4d\x18"), 0x40, 0x70) // linked blocks of 4 MiB
	for _, test := range []struct {
		name   string
		stored []byte
		window int64
		want   string
	}{
		{"zstd", testdata(t, "window128m.zst"), 8 << 20, "takes 128 MiB, more than the 8.0 MiB"},
		{"a later zstd frame", append(testdata(t, "default.zst"), testdata(t, "window128m.zst")...), 8 << 20, "takes 128 MiB, more than the 8.0 MiB"},
		{"xz", testdata(t, "default.xz"), 8<<20 - 1, "takes 8.0 MiB, more than"},
		{"xz of 4 GiB", xzFile{dictionary: 40}.bytes(), 64 << 20, "takes 4.0 GiB, more than the 64 MiB"},
		{"bzip2", testdata(t, "level9.bz2"), 3 << 20, "takes 3.4 MiB, more than the 3.0 MiB"},
		{"lz4", lz4Header, 8 << 20, "takes 16 MiB, more than the 8.0 MiB"},
		{"no window at all", testdata(t, "default.zst"), 0, "more than the 0 B"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := readLines(t.Context(), expand(t, "-"), Config{MaxWindow: test.window, Stdin: bytes.NewReader(test.stored)})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
}

// TestNotSupported proves that formats that can't be read say so.
func TestNotSupported(t *testing.T) {
	for name, want := range map[string]string{
		"legacy.lz4": "legacy format is not supported",
		"x86.xz":     "filters are not supported",
	} {
		if _, err := readText(t, testdata(t, name)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", name, err, want)
		}
	}
}

// TestReadError proves that what breaks reading is not blamed on the data.
func TestReadError(t *testing.T) {
	broken := errors.New("input/output error")
	for _, name := range append(members, "lines.jsonl") {
		stored := testdata(t, name)
		for n := range stored {
			stdin := io.MultiReader(bytes.NewReader(stored[:n]), iotest.ErrReader(broken))
			_, err := readLines(t.Context(), expand(t, "-"), Config{MaxWindow: testWindow, Stdin: stdin})
			if err == nil || err.Error() != "standard input: input/output error" {
				t.Errorf("%s, %d bytes: error %v", name, n, err)
			}
		}
	}
}
