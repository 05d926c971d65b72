//go:build unix

package main

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"dailystats/testdata/sampling"
)

// TestKills sends a run a signal at a random moment: its files are the older ones
// or whole new ones, and nothing else is there. Only SIGKILL can leave temporary
// files, which the next run removes; and, within microseconds, an empty spill file
// that has not been unlinked yet.
func TestKills(t *testing.T) {
	t.Parallel()
	k := &killer{t: t, command: buildCommand(t), events: writeSpilledEvents(t)}
	k.measure()
	random := rand.New(rand.NewPCG(sampling.Seed(t), 0))
	t.Logf("a run takes %v", k.usual)

	var workers sync.WaitGroup
	free := make(chan struct{}, runtime.GOMAXPROCS(0))
	for i := range sampling.Count(10, 200) {
		signal := []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGPIPE, syscall.SIGKILL}[i%4]
		after := time.Duration(random.Float64() * 1.2 * float64(k.usual))
		free <- struct{}{}
		workers.Go(func() {
			k.kill(signal, after)
			<-free
		})
	}
	workers.Wait()
	t.Logf("%d whole, %d as it was, %d with a mixture, %d with leftovers", k.whole, k.older, k.mixed, k.leftover)
}

// killer kills runs of the command and counts how they end.
type killer struct {
	t               *testing.T
	command, events string
	usual           time.Duration     // that a run takes
	files           map[string]string // of a run that went well

	mu                            sync.Mutex
	whole, older, mixed, leftover int
}

// measure takes the quickest of some runs: what is killed should not have ended.
func (k *killer) measure() {
	for i := range 3 {
		w := newWorkFolder(k.t, k.events)
		start := time.Now()
		if status, text := k.run(w, nil); status != 0 {
			k.t.Fatalf("exit status %d: %s", status, text)
		}
		if took := time.Since(start); i == 0 || took < k.usual {
			k.usual = took
		}
		k.files = w.files()
	}
}

// run runs the command. It returns its exit status, or -1 if a signal ended it.
func (k *killer) run(w *workFolder, disturb func(*os.Process)) (status int, stderr string) {
	var text bytes.Buffer
	cmd := exec.Command(k.command, workArgs...)
	cmd.Dir, cmd.Stderr = w.dir, &text
	if err := cmd.Start(); err != nil {
		k.t.Error(err)
		return 0, ""
	}
	if disturb != nil {
		disturb(cmd.Process)
	}
	cmd.Wait()
	return cmd.ProcessState.ExitCode(), text.String()
}

func (k *killer) kill(signal syscall.Signal, after time.Duration) {
	w := newWorkFolder(k.t, k.events)
	defer os.RemoveAll(w.dir)
	w.writeOlder()
	older := w.files()
	status, text := k.run(w, func(p *os.Process) {
		time.Sleep(after)
		p.Signal(signal)
	})
	files := w.files()
	if signal == syscall.SIGKILL {
		maps.DeleteFunc(files, func(name, text string) bool { return strings.HasPrefix(name, "spill/") && text == "" })
	}
	ended := k.judge(files, older)
	switch {
	case ended == "damaged":
		k.t.Errorf("%v after %v: there are %v", signal, after, names(files))
	case status == 0 && ended == "whole" && text == "":
	case status == -1 && ended == "older" && text == "": // before it could do anything about a signal
	case status == 128+int(signal) && signal != syscall.SIGPIPE && ended == "older" && strings.Count(text, "\n") == 1:
	case status == -1 && signal == syscall.SIGKILL:
		k.runAgain(w)
	default:
		k.t.Errorf("%v after %v: exit status %d, files are %s, standard error: %s", signal, after, status, ended, text)
	}
}

// judge says what files are, and counts it.
func (k *killer) judge(files, older map[string]string) string {
	k.mu.Lock()
	defer k.mu.Unlock()
	count := map[string]int{}
	for name, text := range files {
		switch {
		case isTemporary(name):
			count["leftover"]++
		case text == k.files[name]:
			count["whole"]++
		case text == older[name]:
			count["older"]++
		default:
			return "damaged"
		}
	}
	switch {
	case count["whole"]+count["older"] != len(outputs) || count["leftover"] > len(outputs):
		return "damaged"
	case count["leftover"] > 0:
		k.leftover++
		return "with leftovers"
	case count["whole"] == len(outputs):
		k.whole++
		return "whole"
	case count["older"] == len(outputs):
		k.older++
		return "older"
	default:
		k.mixed++
		return "mixed"
	}
}

func isTemporary(name string) bool {
	for _, of := range outputs {
		if matched, _ := filepath.Match("out/."+of+".dailystats-*-*.tmp", name); matched {
			return true
		}
	}
	return false
}

// runAgain runs the command where it was killed.
func (k *killer) runAgain(w *workFolder) {
	status, text := k.run(w, nil)
	files := w.files()
	maps.DeleteFunc(files, func(name, text string) bool { return strings.HasPrefix(name, "spill/") && text == "" })
	if status != 0 || !maps.Equal(files, k.files) {
		k.t.Errorf("after a kill: exit status %d, there are %v, standard error: %s", status, names(files), text)
	}
}

