package pipeline

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestStopWhileWriting has a run and a merge wait for a reader of their result who does
// not come: they end when their context does, with its cause, and other files are as they
// were.
func TestStopWhileWriting(t *testing.T) {
	dir := t.TempDir()
	events, result, report := filepath.Join(dir, "events"), filepath.Join(dir, "result"), filepath.Join(dir, "report")
	for path, text := range map[string]string{
		events: `{"user_id":1,"event_type":"a","timestamp":"2024-01-01T00Z"}` + "\n",
		result: "date,user_id,event_count,purchase_count,total_revenue\n2024-01-01,1,1,0,0.00\n",
		report: "older",
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	errStop := errors.New("stop")
	for name, do := range map[string]func(ctx context.Context, out *os.File) error{
		"run": func(ctx context.Context, out *os.File) error {
			_, err := Run(ctx, Options{Inputs: []string{events}, Output: "-", Stdout: out, Report: report, TempDir: dir})
			return err
		},
		"merge": func(ctx context.Context, out *os.File) error {
			_, err := Merge(ctx, MergeOptions{Inputs: []string{result}, Output: "-", Stdout: out, Report: report, TempDir: dir})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			reader, full, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer reader.Close()
			defer full.Close()
			if err := full.SetWriteDeadline(time.Now().Add(time.Second)); err != nil {
				t.Skip("pipes have no deadlines here: ", err)
			}
			for err == nil {
				_, err = full.Write(make([]byte, 64<<10))
			}
			if err := full.SetWriteDeadline(time.Time{}); err != nil {
				t.Fatal(err)
			}
			ctx, stop := context.WithCancelCause(t.Context())
			ended := make(chan error, 1)
			go func() { ended <- do(ctx, full) }()
			time.Sleep(50 * time.Millisecond)
			stop(errStop)
			select {
			case err := <-ended:
				if err != errStop {
					t.Errorf("the error is %v", err)
				}
			case <-time.After(10 * time.Second):
				t.Fatal("it waits on")
			}
			if left, err := os.ReadDir(dir); err != nil || len(left) != 3 {
				t.Errorf("there are %v, %v", left, err)
			}
			if text, err := os.ReadFile(report); string(text) != "older" {
				t.Errorf("the report is %q, %v", text, err)
			}
		})
	}
}
