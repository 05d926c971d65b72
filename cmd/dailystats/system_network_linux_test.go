package main

import (
	"path/filepath"
	"testing"
)

// TestNoNetwork proves that the command does not open a socket, be it to ask for
// updates or to tell of its use.
func TestNoNetwork(t *testing.T) {
	events, err := filepath.Abs("../../testdata/events.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"run", events},
		{"check", events},
		{"gen", "--events", "10"},
		{"version"},
		{"--help"},
	} {
		stderr, status := intercept(t, t.TempDir(), func(c interceptedCall) outcome {
			if c.name == "socket" {
				t.Errorf("%v opens a socket", args)
			}
			return outcome{}
		}, args...)
		if status != 0 {
			t.Errorf("%v: exit status %d: %s", args, status, stderr)
		}
	}
}
