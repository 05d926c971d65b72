package pipeline

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"dailystats/sorter"
	"dailystats/stats"
	"dailystats/stats/output"
	"dailystats/stats/result"
)

// MaxOutputShards is the most files that a result can be divided into.
const MaxOutputShards = 1000

// ShardOfUser returns the output shard that a user's rows are in, from 0, of count. It
// is the same in every version: results that were divided into as many shards can be
// merged shard by shard.
//
// The user's 64 bits are mixed by the finalizer of SplitMix64 (Steele, Lea and Flood,
// "Fast Splittable Pseudorandom Number Generators"), so that users who are close to
// each other spread; the shard is the remainder of that, divided by count.
func ShardOfUser(user int64, count int) int {
	x := uint64(user)
	x = (x ^ x>>30) * 0xbf58_476d_1ce4_e5b9
	x = (x ^ x>>27) * 0x94d0_49bb_1331_11eb
	x ^= x >> 31
	return int(x % uint64(count))
}

const (
	shardPrefix = "part-"
	shardFormat = shardPrefix + "%05d.csv"

	// filesOfShard is how many files are open for each: the file, and its folder. The
	// lock on it may be one more.
	filesOfShard = 3
)

// shardPaths returns the files of the result, where it is divided.
func (j *job) shardPaths() []string {
	paths := make([]string, j.OutputShards)
	for i := range paths {
		paths[i] = filepath.Join(j.Output, fmt.Sprintf(shardFormat, i))
	}
	return paths
}

// resultPaths returns the files that the result is in.
func (j *job) resultPaths() []string {
	if j.OutputShards > 0 {
		return j.shardPaths()
	}
	return []string{j.Output}
}

// checkShardFolder returns an error if the folder for a divided result is a file, or has
// shards of another division: whoever reads it would count them, too.
func (j *job) checkShardFolder() error {
	if j.OutputShards == 0 {
		return nil
	}
	info, err := os.Stat(j.Output)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil && !info.IsDir() {
		return UsageErrorf("%s is a file: a result that is divided goes to a folder", j.Output)
	}
	entries, err := os.ReadDir(j.Output)
	if err != nil {
		return err
	}
	ours := make(map[string]bool, j.OutputShards)
	for _, path := range j.shardPaths() {
		ours[filepath.Base(path)] = true
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), shardPrefix) && !ours[e.Name()] {
			return UsageErrorf("folder %s has %s, which %d output shards would not replace: give another folder, or remove it",
				j.Output, e.Name(), j.OutputShards)
		}
	}
	return nil
}

// createShards creates the files of a divided result, and their folder.
func (j *job) createShards(ctx context.Context) error {
	if err := j.outputs.createFolder(j.Output); err != nil {
		return err
	}
	for _, path := range j.shardPaths() {
		f, err := j.outputs.create(ctx, path)
		if err != nil {
			return err
		}
		j.shards = append(j.shards, f)
	}
	return nil
}

// reduceToShards writes the result to the files that it is divided into.
func (j *job) reduceToShards(ctx context.Context) error {
	w := &shardWriter{files: j.shards}
	if err := w.writeHeaders(); err != nil {
		return err
	}
	newRows := func() sorter.Renderer { return &shardRows{rows: j.newRows(), count: len(j.shards)} }
	var err error
	j.rows, err = j.sorter.Reduce(ctx, newRows, w)
	return err
}

// shardRows renders rows for a shardWriter. It is one worker's.
//
//	│ shard │ length │ row │ shard │ length │ row …
//	 2 bytes  2 bytes
type shardRows struct {
	rows  sorter.Renderer
	count int
}

const rowHead = 4

// Append implements [sorter.Renderer].
func (r *shardRows) Append(dst []byte, k stats.Key, t stats.Totals) []byte {
	start := len(dst)
	dst = r.rows.Append(append(dst, make([]byte, rowHead)...), k, t)
	head := dst[start : start+rowHead]
	binary.LittleEndian.PutUint16(head, uint16(ShardOfUser(k.User, r.count)))
	binary.LittleEndian.PutUint16(head[2:], uint16(len(dst)-start-rowHead))
	return dst
}

// End implements [sorter.Renderer]: each row is complete.
func (r *shardRows) End(dst []byte) []byte { return dst }

// shardWriter writes what shardRows renders, each row to its shard's file. Each Write
// must have whole rows.
type shardWriter struct{ files []*output.File }

func (w *shardWriter) writeHeaders() error {
	for _, f := range w.files {
		if _, err := f.Write([]byte(result.Header)); err != nil {
			return err
		}
	}
	return nil
}

// Write implements io.Writer.
func (w *shardWriter) Write(rows []byte) (int, error) {
	for rest := rows; len(rest) > 0; {
		shard := binary.LittleEndian.Uint16(rest)
		end := rowHead + int(binary.LittleEndian.Uint16(rest[2:]))
		if _, err := w.files[shard].Write(rest[rowHead:end]); err != nil {
			return 0, err
		}
		rest = rest[end:]
	}
	return len(rows), nil
}

// finishShards has all rows on disk.
func (j *job) finishShards() error {
	for _, f := range j.shards {
		if err := f.Finish(); err != nil {
			return err
		}
	}
	return nil
}
