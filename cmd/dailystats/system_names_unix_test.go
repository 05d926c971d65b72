//go:build unix

package main

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// hostileNames are names of files that would do harm where they are printed as
// they are.
var hostileNames = []string{
	"two\nlines",
	"back\r\x1b[2K\x1b]0;title\a",
	"\u009b31m \u2028 \u202egpj.",
	"not UTF-8: \xff\xc3",
	`"},{"`,
	" msg=\"\" level=error ",
	"-o",
}

// TestHostileNames proves that files are read and written under the names that
// they have, of any bytes, and that what is told of them is one printable line
// each, or JSON.
func TestHostileNames(t *testing.T) {
	for _, name := range hostileNames {
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			err := errors.Join(os.Mkdir("in", 0o700), os.Mkdir("out", 0o700), os.WriteFile("in/"+name, []byte("bad\n"), 0o600))
			if err != nil {
				t.Skip("there can be no such file here: ", err)
			}
			for _, format := range []string{"text", "json"} {
				for _, input := range []string{"in", "in/" + name} {
					stderr := runIn(t, 0, "--log-format", format, "--max-invalid=100%", input, "-o", "out/"+name, "--rejects=out/r"+name, "--report", "out/j"+name)
					checkLines(t, stderr, format, 2)
					if got := folderNames(t, "out"); !slices.Equal(got, slices.Sorted(slices.Values([]string{name, "r" + name, "j" + name}))) {
						t.Errorf("the folder has %q", got)
					}
					checkReject(t, "out/r"+name, "in/"+name)
					if data, err := os.ReadFile("out/j" + name); err != nil || !json.Valid(data) {
						t.Errorf("the report is %q, %v", data, err)
					}
				}
				checkLines(t, runIn(t, 2, "--log-format", format, "none/"+name), format, 1)
				checkLines(t, runIn(t, 1, "--log-format", format, "in", "-o", "none/"+name+"/x"), format, 1)
				checkLines(t, runIn(t, 2, "--log-format", format, "in", "-o", "in/"+name), format, 1)
			}
			checkLines(t, runIn(t, 1, "in", "--log-file", "none/"+name), "", 1)
			checkLines(t, runIn(t, 2, "in", "--config", "none/"+name), "", 1)
			checkLines(t, runIn(t, 2, "in", "--memory", name), "", 1)
			checkLines(t, runIn(t, 2, "in", "--no"+name), "", 1)
		})
	}
}

// TestNameWithNUL has one come from where it can: a config file.
func TestNameWithNUL(t *testing.T) {
	t.Chdir(t.TempDir())
	for flag, status := range map[string]int{"output": 1, "rejects": 1, "report": 1, "log-file": 1, "temp-dir": 2} {
		settings := `{"` + flag + `":"a\u0000b"}`
		if err := errors.Join(os.WriteFile("config", []byte(settings), 0o600), os.WriteFile("in", nil, 0o600)); err != nil {
			t.Fatal(err)
		}
		checkLines(t, runIn(t, status, "in", "--config", "config"), "", 1)
		if got := folderNames(t, "."); !slices.Equal(got, []string{"config", "in"}) {
			t.Errorf("%s: the folder has %q", flag, got)
		}
	}
}

// runIn runs the command, which must exit with status, in the working folder and
// returns what it tells.
func runIn(t *testing.T, status int, args ...string) (stderr string) {
	t.Helper()
	var text strings.Builder
	cmd := exec.Command("dailystats", args...)
	cmd.Env = append(os.Environ(), "GORACE=atexit_sleep_ms=0")
	cmd.Stderr = &text
	if err := cmd.Run(); cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != status {
		t.Errorf("%q: %v, want exit status %d: %s", args, err, status, text.String())
	}
	return text.String()
}

// checkLines checks that a log is so many lines, of printable text or of JSON.
func checkLines(t *testing.T, log, format string, want int) {
	t.Helper()
	lines := slices.Collect(strings.Lines(log))
	if len(lines) != want {
		t.Errorf("%d lines, want %d: %q", len(lines), want, log)
	}
	for _, line := range lines {
		line, whole := strings.CutSuffix(line, "\n")
		if !whole || !utf8.ValidString(line) || strings.ContainsFunc(line, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("not a printable line: %q", line)
		}
		if format == "json" && !json.Valid([]byte(line)) {
			t.Errorf("not JSON: %q", line)
		}
	}
}

// checkReject checks a rejects file of one line that is not an event.
func checkReject(t *testing.T, path, input string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Error(err)
	}
	var r struct{ Input, Raw string }
	if err := json.Unmarshal(data, &r); err != nil || r.Raw != "bad" || r.Input != string([]rune(input)) {
		t.Errorf("the reject is %q, %v", data, err)
	}
}
