package pipeline

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dailystats/stats"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"pgregory.net/rapid"
)

// topic is a topic on a broker in this process.
type topic struct {
	client *kgo.Client
	url    string
}

func newTopic(t testing.TB) topic {
	t.Helper()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(3, "events"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	client, err := kgo.NewClient(kgo.SeedBrokers(cluster.ListenAddrs()...), kgo.DefaultProduceTopic("events"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return topic{client, "kafka://" + cluster.ListenAddrs()[0] + "/events"}
}

func (p topic) produce(t rapid.TB, lines []string) {
	for _, line := range lines {
		p.client.Produce(context.Background(), kgo.StringRecord(line), nil)
	}
	if err := p.client.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// TestState proves that runs with a state write, each of them, the result of all
// messages so far, be there new ones or not; that rounding the result does not
// round the state; and that the report's figures are those of the result.
func TestState(t *testing.T) {
	p, spill := newTopic(t), newSpillFolder(t)
	var all []string // what is in the topic
	rapid.Check(t, func(t *rapid.T) {
		state, err := os.MkdirTemp("", "state")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(state)
		for range rapid.IntRange(1, 4).Draw(t, "runs") {
			lines := rapid.SliceOfN(lineGen(), 0, 50).Draw(t, "lines")
			p.produce(t, lines)
			all = append(all, lines...)
			decimals := rapid.SampledFrom([]stats.Decimals{{}, stats.FixedDecimals(1)}).Draw(t, "decimals")
			var got bytes.Buffer
			report, err := Run(context.Background(), Options{Inputs: []string{p.url}, State: state, Output: "-", Stdout: &got, TempDir: spill, Decimals: decimals})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(runText(t, strings.Join(all, "\n"), decimals), got.String()); diff != "" {
				t.Fatal(diff)
			}
			if rows := strings.Count(got.String(), "\n") - 1; report.Rows != uint64(rows) || report.Result.ByDay.Total().Users != uint64(rows) {
				t.Fatalf("the report says %d rows, %d users of each day: there are %d", report.Rows, report.Result.ByDay.Total().Users, rows)
			}
		}
	})
}

// TestTopicLeaks proves that a run on a topic gives back what it holds, be it whole,
// stopped, or ended by an error.
func TestTopicLeaks(t *testing.T) {
	p := newTopic(t)
	p.produce(t, []string{"bad", "bad"})
	checkLeaks(t)
	one, err := ParseLimit("1")
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range []Options{
		{Inputs: []string{p.url}, Output: "-"},
		{Inputs: []string{p.url}, State: t.TempDir(), Output: "-", Commit: true},
		{Inputs: []string{p.url}, MaxInvalid: one},
		{Inputs: []string{p.url, filepath.Join(t.TempDir(), "missing")}},
	} {
		o.TempDir, o.Stdout = newSpillFolder(t), new(bytes.Buffer)
		_, err := Run(context.Background(), o)
		if err != nil && !errors.Is(err, ErrTooManyInvalid) && !errors.Is(err, ErrUsage) {
			t.Error(err)
		}
		stopped, stop := context.WithCancel(context.Background())
		stop()
		if _, err := Run(stopped, o); err == nil {
			t.Errorf("%+v: not stopped", o)
		}
	}
}

// TestStateNeedsOutput proves that a state is refused where there is no result.
func TestStateNeedsOutput(t *testing.T) {
	state := filepath.Join(t.TempDir(), "state")
	_, err := Run(context.Background(), Options{Inputs: []string{"kafka://127.0.0.1:1/t"}, State: state})
	if !errors.Is(err, ErrUsage) {
		t.Errorf("the error is %v", err)
	}
	if _, err := os.Stat(state); err == nil {
		t.Error("there is a state")
	}
}

// TestStateEnd proves that a state that can't be read to its end, or says too little
// there, is an error, and not waited for.
func TestStateEnd(t *testing.T) {
	for name, make := range map[string]func(path string) error{
		"not a regular file": func(path string) error { return os.Mkdir(path, 0o700) },
		"no valid end":       func(path string) error { return os.WriteFile(path, []byte(`{"schema":1,"crc32c":0}`+"\n"), 0o600) },
	} {
		path := filepath.Join(t.TempDir(), stateName)
		if err := make(path); err != nil {
			t.Fatal(err)
		}
		s := &state{path: path}
		if err := s.open(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: the error is %v", name, err)
		}
		s.close()
	}
}
