package pipeline

import (
	"os"
	"runtime"
	"testing"
	"time"
)

// checkLeaks fails a test after which there are more goroutines or open files
// than before it. Those that are about to end are waited for.
func checkLeaks(t testing.TB) {
	before := held()
	t.Cleanup(func() {
		for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(time.Millisecond) {
			now := held()
			if now.goroutines <= before.goroutines && now.files <= before.files {
				return
			}
			if time.Now().After(deadline) {
				t.Errorf("held after the test: %+v, before: %+v", now, before)
				return
			}
		}
	})
}

// holdings are what a process must give back.
type holdings struct{ goroutines, files int }

func held() holdings {
	files, _ := os.ReadDir("/proc/self/fd") // Linux has it
	return holdings{runtime.NumGoroutine(), len(files)}
}

// newSpillFolder returns a folder for spill files, which must be empty when the
// test ends.
func newSpillFolder(t testing.TB) string {
	dir := t.TempDir()
	t.Cleanup(func() {
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("left in the folder for spill files: %v, %v", left, err)
		}
	})
	return dir
}
