package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"dailystats/stats/input"
	"dailystats/stats/pipeline"
)

// file is an input.
type file struct {
	Name string // as it was given or found
	Path string // as every worker knows it
	Size int64  // bytes
}

// store is where files are. All workers must see the same.
type store interface {
	// find returns the files that an argument of the command line names.
	find(ctx context.Context, arg string) ([]file, error)
	open(ctx context.Context, f file) (io.ReadSeekCloser, error)
	// create makes a file. What was written is there for good when Close returns nil.
	create(ctx context.Context, path string) (io.WriteCloser, error)
	// rename replaces what there is. It does nothing where it has been done before.
	rename(ctx context.Context, from, to string) error
	// list returns the names of what is in a folder, which may not be there.
	list(ctx context.Context, folder string) ([]string, error)
	// remove removes a folder and all that is in it.
	remove(ctx context.Context, folder string) error
}

// storeOf returns the store that a path is in.
func storeOf(path string) store {
	if isCloud(path) {
		return cloud{}
	}
	return disk{}
}

// findAll returns what arguments name, each file once.
func findAll(ctx context.Context, args []string) (files []file, err error) {
	seen := map[string]bool{}
	for _, arg := range args {
		found, err := storeOf(arg).find(ctx, arg)
		if err != nil {
			return nil, err
		}
		for _, f := range found {
			if !seen[f.Path] {
				seen[f.Path] = true
				files = append(files, f)
			}
		}
	}
	return files, nil
}

// writeFile writes all of a file.
func writeFile(ctx context.Context, path string, data []byte) error {
	w, err := storeOf(path).create(ctx, path)
	if err != nil {
		return err
	}
	_, err = w.Write(data)
	return errors.Join(err, w.Close())
}

// readFile reads all of a file.
func readFile(ctx context.Context, path string) ([]byte, error) {
	f, err := storeOf(path).open(ctx, file{Path: path})
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(f)
}

// join adds a name to a folder's path.
func join(folder, name string) string { return strings.TrimSuffix(folder, "/") + "/" + name }

// unique returns a part of a name that nobody else has: engines may run a bundle
// twice, even at the same time.
func unique() string {
	var b [8]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// disk is a file system that all workers share.
type disk struct{}

func (disk) find(_ context.Context, arg string) (files []file, err error) {
	sources, _, err := input.Expand([]string{arg}, nil)
	if errors.Is(err, input.ErrNotFound) {
		return nil, pipeline.UsageErrorf("%v", err)
	}
	if err != nil {
		return nil, err
	}
	for _, s := range sources {
		if s.Size() < 0 {
			return nil, pipeline.UsageErrorf("%v has no size, so it can't be cut into ranges: give files", s)
		}
		path, err := filepath.Abs(s.Name)
		if err != nil {
			return nil, err
		}
		if path, err = filepath.EvalSymlinks(path); err != nil {
			return nil, err
		}
		files = append(files, file{s.Name, path, s.Size()})
	}
	return files, nil
}

func (disk) open(_ context.Context, f file) (io.ReadSeekCloser, error) { return os.Open(f.Path) }

// syncedFile is on disk when it has been closed.
type syncedFile struct{ *os.File }

func (f syncedFile) Close() error { return errors.Join(f.Sync(), f.File.Close()) }

func (disk) create(_ context.Context, path string) (io.WriteCloser, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return nil, err
	}
	f, err := os.Create(path)
	return syncedFile{f}, err
}

func (disk) rename(_ context.Context, from, to string) error {
	err := os.Rename(from, to)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(to); err == nil {
			return nil
		}
	}
	if err != nil {
		return err
	}
	return syncFolder(filepath.Dir(to))
}

// syncFolder makes new names in a folder last.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

func (disk) list(_ context.Context, folder string) (names []string, err error) {
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("--output: %w", err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names, nil
}

func (disk) remove(_ context.Context, folder string) error { return os.RemoveAll(folder) }
