package output

import (
	"context"
	"errors"
	"os"
	"slices"

	"dailystats/stats/await"
)

// Commit puts files in their places, all of them or none: when it returns nil,
// they are there whole, even after a power cut; after an error, all targets are
// as they were.
//
// Where the system can do that, a new file and an older one exchange names, so
// that they can be exchanged back:
//
//	           target   temporary
//	finished   older    new
//	placed     new      older       now the folder is synced
//	discarded  new
//
// Elsewhere the older file is replaced at once, and gone.
//
// When the context of a file is done before the first name is given, none is, and
// when it is while the folders are synced, all are taken back if they can be.
func Commit(files ...*File) error {
	for _, f := range files {
		if err := f.Finish(); err != nil {
			return err
		}
	}
	for _, f := range files {
		if f.temporary != "" && !f.keep() {
			return context.Cause(f.ctx) // the temporary file has lost its name
		}
	}
	err := place(files)
	if err == nil {
		err = syncFolders(files)
	}
	for _, f := range files {
		if err != nil && f.undo != nil {
			_ = f.undo()
		}
		_ = f.Discard() // tried again by the caller
	}
	return err
}

// Commit puts f alone in its place.
func (f *File) Commit() error { return Commit(f) }

func place(files []*File) error {
	for _, f := range files {
		if err := f.place(); err != nil {
			return f.failure(err)
		}
	}
	return nil
}

// place gives the temporary file, if there is one, the target's name.
func (f *File) place() error {
	from, to := f.temporary, f.target.name()
	if from == "" {
		return nil
	}
	if info, err := f.folder.Lstat(to); err == nil && info.IsDir() {
		return errIsFolder // it could be exchanged
	}
	err := exchange(f.folder, from, to)
	if err == nil {
		f.undo = func() error { return exchange(f.folder, from, to) }
		return nil
	}
	isNew := errors.Is(err, os.ErrNotExist)
	if !isNew && !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	if err := f.folder.Rename(from, to); err != nil {
		return err
	}
	if isNew {
		f.undo = func() error { return f.folder.Rename(to, from) }
	}
	return nil
}

// syncFolders makes the targets' names last, once for each folder. That can take long;
// it is not given up where names can't be taken back.
func syncFolders(files []*File) error {
	final := slices.ContainsFunc(files, func(f *File) bool { return f.temporary != "" && f.undo == nil })
	synced := map[string]bool{}
	for _, f := range files {
		folder := f.target.folder()
		if f.temporary == "" || synced[folder] {
			continue
		}
		ctx := f.ctx
		if final {
			ctx = context.WithoutCancel(ctx)
		}
		if err := await.Do(ctx, func() error { return syncFolder(f.folder) }); err != nil {
			return f.failure(err)
		}
		synced[folder] = true
	}
	return nil
}
