package main

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"testing"

	"dailystats/bench/workload"

	"github.com/apache/beam/sdks/v2/go/pkg/beam/options/jobopts"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/runners/prism"
	"github.com/google/go-cmp/cmp"
)

// TestJobServer proves that a job goes to an engine at an endpoint as well, as it
// goes to Flink and Spark: with workers in the launcher, and in a pool of their own.
func TestJobServer(t *testing.T) {
	path := generate(t, workload.Config{Events: 50_000, Users: 20_000, Days: 3, Invalid: 10_000_000, Seed: 3})
	port := freePort(t)
	if _, err := prism.CreateJobServer(t.Context(), prism.Options{Port: port}); err != nil {
		t.Fatal(err)
	}
	setFlag(t, jobopts.Endpoint, fmt.Sprintf("localhost:%d", port))
	pool := startPool(t)
	for environment, config := range map[string]string{"LOOPBACK": "", "EXTERNAL": pool} {
		t.Run(environment, func(t *testing.T) {
			setFlag(t, jobopts.EnvironmentType, environment)
			setFlag(t, jobopts.EnvironmentConfig, config)
			o := newOptions(filepath.Join(t.TempDir(), "out"), path)
			o.runner, o.rangeSize = "portable", 1<<20
			got, _ := onPrism(t, o)
			if diff := cmp.Diff(oneMachine(t, t.TempDir(), o), got); diff != "" {
				t.Errorf("-one machine +engine:\n%.2000s", diff)
			}
		})
	}
}

// startPool starts a pool of workers, as --worker-pool does, until the test ends.
func startPool(t *testing.T) (address string) {
	t.Helper()
	initBeam()
	address = fmt.Sprintf("localhost:%d", freePort(t))
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- servePool(ctx, address) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return address
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// setFlag sets one of Beam's flags until the test ends.
func setFlag(t *testing.T, flag *string, value string) {
	before := *flag
	*flag = value
	t.Cleanup(func() { *flag = before })
}
