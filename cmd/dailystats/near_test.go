package main

import "testing"

func TestDistance(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"", "ab", 2}, {"ab", "", 2}, {"check", "check", 0}, {"chekc", "check", 1}, {"chck", "check", 1},
		{"checck", "check", 1}, {"merge", "marge", 1}, {"gne", "gen", 1}, {"version", "verison", 1}, {"abc", "xyz", 3},
	} {
		if got := distance(test.a, test.b); got != test.want {
			t.Errorf("distance of %q and %q is %d, want %d", test.a, test.b, got, test.want)
		}
	}
}
