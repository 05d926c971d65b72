package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "write what TestScripts sees into its scripts, where they expect something else")

func TestMain(m *testing.M) {
	testscript.Main(tests{m}, map[string]func(){"dailystats": main})
}

// TestScripts runs the command as users do. Each script says what it proves.
//
// Beside testscript's own commands, scripts have these:
//
//	status N PROGRAM...             run a program, which must exit with N
//	interrupt SIG SIZE N PROGRAM... give a program events without end on standard input and, when
//	                                it has taken SIZE of them, the signal; it must exit with N
//	append FILE TEXT [N]            add text with Go's escapes to a file, N times
//	events FILE N                   write N events of N users, one in 500 of them invalid
//	base64 FILE NEW                 decode a file
//	unpack FILE NEW                 decompress a .gz or .zst file
//	scrub FILE NEW                  copy a log or report, with 0 for times, durations and peak memory
//	holds FOLDER [NAME...]          the folder must hold this and nothing else
//
// The condition [root] is for users whom permissions don't hold back.
func TestScripts(t *testing.T) {
	data, err := filepath.Abs("../../testdata")
	if err != nil {
		t.Fatal(err)
	}
	path := ""
	if !raceEnabled { // else the command is the test's own executable, which looks for races, and is slow to start
		path = filepath.Dir(buildCommand(t)) + string(filepath.ListSeparator)
	}
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join(data, "script"),
		Setup: func(env *testscript.Env) error {
			env.Setenv("PATH", path+env.Getenv("PATH"))
			return setUpScript(env, data)
		},
		Condition: scriptCondition,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"status":    scriptCommand("N PROGRAM...", 2, runForStatus),
			"interrupt": scriptCommand("SIG SIZE N PROGRAM...", 4, interrupt),
			"append":    scriptCommand("FILE TEXT [N]", 2, appendText),
			"events":    scriptCommand("FILE N", 2, writeEventsFile),
			"base64":    scriptCommand("FILE NEW", 2, decodeBase64),
			"unpack":    scriptCommand("FILE NEW", 2, unpack),
			"scrub":     scriptCommand("FILE NEW", 2, scrub),
			"holds":     scriptCommand("FOLDER [NAME...]", 1, folderHolds),
		},
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       *update,
	})
}

// environment is the key of the variables that a script starts with: none of
// ours, and a home and a folder for temporary files that are its own.
type environment struct{}

func setUpScript(env *testscript.Env, data string) error {
	env.Setenv("TESTDATA", data)
	env.Setenv("HOME", env.WorkDir)
	if os.Getenv("GORACE") == "" {
		env.Setenv("GORACE", "atexit_sleep_ms=0") // else each process sleeps a second
	}
	env.Values[environment{}] = slices.Clone(env.Vars)
	return nil
}

func scriptCondition(condition string) (bool, error) {
	switch condition {
	case "root":
		return os.Geteuid() == 0, nil
	case "race":
		return raceEnabled, nil
	}
	return false, errors.New("unknown condition")
}

// scriptCommand makes a command of a function that wants so many arguments or
// more.
func scriptCommand(usage string, least int, do func(*testscript.TestScript, []string) error) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, not bool, args []string) {
		if not || len(args) < least {
			ts.Fatalf("usage: %s", usage)
		}
		ts.Check(do(ts, args))
	}
}

func runForStatus(ts *testscript.TestScript, args []string) error {
	return checkStatus(ts.Exec(args[1], args[2:]...), args[0])
}

// checkStatus checks what a program has exited with, -1 for one that was killed.
func checkStatus(err error, want string) error {
	status := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		status = exit.ExitCode()
	} else if err != nil {
		return err
	}
	if strconv.Itoa(status) != want {
		return fmt.Errorf("exit status is %d, not %s", status, want)
	}
	return nil
}

var signals = map[string]syscall.Signal{"INT": syscall.SIGINT, "KILL": syscall.SIGKILL, "TERM": syscall.SIGTERM}

