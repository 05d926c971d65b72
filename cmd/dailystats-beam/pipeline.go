package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"dailystats/stats/pipeline"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
)

// job is one run on an engine.
type job struct {
	*options
	id     string
	files  []inputFile
	folder string // for what comes of it
	temp   string // in it, for what is not done yet
}

// newJob looks up the inputs, and refuses what can't be.
func newJob(ctx context.Context, o *options) (*job, error) {
	for _, arg := range o.inputs {
		if strings.HasPrefix(arg, "-") {
			return nil, pipeline.UsageErrorf("%s comes behind an input: give flags first", arg)
		}
	}
	if err := o.check(); err != nil {
		return nil, err
	}
	j := &job{options: o, id: unique(), folder: strings.TrimSuffix(o.output, "/")}
	if !isCloud(j.folder) {
		path, err := filepath.Abs(j.folder)
		if err != nil {
			return nil, err
		}
		j.folder = path
	}
	j.temp = join(j.folder, tempName+"-"+j.id)
	files, err := findAll(ctx, o.inputs)
	if err != nil {
		return nil, err
	}
	for i, f := range files {
		j.files = append(j.files, inputFile{int64(i), f.Name, f.Path, f.Size})
	}
	return j, j.checkFolder(ctx)
}

// checkFolder refuses a folder that has something in it: it might get lost, or be
// taken for a part of the result.
func (j *job) checkFolder(ctx context.Context) error {
	names, err := storeOf(j.folder).list(ctx, j.folder)
	if err != nil {
		return err
	}
	for _, name := range names {
		if !strings.HasPrefix(name, tempName) {
			return pipeline.UsageErrorf("--output %s is not empty (%s): give a new folder, or empty it", j.output, name)
		}
	}
	return nil
}

// steps are what is done to the files, in this order.
type steps struct{ split, read, shard, commit any }

func (j *job) steps() steps {
	return steps{
		split: &splitFn{RangeSize: int64(j.rangeSize)},
		read:  &readFn{Temp: j.temp, Shards: j.shards, MaxLine: int(j.maxLine), Redact: j.redact},
		shard: &shardFn{Temp: j.temp, TempDir: j.tempDir, Decimals: j.decimals},
		commit: &commitFn{
			Job: j.id, Output: j.folder, Temp: j.temp, Shards: j.shards, Single: j.single, MaxInvalid: j.maxInvalid.String(),
			TempDir: j.tempDir, Decimals: j.decimals, Started: time.Now().UnixNano(),
		},
	}
}

// graph returns the job as a graph.
func (j *job) graph(do steps) *beam.Pipeline {
	p, s := beam.NewPipelineWithRoot()
	files := beam.CreateList(s, j.files)
	ranges := beam.Reshuffle(s, beam.ParDo(s, do.split, files))
	pages, counts := beam.ParDo2(s, do.read, ranges)
	shards := beam.ParDo(s, do.shard, beam.GroupByKey(s, pages))
	beam.ParDo0(s, do.commit, beam.CoGroupByKey(s, beam.AddFixedKey(s, counts), beam.AddFixedKey(s, shards)))
	return p
}

// run runs the job, and returns what it reports. Its report alone says that it is
// done: an engine may call a job a success that was cancelled.
func (j *job) run(ctx context.Context, do steps) (*report, error) {
	err := j.submit(ctx, j.graph(do))
	cleanErr := j.clean()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err != nil {
		return nil, err
	}
	r, err := j.report(ctx)
	if err != nil {
		return nil, err
	}
	return r, cleanErr
}

// clean removes what is temporary, even if the job has been stopped.
func (j *job) clean() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return storeOf(j.temp).remove(ctx, j.temp)
}

// report reads what the job has reported.
func (j *job) report(ctx context.Context) (*report, error) {
	text, err := readFile(ctx, join(j.folder, reportName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("the engine says that the job has ended, but there is no %s in %s: does every worker see that folder?", reportName, j.output)
	}
	if err != nil {
		return nil, err
	}
	r := new(report)
	if err := json.Unmarshal(text, r); err != nil {
		return nil, fmt.Errorf("%s: %w", reportName, err)
	}
	if r.Job != j.id {
		return nil, fmt.Errorf("%s in %s is of another job, %s: it ran at the same time", reportName, j.output, r.Job)
	}
	return r, nil
}
