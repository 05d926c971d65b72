package main

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"dailystats/testdata/sampling"

	"golang.org/x/sys/unix"
)

// waitingRun is a run of the command that waits for a reader who does not come.
type waitingRun struct {
	args   string
	stdout bool // is a full pipe
	stderr bool // likewise
}

// waitingRuns are in a folder with these files: few events, many invalid ones, results,
// a named pipe that nobody has opened, and a full one.
var waitingRuns = []waitingRun{
	{args: "few -o fifo"},
	{args: "few -o full"},
	{args: "few -o fifo.gz"},
	{args: "invalid few -o out/result --rejects fifo --log-invalid=false"},
	{args: "invalid few -o out/result --rejects full --log-invalid=false"},
	{args: "invalid few -o out/result --rejects full --report out/report"},
	{args: "few -o out/result --rejects out/rejects --report fifo"},
	{args: "few -o out/result --rejects out/rejects --report full"},
	{args: "few -o out/result --rejects out/rejects --html fifo"},
	{args: "few -o out/result --rejects out/rejects --html full"},
	{args: "few -o out/result --rejects out/rejects --metrics fifo"},
	{args: "few -o out/result --rejects out/rejects --metrics full"},
	{args: "few -o out/result --log-file fifo"},
	{args: "invalid few -o out/result --log-file full"},
	{args: "few -o out/result --log-file full --report out/report"},
	{args: "few -o out/result --log-file full --log-format json --progress always", stderr: true},
	{args: "invalid few -o out/result --rejects out/rejects", stderr: true},
	{args: "invalid few -o out/result --rejects out/rejects --progress always", stderr: true},
	{args: "few -o out/result --progress always", stderr: true},
	{args: "few -o out/result --memory 1MiB", stderr: true},
	{args: "few -o out/result --no-such-flag", stderr: true},
	{args: "invalid few -o - --log-format json", stdout: true, stderr: true},
	{args: "few -o -", stdout: true},
	{args: "few -o out/result --rejects out/rejects --log-file -", stdout: true},
	{args: "run few -o /dev/stdout", stdout: true},
	{args: "check invalid few --rejects full"},
	{args: "check invalid few --rejects -", stdout: true, stderr: true},
	{args: "merge first second -o -", stdout: true},
	{args: "merge first second -o fifo"},
	{args: "merge first second -o out/result --report full"},
	{args: "merge first second -o out/result --progress always", stderr: true},
	{args: "gen", stdout: true},
	{args: "gen --events 1e3", stdout: true, stderr: true},
	{args: "gen -o fifo"},
	{args: "gen -o full"},
	{args: "--config fifo"},
	{args: "kafka://127.0.0.1:1/topic -o out/result --kafka-config fifo"},
	{args: "fifo -o out/result"},
	{args: "merge fifo -o out/result"},
	{args: "man", stdout: true},
	{args: "version", stdout: true},
	{args: "completion bash", stdout: true},
	{args: "run --help", stdout: true},
	{args: "few --print-config", stdout: true},
	{args: "bench few --runs 1", stdout: true},
	{args: "bench few", stderr: true},
}

// TestStops has runs wait that can't go on, and sends them a signal, or two, at a random
// moment: each ends, with the signal's status, and leaves all as it was.
func TestStops(t *testing.T) {
	t.Parallel()
	s := &stopper{command: buildCommand(t)}
	random := rand.New(rand.NewPCG(sampling.Seed(t), 0))
	stops := make(chan stop)
	var workers sync.WaitGroup
	for range 8 { // they wait, mostly
		workers.Go(func() {
			for one := range stops {
				s.stop(t, one)
			}
		})
	}
	signals := []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGHUP}
	times := sampling.Count(1, 20)
	for i := range times {
		for j, run := range waitingRuns {
			one := stop{run: run, signal: signals[(i+j)%len(signals)], after: time.Duration(random.IntN(300)) * time.Millisecond, again: -1}
			if i%2 == 1 {
				one.again = time.Duration(random.IntN(50)) * time.Millisecond
			}
			stops <- one
		}
	}
	close(stops)
	workers.Wait()
	t.Logf("%d runs were stopped, the slowest after %v", times*len(waitingRuns), s.slowest)
}

// stop is a run and when it gets its signals.
type stop struct {
	run    waitingRun
	signal syscall.Signal
	after  time.Duration // from when it listens to signals
	again  time.Duration // from the first to the second; -1 if there is none
}

type stopper struct {
	command string

	mu      sync.Mutex
	slowest time.Duration
}

