package input

import (
	"bufio"
	"bytes"
	stdcmp "cmp"
	"context"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"dailystats/stats/input/decode"
	"dailystats/testdata/sampling"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// line is one line of one input, as blocks or the oracle have it.
type line struct {
	Input   string
	Number  uint64
	Text    string
	TooLong bool
}

// linesOf splits a block into its lines.
func linesOf(b *Block) []line {
	if b.TooLong {
		return []line{{b.Input, b.FirstLine, string(b.Data), true}}
	}
	var lines []line
	for text := range strings.Lines(string(b.Data)) {
		lines = append(lines, line{b.Input, b.Line(uint64(len(lines))), strings.TrimSuffix(text, "\n"), false})
	}
	return lines
}

// blocksOf yields the blocks of r until there are no more.
func blocksOf(r *Reader) iter.Seq[*Block] {
	return func(yield func(*Block) bool) {
		for {
			b, err := r.Next(context.Background())
			if b == nil || err != nil || !yield(b) {
				return
			}
		}
	}
}

// matters reports whether a line is one that readLines wants in order.
func (l line) matters() bool { return l.TooLong || l.Number%3 == 1 || len(l.Text) > 4000 }

// readLines runs a Reader to its end, with two goroutines that take its blocks,
// and returns the lines sorted. Of blocks that are ahead, they have the lines kept
// that matter; it is an error if those don't come in order then.
func readLines(ctx context.Context, sources []Source, c Config) ([]line, error) {
	return readLinesOf(ctx, sources, c, new(*Reader))
}

// readLinesOf is readLines, and leaves the reader to look at.
func readLinesOf(ctx context.Context, sources []Source, c Config, reader **Reader) ([]line, error) {
	r := NewReader(SourcesOf(sources...), c)
	*reader = r
	var (
		mu     sync.Mutex
		blocks = make(map[uint64][]line) // those with numbers
		ahead  []line
		wg     sync.WaitGroup
	)
	for range 2 {
		wg.Go(func() {
			for b := range blocksOf(r) {
				mu.Lock()
				if b.Ahead() {
					ahead = append(ahead, keepWhatMatters(b)...)
				} else {
					blocks[b.Number] = linesOf(b)
				}
				mu.Unlock()
				r.Release(b)
			}
		})
	}
	err := r.Run(ctx)
	wg.Wait()
	var inOrder []line
	for n := range uint64(len(blocks)) {
		if len(blocks[n]) == 0 {
			return nil, fmt.Errorf("block %d is missing or has no line", n)
		}
		inOrder = append(inOrder, blocks[n]...)
	}
	lines := sorted(sources, append(ahead, inOrder...))
	if want, got := thatMatter(lines), thatMatter(inOrder); err == nil && !slices.Equal(want, got) {
		return nil, fmt.Errorf("not in order: %v", got)
	}
	return lines, err
}

// keepWhatMatters returns the other lines of a block that is ahead.
func keepWhatMatters(b *Block) (others []line) {
	for i, l := range linesOf(b) {
		if !l.matters() {
			others = append(others, l)
		} else if !b.Keep(uint64(i), []byte(l.Text)) {
			break
		}
	}
	return others
}

func thatMatter(lines []line) []line {
	return slices.DeleteFunc(slices.Clone(lines), func(l line) bool { return !l.matters() })
}

// sorted sorts lines by source and number, and leaves those of a message as they are.
func sorted(sources []Source, lines []line) []line {
	position := make(map[string]int)
	for i, s := range sources {
		position[s.Name] = i
	}
	slices.SortStableFunc(lines, func(a, b line) int {
		return stdcmp.Or(stdcmp.Compare(position[a.Input], position[b.Input]), stdcmp.Compare(a.Number, b.Number))
	})
	return lines
}

// wantLines is the oracle: what is in an input, read the obvious way.
func wantLines(input string, data []byte, maxLine int) []line {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	var lines []line
	for r := bufio.NewReader(bytes.NewReader(data)); ; {
		text, err := r.ReadString('\n')
		if err != nil && text == "" {
			return lines
		}
		text = strings.TrimSuffix(text, "\n")
		tooLong := len(text) > maxLine
		if tooLong {
			whole := strings.TrimSuffix(text, "\r")
			text = whole[:min(len(whole), 4096)]
		}
		lines = append(lines, line{input, uint64(len(lines)) + 1, text, tooLong})
	}
}

// writeFile makes a file in a folder of the test's own, and returns its path.
func writeFile(t testing.TB, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func expand(t testing.TB, args ...string) []Source {
	t.Helper()
	found, err := Expand(t.Context(), args, Expansion{})
	if err != nil {
		t.Fatal(err)
	}
	return slices.Collect(found.Sources.All())
}

// TestLines proves what is a line, at each edge of the rules.
func TestLines(t *testing.T) {
	const bom = "\xef\xbb\xbf"
	long := strings.Repeat("x", 9000)
	for _, test := range []struct {
		name, data string
		maxLine    int
		want       []line
	}{
		{"empty input", "", 10, nil},
		{"no last LF", "a\nb", 10, []line{{Number: 1, Text: "a"}, {Number: 2, Text: "b"}}},
		{"blank lines", "\n \r\n\n", 10, []line{{Number: 1}, {Number: 2, Text: " \r"}, {Number: 3}}},
		{"byte order mark", bom + "a\n" + bom + "b", 10, []line{{Number: 1, Text: "a"}, {Number: 2, Text: bom + "b"}}},
		{"nothing but a byte order mark", bom, 10, nil},
		{"half a byte order mark", bom[:2], 10, []line{{Number: 1, Text: bom[:2]}}},
		{"the limit counts no byte order mark", bom + "abc\n", 3, []line{{Number: 1, Text: "abc"}}},
		{"exactly the limit", "abc\nabc", 3, []line{{Number: 1, Text: "abc"}, {Number: 2, Text: "abc"}}},
		{"one over", "abcd\na\nabcd", 3, []line{{Number: 1, Text: "abcd", TooLong: true}, {Number: 2, Text: "a"}, {Number: 3, Text: "abcd", TooLong: true}}},
		{"the limit counts CR", "abc\r\nab\r\n", 3, []line{{Number: 1, Text: "abc", TooLong: true}, {Number: 2, Text: "ab\r"}}},
		{"a blank line over the limit", "    \n\n", 3, []line{{Number: 1, Text: "    ", TooLong: true}, {Number: 2}}},
		{"a CR in the middle is no end", long[:4095] + "\ry\n" + long[:4095] + "\r\n", 4095, []line{{Number: 1, Text: long[:4095] + "\r", TooLong: true}, {Number: 2, Text: long[:4095], TooLong: true}}},
		{"4 KiB of a line are kept", long + "\nb\n", 8999, []line{{Number: 1, Text: long[:4096], TooLong: true}, {Number: 2, Text: "b"}}},
		{"shorter than any magic", "\x1f", 3, []line{{Number: 1, Text: "\x1f"}}},
	} {
		for blockSize := 1; blockSize < 5000; blockSize = blockSize*2 + 1 {
			t.Run(fmt.Sprintf("%s/%d", test.name, blockSize), func(t *testing.T) {
				for i := range test.want {
					test.want[i].Input = "-"
				}
				c := Config{BlockSize: blockSize, MaxLine: test.maxLine, Stdin: strings.NewReader(test.data)}
				got, err := readLines(t.Context(), expand(t, "-"), c)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(test.want, got); diff != "" {
					t.Errorf("-want +got:\n%s", diff)
				}
			})
		}
	}
}

// TestAnySplit proves that lines are what the oracle says for any bytes in any
// number of inputs, however they are stored, whatever the sizes of blocks and
// reads.
func TestAnySplit(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		c := Config{
			Inputs:      rapid.IntRange(1, 4).Draw(t, "side by side"),
			BlockSize:   rapid.IntRange(1, 64).Draw(t, "block size"),
			Blocks:      rapid.IntRange(1, 12).Draw(t, "blocks"),
			MaxLine:     rapid.OneOf(rapid.IntRange(1, 80), rapid.IntRange(4000, 6000)).Draw(t, "max line"),
			MaxWindow:   1 << 20,
			KeptSize:    rapid.IntRange(0, 5000).Draw(t, "kept"),
			AheadWindow: rapid.SampledFrom([]int64{0, 200 << 10, 1 << 20}).Draw(t, "window ahead"),
		}
		inputs := rapid.SliceOfN(anyInput, 1, 6).Draw(t, "inputs")
		var args []string
		var want []line
		for i, data := range inputs {
			path := filepath.Join(dir, fmt.Sprint(i))
			if rapid.Bool().Draw(t, "stdin") && c.Stdin == nil {
				path = "-"
				c.Stdin = anyReader(t, data)
			} else if err := os.WriteFile(path, anyFormat(t, data), 0o600); err != nil {
				t.Fatal(err)
			}
			args = append(args, path)
			want = append(want, wantLines(path, data, c.MaxLine)...)
		}
		found, err := Expand(context.Background(), args, Expansion{})
		if err != nil {
			t.Fatal(err)
		}
		got, err := readLines(context.Background(), slices.Collect(found.Sources.All()), c)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("-want +got:\n%s", diff)
		}
	})
}

