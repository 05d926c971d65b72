package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// load is hard on memory in one way, or in several at once.
type load struct {
	name     string
	commands []string
	input    inputWriter
	flags    []string // DIR is a folder to write to

	stdin     bool   // the input is read from a pipe
	from      int    // MiB; the load can't be read with less
	rows, sum uint64 // that a merge must report; 0 where that is not looked at
	heavy     bool   // it takes long: some cells are left out
	at        cell   // to be tried where not all are; by default, they take turns

	once    sync.Once
	written inputs
	err     error
}

// inputs are a load's inputs: in a folder from which the command runs, what it is
// given as arguments.
type inputs struct {
	dir, path string // path is the only file
	args      []string
}

// inputWriter writes inputs to a folder and returns the arguments to be given.
type inputWriter func(dir string) (args []string, err error)

// inputs writes a load's input, the first time.
func (l *load) inputs(parent string) (inputs, error) {
	l.once.Do(func() {
		l.written.dir, l.err = os.MkdirTemp(parent, "input-")
		if l.err != nil {
			return
		}
		l.written.args, l.err = l.input(l.written.dir)
		if l.stdin {
			l.written.path = filepath.Join(l.written.dir, l.written.args[0])
			l.written.args = []string{"-"}
		}
	})
	return l.written, l.err
}

var (
	runAndCheck = []string{"run", "check"}
	runOnly     = []string{"run"}
	mergeOnly   = []string{"merge"}
)

// allZstd and allGzip have all that a run can write compressed, and the log beside.
var (
	allZstd = []string{"-o", "DIR/out.csv.zst", "--rejects", "DIR/rejects.zst", "--html", "DIR/page.html.zst",
		"--report", "DIR/report.zst", "--metrics", "DIR/metrics.prom.zst",
		"--log-file", "DIR/log", "--log-format", "json", "--log-level", "debug", "--max-invalid", "100%"}
	allGzip = []string{"-o", "DIR/out.csv.gz", "--rejects", "DIR/rejects.gz", "--html", "DIR/page.html.gz",
		"--report", "DIR/report.gz", "--metrics", "DIR/metrics.prom.gz",
		"--log-file", "DIR/log", "--max-invalid", "100%"}
	rejectsOnly = []string{"--rejects", "DIR/rejects", "--log-invalid=false", "--max-invalid", "100%"}
	pageOnly    = []string{"--html", "DIR/page.html", "--log-invalid=false", "--max-invalid", "100%"}
	countOnly   = []string{"--max-invalid", "999999999", "--log-invalid=false"}
	mergeZstd   = []string{"-o", "DIR/out.csv.zst", "--report", "DIR/report.zst", "--log-file", "DIR/log", "--log-level", "debug"}
	mergeGzip   = []string{"-o", "DIR/out.csv.gz", "--report", "DIR/report.gz"}
)

