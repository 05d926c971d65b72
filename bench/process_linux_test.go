package bench

import (
	"context"
	"errors"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// shell is a process that runs a script.
func shell(script string) process {
	return process{args: []string{"/bin/sh", "-c", script}, env: os.Environ()}
}

// TestPeak proves that the peak memory is that of the process, as it sees it
// itself, and not of the one that started it, which has more.
func TestPeak(t *testing.T) {
	ballast := make([]byte, 200<<20)
	for i := 0; i < len(ballast); i += 4096 {
		ballast[i] = 1
	}
	events := writeEvents(t, 300_000)
	result := filepath.Join(t.TempDir(), "result.csv")
	p := process{args: []string{command, events, "-o", result, "--report", reportOf(result)}, env: ownEnvironment()}
	used, err := p.run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	report, err := readReport(reportOf(result))
	if err != nil {
		t.Fatal(err)
	}
	// The kernel lets each processor count some pages for itself before it adds
	// them up: together, those are a few percent of so small a process.
	if own := float64(report.PeakMemory); math.Abs(float64(used.Peak)-own) > 0.05*own {
		t.Errorf("the peak is %d, want what the process had seen when it wrote its report, %d, to 5 %%", used.Peak, report.PeakMemory)
	}
	if used.Wall <= 0 || used.CPU() <= 0 {
		t.Errorf("it took no time: %+v", used)
	}
	if small, err := shell("exit 0").run(t.Context()); err != nil || small.Peak > 4<<20 {
		t.Errorf("a shell takes %d bytes, %v; want less than 4 MiB", small.Peak, err)
	}
	if ballast[0] != 1 {
		t.Error("the ballast is gone")
	}
}

// TestFailure proves what is said of a process that doesn't end well.
func TestFailure(t *testing.T) {
	for _, test := range []struct {
		p    process
		want string
	}{
		{shell("exit 3"), "exit code 3"},
		{shell("echo one >&2; echo 'what is wrong' >&2; echo >&2; exit 1"), "what is wrong"},
		{shell(`printf 'a\033[31mb\001' >&2; exit 1`), "a [31mb"},
		{shell("kill -9 $$"), `ended by signal "killed"`},
		{shell("echo oh >&2; kill -TERM $$"), `ended by signal "terminated": oh`},
		{shell("head -c 10000 /dev/zero | tr '\\0' x >&2; exit 1"), strings.Repeat("x", mostMessage) + "…"},
		{process{args: []string{"/no/such/program"}}, "/no/such/program: not found"},
	} {
		_, err := test.p.run(t.Context())
		if err == nil || !strings.HasSuffix(err.Error(), test.want) {
			t.Errorf("%q: the error is %v, want %s", test.p.args, err, test.want)
		}
	}
}

// TestCancelEndsAll proves that a cancelled process ends with all of its
// children, be they unwilling, and that none is left as a zombie.
func TestCancelEndsAll(t *testing.T) {
	for name, script := range map[string]string{
		"willing":   "sleep 1000 | sleep 1000",
		"unwilling": "trap '' TERM; sleep 1000 & sleep 1000; sleep 1000",
	} {
		t.Run(name, func(t *testing.T) {
			cause := errors.New("stopped")
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(100*time.Millisecond, func() { cancel(cause) })
			if _, err := shell(script).run(ctx); !errors.Is(err, cause) {
				t.Errorf("the error is %v, want %v", err, cause)
			}
			if out, _ := exec.Command("ps", "-o", "pid,stat,args", "--ppid", "1", "--ppid", pidText()).Output(); strings.Contains(string(out), "sleep 1000") {
				t.Errorf("left behind:\n%s", out)
			}
		})
	}
}

// TestLeftBehind proves that what a process leaves running is ended, too.
func TestLeftBehind(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pid")
	if _, err := shell("sleep 1000 & echo $! >" + file).run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if pid := readPid(t, file); syscall.Kill(pid, 0) == nil {
		t.Errorf("process %d is still there", pid)
	}
}

// TestLimit proves that a process is killed when it takes more than its limit,
// that one which takes less is not, and that no cgroup is left.
func TestLimit(t *testing.T) {
	const limit = 32 << 20
	probe, err := NewCgroup(limit)
	if err != nil {
		t.Skipf("no cgroup can be made here: %v", err)
	}
	folder := filepath.Dir(probe.dir)
	probe.Remove()
	p := shell("head -c 100000000 /dev/zero | tail -c 90000000 | wc -c")
	if _, err := p.run(t.Context()); err != nil {
		t.Errorf("without a limit: %v", err)
	}
	p.memory = limit
	if _, err := p.run(t.Context()); err == nil || err.Error() != "killed at its limit of 32 MiB" {
		t.Errorf("the error is %v, want that it was killed", err)
	}
	p = shell("head -c 100000000 /dev/zero | wc -c")
	p.memory = limit
	if _, err := p.run(t.Context()); err != nil {
		t.Errorf("within the limit: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(folder, cgroupName())); left != nil {
		t.Errorf("left behind: %v", left)
	}
}
