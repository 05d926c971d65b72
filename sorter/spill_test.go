package sorter

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// TestRemoveLeftovers proves that what killed processes can leave is removed, and
// nothing else.
func TestRemoveLeftovers(t *testing.T) {
	dir := t.TempDir()
	long := time.Now().Add(-time.Hour)
	for name, text := range map[string]string{
		"dailystats-spill-1": "", "extsort_1_2": "", "extsort_1_full": "full", "other": "",
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, long, long); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "extsort_1_new"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	RemoveLeftovers(dir)
	left, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range left {
		left[i] = filepath.Base(left[i])
	}
	if want := []string{"extsort_1_full", "extsort_1_new", "other"}; !slices.Equal(left, want) {
		t.Errorf("left: %v, want %v", left, want)
	}
}
