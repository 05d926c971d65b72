package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestSettingsOfSources proves that each of the settings for well-known sources reads events of
// that source's form, that there is no sample without settings, and that generated events of
// the form are read, too.
func TestSettingsOfSources(t *testing.T) {
	t.Parallel()
	command := buildCommand(t)
	samples, err := filepath.Abs("../../testdata/schemas")
	if err != nil {
		t.Fatal(err)
	}
	settings, err := filepath.Glob("deploy/schemas/*.json")
	if err != nil || len(settings) == 0 {
		t.Fatal("there are no settings", err)
	}
	known := map[string]bool{}
	for _, file := range settings {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		known[name+".jsonl"], known[name+".csv"] = true, true
		t.Run(name, func(t *testing.T) {
			file, err := filepath.Abs(file)
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			mustExecute(t, command, dir, "--config", file, filepath.Join(samples, name+".jsonl"), "-o", "result", "-q")
			if got, want := readFile(t, dir, "result"), readFile(t, samples, name+".csv"); got != want {
				t.Errorf("the result is\n%swant\n%s", got, want)
			}
			mustExecute(t, command, dir, "gen", "--schema", file, "--events", "3000", "-o", "events")
			mustExecute(t, command, dir, "check", "--config", file, "events", "--max-invalid", "0")
			if text := readFile(t, file); !strings.HasPrefix(text, "{\n  \"_\": ") {
				t.Error("it doesn't say what it is for")
			}
		})
	}
	files, err := os.ReadDir(samples)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !known[f.Name()] {
			t.Errorf("%s has no settings", f.Name())
		}
	}
}

// nestedForm are flags of events that are written otherwise in each way.
var nestedForm = []string{
	"--user-id-field", "context.user.id", "--event-type-field", "event", "--timestamp-field", "context.at", "--amount-field", `properties.order\.total`,
	"--purchase", "Order Completed", "--time-format", "unix-ms", "--quoted-numbers", "--minor-units", "2", "--time-zone", "Pacific/Apia",
}

// TestOneSchema proves that the same events in another form give the same bytes by all roads:
// as one file, checked, from standard input, in shares, from a topic, and with a state, which
// refuses to go on with another form.
func TestOneSchema(t *testing.T) {
	t.Parallel()
	command, b, dir := buildCommand(t), newBroker(t, 3), t.TempDir()
	with := func(args ...string) []string { return append(args, nestedForm...) }
	workload := []string{"gen", "--events", "20000", "--users", "500", "--seed", "3"}
	mustExecute(t, command, dir, append(workload, "-o", "plain")...)
	mustExecute(t, command, dir, "plain", "-o", "want", "--time-zone", "Pacific/Apia")
	mustExecute(t, command, dir, append(with(workload...), "-o", "events")...)
	want := readFile(t, dir, "want")
	if want == resultOf(t, command, strings.Split(readFile(t, dir, "plain"), "\n")) {
		t.Error("the time zone changes nothing: the test shows little")
	}
	check := func(road string) {
		t.Helper()
		if readFile(t, dir, "result") != want {
			t.Errorf("%s: not the result of the events", road)
		}
		os.Remove(filepath.Join(dir, "result"))
	}
	mustExecute(t, command, dir, with("events", "-o", "result", "--report", "report")...)
	check("file")
	if text := readFile(t, dir, "report"); !strings.Contains(text, `"time_zone": "Pacific/Apia"`) {
		t.Errorf("the report does not name the time zone: %s", text)
	}
	mustExecute(t, command, dir, with("check", "events", "--max-invalid", "0")...)
	for i := range 3 {
		mustExecute(t, command, dir, with("events", "--shard", fmt.Sprintf("%d/3", i+1), "-o", fmt.Sprintf("part%d", i), "--report", fmt.Sprintf("report%d", i))...)
	}
	mustExecute(t, command, dir, "merge", "part0", "part1", "part2", "-o", "result")
	check("shares")
	mustExecute(t, command, dir, "report", "report0", "report1", "report2", "-o", "sum")

	lines := strings.Split(strings.TrimSuffix(readFile(t, dir, "events"), "\n"), "\n")
	b.produce(lines[:15_000])
	mustExecute(t, command, dir, with(b.url(""), "--state", "state", "-o", "result")...)
	b.produce(lines[15_000:])
	for _, other := range [][]string{{}, {"--time-zone", "Europe/Amsterdam"}, {"--minor-units", "0"}} {
		args := []string{b.url(""), "--state", "state", "-o", "other"}
		if len(other) > 0 {
			args = append(with(args...), other...)
		}
		if status, text := execute(t, command, dir, args...); status != 2 || !strings.Contains(text, "its result is of events that are read with the settings") {
			t.Errorf("%v: status %d: %s", other, status, text)
		}
	}
	mustExecute(t, command, dir, with(b.url(""), "--state", "state", "-o", "result")...)
	check("state")
	mustExecute(t, command, dir, with(b.url(""), "-o", "result")...)
	check("topic")
}
