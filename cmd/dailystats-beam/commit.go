package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"dailystats/stats/output"
	"dailystats/stats/pipeline"

	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"
)

func init() {
	register.DoFn4x1[context.Context, int, func(*rangeCounts) bool, func(*shardFile) bool, error](&commitFn{})
	register.Iter1[rangeCounts]()
	register.Iter1[shardFile]()
}

// Names in the output folder. Engines leave alone what begins with _ or a point.
const (
	singleName  = "daily_user_stats.csv"
	reportName  = "_report.json"
	successName = "_SUCCESS"
	rejectsName = "_rejects.jsonl"
	tempName    = "_temporary"
)

// commitFn gives the files their names when all of them are there, and says what
// came of it. It may be run again from the start at any point: what it has done is
// the same the second time.
//
//	shards → rejects → report → _SUCCESS
//
// So a folder with _SUCCESS is whole, and one without has no result.
type commitFn struct {
	Job        string // its ID
	Output     string // folder
	Temp       string // folder, with all there is of this job
	Shards     int    // of a day
	Single     bool
	MaxInvalid string
	TempDir    string // folder on the worker, for spill files; empty for the usual one
	Decimals   decimals
	Started    int64 // Unix time, in nanoseconds
}

func (f *commitFn) ProcessElement(ctx context.Context, _ int, counts func(*rangeCounts) bool, shards func(*shardFile) bool) error {
	return marked(f.commit(ctx, all(counts), all(shards)))
}

func (f *commitFn) commit(ctx context.Context, ranges []rangeCounts, files []shardFile) error {
	slices.SortFunc(ranges, func(a, b rangeCounts) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.From, b.From))
	})
	slices.SortFunc(files, func(a, b shardFile) int { return cmp.Compare(a.Shard, b.Shard) })
	r, err := f.report(ranges)
	if err != nil {
		return err
	}
	if !r.TooManyInvalid {
		if err := f.commitResult(ctx, r, files); err != nil {
			return err
		}
	}
	if err := f.commitRejects(ctx, r, ranges); err != nil {
		return err
	}
	r.Seconds = time.Since(time.Unix(0, f.Started)).Seconds()
	text, err := r.json()
	if err != nil {
		return err
	}
	if err := f.put(ctx, reportName, text); err != nil {
		return err
	}
	if r.TooManyInvalid {
		return nil
	}
	return f.put(ctx, successName, nil)
}

func all[T any](next func(*T) bool) (list []T) {
	for {
		var v T // anew: a decoder may leave slices of the one before
		if !next(&v) {
			return list
		}
		list = append(list, v)
	}
}

// report adds up what there was in all ranges.
func (f *commitFn) report(ranges []rangeCounts) (*report, error) {
	r := &report{Schema: pipeline.Schema, Job: f.Job, InvalidByCode: map[string]uint64{}, Files: []string{}, Rejects: []string{}}
	for _, c := range ranges {
		if err := r.add(c); err != nil {
			return nil, err
		}
	}
	if f.MaxInvalid == "" {
		return r, nil
	}
	limit, err := pipeline.ParseLimit(f.MaxInvalid)
	r.TooManyInvalid = limit.Exceeded(uint64(r.Invalid), uint64(r.Invalid)+r.Events)
	return r, err
}

func (f *commitFn) commitResult(ctx context.Context, r *report, files []shardFile) error {
	for _, s := range files {
		r.Groups += s.Rows
		r.addDay(dayOf(s.Shard))
	}
	if f.Single {
		r.Files = []string{singleName}
		return f.merge(ctx, files)
	}
	for _, s := range files {
		name := fmt.Sprintf("%v-%05d-of-%05d.csv", dayOf(s.Shard), indexOf(s.Shard), f.Shards)
		if err := f.rename(ctx, s.Path, name); err != nil {
			return err
		}
		r.Files = append(r.Files, name)
	}
	return nil
}

// merge merges all shards to one file, in constant memory.
func (f *commitFn) merge(ctx context.Context, files []shardFile) error {
	target := join(f.Output, singleName)
	if len(files) == 0 {
		return writeFile(ctx, target, []byte(output.Header))
	}
	o := pipeline.MergeOptions{Output: target, TempDir: f.TempDir, Decimals: f.Decimals.of(), Memory: mergeMemory}
	for _, s := range files {
		o.Inputs = append(o.Inputs, s.Path)
	}
	_, err := pipeline.Merge(ctx, o)
	return err
}

// mergeMemory is more than a merge takes: it counts on a program as small as
// dailystats.
const mergeMemory = 256 << 20

// commitRejects gives the rejects of all ranges their names, or makes them one file.
func (f *commitFn) commitRejects(ctx context.Context, r *report, ranges []rangeCounts) error {
	var paths []string
	for _, c := range ranges {
		if c.Rejects != "" {
			paths = append(paths, c.Rejects)
		}
	}
	if f.Single {
		r.Rejects = append(r.Rejects, rejectsName)
		return f.concatenate(ctx, paths)
	}
	for i, path := range paths {
		name := fmt.Sprintf("_rejects-%05d.jsonl", i)
		if err := f.rename(ctx, path, name); err != nil {
			return err
		}
		r.Rejects = append(r.Rejects, name)
	}
	return nil
}

// concatenate makes one file of rejects.
func (f *commitFn) concatenate(ctx context.Context, paths []string) error {
	temp := join(f.Temp, "rejects-"+unique()+".jsonl")
	w, err := storeOf(temp).create(ctx, temp)
	if err != nil {
		return err
	}
	for _, path := range paths {
		if err := appendFile(ctx, w, path); err != nil {
			return errors.Join(err, w.Close())
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	return f.rename(ctx, temp, rejectsName)
}

func appendFile(ctx context.Context, w io.Writer, path string) error {
	r, err := storeOf(path).open(ctx, file{Path: path})
	if err != nil {
		return err
	}
	defer r.Close()
	_, err = io.Copy(w, r)
	return err
}

// put writes a small file of the output folder, which appears whole.
func (f *commitFn) put(ctx context.Context, name string, data []byte) error {
	temp := join(f.Temp, name+"-"+unique())
	if err := writeFile(ctx, temp, data); err != nil {
		return err
	}
	return f.rename(ctx, temp, name)
}

// rename gives a temporary file its name in the output folder.
func (f *commitFn) rename(ctx context.Context, path, name string) error {
	return storeOf(path).rename(ctx, path, join(f.Output, name))
}