var loads = []load{
	// Runs, pages, chunks, stretches, generations, tallies.
	{name: "distinct keys", commands: runAndCheck, input: file(distinctKeys), at: cell{nil, "run", 24, 1}},
	{name: "one key", commands: runOnly, input: file(oneKey)},
	{name: "keys that fall", commands: runOnly, input: file(fallingKeys)},
	{name: "large amounts", commands: runOnly, input: file(largeAmounts), flags: []string{"-o", "DIR/out.csv.zst", "--html", "DIR/page.html.zst"}, at: cell{nil, "run", 64, 8}},
	{name: "a million days", commands: runOnly, input: file(manyDays), flags: []string{"--html", "DIR/page.html"}},

	// Blocks, the long block, and what lines are decoded in.
	{name: "wide lines", commands: runAndCheck, input: file(wideLines)},
	{name: "deep lines", commands: runAndCheck, input: file(deepLines), flags: rejectsOnly},
	{name: "lines of 1 MiB", commands: runAndCheck, input: file(hardLines(1<<20-1, 3)), flags: allZstd, at: cell{nil, "check", 24, 1}},
	{name: "lines of 8 MiB", commands: runAndCheck, input: file(hardLines(8<<20-1, 1)), flags: slices.Concat(allZstd, []string{"--max-line", "8MiB"}), at: cell{nil, "run", 32, 1}},
	{name: "lines of 16 MiB", commands: runAndCheck, input: file(hardLines(16<<20-1, 1)), flags: slices.Concat(rejectsOnly, []string{"--max-line", "16MiB"}), at: cell{nil, "check", 64, 2}},
	{name: "lines of 100 kB", commands: runAndCheck, input: file(hardLines(100_000, 20)), flags: allZstd},
	{name: "another form", commands: runAndCheck, input: file(nestedKeys), flags: slices.Concat(allZstd, nestedForm), at: cell{nil, "run", 24, 1}},
	{name: "numbers in quotes of 1 MiB", commands: runAndCheck, input: file(hardNumbers(1<<20-1, 3)), flags: slices.Concat(allZstd, nestedForm), at: cell{nil, "check", 24, 1}},
	{name: "lines too long", commands: runAndCheck, input: file(hardLines(5<<20, 1)), flags: allZstd},

	// The journal: what waits for its turn to be logged, rejected, shown, counted.
	{name: "short invalid lines, all written", commands: runAndCheck, input: file(lines(150_000, "x")), flags: allZstd},
	{name: "short invalid lines, page", commands: runAndCheck, input: file(lines(2_000_000, "x")), flags: pageOnly, at: cell{nil, "check", 64, 8}},
	{name: "short invalid lines, counted", commands: runAndCheck, input: file(lines(2_000_000, "x")), flags: countOnly, at: cell{nil, "check", 64, 8}},
	{name: "invalid lines of 4 KiB", commands: runAndCheck, input: file(lines(2000, strings.Repeat("\x01", 4095))), flags: allZstd},
	{name: "four faults a line", commands: runAndCheck, input: file(faults), flags: allGzip},
	{name: "long name", commands: runAndCheck, input: longName, flags: allZstd},

	// Decompressors, alone, with compressors beside.
	{name: "gzip", commands: runAndCheck, input: file(compressed("gzip", halfInvalid(40_000))), flags: allZstd},
	{name: "zstd", commands: runAndCheck, input: file(compressed("zstd", halfInvalid(40_000))), flags: allZstd, at: cell{nil, "check", 24, 1}},
	{name: "zstd, long lines", commands: runAndCheck, input: file(compressed("zstd", eventsAndLongLines)), flags: allZstd, at: cell{nil, "run", 24, 1}},
	{name: "zstd, rising windows", commands: runAndCheck, input: file(risingWindows), flags: allGzip},
	{name: "lz4", commands: runAndCheck, input: file(compressed("lz4", halfInvalid(40_000))), flags: allZstd, at: cell{nil, "check", 24, 1}},
	{name: "xz", commands: runAndCheck, input: file(compressed("xz", halfInvalid(35_000))), flags: allZstd, at: cell{nil, "check", 32, 2}},
	{name: "bzip2", commands: runAndCheck, input: filesOf(1, "bzip2", oneBlock), flags: allZstd},
	{name: "zstd, 32 MiB window", commands: runAndCheck, input: file(compressed("zstd32", halfInvalid(150_000))), flags: allZstd, from: 256},
	{name: "xz, 32 MiB window", commands: runAndCheck, input: file(compressed("xz32", halfInvalid(110_000))), flags: allZstd, from: 256},
	{name: "bomb, gzip", commands: runAndCheck, input: file(compressed("gzip", bomb)), flags: rejectsOnly},
	{name: "bomb, zstd", commands: runAndCheck, input: file(compressed("zstd", bomb)), flags: rejectsOnly},
	{name: "bomb, lz4", commands: runAndCheck, input: file(compressed("lz4", bomb)), flags: rejectsOnly},
	{name: "zstd from a pipe", commands: runAndCheck, input: file(compressed("zstd", halfInvalid(40_000))), stdin: true,
		flags: slices.Concat(rejectsOnly, []string{"--progress", "always"})},

	// Read ahead, side by side.
	{name: "files of all formats", commands: runAndCheck, input: filesOfAllFormats(halfInvalid(30_000)), flags: rejectsOnly, at: cell{nil, "run", 32, 2}},
	{name: "files of all formats, long lines", commands: runAndCheck, input: filesOfAllFormats(eventsAndLongLines), flags: allZstd, at: cell{nil, "check", 24, 1}},
	{name: "files of zstd", commands: runAndCheck, input: filesOf(4, "zstd", halfInvalid(28_000)), flags: allZstd},
	{name: "files of bzip2", commands: runAndCheck, input: filesOf(10, "bzip2", oneBlock), flags: rejectsOnly},

	// Names.
	{name: "long paths", commands: runAndCheck, input: deepFiles(2000, oneEvent), flags: rejectsOnly, at: cell{nil, "check", 24, 1}},
	{name: "5,000 files", commands: runOnly, input: manyFiles(5000, "", oneEvent)},
	{name: "60,000 files", commands: runAndCheck, input: manyFiles(60_000, "", oneEvent), heavy: true},
	{name: "60,000 files of a glob", commands: runAndCheck, input: manyFiles(60_000, "**/*.jsonl", oneEvent), heavy: true},
	{name: "200,000 files", commands: runOnly, input: manyFiles(200_000, "", oneEvent), heavy: true},
	{name: "60,000 links", commands: runAndCheck, input: links(60_000), heavy: true},
	{name: "10,000 arguments", commands: runAndCheck, input: arguments(10_000, oneEvent), heavy: true},
	{name: "40,000 arguments", commands: runOnly, input: arguments(40_000, oneEvent), heavy: true},

	// All of it.
	{name: "all at once", commands: runAndCheck, input: allAtOnce, flags: slices.Concat(allZstd, []string{"--progress", "always"}), at: cell{nil, "run", 32, 2}},

	// Merges: parts and their buffers, names, decompressors, compressors.
	{name: "results", commands: mergeOnly, input: results(300, "", roundRows(3000)), rows: 900000, sum: 3000, flags: mergeZstd},
	{name: "gzip results", commands: mergeOnly, input: results(300, "gzip", roundRows(3000)), rows: 900000, sum: 3000, flags: mergeGzip},
	{name: "zstd results", commands: mergeOnly, input: results(6, "zstd", exactRows(120_000)), rows: 720000, sum: 120000, flags: mergeZstd, at: cell{nil, "merge", 24, 0}},
	{name: "xz results", commands: mergeOnly, input: results(3, "xz", exactRows(120_000)), rows: 360000, sum: 120000, flags: mergeZstd},
	{name: "lz4 results", commands: mergeOnly, input: results(6, "lz4", exactRows(120_000)), rows: 720000, sum: 120000, flags: mergeZstd},
	{name: "results of all formats", commands: mergeOnly, input: resultsOfAllFormats, flags: mergeZstd},
	{name: "zstd results, 32 MiB window", commands: mergeOnly, input: results(3, "zstd32", exactRows(400_000)), flags: mergeZstd, from: 256},
	{name: "1,000 zstd results", commands: mergeOnly, input: results(1000, "zstd", roundRows(1000)), rows: 1000000, sum: 1000, flags: mergeZstd},
	{name: "a zstd result from a pipe", commands: mergeOnly, input: results(1, "zstd", exactRows(120_000)), stdin: true,
		flags: []string{"--progress", "always"}},
	{name: "xz results, 32 MiB window", commands: mergeOnly, input: results(3, "xz32", exactRows(500_000)), flags: mergeGzip, from: 256},
	{name: "results with long paths", commands: mergeOnly, input: deepFiles(2000, wholeResult(roundRows(1))), flags: mergeZstd, at: cell{nil, "merge", 24, 0}},
	{name: "10,000 results", commands: mergeOnly, input: results(10_000, "", roundRows(2)), rows: 20000, sum: 2, flags: mergeZstd},
	{name: "60,000 results", commands: mergeOnly, input: results(60_000, "", roundRows(1)), heavy: true},
	{name: "40,000 results as arguments", commands: mergeOnly, input: arguments(40_000, wholeResult(roundRows(1))), heavy: true},
}

