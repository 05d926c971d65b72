package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"

	"dailystats/sorter"
	"dailystats/stats/output"
	"dailystats/stats/pipeline"

	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"
)

func init() {
	register.DoFn3x2[context.Context, int64, func(*[]byte) bool, shardFile, error](&shardFn{})
	register.Iter1[[]byte]()
}

// shardFile is a shard that has been written.
type shardFile struct {
	Shard int64
	Path  string // of a temporary file
	Rows  int64
}

// shardFn sorts and reduces what there is of a shard, on disk where need be, and
// writes it as a result of its own.
type shardFn struct {
	Temp     string // folder
	TempDir  string // folder on the worker, for spill files; empty for the usual one
	Decimals decimals
}

// Sizes of a shard's sorter: some 40 MiB. A round has 15 million rows then.
const (
	runRecords     = 1 << 18
	chunkPages     = 1 << 10
	stretchRecords = 1 << 15
)

func (f *shardFn) ProcessElement(ctx context.Context, shard int64, pages func(*[]byte) bool) (shardFile, error) {
	file := shardFile{Shard: shard, Path: join(f.Temp, fmt.Sprintf("shard-%d-%s.csv", shard, unique()))}
	s := sorter.New(ctx, sorter.Config{
		TempDir:        cmp.Or(f.TempDir, pipeline.DefaultTempDir()),
		RunRecords:     runRecords,
		ChunkPages:     chunkPages,
		StretchRecords: stretchRecords,
	})
	defer s.Close()
	if err := addPages(ctx, s, pages); err != nil {
		return file, marked(err)
	}
	rows, err := f.write(ctx, s, file.Path)
	file.Rows = int64(rows)
	return file, marked(err)
}

// addPages gives a sorter the rows of all pages.
func addPages(ctx context.Context, s *sorter.Sorter, pages func(*[]byte) bool) error {
	run := s.NewRun(ctx)
	var page []byte
	for pages(&page) {
		if s.Full() {
			if err := errors.Join(run.Flush(), s.Fold(ctx)); err != nil {
				return err
			}
			run = s.NewRun(ctx)
		}
		if err := readPage(page, run.AddTotals); err != nil {
			return err
		}
	}
	return run.Flush()
}

// write writes a shard, with a header.
func (f *shardFn) write(ctx context.Context, s *sorter.Sorter, path string) (rows uint64, err error) {
	file, err := storeOf(path).create(ctx, path)
	if err != nil {
		return 0, err
	}
	w := bufio.NewWriter(file)
	_, err = io.WriteString(w, output.Header)
	if err == nil {
		newRows := func() sorter.Renderer { return &output.Rows{Decimals: f.Decimals.of()} }
		rows, err = s.Reduce(ctx, newRows, w)
	}
	return rows, errors.Join(err, w.Flush(), file.Close())
}
