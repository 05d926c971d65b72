//go:build !linux

package bench

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"time"
)

// run runs a process to its end and measures it. Its standard output is thrown
// away.
func (p process) run(ctx context.Context) (Usage, error) {
	stderr, err := os.CreateTemp("", "dailystats-bench-stderr-*")
	if err != nil {
		return Usage{}, err
	}
	defer os.Remove(stderr.Name())
	defer stderr.Close()
	if p.memory != 0 {
		return Usage{}, errNoMemoryCgroup
	}
	start := time.Now()
	cmd := exec.CommandContext(ctx, p.args[0], p.args[1:]...)
	cmd.Env = p.env
	cmd.Stderr = stderr
	err = cmd.Run()
	if ctx.Err() != nil {
		return Usage{}, context.Cause(ctx)
	}
	if cmd.ProcessState == nil {
		return Usage{}, fmt.Errorf("starting %s: %w", p.args[0], err)
	}
	took := Usage{
		Wall:   time.Since(start).Seconds(),
		User:   cmd.ProcessState.UserTime().Seconds(),
		System: cmd.ProcessState.SystemTime().Seconds(),
		Peak:   peakMemory(cmd.ProcessState),
	}
	if err != nil {
		return took, &failure{code: cmd.ProcessState.ExitCode(), message: lastWords(stderr)}
	}
	return took, nil
}
