package output

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"

	"dailystats/stats/await"
)

// BufferSize is what a File collects, in bytes, before it writes.
const BufferSize = 64 << 10

// writeBackStep is after how many bytes they begin to be written to disk.
const writeBackStep = 8 << 20

// File is a file that appears whole or not at all. What is written goes to a
// temporary file in the folder of the target, which takes the target's place on
// Commit:
//
//	.daily_user_stats.csv.dailystats-4711-1f0c3d5a9b.tmp → daily_user_stats.csv
//
// A target that can't be replaced, such as a pipe, is written directly.
//
// Which folder that is, and the name in it, is found out once, on Create, and the
// folder is held open: if the path leads elsewhere in the end, because a folder in
// it was moved or a link changed, nothing is written or removed there.
//
// When the context that it was created with is done, its temporary file loses its
// name at once, whatever the writer is waiting for, and what could keep a writer
// waiting for long fails with the context's cause. Once a commit has begun it is not
// torn: see [Commit].
//
// A File is used by one goroutine at a time.
type File struct {
	ctx        context.Context
	name       string // as the user knows it
	target     target
	folder     *os.Root       // of the target and the temporary file; nil where there is none
	temporary  string         // its name in the folder; "" where there is none, or none any more
	keep       func() bool    // keeps ctx from removing it, unless it is too late; nil where there is none
	undo       func() error   // undoes that the target's name was given to it; nil where that can't be done
	lock       *os.File       // on the temporary file; nil where there is none
	file       *os.File       // nil for a stream, and when closed
	raw        io.Writer      // the file or stream
	buffer     *bufio.Writer  // in front of that; nil before the first write
	compressor io.WriteCloser // in front of the buffer; nil where there is none
	finished   bool           // all is written

	written, writtenBack int64      // bytes of a temporary file
	writingBack          sync.Mutex // locked while some begin to be
}

// Create starts a file to be put at path. The endings .gz and .zst compress it.
// A symbolic link is followed: the file that it names is replaced, or created.
// A file that is replaced hands on its permissions, but not its owner, and need
// not be writable: as with mv, its folder has to be.
//
// The caller must call Discard in the end, and Commit before that if all went
// well. All errors of a File name path, but for ctx's cause.
func Create(ctx context.Context, path string) (*File, error) {
	f := &File{ctx: ctx, name: path}
	if err := f.open(); err != nil {
		return nil, f.failure(err)
	}
	f.raw = (*rawFile)(f)
	if f.target.inPlace {
		f.raw = Interruptible(ctx, f.file)
	}
	return f, nil
}

// Stream returns a File that is written to w directly, buffered and as it is.
// Commit does not close w.
func Stream(ctx context.Context, w io.Writer) *File {
	return &File{ctx: ctx, name: "standard output", raw: Interruptible(ctx, w)}
}

// open finds the target and opens what is written.
func (f *File) open() (err error) {
	if f.ctx.Err() != nil {
		return context.Cause(f.ctx)
	}
	if f.target, err = findTarget(f.name); err != nil {
		return err
	}
	if f.target.inPlace && f.target.stream >= 0 {
		f.file, err = duplicate(f.target.stream, f.name)
		return err
	}
	if f.target.inPlace {
		f.file, err = await.OpenFile(f.ctx, f.target.path, os.O_WRONLY|os.O_APPEND, 0)
		return err
	}
	if err = f.openTemporary(); err != nil {
		return fmt.Errorf("no file can be created in folder %s: %w", filepath.Clean(f.target.folder()), cause(err))
	}
	return nil
}

func (f *File) openTemporary() (err error) {
	if f.folder, err = os.OpenRoot(f.target.folder()); err != nil {
		return err
	}
	removeLeftovers(f.folder, f.target.name())
	f.file, f.lock, err = createTemporary(f.folder, f.target)
	if err != nil {
		f.folder.Close()
		return err
	}
	folder, temporary := f.folder, filepath.Base(f.file.Name())
	f.temporary = temporary
	f.keep = context.AfterFunc(f.ctx, func() { _ = folder.Remove(temporary) }) // tried again by Discard
	return nil
}

