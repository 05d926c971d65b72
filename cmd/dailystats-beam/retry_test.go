package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"dailystats/bench/workload"

	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"
	"github.com/google/go-cmp/cmp"
)

// Engines do a bundle again that has failed: what the first attempt has emitted is
// dropped, and the files that it has written are still there. Prism fails the job
// instead, so the steps here do it themselves: each bundle fails once, late.

func init() {
	register.DoFn4x1[context.Context, byteRange, func(int64, []byte), func(rangeCounts), error](&failingReadFn{})
	register.DoFn3x2[context.Context, int64, func(*[]byte) bool, shardFile, error](&failingShardFn{})
	register.DoFn4x1[context.Context, int, func(*rangeCounts) bool, func(*shardFile) bool, error](&failingCommitFn{})
}

// failingReadFn fails in each bundle behind the first range.
type failingReadFn struct {
	readFn
	failed bool
}

func (f *failingReadFn) StartBundle(ctx context.Context, pages func(int64, []byte), counts func(rangeCounts)) {
	f.readFn.StartBundle(ctx, pages, counts)
	f.failed = false
}

func (f *failingReadFn) ProcessElement(ctx context.Context, in byteRange, pages func(int64, []byte), counts func(rangeCounts)) error {
	if !f.failed {
		f.failed = true
		lostPages, lostCounts := func(int64, []byte) {}, func(rangeCounts) {}
		if err := f.readFn.ProcessElement(ctx, in, lostPages, lostCounts); err != nil {
			return err
		}
		f.readFn.StartBundle(ctx, pages, counts)
	}
	return f.readFn.ProcessElement(ctx, in, pages, counts)
}

func (f *failingReadFn) FinishBundle(ctx context.Context, pages func(int64, []byte), counts func(rangeCounts)) {
	f.readFn.FinishBundle(ctx, pages, counts)
}

// failingShardFn has each shard written twice: first from half of its pages.
type failingShardFn struct{ shardFn }

func (f *failingShardFn) ProcessElement(ctx context.Context, shard int64, pages func(*[]byte) bool) (shardFile, error) {
	all := all(pages)
	if _, err := f.shardFn.ProcessElement(ctx, shard, each(all[:len(all)/2])); err != nil {
		return shardFile{}, err
	}
	return f.shardFn.ProcessElement(ctx, shard, each(all))
}

// failingCommitFn fails to give a file its name, at each of them in turn.
type failingCommitFn struct{ commitFn }

func (f *failingCommitFn) ProcessElement(ctx context.Context, key int, counts func(*rangeCounts) bool, shards func(*shardFile) bool) error {
	ranges, files := all(counts), all(shards)
	for _, name := range f.names(ranges, files) {
		obstacle := filepath.Join(f.Output, name, "obstacle")
		if err := os.MkdirAll(obstacle, 0o777); err != nil {
			return err
		}
		err := f.commitFn.ProcessElement(ctx, key, each(ranges), each(files))
		if err == nil {
			return fmt.Errorf("%s was committed over a folder", name)
		}
		if _, err := os.Stat(filepath.Join(f.Output, successName)); name != successName && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("there is a %s without %s: %v", successName, name, err)
		}
		if err := os.RemoveAll(filepath.Join(f.Output, name)); err != nil {
			return err
		}
	}
	return f.commitFn.ProcessElement(ctx, key, each(ranges), each(files))
}

// names returns what a commit names, in its order.
func (f *failingCommitFn) names(ranges []rangeCounts, files []shardFile) (names []string) {
	if f.Single {
		return []string{singleName, rejectsName, reportName, successName}
	}
	files = slices.SortedFunc(slices.Values(files), func(a, b shardFile) int { return int(a.Shard - b.Shard) })
	for _, s := range files {
		names = append(names, fmt.Sprintf("%v-%05d-of-%05d.csv", dayOf(s.Shard), indexOf(s.Shard), f.Shards))
	}
	for _, r := range ranges {
		if r.Rejects != "" {
			names = append(names, fmt.Sprintf("_rejects-%05d.jsonl", len(names)-len(files)))
		}
	}
	return append(names, reportName, successName)
}

// each returns what an engine gives a step to go through a list by.
func each[T any](list []T) func(*T) bool {
	return func(v *T) bool {
		if len(list) == 0 {
			return false
		}
		*v, list = list[0], list[1:]
		return true
	}
}

// TestRetries proves that bundles which fail, and are done again, change nothing.
func TestRetries(t *testing.T) {
	path := generate(t, workload.Config{Events: 100_000, Users: 50_000, Days: 5, Invalid: 20_000_000, Seed: 2})
	for _, single := range []bool{true, false} {
		o := newOptions(filepath.Join(t.TempDir(), "out"), path)
		o.single, o.rangeSize = single, 1<<20
		got, r := onPrismBy(t, o, func(s steps) steps {
			s.read = &failingReadFn{readFn: *s.read.(*readFn)}
			s.shard = &failingShardFn{*s.shard.(*shardFn)}
			s.commit = &failingCommitFn{*s.commit.(*commitFn)}
			return s
		})
		if diff := cmp.Diff(oneMachine(t, t.TempDir(), o), got); diff != "" {
			t.Errorf("-one machine +Prism:\n%.2000s", diff)
		}
		if r.Ranges < 8 || r.Invalid == 0 {
			t.Errorf("%d ranges, %d invalid events", r.Ranges, r.Invalid)
		}
	}
}