// text writes text, a line at least.
type text func(w *bufio.Writer) error

// file writes one file.
func file(of text) inputWriter {
	return func(dir string) ([]string, error) {
		const name = "input"
		return []string{name}, writeFile(filepath.Join(dir, name), of)
	}
}

func writeFile(path string, of text) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 1<<20)
	return errors.Join(of(w), w.Flush(), f.Close())
}

func textOf(of text) ([]byte, error) {
	var b bytes.Buffer
	w := bufio.NewWriter(&b)
	err := errors.Join(of(w), w.Flush())
	return b.Bytes(), err
}

// compressors make data that takes most of whoever reads it: windows of 8 MiB,
// the least that is on offer, and blocks of 4 MiB.
var compressors = map[string]func(w io.Writer) (io.WriteCloser, error){
	"gzip":   func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriterLevel(w, 1) },
	"zstd":   func(w io.Writer) (io.WriteCloser, error) { return zstdWriter(w, 8<<20) },
	"zstd32": func(w io.Writer) (io.WriteCloser, error) { return zstdWriter(w, 32<<20) },
	"lz4": func(w io.Writer) (io.WriteCloser, error) {
		z := lz4.NewWriter(w)
		return z, z.Apply(lz4.BlockSizeOption(lz4.Block4Mb), lz4.ConcurrencyOption(1))
	},
	"xz":    func(w io.Writer) (io.WriteCloser, error) { return &xzWriter{w: w, dictionary: 8 << 20}, nil },
	"xz32":  func(w io.Writer) (io.WriteCloser, error) { return &xzWriter{w: w, dictionary: 32 << 20}, nil },
	"bzip2": func(w io.Writer) (io.WriteCloser, error) { return newBzip2Writer(w), nil },
}

