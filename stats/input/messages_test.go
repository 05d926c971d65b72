package input

import (
	"bytes"
	stdcmp "cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"dailystats/stats/input/decode"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/s2"
	"pgregory.net/rapid"
)

// message is one message of a log.
type message struct {
	offset uint64
	value  string
}

// fakeLog implements Messages on what a test has in memory.
type fakeLog struct {
	messages []message
	wrap     func(io.Reader) io.Reader // how values are delivered
	err      error                     // after the last message; io.EOF at the end
	closed   *atomic.Int32

	value io.Reader
}

func (l *fakeLog) Next() (offset uint64, size int64, err error) {
	if len(l.messages) == 0 {
		return 0, 0, l.err
	}
	m := l.messages[0]
	l.messages = l.messages[1:]
	l.value = l.wrap(strings.NewReader(m.value))
	return m.offset, int64(len(m.value)), nil
}

func (l *fakeLog) Read(p []byte) (int, error) { return l.value.Read(p) }

func (l *fakeLog) Close() { l.closed.Add(1) }

// source returns a source of the messages of l, which can be opened again.
func (l fakeLog) source(name string) Source {
	if l.wrap == nil {
		l.wrap = func(r io.Reader) io.Reader { return r }
	}
	if l.closed == nil {
		l.closed = new(atomic.Int32)
	}
	l.err = stdcmp.Or(l.err, io.EOF)
	return MessageSource(name, func(context.Context, Decode) Messages { return &l })
}

// wantMessages is the oracle: the lines of messages, each with the message's
// offset. A message has one line more than it has LFs, unless it ends in one.
func wantMessages(input string, messages []message, maxLine int) (lines []line) {
	for _, m := range messages {
		for text := range strings.SplitSeq(strings.TrimSuffix(m.value, "\n"), "\n") {
			tooLong := len(text) > maxLine
			if tooLong {
				whole := strings.TrimSuffix(text, "\r")
				text = whole[:min(len(whole), 4096)]
			}
			lines = append(lines, line{input, m.offset, text, tooLong})
		}
	}
	return lines
}

// inAnyOrder sorts lines so that those of a message are in no order of their own:
// of an input that is read ahead, some of a message's lines are replayed and others
// don't.
func inAnyOrder(sources []Source, lines []line) []line {
	slices.SortFunc(lines, func(a, b line) int { return strings.Compare(a.Text, b.Text) })
	return sorted(sources, lines)
}

// TestMessages proves at each edge of the rules which lines a message has.
func TestMessages(t *testing.T) {
	long := strings.Repeat("x", 9000)
	for _, test := range []struct {
		name, value string
		want        []line
	}{
		{"no value", "", []line{{Number: 7}}},
		{"one line", "a", []line{{Number: 7, Text: "a"}}},
		{"its LF is no other line", "a\n", []line{{Number: 7, Text: "a"}}},
		{"nothing but LF", "\n", []line{{Number: 7}}},
		{"two LFs", "\n\n", []line{{Number: 7}, {Number: 7}}},
		{"several lines", "a\r\n\nb", []line{{Number: 7, Text: "a\r"}, {Number: 7}, {Number: 7, Text: "b"}}},
		{"a byte order mark stays", "\xef\xbb\xbfa", []line{{Number: 7, Text: "\xef\xbb\xbfa"}}},
		{"exactly the limit", long[:5000] + "\n" + long[:5000], []line{{Number: 7, Text: long[:5000]}, {Number: 7, Text: long[:5000]}}},
		{"over the limit", long[:5001] + "\na", []line{{Number: 7, Text: long[:4096], TooLong: true}, {Number: 7, Text: "a"}}},
		{"the limit counts CR", long[:5000] + "\r\n", []line{{Number: 7, Text: long[:4096], TooLong: true}}},
		{"very many lines", strings.Repeat("\n", 3000), slices.Repeat([]line{{Number: 7}}, 3000)},
	} {
		for blockSize := 1; blockSize < 10_000; blockSize = blockSize*2 + 1 {
			t.Run(fmt.Sprintf("%s/%d", test.name, blockSize), func(t *testing.T) {
				messages := []message{{3, "before"}, {7, test.value}, {9, ""}}
				want := slices.Concat([]line{{Number: 3, Text: "before"}}, test.want, []line{{Number: 9}})
				for i := range want {
					want[i].Input = "topic/0"
				}
				sources := []Source{fakeLog{messages: messages}.source("topic/0")}
				got, err := readLines(t.Context(), sources, Config{BlockSize: blockSize, MaxLine: 5000})
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("-want +got:\n%s", diff)
				}
				if diff := cmp.Diff(want, wantMessages("topic/0", messages, 5000)); diff != "" {
					t.Errorf("the oracle is wrong: -want +got:\n%s", diff)
				}
			})
		}
	}
}

