package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"dailystats/stats/report"

	"github.com/dustin/go-humanize"
)

// checkPeak proves that a run stayed below its limit, as it reports.
func checkPeak(t *testing.T, memory string, report report.Report) {
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
		w.WriteString(line)
		w.WriteByte('\n')
	}
	return w.Flush()
}

// writeResults writes files with a result of so many rows, and returns their folder.
func writeResults(t *testing.T, files, rows int, compress func(io.Writer) (io.WriteCloser, error)) string {
	text := []byte("date,user_id,event_count,purchase_count,total_revenue\n")
	for user := range rows {
		text = fmt.Appendf(text, "2024-01-01,%d,%d,1,%d.%02d\n", user*7, user%10+1, user*7919%1000, user%90+10)
	}
	if compress != nil {
		var data bytes.Buffer
		w, err := compress(&data)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(text); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		text = data.Bytes()
	}
	dir := t.TempDir()
	for n := range files {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprint(n)), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// builtCommand is the command, built once for all tests, in a folder of its own.
var builtCommand struct {
	once sync.Once
	dir  string
	err  error
}

func buildCommand(t *testing.T) string {
	t.Helper()
	b := &builtCommand
	b.once.Do(func() {
		if b.dir, b.err = os.MkdirTemp("", "dailystats-command-"); b.err != nil {
			return
		}
		if out, err := exec.Command("go", "build", "-o", filepath.Join(b.dir, "dailystats"), ".").CombinedOutput(); err != nil {
			b.err = fmt.Errorf("%w: %s", err, out)
		}
	})
	if b.err != nil {
		t.Fatal(b.err)
	}
	return filepath.Join(b.dir, "dailystats")
}

// tests are all tests, and what is to be removed behind the last.
type tests struct{ *testing.M }

// Run implements testscript.TestingM.
func (t tests) Run() int {
	defer func() {
		if builtCommand.dir != "" {
			os.RemoveAll(builtCommand.dir)
		}
	}()
	return t.M.Run()
}