func zstdWriter(w io.Writer, window int) (io.WriteCloser, error) {
	return zstd.NewWriter(w, zstd.WithWindowSize(window), zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest))
}

// compressed compresses text.
func compressed(format string, of text) text {
	return func(w *bufio.Writer) error {
		z, err := compressors[format](w)
		if err != nil {
			return err
		}
		plain := bufio.NewWriterSize(z, 1<<20)
		return errors.Join(of(plain), plain.Flush(), z.Close())
	}
}

func lines(n int, line string) text {
	return func(w *bufio.Writer) error { return writeLines(w, n, line) }
}

func distinctKeys(w *bufio.Writer) error {
	for i := range 1_200_000 {
		fmt.Fprintf(w, `{"user_id":%d,"event_type":"a","timestamp":"202401%02dT00Z"}`+"\n", i*7919%1_200_000, i%28+1)
	}
	return nil
}

// nestedKeys are events of nestedForm, of one user each.
func nestedKeys(w *bufio.Writer) error {
	for i := range 800_000 {
		fmt.Fprintf(w, `{"context":{"user":{"id":"%d"},"at":%d},"event":"view"}`+"\n", i*7919%800_000, 1704067200000+int64(i)*3_000)
	}
	return nil
}

// hardNumbers are lines of nestedForm that have length bytes, n of each kind: most of it is a
// number, or the way to one.
func hardNumbers(length, n int) text {
	const user, at = `"user":{"id":1}`, `"at":1704067200000`
	kinds := []struct{ before, repeated, after string }{
		{`{"context":{` + at + `,"user":{"id":"`, `\u0031`, `"}},"event":"view"}`},
		{`{"context":{` + at + `,"user":{"id":"`, `1`, `\u0031"}},"event":"view"}`},
		{`{"context":{` + user + `,"at":"`, `\u0031`, `"},"event":"view"}`},
		{`{"context":{` + user + `,"at":1704067200000.`, `9`, `},"event":"view"}`},
		{`{"context":{` + user + `,` + at + `},"event":"Order Completed","properties":{"order.total":"0.`, `\u0030`, `1"}}`},
		{`{"context":{` + user + `,` + at + `},"event":"`, `\u0030`, `"}`},
		{`{"event":"view","context":{` + user + `,` + at, `,"user":{"id":2}`, `}}`},
		{`{"event":"view","context":{"user":{"id":1`, `,"\u0069d":2`, `},` + at + `}}`},
	}
	return func(w *bufio.Writer) error {
		for _, k := range kinds {
			times := (length - len(k.before) - len(k.after)) / len(k.repeated)
			if err := writeLines(w, n, k.before+strings.Repeat(k.repeated, times)+k.after); err != nil {
				return err
			}
		}
		return nil
	}
}