// anyInput draws runs of bytes that matter, short or long.
var anyInput = rapid.Custom(func(t *rapid.T) []byte {
	var data []byte
	if rapid.Bool().Draw(t, "bom") {
		data = append(data, "\xef\xbb\xbf"...)
	}
	for range rapid.IntRange(0, 12).Draw(t, "runs") {
		length := rapid.OneOf(rapid.IntRange(0, 100), rapid.IntRange(3900, 6100)).Draw(t, "length")
		data = append(data, bytes.Repeat([]byte{rapid.SampledFrom([]byte("a \r\xef")).Draw(t, "byte")}, length)...)
		data = append(data, rapid.SampledFrom([]string{"", "\n", "\r\n", "\n\n", "\xef\xbb\xbf"}).Draw(t, "end")...)
	}
	return data
})

// anyReader delivers data as one of the readers that have their ways.
func anyReader(t *rapid.T, data []byte) io.Reader { return anyWay(t)(bytes.NewReader(data)) }

// anyWay draws how a reader delivers what it has.
func anyWay(t *rapid.T) func(io.Reader) io.Reader {
	return rapid.SampledFrom([]func(io.Reader) io.Reader{
		func(r io.Reader) io.Reader { return r },
		iotest.OneByteReader,
		iotest.HalfReader,
		iotest.DataErrReader,
	}).Draw(t, "reader")
}

