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

// checkShards refuses a division that can't be.
func (j *job) checkShards() error {
	switch {
	case j.OutputShards == 0:
		return nil
	case j.OutputShards < 0 || j.OutputShards > MaxOutputShards:
		return UsageErrorf("a result can be divided into 1 to %d files", MaxOutputShards)
	case j.Output == "" || j.Output == "-":
		return UsageErrorf("a result that is divided goes to a folder: give one as the output")
	case j.State != "":
		return UsageErrorf("the result of a state can't be divided into output shards")
	case j.OutputShards*filesOfShard+ownFiles > openFiles():
		return UsageErrorf("%d output shards take more open files than the %d that a process may have: raise that limit (ulimit -n), or give fewer", j.OutputShards, openFiles())
	}
	info, err := os.Stat(j.Output)
	if err == nil && !info.IsDir() {
		return UsageErrorf("%s is a file: a result that is divided goes to a folder", j.Output)
	}
	return j.checkOtherShards()
}

// checkOtherShards refuses a folder with shards of another division: whoever reads
// the folder would count them, too.
func (j *job) checkOtherShards() error {
	entries, err := os.ReadDir(j.Output)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
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

// createShards makes the files of a result that is divided, and their folder.
func (j *job) createShards(ctx context.Context) error {
	switch err := os.Mkdir(j.Output, 0o777); {
	case err == nil:
		j.newFolder = j.Output
	case !errors.Is(err, fs.ErrExist):
		return fmt.Errorf("cannot write to folder %s: %w", j.Output, err)
	}
	for _, path := range j.shardPaths() {
		f, err := j.create(ctx, path)
		if err != nil {
			return err
		}
		j.shards = append(j.shards, f)
	}
	return nil
}

// discardShards leaves no trace of shards that weren't committed.
func (j *job) discardShards() {
	for _, f := range j.shards {
		f.Discard()
	}
	if j.newFolder != "" {
		_ = os.Remove(j.newFolder) // where it is empty
	}
}

// reduceToShards writes the result to the files that it is divided into.
func (j *job) reduceToShards(ctx context.Context) error {
	w := &shardWriter{files: j.shards}
	if err := w.writeHeaders(); err != nil {
		return err
	}
	newRows := func() sorter.Renderer { return &shardRows{rows: j.newRows(), count: len(j.shards)} }
	groups, err := j.sorter.Reduce(ctx, newRows, w)
	j.groups = groups
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

// shardWriter writes what shardRows renders, each row to its shard's file. Each Write
// must have whole rows.
type shardWriter struct{ files []*output.File }

func (w *shardWriter) writeHeaders() error {
	for _, f := range w.files {
		if _, err := f.Write([]byte(output.Header)); err != nil {
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