func oneKey(w *bufio.Writer) error {
	return writeLines(w, 1_000_000, `{"user_id":1,"event_type":"a","timestamp":"20240101T00Z"}`)
}

func fallingKeys(w *bufio.Writer) error {
	for i := range 600_000 {
		fmt.Fprintf(w, `{"user_id":%d,"event_type":"a","timestamp":"20240101T00Z"}`+"\n", 600_000-i)
	}
	return nil
}

// largeAmounts have no small form: a run has room for an eighth of them.
func largeAmounts(w *bufio.Writer) error {
	r := newDice()
	for range 300_000 {
		fmt.Fprintf(w, `{"user_id":%d,"event_type":"purchase","timestamp":"%04d-%03dT00Z","amount":%d.%018d}`+"\n",
			int64(r.Uint64()), r.IntN(10_000), r.IntN(365)+1, r.Uint64N(1e17), r.Uint64N(1e18))
	}
	return nil
}

func manyDays(w *bufio.Writer) error {
	for i := range 1_000_000 {
		fmt.Fprintf(w, `{"user_id":%d,"event_type":"a","timestamp":"%04d-%03dT00Z"}`+"\n", i%5, i/100, i%100*3+1)
	}
	return nil
}

func wideLines(w *bufio.Writer) error {
	return writeEvents(w, 30_000, 30_000, fmt.Sprintf(`,"extra":{"list":[%s0]}`, strings.Repeat(`{"a":"b"},`, 100)))
}

// deepLines are as deep as it goes, in turn with deeper ones.
func deepLines(w *bufio.Writer) error {
	for i := range 400 {
		depth := 9999 + i%2
		fmt.Fprintf(w, `{"user_id":1,"event_type":"a","timestamp":"20240101T00Z","x":%s%s}`+"\n", strings.Repeat("[", depth), strings.Repeat("]", depth))
	}
	return nil
}

