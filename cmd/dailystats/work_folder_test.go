package main

import (
	"bufio"
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// workFolder is where a run of the command is disturbed: one that spills, and
// writes all the files that it can.
type workFolder struct {
	t   *testing.T
	dir string
}

var workArgs = []string{"in/events", "--memory", "24MiB", "--parallel", "1", "--temp-dir", "spill",
	"-o", "out/result", "--rejects", "out/rejects", "--report", "out/report", "--log-file", "log/log"}

func newWorkFolder(t *testing.T, events string) *workFolder {
	w := &workFolder{t: t, dir: t.TempDir()}
	for _, name := range []string{"in", "out", "spill", "log"} {
		if err := os.Mkdir(filepath.Join(w.dir, name), 0o700); err != nil {
			t.Error(err)
		}
	}
	if err := os.Link(events, filepath.Join(w.dir, "in/events")); err != nil {
		t.Error(err)
	}
	return w
}

func (w *workFolder) writeOlder() {
	for _, name := range []string{"result", "rejects", "report"} {
		if err := os.WriteFile(filepath.Join(w.dir, "out", name), []byte("older "+name), 0o600); err != nil {
			w.t.Error(err)
		}
	}
}

// files returns what is in the folders for outputs and spill files, by name. Of a
// report, the times and the peak memory differ from run to run: its size does
// not count.
func (w *workFolder) files() map[string]string {
	files := map[string]string{}
	for _, folder := range []string{"out", "spill"} {
		for _, name := range folderNames(w.t, filepath.Join(w.dir, folder)) {
			data, err := os.ReadFile(filepath.Join(w.dir, folder, name))
			if err != nil {
				w.t.Error(err)
			}
			if head, _, isReport := bytes.Cut(data, []byte(`"peak_memory"`)); isReport {
				data = head
			}
			files[folder+"/"+name] = string(data)
		}
	}
	return files
}

func names(files map[string]string) []string { return slices.Sorted(maps.Keys(files)) }

func folderNames(t *testing.T, dir string) (names []string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Error(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// writeSpilledEvents writes events that a run in 24 MiB has to spill, some of
// them invalid.
func writeSpilledEvents(t *testing.T) string {
	path := filepath.Join(t.TempDir(), "events")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := bufio.NewWriter(f)
	for user := range 200_000 {
		fmt.Fprintf(w, `{"user_id":%d,"event_type":"a","timestamp":"20240101T00Z"}`+"\n", user)
	}
	if err := writeLines(w, 1000, "bad"); err != nil { // flushes it, too
		t.Fatal(err)
	}
	return path
}
