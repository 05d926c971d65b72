package input

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestReadSmall proves that a file is read up to the limit, and no further.
func TestReadSmall(t *testing.T) {
	path := filepath.Join(t.TempDir(), "small")
	for size, isError := range map[int]bool{0: false, 1023: false, 1024: false, 1025: true, 5000: true} {
		if err := os.WriteFile(path, make([]byte, size), 0o600); err != nil {
			t.Fatal(err)
		}
		text, err := ReadSmall(path, 1024)
		if (err != nil) != isError || err == nil && len(text) != size {
			t.Errorf("of %d bytes, %d are read, and the error is %v", size, len(text), err)
		}
		if err != nil && !strings.HasSuffix(err.Error(), "it is larger than 1 KiB, so it can't be the file that is meant: give another") {
			t.Errorf("the error is %v", err)
		}
	}
}