// hardLines has lines of so many bytes, of each kind that is hard to read, and of
// each n, among small events.
func hardLines(length, n int) text {
	const rest = `,"timestamp":"20240101T00Z"}`
	type kind struct{ before, repeated, after string }
	kinds := []kind{
		{`{"user_id":1,"event_type":"a","extra":"`, `x`, `"` + rest},
		{`{"user_id":1,"event_type":"a","extra":"`, `\n`, `"` + rest},
		{`{"user_id":1,"event_type":"\u00e9`, `x`, `"` + rest},
		{`{"user_id":1,"event_type":"`, `\u65e5`, `"` + rest},
		{`{"user_id":1,"event_type":"a","timestamp":"`, `x`, `\u0032"}`},
		{`{"user_id":1,"event_type":"a","timestamp":"`, `\u0032`, `"}`},
		{`{"user_id":1,"event_type":"a","timestamp":"`, `\ud800`, `"}`},
		{`{"user_id":1,"event_type":"a","timestamp":"`, `\u65e5`, `"}`},
		{`{"user_id":1,"event_type":"a","timestamp":"2024-01-01 00:00:00.`, `0`, `\u005a"}`}, // a space for a T
		{`{"user_id":1,"event_type":"a","timestamp":"2024-01-01T00:00:00.`, `\u0030`, `Z"}`},
		{`{"user_id":1,"event_type":"a","`, `\u0061`, `":1` + rest},
		{`{"user_id":1,"event_type":"a"`, `,"\u0075ser_id":2`, rest},
		{`{"user_id":`, `9`, `,"event_type":"a"` + rest},
		{`{"user_id":1,"event_type":"purchase","amount":0.`, `9`, rest},
		{`{"user_id":1,"event_type":"a","extra":`, `[0,`, `"` + rest}, // not JSON, at its end
		{``, "\x01", ``},
		{``, "\xff", ``},
		{``, ` `, `x`},
		{``, `"`, ``},
	}
	if length > 5<<20 { // there are so many bytes in each line that the worst must do
		kinds = slices.DeleteFunc(kinds, func(k kind) bool { return !strings.Contains(k.before+k.repeated+k.after, `\u`) })
	}
	return func(w *bufio.Writer) error {
		for _, k := range kinds {
			if err := writeEvents(w, 1000, 1000, ""); err != nil {
				return err
			}
			times := (length - len(k.before) - len(k.after)) / len(k.repeated)
			line := k.before + strings.Repeat(k.repeated, times) + k.after
			if err := writeLines(w, n, line); err != nil {
				return err
			}
		}
		return nil
	}
}

// faults breaks four rules in each line, with values that are as long as they are
// shown, and whose every byte becomes several in a message.
func faults(w *bufio.Writer) error {
	value := strings.Repeat("\u2028", 66)
	return writeLines(w, 20_000, fmt.Sprintf(`{"user_id":"%s","event_type":{},"timestamp":"%s","amount":"%[1]s"}`, value, value))
}

// halfInvalid has n lines that hardly compress, each second one invalid.
func halfInvalid(n int) text {
	return func(w *bufio.Writer) error {
		r := newDice()
		for i := range n {
			name := "user_id"
			if i%2 == 0 {
				name = "User_id"
			}
			fmt.Fprintf(w, `{"%s":%d,"event_type":"purchase","timestamp":"2024-%02d-%02dT10:00:00Z","amount":%d.%02d,"x":"%s"}`+"\n",
				name, r.Int64(), r.IntN(12)+1, r.IntN(28)+1, r.IntN(999)+1, r.IntN(100), r.text(200))
		}
		return nil
	}
}

// eventsAndLongLines has small lines, and long ones, half of them with escapes, to
// come when all is in use.
func eventsAndLongLines(w *bufio.Writer) error {
	r := newDice()
	if err := halfInvalid(12_000)(w); err != nil {
		return err
	}
	for range 4 {
		fmt.Fprintf(w, `{"user_id":1,"event_type":"a","timestamp":"20240101T00Z","x":"%s"}`+"\n", r.text(900_000))
		fmt.Fprintf(w, `{"user_id":1,"event_type":"a","timestamp":"%s\u0032"}`+"\n", r.text(900_000))
		fmt.Fprintf(w, `{"user_id":1,"event_type":"a","timestamp":"%s"}`+"\n", strings.Repeat(`\u65e5`, 170_000))
	}
	return halfInvalid(4000)(w)
}

// risingWindows has frames with windows that rise and fall, so that buffers have to
// grow.
func risingWindows(w *bufio.Writer) error {
	part, err := textOf(halfInvalid(30_000))
	if err != nil {
		return err
	}
	for _, megabytes := range []int{1, 2, 4, 8, 1, 8} {
		z, err := zstdWriter(w, megabytes<<20)
		if err != nil {
			return err
		}
		if _, err := z.Write(part); err != nil {
			return err
		}
		if err := z.Close(); err != nil {
			return err
		}
	}
	return nil
}

