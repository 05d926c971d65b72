package pipeline

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const testdata = "../../testdata"

// TestOnlineRetail proves the result of real events, which a Python script has
// computed, and that all but a few of them take the fast way.
func TestOnlineRetail(t *testing.T) {
	want, err := os.ReadFile(filepath.Join(testdata, "online_retail.csv"))
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range []Options{{Parallel: 1}, {Parallel: 4}, {Parallel: 1, Memory: 24 * mib}} {
		t.Run(fmt.Sprintf("%d workers in %s", o.Parallel, size(o.withDefaults().Memory)), func(t *testing.T) {
			o.Inputs = []string{filepath.Join(testdata, "online_retail.jsonl.gz")}
			csv, rejects, report, err := runToBytes(t, o)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), csv); diff != "" {
				t.Errorf("the result differs (-want +got):\n%s", diff)
			}
			if len(rejects) != 927 || report.Invalid != 927 || report.InvalidByCode["amount_not_positive"] != 23 {
				t.Errorf("%d rejects, %d invalid events: %v", len(rejects), report.Invalid, report.InvalidByCode)
			}
			if report.FastEvents*1000 < report.Events*999 {
				t.Errorf("the fast reader took only %d of %d events", report.FastEvents, report.Events)
			}
		})
	}
}
