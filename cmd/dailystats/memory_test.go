package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"dailystats/stats/pipeline"

	"github.com/dustin/go-humanize"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/ulikunitz/xz"
)

// load writes an input that is hard on memory in one way.
type load struct {
	name  string
	write func(w *bufio.Writer) error
}

var loads = []load{
	{"distinct keys", func(w *bufio.Writer) error { return writeEvents(w, 1_500_000, 1_500_000, "") }},
	{"few users", func(w *bufio.Writer) error { return writeEvents(w, 1_500_000, 1000, "") }},
	{"wide lines", func(w *bufio.Writer) error {
		return writeEvents(w, 100_000, 100_000, fmt.Sprintf(`,"extra":{"list":[%s0]}`, strings.Repeat(`{"a":"b"},`, 100)))
	}},
	{"long lines", func(w *bufio.Writer) error {
		return writeEvents(w, 200, 200, fmt.Sprintf(`,"extra":%q`, strings.Repeat("x", 1_000_000)))
	}},
	{"lines too long", func(w *bufio.Writer) error {
		return writeEvents(w, 20, 20, fmt.Sprintf(`,"extra":%q`, strings.Repeat("x", 20_000_000)))
	}},
	{"invalid lines", func(w *bufio.Writer) error { return writeLines(w, 500_000, "bad") }},
	{"long invalid lines", func(w *bufio.Writer) error { return writeLines(w, 100, strings.Repeat("\x01", 1_000_000)) }},
	{"escaped timestamps", func(w *bufio.Writer) error {
		return writeLines(w, 100, `{"user_id":1,"event_type":"a","timestamp":"\u0032024-01-01T00:00:00.`+strings.Repeat("0", 900_000)+`Z"}`)
	}},
	{"gzip", func(w *bufio.Writer) error {
		z := gzip.NewWriter(w)
		if err := writeEvents(bufio.NewWriter(z), 500_000, 500_000, ""); err != nil {
			return err
		}
		if err := z.Close(); err != nil {
			return err
		}
		return w.Flush()
	}},
	{"gzip bomb", func(w *bufio.Writer) error { return bomb(w, gzip.NewWriter(w)) }},
	{"lz4 bomb", func(w *bufio.Writer) error { return bomb(w, lz4.NewWriter(w)) }},
	{"zstd", func(w *bufio.Writer) error {
		z, err := zstd.NewWriter(w, zstd.WithWindowSize(8<<20), zstd.WithEncoderConcurrency(1))
		if err != nil {
			return err
		}
		if err := writeEvents(bufio.NewWriter(z), 500_000, 500_000, ""); err != nil {
			return err
		}
		if err := z.Close(); err != nil {
			return err
		}
		return w.Flush()
	}},
}

// bomb writes what a few bytes become when they are decompressed: a line without
// end, and many events.
func bomb(w *bufio.Writer, z io.WriteCloser) error {
	const size = 200 << 20
	zeros := make([]byte, 1<<20)
	for range size / len(zeros) {
		if _, err := z.Write(zeros); err != nil {
			return err
		}
	}
	events := bytes.Repeat([]byte("\n"+`{"user_id":1,"event_type":"a","timestamp":"20240101T00Z"}`), 10_000)
	for range size / len(events) {
		if _, err := z.Write(events); err != nil {
			return err
		}
	}
	return errors.Join(z.Close(), w.Flush())
}

// writeEvents writes n events of so many users over 30 days. extra ends each.
func writeEvents(w *bufio.Writer, n, users int, extra string) error {
	for i := range n {
		user := i * 7919 % users // in no order
		fmt.Fprintf(w, `{"user_id": %d, "event_type": "purchase", "timestamp": "2024-01-%02dT10:30:00Z", "amount": %d.%02d%s}`+"\n",
			user, user%30+1, i%500, i%100, extra)
	}
	return w.Flush()
}

func writeLines(w *bufio.Writer, n int, line string) error {
	for range n {
		fmt.Fprintln(w, line)
	}
	return w.Flush()
}

