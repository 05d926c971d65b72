package main

import (
	"context"
	"net"
	"strconv"

	"dailystats/stats/pipeline"

	"github.com/apache/beam/sdks/v2/go/pkg/beam/runners/universal/extworker"
)

// servePool starts workers, as goroutines of this process, for engines that ask for
// them, until ctx is done.
func servePool(ctx context.Context, address string) error {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return pipeline.UsageErrorf("--worker-pool %s: %v", address, err)
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil || host != "localhost" {
		return pipeline.UsageErrorf("--worker-pool %s is not localhost:PORT", address)
	}
	pool, err := extworker.StartLoopback(ctx, int(number))
	if err != nil {
		return err
	}
	<-ctx.Done()
	return pool.Stop(context.WithoutCancel(ctx))
}
