package main

import (
	"os/exec"
	"regexp"
	"syscall"
	"testing"
)

// smallDisk mounts a disk of a size, which only this script can see, runs a
// command on it that must fail, and tells what is on the disk then.
const smallDisk = `
set -eu
mkdir disk
mount -t tmpfs -o size="$1" small disk || exit 77
mkdir disk/out disk/spill
echo older >disk/out/result
shift
"$@" && echo 'no failure' || echo "exit status $?"
find disk -type f -exec cat {} +`

// TestSmallDisk runs the command on disks that get full at several points of a
// run: while it spills, and while it writes its result.
func TestSmallDisk(t *testing.T) {
	command, events := buildCommand(t), writeSpilledEvents(t)
	for size, what := range map[string]string{
		"64K":   `spilling to disk in disk/spill, after [0-9.]+ [KM]iB: [^"\n]*no space left on device \(--temp-dir names another folder\)`,
		"256K":  `spilling to disk in disk/spill, after [0-9.]+ [KM]iB: [^"\n]*no space left on device \(--temp-dir names another folder\)`,
		"1M":    `cannot write disk/out/result[^"\n]*no space left on device[^"\n]*`,
		"3000K": `cannot write disk/out/result[^"\n]*no space left on device[^"\n]*`,
	} {
		cmd := exec.Command("sh", "-c", smallDisk, "sh", size, command, events, "--memory", "24MiB", "--parallel", "1",
			"--log-invalid=false", "--temp-dir", "disk/spill", "-o", "disk/out/result")
		cmd.Dir = t.TempDir()
		cmd.SysProcAttr = &syscall.SysProcAttr{ // the script is root in a world of its own
			Cloneflags:  syscall.CLONE_NEWNS | syscall.CLONE_NEWUSER,
			UidMappings: []syscall.SysProcIDMap{{HostID: syscall.Getuid(), Size: 1}},
			GidMappings: []syscall.SysProcIDMap{{HostID: syscall.Getgid(), Size: 1}},
		}
		out, err := cmd.CombinedOutput()
		if cmd.ProcessState == nil || cmd.ProcessState.ExitCode() == 77 {
			t.Skipf("no disk can be mounted here: %v: %s", err, out)
		}
		want := regexp.MustCompile(`\Atime="[^"]*" level=error msg="` + what + `"\nexit status 1\nolder\n\z`)
		if !want.Match(out) {
			t.Errorf("a disk of %s: %s", size, out)
		}
	}
}
