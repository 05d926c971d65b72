package bench

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const header = "date,user_id,event_count,purchase_count,total_revenue\n"

// TestCompare proves that a result is compared by what it means, group by group.
func TestCompare(t *testing.T) {
	const ours = header + "2024-01-01,-5,2,1,19.99\n2024-01-01,7,1,0,0.00\n2024-01-02,7,3,3,0.30\n"
	for _, test := range []struct {
		name, theirs string
		want         Comparison
		text         string
	}{
		{"the same", ours, Comparison{}, "equal"},
		{"other texts of the same numbers", header + "2024-01-01,-5,2,1,19.990\n2024-01-01,7,1,0,0\n2024-01-02,7,3,3,3e-1\n", Comparison{}, "equal"},
		{"binary fractions", strings.Replace(ours, "0.30", "0.30000000000000004", 1), Comparison{Revenues: 1, Furthest: 4e-17}, "1 revenues off by up to 4e-17"},
		{"a row too few", header + "2024-01-01,-5,2,1,19.99\n2024-01-02,7,3,3,0.30\n", Comparison{Missing: 1}, "1 rows missing"},
		{"a row too many", ours + "2024-01-03,1,1,0,0.00\n", Comparison{Extra: 1}, "1 rows too many"},
		{"other rows", header, Comparison{Missing: 3}, "3 rows missing"},
		{"other counts", strings.Replace(ours, ",3,3,", ",3,2,", 1), Comparison{Counts: 1}, "1 other counts"},
		{
			"all at once", header + "2024-01-01,-5,3,1,20.99\n2024-01-01,8,1,0,0.00\n2024-01-02,7,3,3,0.30\n",
			Comparison{Missing: 1, Extra: 1, Counts: 1, Revenues: 1, Furthest: 1},
			"1 rows missing, 1 rows too many, 1 other counts, 1 revenues off by up to 1",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := compare(writeResult(t, ours), writeResult(t, test.theirs))
			if err != nil {
				t.Fatal(err)
			}
			if got != test.want || got.String() != test.text {
				t.Errorf("got  %+v: %v\nwant %+v: %v", got, got, test.want, test.text)
			}
		})
	}
}

// TestCompareForeign proves that what is no sorted result is an error that says
// where.
func TestCompareForeign(t *testing.T) {
	const ours = header + "2024-01-01,1,1,0,0.00\n"
	for text, want := range map[string]string{
		"":                     "is not the header of a result",
		"date,user_id\n":       "is not the header of a result",
		header + "a\n":         "line 2 of its result is no row",
		header + "d,x,1,1,1\n": "line 2 of its result has no user",
		header + "2024-01-02,1,1,0,0\n2024-01-01,1,1,0,0\n":  "line 3 of its result is not behind",
		header + "2024-01-01,10,1,0,0\n2024-01-01,9,1,0,0\n": "line 3 of its result is not behind",
		header + "2024-01-01,1,1,0,0\n2024-01-01,1,1,0,0\n":  "line 3 of its result is not behind",
		header + "2024-01-01,1,1,0,nan\n":                    "line 2 of its result has no revenue",
		header + "2024-01-01,1,1,0,inf\n":                    "line 2 of its result has no revenue",
		header + strings.Repeat("x", 1<<20):                  "too long",
	} {
		_, err := compare(writeResult(t, ours), writeResult(t, text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: the error is %v, want one with %q", text, err, want)
		}
	}
}

func writeResult(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "result.csv")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
