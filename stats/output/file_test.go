package output

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"pgregory.net/rapid"
)

// create creates a File that the test discards in the end.
// header is what the tests write.
const header = "date,user_id,event_count,purchase_count,total_revenue\n"

func create(t *testing.T, path string) *File {
	t.Helper()
	f, err := Create(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Discard() })
	return f
}

func write(t *testing.T, f *File, text string) {
	t.Helper()
	if n, err := io.WriteString(f, text); err != nil || n != len(text) {
		t.Fatalf("wrote %d of %d bytes: %v", n, len(text), err)
	}
}

func commit(t *testing.T, f *File) {
	t.Helper()
	if err := f.Commit(); err != nil {
		t.Fatal(err)
	}
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func wantContent(t *testing.T, path, want string) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s holds %q, want %q", filepath.Base(path), got, want)
	}
}

// wantNames says what must be in a folder, in order, and nothing else.
func wantNames(t *testing.T, folder string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("the folder holds %q, want %q", got, want)
	}
}

// Until Commit there is no file; after it there is nothing but the file.
func TestFileAppearsOnCommit(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "day.csv")
	f := create(t, path)
	write(t, f, header)
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("there is a file before Commit: %v", err)
	}
	commit(t, f)
	wantContent(t, path, header)
	wantNames(t, folder, "day.csv")
	if err := f.Discard(); err != nil {
		t.Errorf("Discard after Commit: %v", err)
	}
	wantContent(t, path, header)
}

func TestFileReplacesOnCommit(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "day.csv")
	put(t, path, "old")
	f := create(t, path)
	write(t, f, "new")
	wantContent(t, path, "old")
	commit(t, f)
	wantContent(t, path, "new")
	wantNames(t, folder, "day.csv")
}

// TestLargeFile writes more than what begins to be written back early.
func TestLargeFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "result.csv")
	f := create(t, path)
	var want []byte
	for i := 0; len(want) < 3*writeBackStep; i++ {
		piece := bytes.Repeat([]byte{byte(i)}, 300_000+i)
		want = append(want, piece...)
		if _, err := f.Write(piece); err != nil {
			t.Fatal(err)
		}
	}
	commit(t, f)
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes came back of %d, %v", len(got), len(want), err)
	}
}

func TestDiscardLeavesOldFile(t *testing.T) {
	for _, name := range []string{"day.csv", "day.csv.gz", "day.csv.zst"} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			path := filepath.Join(folder, name)
			put(t, path, "old")
			f := create(t, path)
			write(t, f, strings.Repeat("new", BufferSize))
			for range 2 {
				if err := f.Discard(); err != nil {
					t.Fatal(err)
				}
			}
			wantContent(t, path, "old")
			wantNames(t, folder, name)
		})
	}
}

// A file that could not be renamed is an error, and leaves nothing behind.
func TestCommitFails(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "day.csv")
	f := create(t, path)
	write(t, f, "new")
	if err := os.Mkdir(path, 0o755); err != nil {
		t.Fatal(err)
	}
	err := f.Commit()
	if err == nil || !strings.HasPrefix(err.Error(), "cannot write "+path+": ") {
		t.Errorf("Commit over a folder: %v", err)
	}
	if err := f.Discard(); err != nil {
		t.Error(err)
	}
	wantNames(t, folder, "day.csv")
}

func TestTemporaryName(t *testing.T) {
	folder := t.TempDir()
	create(t, filepath.Join(folder, "day.csv"))
	matches, err := filepath.Glob(filepath.Join(folder, ".day.csv.dailystats-*.tmp"))
	if err != nil || len(matches) != 1 {
		t.Errorf("found %q: %v", matches, err)
	}
}

func TestLongestName(t *testing.T) {
	folder := t.TempDir()
	name := strings.Repeat("é", 127)
	f := create(t, filepath.Join(folder, name))
	commit(t, f)
	wantNames(t, folder, name)
}

func TestCreateFails(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "file")
	put(t, file, "")
	loop := filepath.Join(folder, "loop")
	must(t, os.Symlink("loop", loop))
	must(t, os.Symlink(".", filepath.Join(folder, "link")))
	tests := []struct{ name, path, want string }{
		{"no folder", filepath.Join(folder, "none", "day.csv"), "in folder " + filepath.Join(folder, "none") + ": "},
		{"way out", filepath.Join(folder, "none", "day.csv"), ": create the folder first"},
		{"folder", folder, ": it is a folder: name a file in it"},
		{"link to a folder", filepath.Join(folder, "link"), ": it is a folder: name a file in it"},
		{"file as folder", filepath.Join(file, "day.csv"), ""},
		{"links in a circle", loop, ""},
		{"no name", "", ": the file name is empty"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := Create(t.Context(), test.path)
			if err == nil {
				t.Fatal("no error")
			}
			message := err.Error()
			if !strings.HasPrefix(message, "cannot write "+test.path+": ") || !strings.Contains(message, test.want) {
				t.Errorf("the error is %q, want %q in it", message, test.want)
			}
			wantNames(t, folder, "file", "link", "loop")
		})
	}
}

