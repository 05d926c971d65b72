package bench

import (
	"encoding/json"
	"io"
	"os"

	"dailystats/stats/output"
)

// CreateJSON writes the result to a file as a JSON document. This file and the
// others appear whole or not at all; "-" is standard output.
func (r *Result) CreateJSON(path string) error {
	return create(path, func(w io.Writer) error {
		document, err := json.MarshalIndent(r, "", "  ")
		if err != nil {
			return err
		}
		_, err = w.Write(append(document, '\n'))
		return err
	})
}

// CreateMarkdown writes what WriteMarkdown does to a file.
func (r *Result) CreateMarkdown(path string) error { return create(path, r.WriteMarkdown) }

// CreatePage writes what WritePage does to a file.
func (r *Result) CreatePage(path string) error { return create(path, r.WritePage) }

// create writes a file whole, or not at all.
func create(path string, write func(io.Writer) error) error {
	file := output.Stream(os.Stdout)
	if path != "-" {
		var err error
		if file, err = output.Create(path); err != nil {
			return err
		}
	}
	defer file.Discard()
	if err := write(file); err != nil {
		return err
	}
	return file.Commit()
}
