package stats

import (
	"testing"
	"time"
)

// TestEveryDay compares each day of the years 0000 to 9999, written and read as
// a calendar date, an ordinal date and a week date, with package time.
func TestEveryDay(t *testing.T) {
	date := time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC)
	for d := Day(0); d <= MaxDay; d++ {
		year, month, day := date.Date()
		if y, m, n := d.Date(); y != year || time.Month(m) != month || n != day {
			t.Fatalf("day %d is %d-%d-%d, not %v", d, y, m, n, date)
		}
		check := func(form string, got Day, ok bool) {
			if got != d || !ok {
				t.Fatalf("%v as %s is day %d, %v, not %d", date, form, got, ok, d)
			}
		}
		got, ok := DateDay(year, int(month), day)
		check("a date", got, ok)
		got, ok = OrdinalDay(year, date.YearDay())
		check("an ordinal date", got, ok)
		if weekYear, week := date.ISOWeek(); weekYear >= 0 {
			got, ok = WeekDay(weekYear, week, (int(date.Weekday())+6)%7+1)
			check("a week date", got, ok)
		}
		date = date.AddDate(0, 0, 1)
	}
	if date.Year() != 10000 {
		t.Errorf("the day after MaxDay is %v", date)
	}
}

// TestNoSuchDay proves that what lies beside the days that are there is refused.
func TestNoSuchDay(t *testing.T) {
	for year := 0; year <= 9999; year++ {
		leap := time.Date(year, 2, 29, 0, 0, 0, 0, time.UTC).Day() == 29
		_, feb29 := DateDay(year, 2, 29)
		_, ordinal366 := OrdinalDay(year, 366)
		if feb29 != leap || ordinal366 != leap {
			t.Errorf("%d: February 29 is there: %v, day 366: %v, want %v", year, feb29, ordinal366, leap)
		}
		_, lastWeek := time.Date(year, 12, 28, 0, 0, 0, 0, time.UTC).ISOWeek()
		if _, week53 := WeekDay(year, 53, 1); week53 != (lastWeek == 53) {
			t.Errorf("%d: week 53 is there: %v, but the last one is %d", year, week53, lastWeek)
		}
	}
	for _, test := range []struct {
		find    func(a, b, c int) (Day, bool)
		a, b, c int
	}{
		{DateDay, 2024, 0, 1}, {DateDay, 2024, 13, 1}, {DateDay, 2024, 1, 0}, {DateDay, 2024, 1, 32},
		{DateDay, 2024, 4, 31}, {DateDay, 2024, 2, 30},
		{WeekDay, 2024, 0, 1}, {WeekDay, 2024, 54, 1}, {WeekDay, 2024, 1, 0}, {WeekDay, 2024, 1, 8},
		{WeekDay, 9999, 52, 6}, // 10000-01-01
	} {
		if d, ok := test.find(test.a, test.b, test.c); ok {
			t.Errorf("%d, %d, %d is %v", test.a, test.b, test.c, d)
		}
	}
	for _, ordinal := range []int{-1, 0, 367} {
		if d, ok := OrdinalDay(2024, ordinal); ok {
			t.Errorf("day %d of 2024 is %v", ordinal, d)
		}
	}
}

func TestDayText(t *testing.T) {
	for d, want := range map[Day]string{0: "0000-01-01", 59: "0000-02-29", 739251: "2024-01-01", MaxDay: "9999-12-31"} {
		if got := d.String(); got != want {
			t.Errorf("day %d is %s, want %s", d, got, want)
		}
	}
}

func TestNextDay(t *testing.T) {
	if next, ok := Day(59).Next(); next != 60 || !ok {
		t.Errorf("after day 59 comes %d, %v", next, ok)
	}
	if next, ok := MaxDay.Next(); ok {
		t.Errorf("after MaxDay comes %d", next)
	}
}

func BenchmarkDayAppend(b *testing.B) {
	buf := make([]byte, 0, 16)
	for b.Loop() {
		buf = Day(739251).Append(buf[:0])
	}
}

// TestParseDay proves that every day comes back from its text, and that nothing
// else is taken for a day: each byte of a date in turn becomes every other.
func TestParseDay(t *testing.T) {
	for d := Day(0); d <= MaxDay; d++ {
		if got, ok := ParseDay(d.Append(nil)); !ok || got != d {
			t.Fatalf("%v became %v, %t", d, got, ok)
		}
	}
	for i := range "2024-02-28" {
		for c := range 256 {
			text := []byte("2024-02-28")
			text[i] = byte(c)
			if d, ok := ParseDay(text); ok && d.String() != string(text) {
				t.Errorf("%q was taken for %v", text, d)
			}
		}
	}
	for _, text := range []string{"", "2024-02-30", "2023-02-29", "2024-13-01", "2024-00-10", "2024-01-00", "2024-1-1", "2024-01-011", "20240101"} {
		if d, ok := ParseDay([]byte(text)); ok {
			t.Errorf("%q was taken for %v", text, d)
		}
	}
}
