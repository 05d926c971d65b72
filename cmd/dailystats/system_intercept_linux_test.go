package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The file system is the seam: system calls of the real command, spill files of
// libraries among them, are held by the kernel (seccomp_unotify(2)) until a test
// says what becomes of them.
//
//	test                            launch                         kernel
//	intercept ── starts itself ──→  installs a filter
//	          ←─ the listener ────  execve, as the command
//	                                calls write(2) ──────────────→ holds it
//	judge(call) ←───────────────────────────────── the listener ─┘
//	outcome ──────────────────────────────────────────────────────→ lets it return

// interceptedCalls are the system calls that a test may judge.
var interceptedCalls = map[uint32]string{
	unix.SYS_CLOSE:           "close",
	unix.SYS_FADVISE64:       "fadvise",
	unix.SYS_FSYNC:           "fsync",
	unix.SYS_OPENAT:          "open",
	unix.SYS_PREAD64:         "pread",
	unix.SYS_READ:            "read",
	unix.SYS_RENAMEAT:        "rename",
	unix.SYS_RENAMEAT2:       "rename",
	unix.SYS_SOCKET:          "socket",
	unix.SYS_SYNC_FILE_RANGE: "sync_file_range",
	unix.SYS_UNLINKAT:        "unlink",
	unix.SYS_WRITE:           "write",
}

// interceptedCall is a system call before it is carried out.
type interceptedCall struct {
	name string
	path string // what it is about; for a rename, the new name

	flags, perm uint64 // of an open
}

// outcome is what becomes of a call. The zero value carries it out.
type outcome struct {
	err   syscall.Errno // it fails with this instead
	short bool          // it writes the first half
	kill  bool          // the process is killed before it is carried out
	stop  bool          // it never returns, and the process gets a SIGTERM
}

const (
	launchVariable = "DAILYSTATS_TEST_LAUNCH" // set for the process that is to become the command
	launchSocket   = 3                        // its descriptor for the listener
)

// intercept runs the command with args in dir. It asks judge about each of its
// calls, one at a time, and returns what the command wrote to standard error and
// its exit status.
func intercept(t *testing.T, dir string, judge func(interceptedCall) outcome, args ...string) (stderr string, status int) {
	t.Helper()
	ours, theirs := socketPair(t)
	defer ours.Close()
	var text bytes.Buffer
	cmd := exec.Command("/proc/self/exe", args...)
	cmd.Args[0] = "dailystats"
	cmd.Env = append(os.Environ(), launchVariable+"=1", "GORACE=atexit_sleep_ms=0")
	cmd.Dir, cmd.Stderr, cmd.ExtraFiles = dir, &text, []*os.File{theirs}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	theirs.Close()
	listener, err := receiveListener(ours)
	if err != nil {
		cmd.Wait()
		t.Skipf("the kernel does not let us intercept system calls: %v: %s", err, text.String())
	}
	defer unix.Close(listener)
	if err := (process{pid: cmd.Process.Pid, listener: listener}).answerCalls(judge); err != nil {
		cmd.Process.Kill()
		t.Error(err)
	}
	err = cmd.Wait()
	if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return text.String(), cmd.ProcessState.ExitCode()
}

func socketPair(t *testing.T) (ours, theirs *os.File) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	return os.NewFile(uintptr(fds[0]), "ours"), os.NewFile(uintptr(fds[1]), "theirs")
}

// launch puts a filter on this process, sends its listener to the test, and
// becomes the command.
func launch() {
	if err := os.Unsetenv(launchVariable); err != nil {
		panic(err)
	}
	runtime.LockOSThread() // the filter is the thread's, until it becomes the process
	listener, err := installFilter()
	if err == nil {
		err = unix.Sendmsg(launchSocket, []byte{0}, unix.UnixRights(listener), nil, 0)
	}
	if err == nil {
		unix.CloseOnExec(launchSocket)
		err = unix.Exec("/proc/self/exe", os.Args, os.Environ())
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// installFilter has the kernel hold this thread's intercepted calls for whoever
// has the listener that it returns. A signal to a thread that is held must not make
// its call again, as if it were another one.
func installFilter() (listener int, err error) {
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return 0, err
	}
	filter := filterProgram()
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	fd, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER,
		unix.SECCOMP_FILTER_FLAG_NEW_LISTENER|unix.SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, uintptr(unsafe.Pointer(&program)))
	if errno != 0 {
		return 0, errno
	}
	return int(fd), nil
}

// filterProgram compares the call's number, the first field of what a filter
// sees, with those of the intercepted calls.
func filterProgram() []unix.SockFilter {
	const load, ifEqual, ret = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, unix.BPF_RET | unix.BPF_K
	program := []unix.SockFilter{{Code: load, K: 0}}
	for number := range interceptedCalls {
		program = append(program,
			unix.SockFilter{Code: ifEqual, K: number, Jf: 1},
			unix.SockFilter{Code: ret, K: unix.SECCOMP_RET_USER_NOTIF})
	}
	return append(program, unix.SockFilter{Code: ret, K: unix.SECCOMP_RET_ALLOW})
}

