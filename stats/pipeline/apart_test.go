package pipeline

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"dailystats/stats/input/kafka"
)

// written sets each option of a run that names a file that is written.
var written = map[string]func(o *Options, path string){
	"the output":    func(o *Options, path string) { o.Output = path },
	"the rejects":   func(o *Options, path string) { o.Rejects = path },
	"the report":    func(o *Options, path string) { o.Report = path },
	"the metrics":   func(o *Options, path string) { o.Metrics = path },
	"the HTML page": func(o *Options, path string) { o.HTML = path },
	"the log":       func(o *Options, path string) { o.Written = append(o.Written, File{path, "the log"}) },
}

// TestApart proves that no file that is read is written, whatever it is, and by
// whatever name, and that the error says what it is to both.
func TestApart(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	topic := []string{"kafka://127.0.0.1:1/topic"} // nobody is asked
	settings := "security.protocol=ssl\nssl.ca.location=file\nssl.certificate.location=file\nssl.key.location=file\n"
	stdin, err := os.Open(newFile(t, "file", "{}\n"))
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	newFile(t, "kafka.conf", settings)
	read := map[string]Options{
		"an input":                             {Inputs: []string{"file"}},
		"standard input":                       {Inputs: []string{"-"}, Stdin: stdin},
		"the config file":                      {Inputs: []string{os.DevNull}, Read: []File{{"file", "the config file"}}},
		"the Kafka config file":                {Inputs: []string{os.DevNull}, Kafka: kafka.Settings{File: "file"}},
		"the file of ssl.ca.location":          {Inputs: topic, Kafka: kafka.Settings{File: "kafka.conf"}},
		"the file of ssl.certificate.location": {Inputs: topic, Kafka: kafka.Settings{Variables: "TEST_CERTIFICATE"}},
		"the file of ssl.key.location":         {Inputs: topic, Kafka: kafka.Settings{Variables: "TEST_KEY"}},
	}
	t.Setenv("TEST_CERTIFICATE_SSL_CERTIFICATE_LOCATION", "file")
	t.Setenv("TEST_KEY_SSL_KEY_LOCATION", "file")
	paths := []string{"file", "./file", filepath.Join(dir, "file")}
	if os.Symlink("file", "soft") == nil {
		paths = append(paths, "soft")
	}
	if os.Link("file", "hard") == nil {
		paths = append(paths, "hard")
	}
	for role, o := range read {
		for target, set := range written {
			for _, path := range paths {
				o := o
				set(&o, path)
				checkRefused(t, o, path+" would be overwritten: it is "+role, " and "+target+": ")
			}
		}
	}
}

// TestWrittenTwice proves the same of two files that are written, be they there or
// not.
func TestWrittenTwice(t *testing.T) {
	t.Chdir(t.TempDir())
	newFile(t, "there", "older")
	inputs := []string{newFile(t, "events", "{}\n")}
	names := slices.Sorted(maps.Keys(written))
	for i, first := range names {
		for _, second := range names[i+1:] {
			for _, paths := range [][2]string{{"new", "./new"}, {"there", "./there"}, {"-", "-"}} {
				o := Options{Inputs: inputs}
				written[first](&o, paths[0])
				written[second](&o, paths[1])
				checkRefused(t, o, "would be written twice: it is ", first, second)
			}
		}
	}
	for target, set := range written {
		for _, path := range []string{"folder/state", "folder/lock", "./folder/state"} {
			o := Options{Inputs: []string{"kafka://127.0.0.1:1/topic"}, Output: "result", State: "folder"}
			set(&o, path)
			checkRefused(t, o, "folder/", " would be written twice: it is ", target, "the state")
		}
	}
	if _, err := os.Stat("folder"); err == nil {
		t.Error("the state's folder was made")
	}
}

// TestStandardOutputApart proves that the file that standard output goes to is kept
// apart like others, where it is written.
func TestStandardOutputApart(t *testing.T) {
	t.Chdir(t.TempDir())
	events := newFile(t, "events", "{\"user_id\":1,\"event_type\":\"a\",\"timestamp\":\"2024-01-01T00Z\"}\n")
	stdout, err := os.OpenFile(events, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer stdout.Close()
	checkRefused(t, Options{Inputs: []string{events}, Output: "-", Stdout: stdout}, "standard output would be overwritten: it is an input (events) and the output: ")
	checkRefused(t, Options{Inputs: []string{os.DevNull}, Output: "-", Report: events, Stdout: stdout}, "events would be written twice: it is the output and the report: ")
	if _, err := Run(t.Context(), Options{Inputs: []string{events}, Output: "result", Stdout: stdout, TempDir: t.TempDir()}); err != nil {
		t.Errorf("though nothing is written to it: %v", err)
	}
}

func newFile(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// checkRefused checks that a run is refused as wrong usage, with an error that has all
// of parts.
func checkRefused(t *testing.T, o Options, parts ...string) {
	t.Helper()
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("it got past the check"))
	_, err := Run(ctx, o)
	if err == nil || !errors.Is(err, ErrUsage) {
		t.Errorf("want %q: the error is %v", parts, err)
		return
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("want %q: the error is %v", part, err)
		}
	}
}