// anyFormat stores data plain or compressed.
func anyFormat(t *rapid.T, data []byte) []byte {
	f := rapid.SampledFrom([]decode.Format{decode.Plain, decode.Plain, decode.Gzip, decode.Zstd, decode.Lz4}).Draw(t, "format")
	cut := rapid.IntRange(0, len(data)).Draw(t, "member")
	if f == decode.Plain {
		return data
	}
	return append(compress(f, data[:cut]), compress(f, data[cut:])...)
}

// TestLongLineMemory proves that a line of 100 MiB takes no more memory than the
// limit allows, and that the next line is found.
func TestLongLineMemory(t *testing.T) {
	const mib = 1 << 20
	stdin := io.MultiReader(io.LimitReader(endless('x'), 100*mib), strings.NewReader("\n{}\n"))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	got, err := readLines(t.Context(), expand(t, "-"), Config{Stdin: stdin})
	runtime.ReadMemStats(&after)
	if err != nil {
		t.Fatal(err)
	}
	want := []line{{"-", 1, strings.Repeat("x", 4096), true}, {"-", 2, "{}", false}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if allocated := after.TotalAlloc - before.TotalAlloc; allocated > 4*mib {
		t.Errorf("allocated %d bytes, want at most 4 MiB", allocated)
	}
}

// endless is a reader of one byte without end.
type endless byte

func (e endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(e)
	}
	return len(p), nil
}

// TestNoAllocationPerBlock proves that blocks are used again.
func TestNoAllocationPerBlock(t *testing.T) {
	const blockSize, blocks = 4 << 10, 2000
	path := writeFile(t, "events.jsonl", bytes.Repeat([]byte("{}\n"), blocks*blockSize/3))
	r := NewReader(SourcesOf(expand(t, path)...), Config{BlockSize: blockSize})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	errs := make(chan error, 1)
	go func() { errs <- r.Run(t.Context()) }()
	for b := range blocksOf(r) {
		r.Release(b)
	}
	runtime.ReadMemStats(&after)
	if err := <-errs; err != nil {
		t.Fatal(err)
	}
	if n := after.Mallocs - before.Mallocs; n > blocks/4 {
		t.Errorf("%d allocations for %d blocks", n, blocks)
	}
	if got := r.BytesRead(); got != blocks*blockSize/3*3 {
		t.Errorf("BytesRead() = %d, want %d", got, blocks*blockSize/3*3)
	}
}

// TestManyInputs proves that inputs are closed when they have been read.
func TestManyInputs(t *testing.T) {
	dir := t.TempDir()
	var want []line
	for i := range sampling.Count(1000, 3000) {
		path := filepath.Join(dir, fmt.Sprintf("%04d", i))
		if err := os.WriteFile(path, []byte("{}"), 0o600); err != nil {
			t.Fatal(err)
		}
		want = append(want, line{path, 1, "{}", false})
	}
	for _, inputs := range []int{1, 4} {
		got, err := readLines(t.Context(), expand(t, dir), Config{Inputs: inputs})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, want) {
			t.Errorf("got %d lines, want %d", len(got), len(want))
		}
	}
	if open, err := os.ReadDir("/proc/self/fd"); err == nil && len(open) > 100 {
		t.Errorf("%d files are still open", len(open))
	}
}

// checkGoroutines proves that no goroutine outlives the test.
func checkGoroutines(t *testing.T) {
	before := runtime.NumGoroutine()
	t.Cleanup(func() {
		for range 500 {
			if runtime.NumGoroutine() <= before {
				return
			}
			time.Sleep(10 * time.Millisecond) // one that is about to end
		}
		stacks := make([]byte, 1<<20)
		t.Errorf("goroutines are left:\n%s", stacks[:runtime.Stack(stacks, true)])
	})
}