func receiveListener(socket *os.File) (int, error) {
	rights := make([]byte, unix.CmsgSpace(4))
	_, n, _, _, err := unix.Recvmsg(int(socket.Fd()), make([]byte, 1), rights, 0)
	if err != nil {
		return 0, err
	}
	messages, err := unix.ParseSocketControlMessage(rights[:n])
	if err != nil || len(messages) == 0 {
		return 0, errors.Join(err, errors.New("no listener came"))
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil {
		return 0, err
	}
	return fds[0], nil
}

// notification and response are struct seccomp_notif and seccomp_notif_resp.
type (
	notification struct {
		id         uint64
		pid, flags uint32
		number     uint32
		arch       uint32
		address    uint64
		args       [6]uint64
	}
	response struct {
		id    uint64
		value int64
		err   int32
		flags uint32
	}
)

// process is one whose calls are intercepted.
type process struct {
	pid      int
	listener int
}

// answerCalls answers calls until the process has ended.
func (p process) answerCalls(judge func(interceptedCall) outcome) error {
	for {
		ready := []unix.PollFd{{Fd: int32(p.listener), Events: unix.POLLIN}}
		if _, err := unix.Poll(ready, -1); err == unix.EINTR {
			continue
		} else if err != nil {
			return err
		}
		if ready[0].Revents&unix.POLLIN == 0 {
			return nil
		}
		var n notification
		if errno := p.ioctl(unix.SECCOMP_IOCTL_NOTIF_RECV, unsafe.Pointer(&n)); errno == unix.ENOENT || errno == unix.EINTR {
			continue // the thread was killed meanwhile
		} else if errno != 0 {
			return errno
		}
		r, err := p.answer(&n, judge)
		if err == errHeld {
			continue
		}
		if err != nil {
			return err
		}
		if errno := p.ioctl(unix.SECCOMP_IOCTL_NOTIF_SEND, unsafe.Pointer(&r)); errno != 0 && errno != unix.ENOENT {
			return errno
		}
	}
}

func (p process) ioctl(request uintptr, argument unsafe.Pointer) syscall.Errno {
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(p.listener), request, uintptr(argument))
	return errno
}

// errHeld says that a call gets no answer.
var errHeld = errors.New("held")

func (p process) answer(n *notification, judge func(interceptedCall) outcome) (response, error) {
	r := response{id: n.id}
	c := interceptedCall{name: interceptedCalls[n.number], path: p.path(n)}
	if n.number == unix.SYS_OPENAT {
		c.flags, c.perm = n.args[2], n.args[3]
	}
	o := judge(c)
	switch {
	case o.kill:
		return r, unix.Kill(p.pid, unix.SIGKILL)
	case o.stop:
		return r, cmp.Or(unix.Kill(p.pid, unix.SIGTERM), errHeld)
	case o.err != 0:
		r.err = -int32(o.err)
	case o.short:
		written, err := p.writeHalf(n)
		if err != nil {
			return r, err
		}
		r.value = written
	default:
		r.flags = unix.SECCOMP_USER_NOTIF_FLAG_CONTINUE
	}
	return r, nil
}

// path returns the file that the call is about, as the process names it or, of
// an open file, as the kernel does. It is empty where there is none.
func (p process) path(n *notification) string {
	switch n.number {
	case unix.SYS_OPENAT, unix.SYS_UNLINKAT:
		return p.name(n.args[0], n.args[1])
	case unix.SYS_RENAMEAT, unix.SYS_RENAMEAT2:
		return p.name(n.args[2], n.args[3])
	case unix.SYS_SOCKET:
		return ""
	}
	path, _ := os.Readlink(p.proc("fd", strconv.Itoa(int(int32(n.args[0])))))
	return path
}

func (p process) proc(path ...string) string {
	return filepath.Join("/proc", strconv.Itoa(p.pid), filepath.Join(path...))
}

// name returns the path at an address of the process, which begins at an open
// folder or at the working one.
func (p process) name(folder, address uint64) string {
	text, _ := p.memory(address, unix.PathMax)
	text, _, _ = bytes.Cut(text, []byte{0})
	path := string(text)
	if !filepath.IsAbs(path) {
		from := p.proc("cwd")
		if fd := int(int32(folder)); fd != unix.AT_FDCWD {
			from = p.proc("fd", strconv.Itoa(fd))
		}
		root, _ := os.Readlink(from)
		path = filepath.Join(root, path)
	}
	return path
}

// memory returns what the process has at an address, up to size bytes of it.
func (p process) memory(address uint64, size int) ([]byte, error) {
	f, err := os.Open(p.proc("mem"))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data := make([]byte, size)
	read, err := f.ReadAt(data, int64(address))
	if read > 0 {
		err = nil
	}
	return data[:read], err
}

// writeHalf writes the first half of what the process wants to write, with the
// process's own offset in the file.
func (p process) writeHalf(n *notification) (int64, error) {
	data, err := p.memory(n.args[1], max(int(n.args[2]/2), 1))
	if err != nil {
		return 0, err
	}
	pidfd, err := unix.PidfdOpen(p.pid, 0)
	if err != nil {
		return 0, err
	}
	defer unix.Close(pidfd)
	fd, err := unix.PidfdGetfd(pidfd, int(int32(n.args[0])), 0)
	if err != nil {
		return 0, err
	}
	defer unix.Close(fd)
	written, err := unix.Write(fd, data)
	return int64(written), err
}

// init runs before the tests' main, which would take the command's arguments for
// its own.
func init() {
	if os.Getenv(launchVariable) != "" {
		launch()
	}
}
