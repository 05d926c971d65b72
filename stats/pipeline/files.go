package pipeline

import (
	"context"
	"errors"
	"fmt"
	"os"

	"dailystats/stats/input"
	"dailystats/stats/output"
)

// openInputs finds the inputs, plans the memory for them, and makes their
// reader. It may have to wait for the first bytes of standard input.
func (j *job) openInputs(ctx context.Context) error {
	sources, duplicates, err := input.Expand(j.Inputs)
	if errors.Is(err, input.ErrNotFound) {
		return usageError{err}
	}
	if err != nil {
		return err
	}
	j.sources = sources
	for _, name := range duplicates {
		j.warn(fmt.Sprintf("%s is named more than once: it is read once", name))
	}
	compressed, stdin, err := input.NeedsWindow(ctx, sources, j.Stdin)
	if err != nil {
		return err
	}
	if j.plan, err = newPlan(j.Memory, j.Parallel, j.MaxLine, compressed); err != nil {
		return err
	}
	if j.Observer.Plan != nil {
		j.Observer.Plan(j.plan)
	}
	j.reader = input.NewReader(sources, input.Config{
		BlockSize: j.plan.BlockSize,
		Blocks:    j.plan.Blocks,
		MaxLine:   j.MaxLine,
		MaxWindow: j.plan.Window,
		Stdin:     stdin,
	})
	return nil
}

func (j *job) warn(message string) {
	if j.Observer.Warning != nil {
		j.Observer.Warning(message)
	}
}

// openOutputs makes the files that the job writes, none of which may be one
// that it reads, and checks that it could spill.
func (j *job) openOutputs() error {
	err := j.checkApart()
	if err != nil {
		return err
	}
	if info, err := os.Stat(j.TempDir); err != nil || !info.IsDir() {
		return usageErrorf("--temp-dir %s is not a folder", j.TempDir)
	}
	switch j.Output {
	case "":
	case "-":
		j.result = output.Stream(j.Stdout)
	default:
		if j.result, err = output.Create(j.Output); err != nil {
			return err
		}
	}
	if j.Rejects != "" {
		j.rejects, err = output.Create(j.Rejects)
	}
	return err
}

// checkApart refuses outputs that would overwrite an input or each other.
func (j *job) checkApart() error {
	var files []os.FileInfo
	for _, path := range []string{j.Output, j.Rejects} {
		info, err := os.Stat(path)
		if err != nil || !info.Mode().IsRegular() {
			continue // not there yet, or nothing that can be overwritten
		}
		for _, s := range j.sources {
			if s.SameFile(info) {
				return usageErrorf("%s would be overwritten: it is an input", path)
			}
		}
		files = append(files, info)
	}
	if j.Output != "" && j.Output == j.Rejects || len(files) == 2 && os.SameFile(files[0], files[1]) {
		return usageErrorf("the output and the rejects are the same file, %s", j.Output)
	}
	return nil
}
