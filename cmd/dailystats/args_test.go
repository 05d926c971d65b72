package main

import (
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

func TestInputsLast(t *testing.T) {
	parser, err := kong.New(&commands{})
	if err != nil {
		t.Fatal(err)
	}
	for args, want := range map[string]string{
		"":                              "",
		"--help":                        "--help",
		"-o x":                          "-o x",
		"a b":                           "run -- a b",
		"a -o x b":                      "run -o x -- a b",
		"-o - -":                        "run -o - -- -",
		"-ox a --log-invalid=false b":   "run -ox --log-invalid=false -- a b",
		"--no-log-invalid a --memory=1": "run --no-log-invalid --memory=1 -- a",
		"run a":                         "run -- a",
		"check":                         "check --",
		"--parallel 1 check run check":  "check --parallel 1 -- run check",
		"a check":                       "run -- a check",
		"-- check -o":                   "run -- check -o",
		"a -- -o":                       "run -- a -o",
		"check -- --":                   "check -- --",
		"--unknown a":                   "run --unknown -- a",
	} {
		got, inputs, err := inputsLast(parser.Model, strings.Fields(args))
		if len(inputs) > 0 {
			got = append(got, inputs[1:]...)
		}
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("%s became %v, %v, want %s", args, got, err, want)
		}
	}
	if got, _, err := inputsLast(parser.Model, []string{"a", "--memory"}); err == nil {
		t.Errorf("a flag without its value became %v", got)
	}
}
