package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"syscall"

	"dailystats/stats/input"
	"dailystats/stats/input/kafka"
	"dailystats/stats/output"
	"dailystats/stats/spill"
)

// findInputs finds the inputs, none of which may be written.
func (j *job) findInputs(ctx context.Context) error {
	found, err := input.Expand(ctx, j.Inputs, input.Expansion{
		Other:     func(arg string) ([]input.Source, error) { return j.addTopic(ctx, arg) },
		Duplicate: func(name string) { j.warn(fmt.Sprintf("%s is named more than once: it is read once", name)) },
		Memory:    memoryToFind(j.Memory),
	})
	var tooMany *input.TooManyError
	switch {
	case errors.As(err, &tooMany):
		return UsageErrorf("Options.Memory %s is too small for %d inputs: give Options.Memory %dMiB or more",
			size(j.Memory), tooMany.Count, enoughToFind(tooMany.Memory)/mib)
	case errors.Is(err, input.ErrNotFound) || errors.Is(err, kafka.ErrUsage):
		return UsageErrorf("%w", err)
	case err != nil:
		return err
	}
	if err := cmp.Or(j.checkPiece(), j.checkShards()); err != nil {
		return err
	}
	if err := j.checkApart(found); err != nil {
		return err
	}
	if j.sources, err = j.Shard.Of(found.Sources); err != nil {
		return UsageErrorf("Options.Shard %v: %w", j.Shard, err)
	}
	return nil
}

// checkPiece refuses a piece of a file that isn't there.
func (j *job) checkPiece() error {
	if j.Piece == (input.Piece{}) {
		return nil
	}
	if !slices.Equal(j.Inputs, []string{"-"}) {
		return UsageErrorf("a piece of a file is read from standard input: give - as the only input")
	}
	if err := j.Piece.Check(); err != nil {
		return UsageErrorf("%w", err)
	}
	return nil
}

// openInputs finds the inputs, plans the memory for them, and makes their reader.
// It may have to wait for the first bytes of standard input.
func (j *job) openInputs(ctx context.Context) error {
	if err := j.findInputs(ctx); err != nil {
		return err
	}
	window, stdin, err := j.leastWindow(ctx)
	if err != nil {
		return err
	}
	if j.plan, err = newPlan(j.Memory, j.Parallel, j.demand(window)); err != nil {
		return err
	}
	if j.Observer.Plan != nil {
		j.Observer.Plan(j.plan)
	}
	j.reader = input.NewReader(j.sources, input.Config{
		Inputs:      j.plan.Inputs,
		BlockSize:   j.plan.BlockSize,
		Blocks:      j.plan.Blocks,
		MaxLine:     j.MaxLine,
		MaxWindow:   j.plan.Window,
		AheadWindow: j.plan.AheadWindow,
		KeptSize:    j.plan.KeptSize,
		Stdin:       stdin,
		Piece:       j.Piece,
	})
	return nil
}

// demand is what the plan has to be made for.
func (j *job) demand(window int64) demand {
	d := demand{
		maxLine:   j.MaxLine,
		sources:   max(j.sources.Len(), 1),
		names:     j.sources.Memory(),
		window:    window,
		fetchSize: j.fetchSize(),
		checks:    j.Output == "",
		rejects:   compressorMemory(j.Options.Rejects),
		result:    compressorMemory(j.Output),
		samples:   j.Page != "",
		state:     j.state != nil,
	}
	for _, path := range []string{j.Output, j.Options.Rejects, j.State} { // the others have all the memory for themselves
		if path != "" {
			d.files++
		}
	}
	d.files += max(j.OutputShards-1, 0)
	return d
}

// leastWindow returns what a decompressor must be offered, and what to read in
// standard input's place.
func (j *job) leastWindow(ctx context.Context) (window int64, stdin io.Reader, err error) {
	if !slices.ContainsFunc(j.Inputs, func(arg string) bool { return !kafka.IsURL(arg) }) && j.hasTopics() {
		return minBatchWindow, j.Stdin, nil
	}
	if j.Piece.Offset > 0 {
		return 0, j.Stdin, nil // what a file is, its first bytes say
	}
	needed, stdin, err := input.NeedsWindow(ctx, j.sources, j.Stdin)
	if needed {
		window = minWindow
	}
	return window, stdin, stdinError(err)
}

// stdinError adds the way out to an error of reading standard input, where there is one.
func stdinError(err error) error {
	if errors.Is(err, syscall.EBADF) {
		return fmt.Errorf("%w: it is closed, or only for writing: redirect it from a file, or from %s", err, os.DevNull)
	}
	return err
}

func (j *job) warn(message string) {
	if j.Observer.Warning != nil {
		j.Observer.Warning(message)
	}
}

// openOutputs makes the files that the job writes, and checks that it could
// spill.
func (j *job) openOutputs(ctx context.Context) (err error) {
	if info, err := os.Stat(j.TempDir); j.Output != "" && (err != nil || !info.IsDir()) {
		return UsageErrorf("Options.TempDir %s is not a folder", j.TempDir)
	}
	if j.Output != "" {
		spill.RemoveLeftovers(j.TempDir)
	}
	if j.state != nil {
		if err := j.state.create(ctx); err != nil {
			return err
		}
	}
	if j.OutputShards > 0 {
		err = j.createShards(ctx)
	} else {
		j.result, err = j.create(ctx, j.Output)
	}
	if err != nil {
		return err
	}
	if j.rejects, err = j.create(ctx, j.Rejects); err != nil {
		return err
	}
	if j.reportFile, err = j.create(ctx, j.Options.Report); err != nil {
		return err
	}
	if j.metrics, err = j.create(ctx, j.Metrics); err != nil {
		return err
	}
	j.page, err = j.create(ctx, j.Page)
	return err
}

// create makes a file, or nil for no path.
func (j *job) create(ctx context.Context, path string) (*output.File, error) {
	switch path {
	case "":
		return nil, nil
	case "-":
		return output.Stream(ctx, j.Stdout), nil
	default:
		return output.Create(ctx, path)
	}
}