// TestAnyMessages proves that messages have the lines that the oracle finds in
// them, whatever they are, the sizes of blocks and reads, and what is read beside
// them: files and other logs.
func TestAnyMessages(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		c := Config{
			Inputs:    rapid.IntRange(1, 4).Draw(t, "side by side"),
			BlockSize: rapid.OneOf(rapid.IntRange(1, 64), rapid.IntRange(65, 500)).Draw(t, "block size"),
			Blocks:    rapid.IntRange(1, 12).Draw(t, "blocks"),
			MaxLine:   rapid.OneOf(rapid.IntRange(1, 80), rapid.IntRange(4000, 6000)).Draw(t, "max line"),
			KeptSize:  rapid.IntRange(0, 5000).Draw(t, "kept"),
		}
		closed := new(atomic.Int32)
		logs := 0
		var sources []Source
		var want []line
		for i := range rapid.IntRange(1, 6).Draw(t, "inputs") {
			if rapid.IntRange(0, 3).Draw(t, "file") == 0 {
				data := anyInput.Draw(t, "text")
				path := filepath.Join(dir, fmt.Sprint(i))
				if err := os.WriteFile(path, data, 0o600); err != nil {
					t.Fatal(err)
				}
				file, err := Expand(context.Background(), []string{path}, Expansion{})
				if err != nil {
					t.Fatal(err)
				}
				sources = slices.AppendSeq(sources, file.Sources.All())
				want = append(want, wantLines(path, data, c.MaxLine)...)
				continue
			}
			name := fmt.Sprintf("topic/%d", i)
			l := fakeLog{messages: anyMessages.Draw(t, "messages"), wrap: anyWay(t), closed: closed}
			logs++
			sources = append(sources, l.source(name))
			want = append(want, wantMessages(name, l.messages, c.MaxLine)...)
		}
		got, err := readLines(context.Background(), sources, c)
		if err != nil {
			t.Fatal(err)
		}
		if c.Inputs > 1 {
			want, got = inAnyOrder(sources, want), inAnyOrder(sources, got)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("-want +got:\n%s", diff)
		}
		if int(closed.Load()) != logs {
			t.Fatalf("%d of %d logs were closed", closed.Load(), logs)
		}
	})
}

// anyMessages draws messages of all kinds, with gaps between their offsets.
var anyMessages = rapid.Custom(func(t *rapid.T) []message {
	var messages []message
	offset := rapid.Uint64Range(0, 1<<62).Draw(t, "from")
	for range rapid.IntRange(0, 8).Draw(t, "messages") {
		value := rapid.OneOf(
			rapid.Just(""),
			rapid.StringMatching(`[a \r\n]{0,12}`),
			rapid.Map(anyInput, func(b []byte) string { return string(b) }),
			rapid.Map(rapid.IntRange(1, 3000), func(n int) string { return strings.Repeat("\n", n) }),
			rapid.Map(rapid.IntRange(1, 1000), func(n int) string { return strings.Repeat("a\r\n", n) }),
		).Draw(t, "value")
		messages = append(messages, message{offset, value})
		offset += rapid.Uint64Range(1, 5).Draw(t, "gap")
	}
	return messages
})

// TestMessagesError proves that an error between messages, or in one, ends the
// reading with the input's name, after lines that are good; and that of two such
// inputs the first is named.
func TestMessagesError(t *testing.T) {
	checkGoroutines(t)
	failed := errors.New("the broker is gone")
	for _, blockSize := range []int{1, 16, 1000} {
		for _, inputs := range []int{1, 3} {
			for _, inValue := range []bool{false, true} {
				t.Run(fmt.Sprintf("%d/%d/%t", blockSize, inputs, inValue), func(t *testing.T) {
					messages := make([]message, 200)
					for i := range messages {
						messages[i] = message{uint64(i), fmt.Sprintf("{%d}", i)}
					}
					bad := fakeLog{messages: messages, err: failed, closed: new(atomic.Int32)}
					if inValue {
						bad.wrap = func(io.Reader) io.Reader { return &failing{strings.NewReader("{"), failed} }
					}
					sources := []Source{
						fakeLog{messages: messages[:50]}.source("a/0"),
						bad.source("a/1"),
						bad.source("a/2"),
					}
					got, err := readLines(t.Context(), sources, Config{Inputs: inputs, BlockSize: blockSize})
					if !errors.Is(err, failed) || err.Error() != "a/1: the broker is gone" {
						t.Errorf("error %v", err)
					}
					want := wantMessages("a/0", messages[:50], 100)
					if len(got) < len(want) || !slices.Equal(want, got[:len(want)]) {
						t.Errorf("lines of the log before are missing: %v", got)
					}
					for _, l := range got[min(len(want), len(got)):] {
						if inValue || l.Text != fmt.Sprintf("{%d}", l.Number) {
							t.Errorf("got %v", l)
						}
					}
					if n := bad.closed.Load(); n != 1 && (n != 2 || inputs == 1) {
						t.Errorf("closed %d times", n)
					}
				})
			}
		}
	}
}