func (s *stopper) stop(t *testing.T, one stop) {
	what := fmt.Sprintf("%s, %v after %v, again after %v", one.run.args, one.signal, one.after, one.again)
	w := newWaitingFolder(t)
	defer w.remove()
	before := w.files()
	cmd := exec.Command(s.command, strings.Fields(one.run.args)...)
	var stderr bytes.Buffer
	cmd.Dir, cmd.Stderr = w.dir, &stderr
	cmd.Env = append(os.Environ(), "DAILYSTATS_TEMP_DIR=spill")
	if one.run.stdout {
		cmd.Stdout = w.fullPipe()
	}
	if one.run.stderr {
		cmd.Stderr = w.fullPipe()
	}
	if err := cmd.Start(); err != nil {
		t.Error(err)
		return
	}
	ended := make(chan struct{})
	giveUp := time.AfterFunc(30*time.Second, func() { cmd.Process.Kill() })
	go func() { cmd.Wait(); close(ended) }()
	waitUntilListening(cmd.Process.Pid)
	time.Sleep(one.after)
	sent := time.Now()
	cmd.Process.Signal(one.signal)
	if one.again >= 0 {
		time.Sleep(one.again)
		cmd.Process.Signal(one.signal)
	}
	<-ended
	took := time.Since(sent)
	giveUp.Stop()
	s.mu.Lock()
	s.slowest = max(s.slowest, took)
	s.mu.Unlock()

	if status := cmd.ProcessState.ExitCode(); status != statusSignal+int(one.signal) {
		t.Errorf("%s: %v: %s", what, cmd.ProcessState, stderr.String())
	}
	if after := w.files(); !maps.Equal(before, after) {
		t.Errorf("%s: there are %v", what, names(after))
	}
	text := stderr.String()
	if one.signal == syscall.SIGQUIT && !one.run.stderr {
		trace, rest, _ := strings.Cut(text, "SIGQUIT: quit\n")
		if !strings.Contains(rest, "main.(*session).execute") || strings.Count(text, "\n") > 1000 {
			t.Errorf("%s: the trace is %q", what, text)
		}
		text = trace + rest[strings.LastIndex(rest, "\n\n")+1:]
	}
	if !one.run.stderr && one.again < 0 && !strings.Contains(text, signalError{one.signal}.Error()) {
		t.Errorf("%s: it said %q", what, text)
	}
}

// waitUntilListening waits until a process listens to signals: from then on it ignores
// SIGPIPE.
func waitUntilListening(pid int) {
	const sigpipe = 1 << (syscall.SIGPIPE - 1)
	for {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		_, ignored, found := strings.Cut(string(status), "SigIgn:\t")
		if err != nil || !found {
			return
		}
		if mask, err := strconv.ParseUint(ignored[:16], 16, 64); err != nil || mask&sigpipe != 0 {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// waitingFolder is the folder of a run that waits.
type waitingFolder struct {
	t     *testing.T
	dir   string
	pipes []*os.File
}

func newWaitingFolder(t *testing.T) *waitingFolder {
	dir, err := os.MkdirTemp("", "dailystats-test-")
	if err != nil {
		t.Error(err)
	}
	w := &waitingFolder{t: t, dir: dir}
	event := `{"user_id":1,"event_type":"a","timestamp":"2024-01-01T00Z"}` + "\n"
	for name, text := range map[string]string{
		"few":         event,
		"invalid":     strings.Repeat("bad\n", 50_000),
		"first":       "date,user_id,event_count,purchase_count,total_revenue\n2024-01-01,1,1,0,0.00\n",
		"second":      "date,user_id,event_count,purchase_count,total_revenue\n2024-01-01,2,1,0,0.00\n",
		"out/result":  "older",
		"out/rejects": "older",
	} {
		path := filepath.Join(dir, name)
		w.must(os.MkdirAll(filepath.Dir(path), 0o700))
		w.must(os.WriteFile(path, []byte(text), 0o600))
	}
	w.must(os.Mkdir(filepath.Join(dir, "spill"), 0o700))
	for _, name := range []string{"fifo", "fifo.gz", "full"} {
		w.must(syscall.Mkfifo(filepath.Join(dir, name), 0o600))
	}
	full, err := os.OpenFile(filepath.Join(dir, "full"), os.O_RDWR|unix.O_NONBLOCK, 0)
	w.must(err)
	w.pipes = append(w.pipes, full)
	w.fill(full)
	return w
}

func (w *waitingFolder) must(err error) {
	if err != nil {
		w.t.Error(err)
	}
}

// fill writes to a pipe until it is full.
func (w *waitingFolder) fill(pipe *os.File) {
	w.must(pipe.SetWriteDeadline(time.Now().Add(10 * time.Millisecond)))
	for piece := make([]byte, 64<<10); len(piece) > 0; piece = piece[:len(piece)/2] {
		if _, err := pipe.Write(piece); err != nil {
			continue
		}
	}
}

// fullPipe returns a pipe that nobody reads, and that is full.
func (w *waitingFolder) fullPipe() *os.File {
	r, writer, err := os.Pipe()
	w.must(err)
	w.pipes = append(w.pipes, r, writer)
	w.fill(writer)
	writer.Fd() // a process that is given it waits when it writes
	return writer
}

// files returns the files in the folder, by name.
func (w *waitingFolder) files() map[string]string {
	files := map[string]string{}
	w.must(filepath.WalkDir(w.dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		files[path] = entry.Type().String()
		if entry.Type().IsRegular() {
			data, err := os.ReadFile(path)
			files[path] = string(data)
			return err
		}
		return nil
	}))
	return files
}

func (w *waitingFolder) remove() {
	for _, pipe := range w.pipes {
		pipe.Close()
	}
	w.must(os.RemoveAll(w.dir))
}
