package main

import (
	"bufio"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// workFolder is where a run of the command is disturbed: one that spills, and
// writes all the files that it can.
type workFolder struct {
	t   *testing.T
	dir string
}

// outputs are what it writes to the folder out.
var outputs = []string{"result", "rejects", "report", "metrics", "page"}

var workArgs = []string{"in/events", "--memory", "24MiB", "--parallel", "1", "--temp-dir", "spill",
	"-o", "out/result", "--rejects", "out/rejects", "--report", "out/report", "--metrics", "out/metrics", "--html", "out/page", "--log-file", "log/log"}

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
	for _, name := range outputs {
		if err := os.WriteFile(filepath.Join(w.dir, "out", name), []byte("older "+name), 0o600); err != nil {
			w.t.Error(err)
		}
	}
}

// varying are the parts of files that differ from run to run, with times and peak
// memory: from one text to the file's end, but for another.
var varying = []struct{ from, until string }{
	{`"peak_memory"`, "}\n"},
	{"# HELP", "\n"},
	{`<p class="made">`, "</html>\n"},
}

func withoutVarying(text string) string {
	for _, v := range varying {
		if head, _, found := strings.Cut(text, v.from); found && strings.HasSuffix(text, v.until) {
			return head + v.until
		}
	}
	return text
}

// files returns what is in the folders for outputs and spill files, by name.
func (w *workFolder) files() map[string]string {
	files := map[string]string{}
	for _, folder := range []string{"out", "spill"} {
		for _, name := range folderNames(w.t, filepath.Join(w.dir, folder)) {
			data, err := os.ReadFile(filepath.Join(w.dir, folder, name))
			if err != nil {
				w.t.Error(err)
			}
			files[folder+"/"+name] = withoutVarying(string(data))
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