// failing gives an error where its text ends.
type failing struct {
	text io.Reader
	err  error
}

func (f *failing) Read(p []byte) (int, error) {
	n, err := f.text.Read(p)
	if err == io.EOF {
		err = f.err
	}
	return n, err
}

// TestShortMessage proves that a message that ends before it should is an error,
// whether it would fit a block or not.
func TestShortMessage(t *testing.T) {
	for _, size := range []int{5, 300} {
		log := fakeLog{
			messages: []message{{1, strings.Repeat("x", size)}},
			wrap:     func(r io.Reader) io.Reader { return &failing{io.LimitReader(r, 4), io.ErrUnexpectedEOF} },
		}
		if _, err := readLines(t.Context(), []Source{log.source("a/0")}, Config{BlockSize: 100}); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%d bytes: error %v", size, err)
		}
	}
}

// allocatedBy returns how many bytes do allocates.
func allocatedBy(do func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// TestMessageMemory proves that a message of 100 MiB takes no more memory than the
// limit for a line allows, and that small ones take none.
func TestMessageMemory(t *testing.T) {
	const mib = 1 << 20
	messages := make([]message, 100_000, 100_001)
	for i := range messages {
		messages[i] = message{uint64(i), "{}"}
	}
	huge := message{uint64(len(messages)), strings.Repeat("x", 100*mib)}
	source := fakeLog{messages: append(messages, huge)}.source("a/0")
	r := NewReader(SourcesOf(source), Config{})
	errs := make(chan error, 1)
	lines := 0
	allocated := allocatedBy(func() {
		go func() { errs <- r.Run(t.Context()) }()
		for b := range blocksOf(r) {
			lines += max(bytes.Count(b.Data, []byte{'\n'}), 1)
			r.Release(b)
		}
	})
	if err := <-errs; err != nil {
		t.Fatal(err)
	}
	if want := len(messages) + 1; lines != want {
		t.Errorf("%d lines, want %d", lines, want)
	}
	const readers = 100_001 * 64 // the test's own: one for each message
	if allocated > 4*mib+readers {
		t.Errorf("allocated %d bytes, want at most 4 MiB", allocated-readers)
	}
}

// TestDecode proves that what messages have compressed is decoded as they have it,
// also snappy in both of its forms, and counts as read.
func TestDecode(t *testing.T) {
	text := strings.Repeat("the same again, ", 10_000) + "\n"
	snappy := func(parts ...string) (data []byte) {
		data = append(data, "\x82SNAPPY\x00\x00\x00\x00\x01\x00\x00\x00\x01"...)
		for _, part := range parts {
			block := s2.EncodeSnappy(nil, []byte(part))
			data = append(binary.BigEndian.AppendUint32(data, uint32(len(block))), block...)
		}
		return data
	}
	for _, test := range []struct {
		name   string
		format decode.Format
		data   []byte
		want   string
	}{
		{"plain, though it looks compressed", decode.Plain, []byte("\x1f\x8b"), "\x1f\x8b"},
		{"gzip", decode.Gzip, compress(decode.Gzip, []byte(text)), text},
		{"zstd", decode.Zstd, compress(decode.Zstd, []byte(text)), text},
		{"lz4", decode.Lz4, compress(decode.Lz4, []byte(text)), text},
		{"one snappy block", decode.Snappy, s2.EncodeSnappy(nil, []byte(text)), text},
		{"an empty snappy block", decode.Snappy, s2.EncodeSnappy(nil, nil), ""},
		{"snappy without any block", decode.Snappy, nil, ""},
		{"framed snappy", decode.Snappy, snappy(text), text},
		{"several snappy blocks", decode.Snappy, snappy("a", "", text, "b"), "a" + text + "b"},
		{"framed snappy without a block", decode.Snappy, snappy(), ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, read, err := decodeAll(t, test.format, test.data, 1<<20)
			if err != nil {
				t.Fatal(err)
			}
			if got != test.want {
				t.Errorf("got %d bytes, want %d", len(got), len(test.want))
			}
			if read != 2*int64(len(test.data)) {
				t.Errorf("%d bytes were read twice, and count as %d", len(test.data), read)
			}
		})
	}
}

