package kafka

import (
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
)

// TestParse proves what each part of a URL asks for.
func TestParse(t *testing.T) {
	noon := time.Date(2024, 1, 15, 12, 0, 0, 0, time.UTC)
	for arg, want := range map[string]Request{
		"kafka://b/t":                              {Brokers: []string{"b:9092"}, Topic: "t", From: Moment{Earliest: true}},
		"kafka://b:/t":                             {Brokers: []string{"b:9092"}, Topic: "t", From: Moment{Earliest: true}},
		"kafka://b1:1,b2/a.b_c-D?":                 {Brokers: []string{"b1:1", "b2:9092"}, Topic: "a.b_c-D", From: Moment{Earliest: true}},
		"kafka://[::1]:9092,[::2]/t":               {Brokers: []string{"[::1]:9092", "[::2]:9092"}, Topic: "t", From: Moment{Earliest: true}},
		"kafka://b/t?group=G":                      {Brokers: []string{"b:9092"}, Topic: "t", Group: "G"},
		"kafka://b/t?group=G&from=committed":       {Brokers: []string{"b:9092"}, Topic: "t", Group: "G"},
		"kafka://b/t?group=a%20b&until=now":        {Brokers: []string{"b:9092"}, Topic: "t", Group: "a b"},
		"kafka://b/t?group=G&from=earliest":        {Brokers: []string{"b:9092"}, Topic: "t", Group: "G", From: Moment{Earliest: true}},
		"kafka://b/t?from=@2024-01-15T12:00:00Z":   {Brokers: []string{"b:9092"}, Topic: "t", From: Moment{Time: noon}},
		"kafka://b/t?from=@2024-01-15T13:00+01:00": {},
		"kafka://b/t?from=@2024-01-15T13:00:00%2B01:00&until=@2024-01-15T12:00:00.000Z": {Brokers: []string{"b:9092"}, Topic: "t", From: Moment{Time: noon}, Until: Moment{Time: noon}},
		"kafka://b/t?until=@2024-01-15T13:00:00+01:00":                                  {Brokers: []string{"b:9092"}, Topic: "t", From: Moment{Earliest: true}, Until: Moment{Time: noon}},
		"kafka://b/t?until=@2024-01-15":                                                 {Brokers: []string{"b:9092"}, Topic: "t", From: Moment{Earliest: true}, Until: Moment{Time: noon.Add(-12 * time.Hour)}},
	} {
		if !IsURL(arg) {
			t.Errorf("%s is no URL", arg)
		}
		got, err := Parse(arg)
		if (err != nil) != (want.Topic == "") {
			t.Errorf("%s: %v", arg, err)
		}
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Errorf("%s: -want +got:\n%s", arg, diff)
		}
	}
}

// TestParseErrors proves that what a URL must not be is an error that says how it
// is written, and does not show it: there may be a password in it.
func TestParseErrors(t *testing.T) {
	for arg, want := range map[string]string{
		"kafka://":                                "no valid broker",
		"kafka:///t":                              "no valid broker",
		"kafka://b,/t":                            "no valid broker",
		"kafka://:9092/t":                         "no valid broker",
		"kafka://b c/t":                           "no valid broker",
		"kafka://b":                               "no valid topic",
		"kafka://b/":                              "no valid topic",
		"kafka://b/..":                            "no valid topic",
		"kafka://b/a/b":                           "no valid topic",
		"kafka://b/ü":                             "no valid topic",
		"kafka://b/" + strings.Repeat("t", 250):   "no valid topic",
		"kafka://user:secret@b/t":                 "names and passwords belong in the environment",
		"kafka://b/t?sasl.password=%zz-secret":    "what follows ? can't be read",
		"kafka://b/t?password=secret":             "there is no parameter password",
		"kafka://b/t?group=":                      "group must be given once, with a value",
		"kafka://b/t?group=a&group=b":             "group must be given once, with a value",
		"kafka://b/t?from=committed":              "from=committed needs a group",
		"kafka://b/t?from=latest":                 "in from",
		"kafka://b/t?until=2024-01-15T00:00:00Z":  "in until",
		"kafka://b/t?until=@yesterday":            "in until",
		"kafka://b/t?from=@2024-13-15T00:00:00Z":  "in from",
		"kafka://b/t?from=@2024-01-15T00:00:00":   "in from",
		"kafka://b/t?from=@1700000000&until=now":  "in from",
		"kafka://b/t?from=earliest&until=latest;": "can't be read",
	} {
		_, err := Parse(arg)
		wantError(t, err, want, "kafka://HOST:PORT")
		if strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: the password is shown: %v", arg, err)
		}
	}
}

// FuzzParse looks for URLs that can't be said again: what an error shows of a
// request asks for the same brokers and topic.
func FuzzParse(f *testing.F) {
	f.Add("kafka://b1:9092,b2/t?group=G&from=committed&until=@2024-01-15")
	f.Add("kafka://[::1]/t")
	f.Fuzz(func(t *testing.T, arg string) {
		r, err := Parse(arg)
		if err != nil {
			return
		}
		again, err := Parse(r.String())
		if err != nil {
			t.Fatalf("%v: %v", r, err)
		}
		if diff := gocmp.Diff(r.Brokers, again.Brokers); diff != "" || again.Topic != r.Topic {
			t.Errorf("%v is not %v", again, r)
		}
	})
}
