package input

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// TestSources proves that a list gives back what was added to it, and that it takes
// the memory that it says, kept or only counted.
func TestSources(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		piece := rapid.SampledFrom([]string{"", "a", "b", "/", "events-2024-01-01-", "\xff", "日", strings.Repeat("long", 1000)})
		var want []Source
		list, counted := new(Sources), new(Sources)
		counted.countOnly()
		for range rapid.IntRange(0, 300).Draw(t, "sources") {
			name := piece.Draw(t, "folder") + piece.Draw(t, "name") + fmt.Sprint(rapid.IntRange(0, 1e6).Draw(t, "number"))
			size := rapid.Int64Range(0, 1<<50).Draw(t, "size")
			s := Source{name, rapid.SampledFrom([]kind{
				stream{},
				regularFile(size),
				filePart{regularFile(size), rapid.Int64Range(0, size).Draw(t, "from"), size},
			}).Draw(t, "kind")}
			want = append(want, s)
			list.Add(s)
			counted.Add(s)
		}
		if got := slices.Collect(list.All()); !slices.Equal(got, want) {
			t.Fatalf("got %v, want %v", got, want)
		}
		memory := int64(len(list.others)) * otherMemory
		for _, c := range list.chunks {
			memory += int64(cap(c))
		}
		if list.Memory() != memory || counted.Memory() != memory || list.Len() != len(want) || counted.Len() != len(want) {
			t.Errorf("%d sources take %d bytes, not %d; only counted, %d take %d", list.Len(), memory, list.Memory(), counted.Len(), counted.Memory())
		}
	})
}

// TestManySources proves that a file takes few bytes.
func TestManySources(t *testing.T) {
	const count = 100_000
	list := new(Sources)
	for i := range count {
		list.Add(Source{fmt.Sprintf("some/folder/events-2024-01-01-host-%07d.jsonl", i), regularFile(12345)})
	}
	if most := int64(16 * count); list.Memory() > most {
		t.Errorf("%d sources take %d bytes, want at most %d", count, list.Memory(), most)
	}
}

// TestListing proves that what is found in several passes is the same as in one, in
// the same order, and that passes have no more than there is room for.
func TestListing(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	rapid.Check(t, func(t *rapid.T) {
		if err := os.RemoveAll("x"); err != nil {
			t.Fatal(err)
		}
		part := rapid.SampledFrom([]string{"a", "a-", "a0", "b", "b.gz", "c.gz", ".h", "_s", "Ω"})
		for range rapid.IntRange(1, 40).Draw(t, "files") {
			path := "x"
			for range rapid.IntRange(1, 3).Draw(t, "depth") {
				path += "/" + part.Draw(t, "name")
			}
			if os.MkdirAll(filepath.Dir(path), 0o700) == nil {
				_ = os.WriteFile(path, nil, 0o600) // where there is no folder of that name
			}
		}
		room := rapid.IntRange(1, 2000).Draw(t, "room")
		for _, pattern := range []string{"x/*", "x/**", "x/*/*", "x/**/*.gz", "x/{b,a}*/*", "x/a*/{b,c}.gz", "x/[ab]/**"} {
			want, err := doublestar.FilepathGlob(pattern, doublestar.WithNoHidden(), doublestar.WithFailOnIOErrors())
			if err != nil {
				t.Fatal(err)
			}
			slices.Sort(want)
			want = slices.Compact(want)
			base, rest := doublestar.SplitPattern(pattern)
			got := listAll(t, base, room, func(l *listing) ([]string, error) { return l.matches(rest) })
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("%s in %d bytes: -want +got:\n%s", pattern, room, diff)
			}
		}
		if diff := cmp.Diff(treeOf(t, "x"), listAll(t, "x", room, (*listing).tree)); diff != "" {
			t.Fatalf("the tree in %d bytes: -want +got:\n%s", room, diff)
		}
	})
}

// listAll returns what all passes list.
func listAll(t *rapid.T, base string, room int, list func(*listing) ([]string, error)) (got []string) {
	l := newListing(context.Background(), base, 0, new(garbage))
	l.room = room
	for more := true; more; more = l.again() {
		paths, err := list(l)
		if err != nil {
			t.Fatal(err)
		}
		if most := 3 + room/entryRoom; len(paths) > most {
			t.Fatalf("a pass found %d paths, where there is room for %d", len(paths), most)
		}
		for _, path := range paths {
			got = append(got, filepath.Join(base, path))
		}
	}
	return got
}

// treeOf returns what is below a folder, but for what is below hidden folders.
func treeOf(t *rapid.T, folder string) (paths []string) {
	err := filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
		isHidden := strings.HasPrefix(e.Name(), ".") || strings.HasPrefix(e.Name(), "_")
		if !e.IsDir() || isHidden {
			paths = append(paths, path)
		}
		if e.IsDir() && isHidden {
			return fs.SkipDir
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(paths)
	return paths
}

// TestTooManyInputs proves that finding inputs ends where they take more memory than
// there is, with what would be enough, to the last file.
func TestTooManyInputs(t *testing.T) {
	tree(t)
	for i := range 3000 {
		if err := os.WriteFile(fmt.Sprintf("%0200d", i), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, arg := range []string{".", "*"} {
		_, err := Expand(t.Context(), []string{arg}, Expansion{Memory: leastListing + 10_000})
		var tooMany *TooManyError
		if !errors.As(err, &tooMany) || tooMany.Count != 3000 {
			t.Fatalf("%s: %v", arg, err)
		}
		if _, err := Expand(t.Context(), []string{arg}, Expansion{Memory: tooMany.Memory - 1}); !errors.As(err, &tooMany) {
			t.Errorf("%s: less than enough is enough: %v", arg, err)
		}
		found, err := Expand(t.Context(), []string{arg}, Expansion{Memory: tooMany.Memory})
		if err != nil || found.Sources.Len() != 3000 {
			t.Errorf("%s: what is called enough is not: %v", arg, err)
		}
	}
}

// TestExpandEnds proves that looking for inputs ends with its context.
func TestExpandEnds(t *testing.T) {
	tree(t, "d/a")
	stop := errors.New("stop")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(stop)
	for _, arg := range []string{"d", "d/*", "**"} {
		if _, err := Expand(ctx, []string{arg}, Expansion{}); err != stop {
			t.Errorf("%s: %v", arg, err)
		}
	}
	tree(t, "d/a", "d/b", "d/c")
	ctx, cancel = context.WithCancelCause(t.Context())
	_, err := Expand(ctx, []string{"d", "d"}, Expansion{Warn: func(string) { cancel(stop) }})
	if err != stop {
		t.Errorf("between two files: %v", err)
	}
}