// begin makes the buffer, and the compressor if there is to be one, when they are
// first needed: of several files, few are written at the same time.
func (f *File) begin() (err error) {
	if f.buffer != nil {
		return nil
	}
	f.buffer = bufio.NewWriterSize(f.raw, BufferSize)
	f.compressor, err = newCompressor(f.name, f.buffer)
	return err
}

// Write writes p, or as much of it as was written before the error.
func (f *File) Write(p []byte) (n int, err error) {
	if err := f.begin(); err != nil {
		return 0, f.failure(err)
	}
	if f.compressor != nil {
		n, err = f.compressor.Write(p)
	} else {
		n, err = f.buffer.Write(p)
	}
	return n, f.failure(err)
}

// rawFile is the temporary file itself, behind the buffer and the compressor.
type rawFile File

// Write implements io.Writer.
func (f *rawFile) Write(p []byte) (int, error) {
	n, err := f.file.Write(p)
	f.written += int64(n)
	if f.written-f.writtenBack >= writeBackStep && f.writingBack.TryLock() {
		file, offset, size := f.file, f.writtenBack, f.written-f.writtenBack
		f.writtenBack = f.written
		go func() { // a busy disk keeps it waiting
			defer f.writingBack.Unlock()
			writeBack(file, offset, size)
		}()
	}
	return n, err
}

// Finish ends the writing: when it returns nil, all is on disk, and not in its
// place. So of several files that belong together, all can be finished before
// the first one is committed.
func (f *File) Finish() error {
	return f.failure(f.finish())
}

func (f *File) finish() error {
	if f.finished {
		return nil
	}
	if err := f.flush(); err != nil {
		return err
	}
	if f.temporary != "" {
		file := f.file
		if err := await.Do(f.ctx, file.Sync); err != nil {
			return err
		}
	}
	f.finished = true
	return f.close()
}

func (f *File) flush() error {
	if err := f.begin(); err != nil {
		return err
	}
	if f.compressor != nil {
		if err := f.compressor.Close(); err != nil {
			return err
		}
		f.compressor = nil // for its memory
	}
	return f.buffer.Flush()
}

func (f *File) close() error {
	if f.file == nil {
		return nil
	}
	f.writingBack.Lock()
	defer f.writingBack.Unlock()
	err := f.file.Close()
	f.file = nil
	return err
}

// Discard removes what was written, if it was not committed, and leaves the
// target as it was. What went to a stream, a pipe or a device stays there.
// After Commit it can do no harm, so it can be deferred.
func (f *File) Discard() error {
	f.close() // nothing depends any more on what was written
	if f.temporary == "" {
		return nil
	}
	f.keep() // it is removed here
	if err := f.folder.Remove(f.temporary); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return f.failure(err)
	}
	f.temporary = ""
	f.lock.Close() // of no interest, even where there is none
	f.folder.Close()
	return nil
}

// failure names the file in an error, and the way out if there is one. That ctx is
// done is not the file's fault.
func (f *File) failure(err error) error {
	if err == nil || f.ctx.Err() != nil && errors.Is(err, context.Cause(f.ctx)) {
		return err
	}
	return WriteError(f.name, err)
}

// WriteError is err as the error of writing to a file or stream, with the way out if
// there is one.
func WriteError(name string, err error) error {
	return fmt.Errorf("cannot write %s: %w%s", name, cause(err), wayOut(err))
}

// cause leaves out the path of an error of the file system, which may be that
// of the temporary file.
func cause(err error) error {
	var ofPath *fs.PathError
	var ofLink *os.LinkError
	switch {
	case errors.As(err, &ofPath) && err == error(ofPath):
		return ofPath.Err
	case errors.As(err, &ofLink) && err == error(ofLink):
		return ofLink.Err
	default:
		return err
	}
}

func wayOut(err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return ": create the folder first"
	case errors.Is(err, fs.ErrPermission):
		return ": choose a folder that may be read and written to"
	case errors.Is(err, syscall.ENOSPC):
		return ": free some space, or choose another folder"
	case errors.Is(err, syscall.EBADF):
		return ": it is closed, or only for reading: redirect it to a file, or to " + os.DevNull
	case errors.Is(err, syscall.ENXIO):
		return ": it is closed, or a socket: give - for standard output"
	default:
		return ""
	}
}
