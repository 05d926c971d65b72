package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// TestErrorsNameOptions proves that no text below the command has one of its flags, and
// that each option that one has is shown as a flag of run.
func TestErrorsNameOptions(t *testing.T) {
	parsed, err := kong.New(&commands{})
	if err != nil {
		t.Fatal(err)
	}
	flags := map[string]bool{}
	for _, f := range flagsOf(parsed.Model, commandNamed(parsed.Model, "run")) {
		flags["--"+f.Name] = true
	}
	seen := map[string]bool{}
	for _, text := range textsIn(t, "../../stats", "../../sorter") {
		for _, option := range optionName.FindAllString(text, -1) {
			seen[option] = true
			if !flags[flagOf[option]] {
				t.Errorf("%q: %s has no flag", text, option)
			}
		}
		for _, word := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" \n:;,()", r) }) {
			if flags[word] {
				t.Errorf("%q names the flag %s", text, word)
			}
		}
	}
	for option := range flagOf {
		if !seen[option] {
			t.Errorf("no text has %s", option)
		}
	}
}

// textsIn returns the string literals of the Go files below folders, but for tests.
func textsIn(t *testing.T, folders ...string) (texts []string) {
	for _, folder := range folders {
		err := filepath.WalkDir(folder, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(n ast.Node) bool {
				if literal, ok := n.(*ast.BasicLit); ok && literal.Kind == token.STRING {
					texts = append(texts, literal.Value)
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return texts
}
