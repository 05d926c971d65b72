package main

import (
	"fmt"
	"os"
	"slices"

	"github.com/alecthomas/kong"
)

// checkWord finds out whether a word that is taken for an input was to be a
// command: it names no file, and is near one.
func checkWord(app *kong.Application, word string) error {
	if _, err := os.Lstat(word); err == nil {
		return nil
	}
	names := make([]string, 0, len(app.Children))
	for _, command := range visibleCommands(app) {
		names = append(names, command.Name)
	}
	if near, ok := nearest(word, names); ok {
		return fmt.Errorf("there is no command and no file %s: did you mean %s?", oneLine(word), near)
	}
	return nil
}

// nearest returns the name that a word was to be, if there is one that is like it.
func nearest(word string, names []string) (name string, ok bool) {
	const most = 2 // letters wrong
	if len(word) <= most || len(word) > 100 {
		return "", false
	}
	best := most + 1
	for _, n := range names {
		if d := distance(word, n); d < best {
			best, name = d, n
		}
	}
	return name, best <= most
}

// distance is the number of letters to be put in, taken out or changed to make a
// of b, where two that are next to each other and swapped count as one: Damerau's
// and Levenshtein's ("optimal string alignment").
func distance(a, b string) int {
	var before, last []int
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before, last, row = last, row, slices.Repeat([]int{i + 1}, len(b)+1)
		for j := range len(b) {
			change := last[j]
			if a[i] != b[j] {
				change++
			}
			row[j+1] = min(change, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
	}
	return row[len(b)]
}
