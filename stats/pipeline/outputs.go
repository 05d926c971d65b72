package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"

	"dailystats/stats/output"
)

// outputs are the files that a run or a merge writes: they appear together, or not at all.
type outputs struct {
	stdout  io.Writer
	created []*output.File
	folder  string // created for some of them
}

// create creates a file, or returns nil for no path.
func (o *outputs) create(ctx context.Context, path string) (f *output.File, err error) {
	switch path {
	case "":
		return nil, nil
	case "-":
		f = output.Stream(ctx, o.stdout)
	default:
		if f, err = output.Create(ctx, path); err != nil {
			return nil, err
		}
	}
	o.created = append(o.created, f)
	return f, nil
}

// createFolder creates a folder, if it isn't there.
func (o *outputs) createFolder(path string) error {
	err := os.Mkdir(path, 0o777)
	if err == nil {
		o.folder = path
		return nil
	}
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	return fmt.Errorf("cannot write to folder %s: %w", path, err)
}

// publish commits files, some of which may be nil, unless ending fails, which is called when
// all of them are on disk.
func publish(ctx context.Context, files []*output.File, ending func() error) error {
	files = slices.DeleteFunc(files, func(f *output.File) bool { return f == nil })
	for _, f := range files {
		if err := f.Finish(); err != nil {
			return err
		}
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err := ending(); err != nil {
		return err
	}
	return output.Commit(files...)
}

// discard leaves no trace of files that were not committed.
func (o *outputs) discard() {
	for _, f := range o.created {
		f.Discard()
	}
	if o.folder != "" {
		_ = os.Remove(o.folder) // if it is empty
	}
}

// write writes what render returns to a file. Without a file, nothing is rendered.
func write(f *output.File, render func() ([]byte, error)) error {
	if f == nil {
		return nil
	}
	text, err := render()
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return err
}