// bomb is what a few bytes become when they are decompressed: a line without end,
// and many events.
func bomb(w *bufio.Writer) error {
	zeros := make([]byte, 1<<20)
	for range 100 {
		w.Write(zeros)
	}
	return writeLines(w, 500_000, "\n"+`{"user_id":1,"event_type":"a","timestamp":"20240101T00Z"}`)
}

// dice fall the same each time.
type dice struct{ *rand.Rand }

func newDice() dice { return dice{rand.New(rand.NewPCG(1, 2))} }

// text returns n random characters, for an n that four divides.
func (r dice) text(n int) string {
	b := make([]byte, n/4*3)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return base64.StdEncoding.EncodeToString(b)
}

// oneBlock is as much as one block of bzip2 can hold, which takes a second to
// compress.
func oneBlock(w *bufio.Writer) error { return halfInvalid(2600)(w) }

var bzip2Data = sync.OnceValues(func() ([]byte, error) { return textOf(compressed("bzip2", oneBlock)) })

var formats = []string{"zstd", "xz", "lz4", "bzip2", "gzip"}

// filesOfAllFormats writes two files of each format, in turn, with text. Those of
// bzip2 have another one.
func filesOfAllFormats(of text) inputWriter {
	return func(dir string) ([]string, error) {
		for i, format := range formats {
			data, err := dataOf(format, of)
			if err != nil {
				return nil, err
			}
			for n := range 2 {
				if err := os.WriteFile(filepath.Join(dir, fmt.Sprint(n, i)), data, 0o600); err != nil {
					return nil, err
				}
			}
		}
		return []string{"."}, nil
	}
}

func dataOf(format string, of text) ([]byte, error) {
	if format == "bzip2" {
		return bzip2Data()
	}
	return textOf(compressed(format, of))
}

// filesOf writes n files of one format with text.
func filesOf(n int, format string, of text) inputWriter {
	return func(dir string) ([]string, error) {
		data, err := dataOf(format, of)
		if err != nil {
			return nil, err
		}
		return []string{"."}, copies(dir, "%d", n, data)
	}
}

func copies(dir, name string, n int, data []byte) error {
	for i := range n {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf(name, i)), data, 0o600); err != nil {
			return err
		}
	}
	return nil
}

func oneEvent(w *bufio.Writer) error {
	return writeLines(w, 1, `{"user_id":1,"event_type":"a","timestamp":"20240101T00Z"}`)
}

// manyFiles writes n files, to be read as a folder, or by a glob.
func manyFiles(n int, glob string, of text) inputWriter {
	return func(dir string) ([]string, error) {
		data, err := textOf(of)
		if err != nil {
			return nil, err
		}
		arg := "."
		if glob != "" {
			arg = glob
		}
		return []string{arg}, copies(dir, "events-2024-01-01-of-host-%06d.jsonl", n, data)
	}
}

// arguments writes n files and names each of them.
func arguments(n int, of text) inputWriter {
	return func(dir string) (args []string, err error) {
		if _, err := manyFiles(n, "", of)(dir); err != nil {
			return nil, err
		}
		for i := range n {
			args = append(args, fmt.Sprintf("events-2024-01-01-of-host-%06d.jsonl", i))
		}
		return args, nil
	}
}

// links writes n names of one file, half of them symbolic links.
func links(n int) inputWriter {
	return func(dir string) ([]string, error) {
		first := filepath.Join(dir, "0")
		if err := writeFile(first, oneEvent); err != nil {
			return nil, err
		}
		for i := range n {
			name := filepath.Join(dir, fmt.Sprintf("events-2024-01-01-of-host-%06d.jsonl", i))
			link := os.Link
			if i%2 == 0 {
				link = os.Symlink
			}
			if err := link(first, name); err != nil {
				return nil, err
			}
		}
		return []string{"."}, nil
	}
}

