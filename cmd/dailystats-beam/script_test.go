package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"dailystats-beam": main})
}

// TestScripts runs the command as users do, on Prism. Each script says what it proves.
//
// Beside testscript's own commands, scripts have these:
//
//	status N ARGS...      run dailystats-beam, which must exit with N
//	interrupt SIG N FOLDER ARGS...
//	                      run it, give it the signal when there is something in the
//	                      folder, and see it exit with N
//	repeat FILE N NEW     write a file that has another N times
//	base64 FILE NEW       decode a file
//	holds FOLDER NAME...  the folder must hold this and nothing else
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"status":    scriptStatus,
			"interrupt": scriptInterrupt,
			"repeat":    scriptRepeat,
			"base64":    scriptBase64,
			"holds":     scriptHolds,
		},
	})
}

func scriptStatus(ts *testscript.TestScript, _ bool, args []string) {
	checkStatus(ts, ts.Exec("dailystats-beam", args[1:]...), args[0])
}

// checkStatus checks how a program has ended.
func checkStatus(ts *testscript.TestScript, err error, want string) {
	status := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		status = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if strconv.Itoa(status) != want {
		ts.Fatalf("exit status %d, not %s", status, want)
	}
}

var signals = map[string]os.Signal{"INT": os.Interrupt, "TERM": syscall.SIGTERM}

func scriptInterrupt(ts *testscript.TestScript, _ bool, args []string) {
	cmd := exec.Command("dailystats-beam", args[3:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = ts.MkAbs("."), ts.Stdout(), ts.Stderr()
	if err := cmd.Start(); err != nil {
		ts.Fatalf("%v", err)
	}
	ended := make(chan error)
	go func() { ended <- cmd.Wait() }()
	for {
		select {
		case err := <-ended:
			ts.Fatalf("it ended by itself: %v", err)
		case <-time.After(time.Millisecond):
		}
		if entries, _ := os.ReadDir(ts.MkAbs(args[2])); len(entries) > 0 {
			break
		}
	}
	if err := cmd.Process.Signal(signals[args[0]]); err != nil {
		ts.Fatalf("%v", err)
	}
	checkStatus(ts, <-ended, args[1])
}

func scriptRepeat(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), bytes.Repeat([]byte(ts.ReadFile(args[0])), n), 0o600))
}

func scriptBase64(ts *testscript.TestScript, _ bool, args []string) {
	data, err := base64.StdEncoding.DecodeString(strings.TrimSpace(ts.ReadFile(args[0])))
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), data, 0o600))
}

func scriptHolds(ts *testscript.TestScript, _ bool, args []string) {
	names, err := disk{}.list(context.Background(), ts.MkAbs(args[0]))
	ts.Check(err)
	want := slices.Sorted(slices.Values(args[1:]))
	if !slices.Equal(names, want) {
		ts.Fatalf("there are %q, not %q", names, want)
	}
}
