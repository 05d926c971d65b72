package pipeline

import "testing"

func TestLimit(t *testing.T) {
	for _, test := range []struct {
		limit           string
		invalid, events uint64
		exceeded, early bool
	}{
		{"0", 0, 10, false, false},
		{"0", 1, 10, true, true},
		{"5", 5, 10, false, false},
		{"5", 6, 10, true, true},
		{"0%", 0, 10, false, false},
		{"0%", 1, 10, true, false},
		{"50%", 5, 10, false, false},
		{"50%", 6, 10, true, false},
		{"0.1%", 1, 1000, false, false},
		{"0.1%", 2, 1000, true, false},
		{"33.3%", 333, 1000, false, false},
		{"100%", 10, 10, false, false},
		{"100%", 0, 0, false, false},
		{"18446744073709551615", 1 << 63, 1 << 63, false, false},
	} {
		l, err := ParseLimit(test.limit)
		if err != nil {
			t.Fatal(err)
		}
		if got := l.Exceeded(test.invalid, test.events); got != test.exceeded {
			t.Errorf("%s: %d of %d: exceeded is %v", test.limit, test.invalid, test.events, got)
		}
		if got := l.exceededEarly(test.invalid); got != test.early {
			t.Errorf("%s: %d: exceeded early is %v", test.limit, test.invalid, got)
		}
	}
	if none := (Limit{}); none.Exceeded(10, 10) || none.exceededEarly(10) {
		t.Error("the zero limit limits")
	}
}

func TestParseLimitRefuses(t *testing.T) {
	for _, text := range []string{"", "%", "-1", "-1%", "101%", "1e1%", "1/2%", "0x1%", "1.5", "five", "1 %", "1%%", "18446744073709551616"} {
		if l, err := ParseLimit(text); err == nil {
			t.Errorf("%q is taken as %+v", text, l)
		}
	}
}