// longestName is how long the name of a file can be.
const longestName = 255

// deepFiles writes n files whose paths, from the folder, are nearly as long as a
// path can be.
func deepFiles(n int, of text) inputWriter {
	return func(dir string) ([]string, error) {
		data, err := textOf(of)
		if err != nil {
			return nil, err
		}
		deep := dir
		for len(deep)+2*longestName < 4000 {
			deep = filepath.Join(deep, strings.Repeat("d", longestName))
		}
		if err := os.MkdirAll(deep, 0o700); err != nil {
			return nil, err
		}
		return []string{"**"}, copies(deep, strings.Repeat("f", longestName-6)+"%06d", n, data)
	}
}

// longName writes many short invalid lines to a file whose name is long in each
// entry of the log and of the rejects: it has control characters.
func longName(dir string) ([]string, error) {
	name := strings.Repeat("\x01", longestName)
	return []string{name}, writeFile(filepath.Join(dir, name), lines(5000, "x"))
}

// allAtOnce has files of all formats, invalid lines and long ones, plain files with
// large amounts, and many short files.
func allAtOnce(dir string) ([]string, error) {
	if _, err := filesOfAllFormats(eventsAndLongLines)(dir); err != nil {
		return nil, err
	}
	for name, of := range map[string]text{
		"0plain": hardLines(1<<20-1, 1), "1amounts": largeAmounts, "2short": lines(50_000, "x"),
	} {
		if err := writeFile(filepath.Join(dir, name), of); err != nil {
			return nil, err
		}
	}
	if _, err := manyFiles(1000, "", oneEvent)(dir); err != nil {
		return nil, err
	}
	return []string{"."}, nil
}

// roundRows and exactRows write rows of a result, with small numbers and with those
// that take most.
func roundRows(n int) text {
	return func(w *bufio.Writer) error {
		for user := range n {
			fmt.Fprintf(w, "2024-01-01,%d,%d,1,%d.%02d\n", user*7, user%10+1, user*7919%1000, user%90+10)
		}
		return nil
	}
}

func exactRows(n int) text {
	return func(w *bufio.Writer) error {
		r := newDice()
		for user := range n {
			fmt.Fprintf(w, "2024-01-01,%d,%d,1,%d.%017d1\n", int64(user)<<40+r.Int64N(1<<40), r.Int64N(1<<40)+1, r.Uint64N(1<<50), r.Uint64N(1e17))
		}
		return nil
	}
}

func wholeResult(rows text) text {
	return func(w *bufio.Writer) error {
		fmt.Fprintln(w, "date,user_id,event_count,purchase_count,total_revenue")
		return rows(w)
	}
}

// results writes n files with a result of the same rows.
func results(n int, format string, rows text) inputWriter {
	return func(dir string) ([]string, error) {
		of := wholeResult(rows)
		if format != "" {
			of = compressed(format, of)
		}
		data, err := textOf(of)
		if err != nil {
			return nil, err
		}
		if n == 1 {
			return []string{"result"}, os.WriteFile(filepath.Join(dir, "result"), data, 0o600)
		}
		return []string{"."}, copies(dir, "result-of-host-%06d.csv", n, data)
	}
}

// resultsOfAllFormats writes two results of each format but bzip2, in turn.
func resultsOfAllFormats(dir string) ([]string, error) {
	for i, format := range []string{"zstd", "xz", "lz4", "gzip"} {
		data, err := textOf(compressed(format, wholeResult(exactRows(120_000))))
		if err != nil {
			return nil, err
		}
		if err := copies(dir, fmt.Sprintf("%%d-%d", i), 2, data); err != nil {
			return nil, err
		}
	}
	return []string{"."}, nil
}
