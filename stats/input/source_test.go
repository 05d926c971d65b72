package input

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// tree makes files in a new folder that the test is moved to; "-> " is a link,
// and a slash at the end a folder.
func tree(t *testing.T, files ...string) {
	t.Helper()
	t.Chdir(t.TempDir())
	for _, file := range files {
		name, target, isLink := strings.Cut(file, " -> ")
		err := os.MkdirAll(filepath.Dir(name), 0o700)
		switch {
		case err != nil:
		case strings.HasSuffix(name, "/"):
			err = os.MkdirAll(name, 0o700)
		case isLink:
			err = os.Symlink(target, name)
		default:
			err = os.WriteFile(name, []byte(name+"\n"), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// slashed returns the sources' names with slashes, whatever the system.
func slashed(sources *Sources) []string {
	names := []string{}
	for s := range sources.All() {
		names = append(names, filepath.ToSlash(s.Name))
	}
	return names
}

// expandAll is Expand, and which names were duplicates.
func expandAll(t *testing.T, args ...string) (found *Found, duplicates []string, err error) {
	found, err = Expand(t.Context(), args, Expansion{Duplicate: func(name string) { duplicates = append(duplicates, name) }})
	return found, duplicates, err
}

// TestExpand proves what arguments stand for, and in which order.
func TestExpand(t *testing.T) {
	for _, test := range []struct {
		name       string
		files      []string
		args       []string
		want       []string
		duplicates []string
	}{
		{"no arguments", nil, nil, []string{}, nil},
		{"files as given", []string{"b", "a"}, []string{"b", "a", "-"}, []string{"b", "a", "-"}, nil},
		{"folder by name, not deeper", []string{"d/b", "d/a", "d/.c", "d/e/x"}, []string{"d"}, []string{"d/.c", "d/a", "d/b"}, nil},
		{"links in a folder", []string{"x", "f/y", "d/file -> ../x", "d/folder -> ../f", "d/gone -> nothing"}, []string{"d"}, []string{"d/file"}, nil},
		{"glob by name", []string{"b.gz", "a.gz", "c", ".h.gz"}, []string{"*.gz"}, []string{"a.gz", "b.gz"}, nil},
		{"glob of no folders", []string{"d/a", "d/b/x"}, []string{"d/*"}, []string{"d/a"}, nil},
		{"glob of any depth", []string{"a.gz", "d/b.gz", "d/e/f/c.gz", "d/x"}, []string{"**/*.gz"}, []string{"a.gz", "d/b.gz", "d/e/f/c.gz"}, nil},
		{"glob through a link without end", []string{"d/a", "d/up -> .."}, []string{"d/**"}, []string{"d/a"}, nil},
		{"glob through a link to a folder", []string{"x/a.gz", "d/x -> ../x"}, []string{"d/*/*.gz"}, []string{"d/x/a.gz"}, nil},
		{"glob of a broken link", []string{"a", "b -> nothing"}, []string{"*"}, []string{"a"}, nil},
		{"alternatives", []string{"a1", "b1", "c1"}, []string{"{b,a,?}1"}, []string{"a1", "b1", "c1"}, nil},
		{"a literal name first", []string{"[a]", "a"}, []string{"[a]", "a"}, []string{"[a]", "a"}, nil},
		{"a file that is called -", []string{"-"}, []string{"./-", "-"}, []string{"./-", "-"}, nil},
		{"twice", []string{"a"}, []string{"a", "./a", "-", "-", "*"}, []string{"a", "-"}, []string{"./a", "-", "a"}},
		{"twice through a link", []string{"x", "d/link -> ../x"}, []string{"d", "x"}, []string{"d/link"}, []string{"x"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			tree(t, test.files...)
			found, duplicates, err := expandAll(t, test.args...)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, slashed(found.Sources)); diff != "" {
				t.Errorf("sources: -want +got:\n%s", diff)
			}
			if diff := cmp.Diff(test.duplicates, duplicates); diff != "" {
				t.Errorf("duplicates: -want +got:\n%s", diff)
			}
		})
	}
}

// TestHardLink proves that a hard link is the same file.
func TestHardLink(t *testing.T) {
	tree(t, "a", "b")
	if err := os.Link("a", "c"); err != nil {
		t.Fatal(err)
	}
	found, duplicates, err := expandAll(t, "a", "b", "c")
	if err != nil || !cmp.Equal(slashed(found.Sources), []string{"a", "b"}) || !cmp.Equal(duplicates, []string{"c"}) {
		t.Errorf("got %v, %q, %v", found, duplicates, err)
	}
}

// TestNotFound proves which arguments are wrong usage, and that the error is one
// line that names them.
func TestNotFound(t *testing.T) {
	tree(t, "file", "empty/", "folders/d/x", "links/gone -> nothing")
	for arg, want := range map[string]string{
		"gone":      "input not found: gone",
		"":          `input not found: ""`,
		"go\nne":    `input not found: "go\nne"`,
		"file/x":    "input not found: file/x",
		"*.gz":      "input not found: no file matches *.gz",
		"no/*/such": "input not found: no file matches no/*/such",
		"[":         "input not found: [, which is no valid glob either",
		"empty":     "input not found: folder empty has no files",
		"folders":   "input not found: folder folders has no files",
		"links":     "input not found: folder links has no files",
		"folders/*": "input not found: no file matches folders/*",
	} {
		_, _, err := expandAll(t, "file", arg)
		if !errors.Is(err, ErrNotFound) || err.Error() != want {
			t.Errorf("Expand(%q): %v, want %q", arg, err, want)
		}
	}
}

// TestExpandFailure proves that what exists but can't be reached isn't called
// missing.
func TestExpandFailure(t *testing.T) {
	tree(t, "loop -> loop")
	_, _, err := expandAll(t, "loop")
	if err == nil || errors.Is(err, ErrNotFound) || !strings.HasPrefix(err.Error(), "loop: ") {
		t.Errorf("error %v", err)
	}
}

// TestHas proves that an output is known to be an input under any name.
func TestHas(t *testing.T) {
	tree(t, "a", "b", "link -> a")
	found, _, err := expandAll(t, "-", "a")
	if err != nil {
		t.Fatal(err)
	}
	has := func(path string) bool {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		return found.Has(info)
	}
	if !has("a") || !has("link") || has("b") {
		t.Error("Has tells files apart by something else than the file")
	}
}