// TestMemory proves that the process stays below --memory, as the kernel counts
// what it has resident, whatever the input.
func TestMemory(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the kernel's figure for the process itself is read from /proc")
	}
	if raceEnabled {
		t.Skip("the race detector takes many times the memory")
	}
	command := buildCommand(t)
	files := writeFiles(t)
	for _, limit := range []struct{ memory, parallel string }{{"24MiB", "1"}, {"32MiB", "2"}, {"64MiB", "4"}} {
		name := fmt.Sprintf("/%s-%s", limit.memory, limit.parallel)
		args := []string{"--memory", limit.memory, "--parallel", limit.parallel}
		for _, l := range loads {
			t.Run(l.name+name, func(t *testing.T) {
				t.Parallel()
				checkPeak(t, limit.memory, runOn(t, command, l.write, slices.Concat(args, []string{"-"})...))
			})
		}
		t.Run("files of all formats"+name, func(t *testing.T) {
			t.Parallel()
			nothing := func(*bufio.Writer) error { return nil }
			checkPeak(t, limit.memory, runOn(t, command, nothing, slices.Concat(args, []string{files})...))
		})
	}
}

func checkPeak(t *testing.T, memory string, report pipeline.Report) {
	t.Helper()
	most, err := humanize.ParseBytes(memory)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s resident at most, %s spilled", humanize.IBytes(report.PeakMemory), humanize.IBytes(report.BytesSpilled))
	if report.PeakMemory == 0 || report.PeakMemory > most {
		t.Errorf("%d bytes were resident, %d over --memory %s", report.PeakMemory, int64(report.PeakMemory-most), memory)
	}
}

// writeFiles writes files of formats in turn and returns their folder. Each
// format wants a window of its own, of 8 MiB if it can. Invalid lines are among
// the events, so that some of each file wait for its turn.
func writeFiles(t *testing.T) string {
	dir := t.TempDir()
	for i, compressor := range []func(w io.Writer) (io.WriteCloser, error){
		func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriter(w), nil },
		func(w io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(w, zstd.WithWindowSize(8<<20)) },
		func(w io.Writer) (io.WriteCloser, error) { return lz4.NewWriter(w), nil },
		func(w io.Writer) (io.WriteCloser, error) { return xz.NewWriter(w) },
	} {
		var data bytes.Buffer
		z, err := compressor(&data)
		if err != nil {
			t.Fatal(err)
		}
		w := bufio.NewWriter(z)
		if err := errors.Join(writeEvents(w, 50_000, 50_000, ""), writeLines(w, 20_000, "bad"), writeEvents(w, 100_000, 100_000, "")); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		for n := range 3 {
			if err := os.WriteFile(filepath.Join(dir, fmt.Sprint(n, i)), data.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	return dir
}

// writeManyFiles writes 5,000 files with a few events each and returns their
// folder.
func writeManyFiles(t *testing.T) string {
	dir := t.TempDir()
	for i := range 5000 {
		var data bytes.Buffer
		if err := writeEvents(bufio.NewWriter(&data), 20, 20, ""); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprint(i)), data.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func buildCommand(t *testing.T) string {
	path := filepath.Join(t.TempDir(), "dailystats")
	if out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return path
}

// runOn runs the command, with what write writes on its standard input, and
// returns its report.
func runOn(t *testing.T, command string, write func(*bufio.Writer) error, args ...string) (report pipeline.Report) {
	dir := t.TempDir()
	cmd := exec.Command(command, append(args, "-o", filepath.Join(dir, "out.csv"), "--temp-dir", dir,
		"--rejects", filepath.Join(dir, "rejects"), "--log-invalid=false", "--report", filepath.Join(dir, "report"))...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if err := write(bufio.NewWriterSize(in, 1<<20)); err != nil && err != io.ErrClosedPipe {
		t.Logf("writing the input: %v", err)
	}
	in.Close()
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v: %s", err, stderr.String())
	}
	data, err := os.ReadFile(filepath.Join(dir, "report"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &report); err != nil {
		t.Fatal(err)
	}
	return report
}