// TestDamagedSnappy proves that damaged snappy data is an error, and takes no more
// memory than there is.
func TestDamagedSnappy(t *testing.T) {
	text := bytes.Repeat([]byte("0123456789"), 10_000)
	block := s2.EncodeSnappy(nil, text)
	const frame = "\x82SNAPPY\x00\x00\x00\x00\x01\x00\x00\x00\x01"
	whole := append(binary.BigEndian.AppendUint32([]byte(frame), uint32(len(block))), block...)
	for _, test := range []struct {
		name   string
		data   []byte
		window int64
		want   string
	}{
		{"no block", []byte("\xff"), 1 << 20, "damaged snappy data"},
		{"cut off", block[:len(block)-1], 1 << 20, "damaged snappy data"},
		{"a frame that is cut off", whole[:10], 1 << 20, "damaged snappy data: unexpected EOF"},
		{"a length that is cut off", whole[:18], 1 << 20, "damaged snappy data: unexpected EOF"},
		{"a block that is cut off", whole[:len(whole)-1], 1 << 20, "damaged snappy data: unexpected EOF"},
		{"a second length that is cut off", append(slices.Clone(whole), 0, 0), 1 << 20, "damaged snappy data: unexpected EOF"},
		{"a length of 4 GiB", []byte(frame + "\xff\xff\xff\xff"), 1 << 20, "a block is longer than it can be"},
		{"a text of 4 GiB", []byte("\xff\xff\xff\xff\x0f\x00"), 1 << 20, "than the 1.0 MiB that there is for it"},
		{"too large for the memory", block, 99_999, "decompressing its snappy data takes 98 KiB, more than the 98 KiB that there is for it"},
		{"too large for the memory, in a frame", whole, 99_999, "that there is for it"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var err error
			allocated := allocatedBy(func() { _, _, err = decodeAll(t, decode.Snappy, test.data, test.window) })
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %s", err, test.want)
			}
			if allocated > 1<<20 {
				t.Errorf("allocated %d bytes", allocated)
			}
		})
	}
}

// TestDecodeAhead proves that messages that are read ahead wait for their turn
// where the memory for those isn't enough.
func TestDecodeAhead(t *testing.T) {
	text := strings.Repeat("0123456789", 10_000)
	for _, f := range []decode.Format{decode.Snappy, decode.Zstd, decode.Lz4} {
		t.Run(f.String(), func(t *testing.T) {
			data := s2.EncodeSnappy(nil, []byte(text))
			if f != decode.Snappy {
				data = compress(f, []byte(text))
			}
			var sources []Source
			for i := range 4 {
				sources = append(sources, MessageSource(fmt.Sprint(i), func(_ context.Context, decode Decode) Messages {
					return &decoded{decode: decode, format: f, data: data, left: 3, size: int64(len(text))}
				}))
			}
			c := Config{Inputs: 4, BlockSize: 1000, MaxLine: len(text), MaxWindow: 1 << 20, AheadWindow: 1 << 10}
			r := NewReader(SourcesOf(sources...), c)
			errs := make(chan error, 1)
			go func() { errs <- r.Run(t.Context()) }()
			lines := 0
			for b := range blocksOf(r) {
				if got := linesOf(b)[0].Text; got != text {
					t.Errorf("got %d bytes, want %d", len(got), len(text))
				}
				lines++
				r.Release(b)
			}
			if err := <-errs; err != nil {
				t.Fatal(err)
			}
			if lines != 12 {
				t.Errorf("%d lines, want 12", lines)
			}
			if want := int64(12 * len(data)); r.BytesRead() != want {
				t.Errorf("%d bytes read, want %d", r.BytesRead(), want)
			}
		})
	}
}

// decoded implements Messages on one that is compressed, and comes several times.
type decoded struct {
	decode Decode
	format decode.Format
	data   []byte
	left   int
	size   int64
	text   io.Reader
}

func (d *decoded) Next() (offset uint64, size int64, err error) {
	if d.left == 0 {
		return 0, 0, io.EOF
	}
	d.left--
	d.text, err = d.decode(d.data, d.format)
	return uint64(d.left), d.size, err
}

func (d *decoded) Read(p []byte) (int, error) { return d.text.Read(p) }

func (d *decoded) Close() {}

// decodeAll decodes data twice, one after the other, and returns what they come to.
func decodeAll(t *testing.T, f decode.Format, data []byte, window int64) (text string, read int64, err error) {
	t.Helper()
	source := MessageSource("a/0", func(_ context.Context, decode Decode) Messages {
		var first, second []byte
		for _, to := range []*[]byte{&first, &second} {
			r, openErr := decode(data, f)
			if err = openErr; err == nil {
				*to, err = io.ReadAll(r)
			}
			if err != nil {
				break
			}
		}
		if err == nil && !bytes.Equal(first, second) {
			t.Errorf("%d bytes, and then %d", len(first), len(second))
		}
		text = string(first)
		l := fakeLog{err: io.EOF, closed: new(atomic.Int32)}
		return &l
	})
	r := NewReader(SourcesOf(source), Config{MaxWindow: window})
	if err := r.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	return text, r.BytesRead(), err
}