func interrupt(ts *testscript.TestScript, args []string) error {
	signal, known := signals[args[0]]
	size, err := humanize.ParseBytes(args[1])
	if err != nil || !known {
		return fmt.Errorf("not a signal and a size: %s %s", args[0], args[1])
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, args[3], args[4:]...)
	cmd.Dir = ts.MkAbs(".")
	cmd.Env = ts.Value(environment{}).([]string)
	cmd.Stdout, cmd.Stderr = ts.Stdout(), ts.Stderr()
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	feed(stdin, int64(size), func() { cmd.Process.Signal(signal) })
	return checkStatus(cmd.Wait(), args[2])
}

// feed writes events of ever new users until nobody reads them any more, and
// calls taken when size bytes are written.
func feed(w io.Writer, size int64, taken func()) {
	events := bufio.NewWriter(w)
	written := int64(0)
	for user := 0; ; user++ {
		n, err := fmt.Fprintf(events, `{"user_id": %d, "event_type": "login", "timestamp": "2024-01-01T10:00:00Z"}`+"\n", user)
		if err != nil {
			return
		}
		if written < size && written+int64(n) >= size {
			taken()
		}
		written += int64(n)
	}
}

func appendText(ts *testscript.TestScript, args []string) error {
	text, err := unescape(args[1])
	if err != nil {
		return err
	}
	times := 1
	if len(args) > 2 {
		if times, err = strconv.Atoi(args[2]); err != nil {
			return err
		}
	}
	f, err := os.OpenFile(ts.MkAbs(args[0]), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
	if err != nil {
		return err
	}
	_, err = f.Write(bytes.Repeat(text, times))
	return errors.Join(err, f.Close())
}

// unescape replaces the escapes of Go's strings, where \" is no escape: quotes
// stand for themselves.
func unescape(text string) (unescaped []byte, err error) {
	for rest := text; rest != ""; {
		var r rune
		var isRune bool
		if r, isRune, rest, err = strconv.UnquoteChar(rest, 0); err != nil {
			return nil, fmt.Errorf("%s: %w", text, err)
		}
		if isRune {
			unescaped = append(unescaped, string(r)...)
		} else {
			unescaped = append(unescaped, byte(r))
		}
	}
	return unescaped, nil
}

func writeEventsFile(ts *testscript.TestScript, args []string) error {
	n, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	f, err := os.Create(ts.MkAbs(args[0]))
	if err != nil {
		return err
	}
	return errors.Join(writeEvents(bufio.NewWriter(f), n, n, ""), f.Close())
}

func decodeBase64(ts *testscript.TestScript, args []string) error {
	data, err := base64.StdEncoding.DecodeString(ts.ReadFile(args[0]))
	if err != nil {
		return err
	}
	return os.WriteFile(ts.MkAbs(args[1]), data, 0o666)
}

func unpack(ts *testscript.TestScript, args []string) error {
	packed := strings.NewReader(ts.ReadFile(args[0]))
	var unpacked io.Reader
	var err error
	if filepath.Ext(args[0]) == ".gz" {
		unpacked, err = gzip.NewReader(packed)
	} else {
		unpacked, err = zstd.NewReader(packed, zstd.WithDecoderConcurrency(1))
	}
	if err != nil {
		return err
	}
	text, err := io.ReadAll(unpacked)
	if err != nil {
		return err
	}
	return os.WriteFile(ts.MkAbs(args[1]), text, 0o666)
}

// figures are what differs between runs, in a log as text or JSON and in a
// report.
var figures = regexp.MustCompile(`\b((?:time|seconds|peak_memory|memory|workers)"?[=:] ?|used ) *("[^"]*"|[0-9][0-9.e+-]*(?: [KMG]?i?B)?)`)

func scrub(ts *testscript.TestScript, args []string) error {
	text := figures.ReplaceAllString(ts.ReadFile(args[0]), "${1}0")
	return os.WriteFile(ts.MkAbs(args[1]), []byte(text), 0o666)
}

func folderHolds(ts *testscript.TestScript, args []string) error {
	entries, err := os.ReadDir(ts.MkAbs(args[0]))
	if err != nil {
		return err
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	if want := slices.Sorted(slices.Values(args[1:])); !slices.Equal(names, want) {
		return fmt.Errorf("%s holds [%s], not [%s]", args[0], strings.Join(names, " "), strings.Join(want, " "))
	}
	return nil
}