// A link stays, whatever it names and however often: the file is replaced or
// created in its own folder. One of the links goes up from a folder that is a
// link itself, where a cleaned path would lead elsewhere.
func TestLinks(t *testing.T) {
	for _, there := range []bool{true, false} {
		name := map[bool]string{true: "to a file", false: "dangling"}[there]
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			t.Chdir(folder)
			must(t, os.MkdirAll("a/b", 0o755))
			must(t, os.Symlink("a/b", "link"))
			must(t, os.Symlink("../day.csv", "a/b/first")) // a/day.csv
			must(t, os.Symlink("link/first", "second"))
			if there {
				put(t, "a/day.csv", "old")
			}
			f := create(t, "second")
			write(t, f, "new")
			commit(t, f)
			wantContent(t, "a/day.csv", "new")
			wantNames(t, "a", "b", "day.csv")
			wantNames(t, "a/b", "first")
			wantNames(t, ".", "a", "link", "second")
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestStream(t *testing.T) {
	var b bytes.Buffer
	f := Stream(t.Context(), &b)
	write(t, f, "a")
	write(t, f, "b")
	commit(t, f)
	if err := f.Discard(); err != nil {
		t.Error(err)
	}
	if b.String() != "ab" {
		t.Errorf("the stream got %q", b.String())
	}
}

// broken is a writer whose reader has gone.
type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

// An error of the stream comes out, at the latest on Commit.
func TestStreamFails(t *testing.T) {
	f := Stream(t.Context(), broken{})
	write(t, f, "a")
	err := f.Commit()
	if !errors.Is(err, io.ErrClosedPipe) || !strings.HasPrefix(err.Error(), "cannot write standard output: ") {
		t.Errorf("Commit: %v", err)
	}
	if _, err := f.Write(make([]byte, 2*BufferSize)); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("Write: %v", err)
	}
}

// decompress reads back what a file with an ending holds.
func decompress(t testing.TB, path string) []byte {
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var r io.Reader = file
	switch filepath.Ext(path) {
	case ".gz":
		r, err = gzip.NewReader(file)
	case ".zst":
		var d *zstd.Decoder
		d, err = zstd.NewReader(file, zstd.WithDecoderMaxWindow(zstdWindow))
		defer d.Close()
		r = d
	}
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestEmptyFiles(t *testing.T) {
	for _, name := range []string{"a.csv", "a.csv.gz", "a.csv.zst"} {
		path := filepath.Join(t.TempDir(), name)
		commit(t, create(t, path))
		if got := decompress(t, path); len(got) > 0 {
			t.Errorf("%s holds %q", name, got)
		}
	}
}

// A compressed file is the same to the byte however the writes cut the bytes,
// and holds them.
func TestCompressionIgnoresWriteSizes(t *testing.T) {
	text := rows(400_000)
	for _, name := range []string{"a.csv.gz", "a.csv.zst"} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			whole := filepath.Join(folder, "whole-"+name)
			f := create(t, whole)
			write(t, f, text)
			commit(t, f)
			if !bytes.Equal(decompress(t, whole), []byte(text)) {
				t.Fatal("the file does not hold what was written")
			}
			want, err := os.ReadFile(whole)
			must(t, err)
			rapid.Check(t, func(r *rapid.T) {
				if got := writeInPieces(r, filepath.Join(folder, name), text); !bytes.Equal(got, want) {
					r.Errorf("%d bytes, not the same %d", len(got), len(want))
				}
			})
		})
	}
}

// rows makes up about size bytes of a result.
func rows(size int) string {
	var b strings.Builder
	for n := uint64(1); b.Len() < size; n++ {
		b.WriteString("2024-01-01,")
		b.WriteString(strings.Repeat(string(rune('0'+n*n%7)), int(n%11)))
		b.WriteString(",1,1,19.99\n")
	}
	return b.String()
}

func writeInPieces(r *rapid.T, path, text string) []byte {
	f, err := Create(r.Context(), path)
	if err != nil {
		r.Fatal(err)
	}
	defer f.Discard()
	largest := rapid.SampledFrom([]int{100, 5_000, 70_000, 300_000}).Draw(r, "largest")
	sizes := rapid.SliceOfN(rapid.IntRange(0, largest), 1, 20).Draw(r, "sizes")
	sizes = append(sizes, largest) // so that not all are 0
	for i := 0; len(text) > 0; i++ {
		n := min(sizes[i%len(sizes)], len(text))
		if _, err := io.WriteString(f, text[:n]); err != nil {
			r.Fatal(err)
		}
		text = text[n:]
	}
	if err := f.Commit(); err != nil {
		r.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if err != nil {
		r.Fatal(err)
	}
	return got
}

// What a compressor takes of memory is part of the promise about the process.
func TestCompressionMemory(t *testing.T) {
	const most = 4 << 20
	text := []byte(rows(1 << 20))
	for _, name := range []string{"a.csv.gz", "a.csv.zst"} {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		f := create(t, filepath.Join(t.TempDir(), name))
		for range 16 {
			if _, err := f.Write(text); err != nil {
				t.Fatal(err)
			}
		}
		runtime.ReadMemStats(&after)
		if taken := after.TotalAlloc - before.TotalAlloc; taken > most {
			t.Errorf("%s took %d bytes, want at most %d", name, taken, most)
		}
	}
}
