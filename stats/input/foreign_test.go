package input

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"

	"dailystats/stats/input/decode"
)

const foreignEvent = `{"user_id":1,"event_type":"login","timestamp":"2024-01-01T10:00:00Z"}` + "\n"

// foreignData are files that people take for event files.
func foreignData(t *testing.T) map[string][]byte {
	return map[string][]byte{
		"a tar archive":       tarOf(t, tar.FormatGNU, "events.jsonl"),
		"a tar archive (pax)": tarOf(t, tar.FormatPAX, "événements.jsonl"),
		"a tar archive (old)": oldTar(t),
		"a zip archive":       zipOf(t, "events.jsonl"),
		"a zip archive (nil)": zipOf(t),
		"a 7z archive":        []byte("7z\xbc\xaf\x27\x1c\x00\x04"),
		"a Parquet file":      []byte("PAR1\x15\x04\x15"),
		"an ORC file":         []byte("ORC\x0a\x0b"),
		"an Avro file":        []byte("Obj\x01\x04\x16avro.schema"),
		".lzma data":          []byte("\x5d\x00\x00\x80\x00\xff\xff\xff\xff\xff\xff\xff\xff\x00"),
		"lzip data":           []byte("LZIP\x01\x0c"),
		"lzop data":           []byte("\x89LZO\x00\x0d\x0a\x1a\x0a"),
		"framed snappy data":  []byte("\xff\x06\x00\x00sNaPpY\x01"),
		"data of compress":    []byte("\x1f\x9d\x90\x7b"),
		"zlib data":           zlibOf(t, zlib.DefaultCompression),
		"zlib data (fast)":    zlibOf(t, zlib.BestSpeed),
		"zlib data (best)":    zlibOf(t, zlib.BestCompression),
		"zlib data (stored)":  zlibOf(t, zlib.NoCompression),
		"text in UTF-16":      append([]byte("\xff\xfe"), wide(binary.LittleEndian, 2)...),
		"text in UTF-16 (BE)": append([]byte("\xfe\xff"), wide(binary.BigEndian, 2)...),
		"text in UTF-16 (le)": wide(binary.LittleEndian, 2),
		"text in UTF-16 (be)": wide(binary.BigEndian, 2),
		"text in UTF-32":      append([]byte("\xff\xfe\x00\x00"), wide(binary.LittleEndian, 4)...),
		"text in UTF-32 (BE)": append([]byte("\x00\x00\xfe\xff"), wide(binary.BigEndian, 4)...),
		"text in UTF-32 (le)": wide(binary.LittleEndian, 4),
		"text in UTF-32 (be)": wide(binary.BigEndian, 4),
	}
}

// TestForeign proves that what is no JSON Lines is refused under its own name, plain and
// inside any compression, and so is what is compressed twice.
func TestForeign(t *testing.T) {
	data := foreignData(t)
	for _, f := range []decode.Format{decode.Gzip, decode.Zstd, decode.Xz, decode.Lz4} {
		data[f.String()+" data"] = compress(f, []byte(foreignEvent))
	}
	data["bzip2 data"] = testdata(t, "level1.bz2")
	for name, stored := range data {
		name, _, _ = strings.Cut(name, " (")
		for _, inside := range []decode.Format{decode.Plain, decode.Gzip, decode.Zstd, decode.Xz, decode.Lz4} {
			isFormat := decode.FormatOf(stored) != decode.Plain
			if inside == decode.Plain && isFormat {
				continue // that is read
			}
			_, err := readText(t, compress(inside, stored))
			var foreign *decode.ForeignError
			if !errors.As(err, &foreign) || foreign.Name != name || foreign.Inside != inside || !strings.Contains(foreign.WayOut, "FILE") {
				t.Errorf("%s inside %v: %v", name, inside, err)
			}
		}
	}
}

// TestNotForeign proves that text is not refused, whatever it begins with, nor what is
// behind the first bytes.
func TestNotForeign(t *testing.T) {
	for _, text := range []string{
		"PK\n", "x^2 is no zlib data, though its first two bytes are those\n", "x\x01", "ORANGE\n", "Objects\n", "]\n",
		"{\x00\n", "\x00{\n", "\x00\x00\x00\x00" + foreignEvent, "\x00{\"a\":1}\n", strings.Repeat("\x00", 2000) + foreignEvent,
		foreignEvent + "PK\x03\x04", strings.Repeat(" ", 512) + foreignEvent,
	} {
		for _, f := range []decode.Format{decode.Plain, decode.Gzip, decode.Zstd} {
			got, err := readText(t, compress(f, []byte(text)))
			if err != nil || strings.TrimSuffix(got, "\n") != strings.TrimSuffix(text, "\n") {
				t.Errorf("%.40q as %v: %.40q, %v", text, f, got, err)
			}
		}
	}
}

// TestTrailing proves that an error says where the bytes behind compressed data begin, and that
// zeros behind gzip's last member are padding.
func TestTrailing(t *testing.T) {
	lines := string(testdata(t, "lines.jsonl"))
	for name, format := range map[string]string{"name.gz": "gzip", "default.zst": "zstd", "level1.bz2": "bzip2", "crc64.xz": "xz", "default.lz4": "lz4"} {
		stored := testdata(t, name)
		_, err := readText(t, append(stored[:len(stored):len(stored)], "\n{}\n"...))
		want := "bytes that are no " + format + " data begin at byte "
		if err == nil || !strings.HasSuffix(err.Error(), want+strconv.Itoa(len(stored))+": remove them") {
			t.Errorf("%s: %v", name, err)
		}
	}
	padded := append(testdata(t, "name.gz"), make([]byte, 100_000)...)
	if got, err := readText(t, padded); err != nil || got != lines {
		t.Errorf("zeros behind gzip data: %q, %v", got, err)
	}
	if _, err := readText(t, append(padded, 'x')); err == nil || !strings.Contains(err.Error(), "begin at byte "+strconv.Itoa(len(padded))) {
		t.Errorf("zeros and more behind gzip data: %v", err)
	}
}

func tarOf(t *testing.T, format tar.Format, name string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: int64(len(foreignEvent)), Format: format})
	if err == nil {
		_, err = w.Write([]byte(foreignEvent))
	}
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// oldTar is an archive of the seventh edition: it has no magic.
func oldTar(t *testing.T) []byte {
	archive := tarOf(t, tar.FormatGNU, "events.jsonl")
	clear(archive[257:512])
	copy(archive[148:156], "        ")
	sum := 0
	for _, b := range archive[:512] {
		sum += int(b)
	}
	copy(archive[148:156], []byte(strings.Repeat("0", 8)))
	for i, n := 153, sum; i >= 148; i, n = i-1, n/8 {
		archive[i] = byte('0' + n%8)
	}
	archive[154], archive[155] = 0, ' '
	return archive
}

func zipOf(t *testing.T, names ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range names {
		f, err := w.Create(name)
		if err == nil {
			_, err = f.Write([]byte(foreignEvent))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zlibOf(t *testing.T, level int) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := zlib.NewWriterLevel(&b, level)
	if err == nil {
		_, err = w.Write([]byte(foreignEvent))
	}
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// wide is the event in units of so many bytes.
func wide(order binary.AppendByteOrder, unit int) (b []byte) {
	for _, u := range utf16.Encode([]rune(foreignEvent)) {
		if unit == 4 {
			b = order.AppendUint32(b, uint32(u))
		} else {
			b = order.AppendUint16(b, u)
		}
	}
	return b
}
