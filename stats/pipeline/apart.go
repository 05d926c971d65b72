package pipeline

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"dailystats/stats/input"
	"dailystats/stats/output"
)

// File is a file that is read or written, and what it is to the user.
type File struct {
	Path string // "-" is standard input, or standard output where it is written
	Role string // as it stands in a sentence, such as "the report"
}

// KeepApart returns an error, of which ErrUsage is a cause, where a file would be
// written that is also read, or that is also another one that is written, by whatever
// paths and links. No path stands for no file.
func KeepApart(read, written []File) error {
	return apart{os.Stdin, os.Stdout, new(input.Found)}.check(read, written)
}

// keepApart keeps apart all files that the job and its caller read and write. It is
// called before anything is done, and again when the inputs are found.
func (j *job) keepApart(found *input.Found) error {
	read, err := j.inputs.files(j.Kafka.File)
	if err != nil {
		return err
	}
	return apart{j.Stdin, j.Stdout, found}.check(append(read, j.Read...), j.filesWritten())
}

// filesWritten returns the files that are written.
func (j *job) filesWritten() []File {
	var files []File
	for _, path := range j.resultPaths() {
		files = append(files, File{path, "the output"})
	}
	files = append(files,
		File{j.Rejects, "the rejects"},
		File{j.Report, "the report"},
		File{j.Metrics, "the metrics"},
		File{j.HTML, "the HTML page"})
	if j.State != "" {
		files = append(files,
			File{filepath.Join(j.State, stateName), "the state"},
			File{filepath.Join(j.State, lockName), "the state's lock"})
	}
	return append(files, j.Written...)
}

// apart keeps files that are read apart from those that are written.
type apart struct {
	stdin  io.Reader
	stdout io.Writer
	inputs *input.Found // read as well, and too many to look at each again
}

func (a apart) check(read, written []File) error {
	readPlaces, writtenPlaces := places(read, a.stdin), places(written, a.stdout)
	for i, w := range writtenPlaces {
		for _, other := range writtenPlaces[:i] {
			if w.Role == other.Role {
				continue // such as shards of the output: their names differ, and they may be many
			}
			if w.isStream() && other.isStream() || !w.isSpecial() && w.same(other) {
				return UsageErrorf("%s would be written twice: it is %s and %s: give each a file of its own", w, other.roleBeside(w), w.Role)
			}
		}
		for _, r := range slices.Concat(readPlaces, a.inputsAt(w)) {
			if w.same(r) {
				return UsageErrorf("%s would be overwritten: it is %s and %s: give %s a file of its own", w, r.roleBeside(w), w.Role, w.Role)
			}
		}
	}
	return nil
}

// inputsAt returns the inputs that are the file at w. Each is looked at only where one
// of them is.
func (a apart) inputsAt(w place) (at []place) {
	if w.info == nil || !a.inputs.Has(w.info) {
		return nil
	}
	for s := range a.inputs.Sources.All() {
		if info, err := os.Stat(s.Name); err == nil && os.SameFile(info, w.info) {
			at = append(at, place{File{s.Name, "an input"}, w.info})
		}
	}
	return at
}

// place is where a file is, or will be.
type place struct {
	File
	info fs.FileInfo // nil where there is nothing yet, or nobody can tell
}

// places looks at what is there under the paths of files. "-" is stream, which may be
// a file as well.
func places(files []File, stream any) (all []place) {
	for _, f := range files {
		p := place{File: f}
		file, isFile := stream.(*os.File)
		switch {
		case f.Path == "":
			continue
		case !p.isStream():
			p.info, _ = os.Stat(f.Path)
		case isFile:
			p.info, _ = file.Stat()
		}
		all = append(all, p)
	}
	return all
}

func (p place) isStream() bool { return p.Path == "-" }

// isSpecial reports whether a place is something that several may write to, such as a
// device or a pipe.
func (p place) isSpecial() bool { return p.info != nil && !p.info.Mode().IsRegular() }

// same reports whether two places are one file, be it there or not. A device, such as
// a terminal, can be read and written.
func (p place) same(other place) bool {
	switch {
	case p.info != nil && other.info != nil:
		return p.info.Mode()&fs.ModeDevice == 0 && os.SameFile(p.info, other.info)
	case p.info != nil || other.info != nil || p.isStream() || other.isStream():
		return false
	default:
		return output.SameTarget(p.Path, other.Path) || sameName(p.Path, other.Path)
	}
}

// sameName reports whether two paths are the same in words, be their folder there
// or not.
func sameName(a, b string) bool {
	a, errA := filepath.Abs(a)
	b, errB := filepath.Abs(b)
	return errA == nil && errB == nil && a == b
}

// String returns the place as errors have it.
func (p place) String() string {
	if p.isStream() {
		return "standard output"
	}
	return p.Path
}

// roleBeside returns a place's role in a sentence about shown, with its path if that
// is another one.
func (p place) roleBeside(shown place) string {
	if p.isStream() || p.Path == shown.Path {
		return p.Role
	}
	return fmt.Sprintf("%s (%s)", p.Role, p.Path)
}