// TestKillsWithinTheInput kills runs at random that write into the folder that they read: the
// next one neither fails nor reads what they have left, and leaves nothing of it.
func TestKillsWithinTheInput(t *testing.T) {
	t.Parallel()
	k := &killer{t: t, command: buildCommand(t), events: writeSpilledEvents(t)}
	k.measure()
	random := rand.New(rand.NewPCG(sampling.Seed(t), 0))
	dir := t.TempDir()
	in := filepath.Join(dir, "in")
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.Mkdir(in, 0o700))
	must(os.Link(k.events, filepath.Join(in, "events")))
	run := func() *exec.Cmd {
		cmd := exec.Command(k.command, "in", "--memory", "24MiB", "--parallel", "1", "--temp-dir", dir, "-q", "-o", "in/r.csv.gz", "--rejects", "in/r.zst")
		cmd.Dir = dir
		return cmd
	}
	whole, err := os.ReadFile(k.resultOf(run()))
	must(err)
	killed := 0
	for range sampling.Count(5, 100) {
		for _, name := range []string{"r.csv.gz", "r.zst"} { // an output that is an input is refused
			must(os.RemoveAll(filepath.Join(in, name)))
		}
		cmd := run()
		must(cmd.Start())
		time.Sleep(time.Duration(random.Float64() * float64(k.usual)))
		cmd.Process.Kill()
		cmd.Wait()
		if _, err := os.Stat(filepath.Join(in, "r.csv.gz")); err == nil {
			continue // it was too late
		}
		killed++
		result, err := os.ReadFile(k.resultOf(run()))
		if must(err); !bytes.Equal(result, whole) {
			t.Fatal("the next run has another result")
		}
		if names := folderNames(t, in); len(names) != 3 {
			t.Fatalf("the folder has %q", names)
		}
	}
	t.Logf("%d were killed in time", killed)
}

// resultOf runs the command, which must go well, and returns the path of its result.
func (k *killer) resultOf(cmd *exec.Cmd) string {
	if text, err := cmd.CombinedOutput(); err != nil {
		k.t.Fatalf("%v: %s", err, text)
	}
	return filepath.Join(cmd.Dir, "in", "r.csv.gz")
}

// TestOneOutput has runs on two inputs write to the same files at once, some of
// which are killed: each file is that of one run, whole, and those that are not
// killed go well, whatever the others take for a leftover.
func TestOneOutput(t *testing.T) {
	t.Parallel()
	command := buildCommand(t)
	few := filepath.Join(t.TempDir(), "few")
	if err := os.WriteFile(few, []byte("bad\n"+`{"user_id":1,"event_type":"a","timestamp":"20240101T00Z"}`+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	a := &killer{t: t, command: command, events: writeSpilledEvents(t)}
	b := &killer{t: t, command: command, events: few}
	a.measure()
	b.measure()
	first, second := newWorkFolder(t, a.events), newWorkFolder(t, b.events)
	shared := filepath.Join(second.dir, "out")
	if err := errors.Join(os.Remove(shared), os.Symlink(filepath.Join(first.dir, "out"), shared)); err != nil {
		t.Fatal(err)
	}
	var runs sync.WaitGroup
	for i := range 24 {
		runs.Go(func() {
			k, w := a, first
			if i%2 == 1 {
				k, w = b, second
			}
			disturb, want := func(*os.Process) {}, 0
			if i%3 == 0 {
				after := time.Duration(rand.Float64() * float64(k.usual))
				disturb, want = func(p *os.Process) { time.Sleep(after); p.Kill() }, -1
			}
			if status, text := k.run(w, disturb); status != 0 && status != want || text != "" {
				t.Errorf("exit status %d: %s", status, text)
			}
		})
	}
	runs.Wait()
	for name, text := range first.files() {
		if strings.HasPrefix(name, "out/") && !isTemporary(name) && text != a.files[name] && text != b.files[name] {
			t.Errorf("%s is of neither run", name)
		}
	}
	a.runAgain(first)
}

// TestReaderLeaves has the reader of the result go away at a random moment: then
// the run fails, and its other files are as they were.
func TestReaderLeaves(t *testing.T) {
	t.Parallel()
	k := &killer{t: t, command: buildCommand(t), events: writeSpilledEvents(t)}
	k.measure()
	random := rand.New(rand.NewPCG(sampling.Seed(t), 0))
	size := len(k.files["out/result"])
	for range sampling.Count(5, 40) {
		w := newWorkFolder(t, k.events)
		w.writeOlder()
		older := w.files()
		read := random.IntN(size + size/10)
		whole := maps.Clone(k.files)
		whole["out/result"] = older["out/result"]
		whole["out/report"] = strings.Replace(whole["out/report"], `"output": "out/result"`, `"output": "-"`, 1)
		status, text := k.runToReader(w, int64(read))
		switch files := w.files(); {
		case status == 1 && read < size && strings.Count(text, "\n") == 1 && strings.Contains(text, syscall.EPIPE.Error()) && maps.Equal(files, older):
		case status == 0 && read+pipeSize >= size && text == "" && maps.Equal(files, whole):
		default:
			t.Errorf("%d of %d bytes read: exit status %d, there are %v, standard error: %s", read, size, status, names(files), text)
		}
	}
}

// pipeSize is what a pipe can hold at most that nobody reads.
const pipeSize = 1 << 20

// runToReader runs the command to a reader that takes so many bytes.
func (k *killer) runToReader(w *workFolder, bytes int64) (status int, stderr string) {
	var text strings.Builder
	cmd := exec.Command(k.command, append(slices.Clone(workArgs), "-o", "-")...)
	cmd.Dir, cmd.Stderr = w.dir, &text
	reader, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		k.t.Error(err)
		return 0, ""
	}
	_, err = io.CopyN(io.Discard, reader, bytes)
	if err != nil && err != io.EOF {
		k.t.Error(err)
	}
	reader.Close()
	cmd.Wait()
	return cmd.ProcessState.ExitCode(), text.String()
}
