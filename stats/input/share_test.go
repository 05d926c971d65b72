package input

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// TestShares proves that each line is in one share, in order and with its offset,
// whatever the number of shares and wherever they are cut: within line ends, in
// lines longer than a share, in files that are compressed.
func TestShares(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		c := Config{
			Inputs:    rapid.IntRange(1, 3).Draw(t, "side by side"),
			BlockSize: rapid.IntRange(1, 64).Draw(t, "block size"),
			MaxLine:   rapid.OneOf(rapid.IntRange(1, 80), rapid.IntRange(4000, 6000)).Draw(t, "max line"),
			MaxWindow: 1 << 20,
			KeptSize:  rapid.IntRange(0, 5000).Draw(t, "kept"),
		}
		var args []string
		var want []line
		for i, data := range rapid.SliceOfN(anyInput, 1, 4).Draw(t, "inputs") {
			path := filepath.Join(dir, fmt.Sprint(i))
			stored := anyFormat(t, data)
			if err := os.WriteFile(path, stored, 0o600); err != nil {
				t.Fatal(err)
			}
			args = append(args, path)
			lines := wantLines(path, data, c.MaxLine)
			if bytes.Equal(stored, data) {
				numberByOffset(lines, data)
			}
			want = append(want, lines...)
		}
		found, err := Expand(context.Background(), args, Expansion{})
		if err != nil {
			t.Fatal(err)
		}
		var got []line
		count := rapid.IntRange(2, 10).Draw(t, "shares")
		for i := range count {
			share, err := Share{i + 1, count}.Of(found.Sources)
			if err != nil {
				t.Fatal(err)
			}
			lines, err := readLines(context.Background(), slices.Collect(share.All()), c)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, lines...)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%d shares, -want +got:\n%s", count, diff)
		}
	})
}

// numberByOffset numbers the lines of data by where they begin.
func numberByOffset(lines []line, data []byte) {
	at := 0
	if bytes.HasPrefix(data, []byte("\xef\xbb\xbf")) {
		at = 3
	}
	for i := range lines {
		lines[i].Number = uint64(at)
		at += bytes.IndexByte(data[at:], '\n') + 1
	}
}

// TestSharesAreFair proves that shares of one file differ by no more than a line.
func TestSharesAreFair(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, bytes.Repeat([]byte("123456789\n"), 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	for i := range 7 {
		share, err := Share{i + 1, 7}.Of(SourcesOf(expand(t, path)...))
		if err != nil {
			t.Fatal(err)
		}
		lines, err := readLines(t.Context(), slices.Collect(share.All()), Config{})
		if err != nil || len(lines) < 142 || len(lines) > 143 {
			t.Errorf("share %d has %d lines: %v", i+1, len(lines), err)
		}
	}
}

// TestParseShare proves that what is no share is refused, and so are sources that
// can't be cut.
func TestParseShare(t *testing.T) {
	for _, text := range []string{"", "1", "/", "0/4", "5/4", "-1/4", "1/-4", "1/0", "a/b", "1/4/4", "1/9999999"} {
		if s, err := ParseShare(text); err == nil {
			t.Errorf("%q is %v", text, s)
		}
	}
	s, err := ParseShare("4/4")
	if err != nil || s != (Share{4, 4}) || s.String() != "4/4" {
		t.Errorf("4/4 is %v, %v", s, err)
	}
	if share, err := s.Of(SourcesOf(expand(t, "-")...)); err == nil {
		t.Errorf("standard input has a share %v", share)
	}
	whole := SourcesOf(expand(t, "-")...)
	if share, err := (Share{}).Of(whole); err != nil || !slices.Equal(names(share), names(whole)) {
		t.Errorf("all of it is %v, %v", share, err)
	}
}

func names(sources *Sources) (names []string) {
	for s := range sources.All() {
		names = append(names, s.Name)
	}
	return names
}
