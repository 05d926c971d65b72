package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// launch makes a process that will be "$@", in a cgroup if $1 names one, and says
// which it is. It waits until its input 4 ends: would it end itself before the
// shell does, the shell would wait for it. Whatever runs here is the first to go
// when the system runs out of memory.
const launch = `[ -z "$1" ] || echo $$ >"$1" || exit
shift
echo 1000 2>/dev/null >/proc/self/oom_score_adj
{
	read -r go <&4
	exec "$@" 3>&- 4<&-
} &
echo $! >&3`

// run runs a process to its end and measures it. Its standard output is thrown
// away.
//
// The kernel counts the memory that a process had before it became another
// program (by execve) as its own, and what it had then is that of whoever
// started it: a process that is started from here would seem to take at least
// what we take. So a shell starts it, which is small, and ends. The process is
// an orphan then, and comes to us, as its subreaper.
func (p process) run(ctx context.Context) (Usage, error) {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return Usage{}, fmt.Errorf("becoming the parent of orphans: %w", err)
	}
	stderr, err := os.CreateTemp("", "dailystats-bench-stderr-*")
	if err != nil {
		return Usage{}, err
	}
	defer stderr.Close()
	os.Remove(stderr.Name())
	group, err := NewCgroup(p.memory)
	if err != nil {
		return Usage{}, err
	}
	defer group.Remove()

	pid, gate, err := p.prepare(group.Procs(), stderr)
	if err != nil {
		return Usage{}, err
	}
	start := time.Now()
	gate.Close()
	status, rusage, err := wait(ctx, pid)
	if err != nil {
		return Usage{}, err
	}
	took := Usage{
		Wall:   time.Since(start).Seconds(),
		User:   time.Duration(rusage.Utime.Nano()).Seconds(),
		System: time.Duration(rusage.Stime.Nano()).Seconds(),
		Peak:   rusage.Maxrss << 10,
	}
	return took, p.verdict(status, stderr, group.Overrun())
}

// verdict returns an error if a process failed.
func (p process) verdict(status syscall.WaitStatus, stderr *os.File, overrun bool) error {
	f := &failure{message: lastWords(stderr), memory: p.memory, overrun: overrun}
	switch {
	case status.Signaled():
		f.signal = status.Signal()
	case status.ExitStatus() != 0 || overrun: // a pipeline ends well though one in it was killed
		f.code = status.ExitStatus()
	default:
		return nil
	}
	return f
}

// prepare makes a process that starts when gate is closed. It is a child of ours.
func (p process) prepare(cgroup string, stderr *os.File) (pid int, gate *os.File, err error) {
	said, say, err := os.Pipe()
	if err != nil {
		return 0, nil, err
	}
	defer said.Close()
	waiting, gate, err := os.Pipe()
	if err != nil {
		say.Close()
		return 0, nil, err
	}
	shell := exec.Command("/bin/sh", append([]string{"-c", launch, "sh", cgroup}, p.args...)...)
	shell.Env = p.env
	shell.Stderr = stderr
	shell.ExtraFiles = []*os.File{say, waiting}
	shell.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // a group of its own, to be ended with all its children
	err = shell.Run()
	say.Close()
	waiting.Close()
	if err == nil {
		_, err = fmt.Fscan(said, &pid)
	}
	if err != nil {
		gate.Close()
		return 0, nil, fmt.Errorf("starting %s: %w: %s", p.args[0], err, lastWords(stderr))
	}
	return pid, gate, nil
}

// wait waits for a process, and when ctx is done ends it, with all of its group.
func wait(ctx context.Context, pid int) (status syscall.WaitStatus, rusage syscall.Rusage, err error) {
	group, err := syscall.Getpgid(pid)
	if err != nil {
		return 0, rusage, err
	}
	ended := make(chan error, 1)
	go func() { ended <- wait4(pid, &status, &rusage) }()
	select {
	case err = <-ended:
	case <-ctx.Done():
		end(group, ended)
		err = context.Cause(ctx)
	}
	syscall.Kill(-group, syscall.SIGKILL) // what it left behind
	for wait4(-group, nil, nil) == nil {
	}
	return status, rusage, err
}

// end asks a process group to end, and makes it when it doesn't soon.
func end(group int, ended <-chan error) {
	const patience = 2 * time.Second
	syscall.Kill(-group, syscall.SIGTERM)
	select {
	case <-ended:
	case <-time.After(patience):
		syscall.Kill(-group, syscall.SIGKILL)
		<-ended
	}
}

func wait4(pid int, status *syscall.WaitStatus, rusage *syscall.Rusage) error {
	for {
		_, err := syscall.Wait4(pid, status, 0, rusage)
		if !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}
