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
	found, err = Expand(t.Context(), args, Expansion{
		Warn: func(message string) {
			duplicates = append(duplicates, strings.TrimSuffix(message, " is named more than once: it is read once"))
		},
		IsTemporary: func(name string) bool { return strings.HasSuffix(name, ".tmp") },
	})
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
		{"folder by path", []string{"d/b", "d/a", "d/e/x", "d/e/f/y", "d/e-", "d/e.z"}, []string{"d"}, []string{"d/a", "d/b", "d/e-", "d/e.z", "d/e/f/y", "d/e/x"}, nil},
		{"hidden files in a folder", []string{"d/a", "d/.c", "d/_SUCCESS", "d/.git/x", "d/_tmp/y/z", "d/e/.x", "d/e/_y", "d/e/z_", "d/day=1/part-0"}, []string{"d"}, []string{"d/a", "d/day=1/part-0", "d/e/z_"}, nil},
		{"hidden folder that is named", []string{"_d/a", ".e/b"}, []string{"_d", ".e"}, []string{"_d/a", ".e/b"}, nil},
		{"links in a folder", []string{"x", "f/y", "d/file -> ../x", "d/folder -> ../f", "d/up -> ..", "d/.gone -> nothing"}, []string{"d"}, []string{"d/file"}, nil},
		{"glob by name", []string{"b.gz", "a.gz", "c", ".h.gz"}, []string{"*.gz"}, []string{"a.gz", "b.gz"}, nil},
		{"glob of folders", []string{"d/a", "d/b/x", "d/b/c/y", "d/b/_z", "d/.h/x"}, []string{"d/*"}, []string{"d/a", "d/b/c/y", "d/b/x"}, nil},
		{"temporary files", []string{"d/a", "d/.r.csv.dailystats-1-0f.tmp", "d/e/.r.csv.gz.dailystats-2-0f.tmp"}, []string{"d", "d/{.*,a}"}, []string{"d/a"}, []string{"d/a"}},
		{"glob of any depth", []string{"a.gz", "d/b.gz", "d/e/f/c.gz", "d/x"}, []string{"**/*.gz"}, []string{"a.gz", "d/b.gz", "d/e/f/c.gz"}, nil},
		{"glob through a link without end", []string{"d/a", "d/up -> .."}, []string{"d/**"}, []string{"d/a"}, nil},
		{"glob through a link to a folder", []string{"x/a.gz", "d/x -> ../x"}, []string{"d/*/*.gz"}, []string{"d/x/a.gz"}, nil},
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

// TestLeftOut proves that what is not read is counted, by why that is.
func TestLeftOut(t *testing.T) {
	tree(t, "d/a", "d/.b", "d/e/_c", "d/_f/x", "d/_f/y", "d/g/.r.dailystats-1.tmp", "d/up -> ..", "d/h/z")
	_, _, err := expandAll(t, "d", "d/g/.*", "d/a")
	if err == nil || err.Error() != "input not found: no file matches d/g/.*" {
		t.Error(err)
	}
	found, _, err := expandAll(t, "d")
	if err != nil {
		t.Fatal(err)
	}
	want := map[LeftOut]int{HiddenName: 3, TemporaryFile: 1, LinkToFolder: 1}
	if diff := cmp.Diff(want, found.LeftOut); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestPairs proves that files that are there plain and compressed are told once for each
// argument, wherever they are, and only where both are read.
func TestPairs(t *testing.T) {
	tree(t, "d/a.jsonl", "d/a.jsonl-1", "d/a.jsonl.gz", "d/b.gz", "d/e/b", "d/e/b.zst", "d/e/b.xz", "d/f", "d/f-/x", "d/f.lz4", "g/a", "h/a.bz2", "i/a", "i/_a.gz")
	for arg, want := range map[string]string{
		"d":           "d/a.jsonl and d/a.jsonl.gz are both read, and 3 more such pairs: if one is a copy of the other, its events count twice",
		"d/*":         "d/a.jsonl and d/a.jsonl.gz are both read, and 3 more such pairs: if one is a copy of the other, its events count twice",
		"d/e/b*":      "d/e/b and d/e/b.xz are both read, and 1 more such pairs: if one is a copy of the other, its events count twice",
		"d/{f,f.lz4}": "d/f and d/f.lz4 are both read: if one is a copy of the other, its events count twice",
		"d/*.gz":      "",
		"i":           "",
	} {
		_, warnings, err := expandAll(t, arg)
		if got := strings.Join(warnings, "\n"); got != want || err != nil {
			t.Errorf("%s: %s, %v", arg, got, err)
		}
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
	tree(t, "file", "empty/", "folders/d/e/", "hidden/_d/x", "links/gone -> nothing", "more/d/b.jsonl -> /no/b")
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
		"hidden":    "input not found: folder hidden has no files",
		"links":     "input not found: links/gone is a link to nothing, which does not exist: remove it",
		"links/*":   "input not found: links/gone is a link to nothing, which does not exist: remove it",
		"more":      "input not found: more/d/b.jsonl is a link to /no/b, which does not exist: remove it",
		"more/**":   "input not found: more/d/b.jsonl is a link to /no/b, which does not exist: remove it",
		"folders/*": "input not found: no file matches folders/*",
		"folders/?": "input not found: no file matches folders/?",

		"https://h/p?q=1": "input not found: https://h/p?q=1 is a URL: pipe it in, curl -sf 'https://h/p?q=1' | dailystats -",
		"s3://b/x/*.gz":   "input not found: s3://b/x/*.gz is a URL: pipe it in, aws s3 cp 's3://b/x/*.gz' - | dailystats -",
		"gs://b/x":        "input not found: gs://b/x is a URL: pipe it in, gcloud storage cat 'gs://b/x' | dailystats -",
		"file:///tmp/no":  "input not found: file:///tmp/no is a URL: pipe it in, cat /tmp/no | dailystats -",
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
