package bench

import (
	"context"
	"encoding/json"
	"io"
	"os"

	"dailystats/stats/output"
)

// CreateJSON writes the result to a file as a JSON document. This file and the
// others appear whole or not at all, and not when ctx is done; "-" is standard output.
func (r *Result) CreateJSON(ctx context.Context, path string) error {
	return create(ctx, path, func(w io.Writer) error {
		document, err := json.MarshalIndent(r, "", "  ")
		if err != nil {
			return err
		}
		_, err = w.Write(append(document, '\n'))
		return err
	})
}

// CreateMarkdown writes what WriteMarkdown does to a file.
func (r *Result) CreateMarkdown(ctx context.Context, path string) error {
	return create(ctx, path, r.WriteMarkdown)
}

// CreatePage writes what WritePage does to a file.
func (r *Result) CreatePage(ctx context.Context, path string) error {
	return create(ctx, path, r.WritePage)
}

// create writes a file whole, or not at all.
func create(ctx context.Context, path string, write func(io.Writer) error) error {
	file := output.Stream(ctx, os.Stdout)
	if path != "-" {
		var err error
		if file, err = output.Create(ctx, path); err != nil {
			return err
		}
	}
	defer file.Discard()
	if err := write(file); err != nil {
		return err
	}
	return file.Commit()
}
