package result

import (
	"math"
	"strings"
	"testing"

	"dailystats/stats"

	"pgregory.net/rapid"
)

// forms are all the forms that a sum is written in.
func forms() (all []stats.Decimals) {
	all = append(all, stats.Decimals{})
	for places := range 19 {
		all = append(all, stats.FixedDecimals(places))
	}
	return all
}

// TestParseUndoesRows.Append proves that each row comes back as it was, or as what
// it was rounded to, whatever row was before.
func TestParseUndoesappendRow(t *testing.T) {
	day := rapid.OneOf(rapid.Uint32Range(0, 3), rapid.Uint32Range(0, uint32(stats.MaxDay)))
	limb := rapid.OneOf(rapid.SampledFrom([]uint64{0, 1, stats.LimbBase - 1}), rapid.Uint64Range(0, stats.LimbBase-1))
	rapid.Check(t, func(t *rapid.T) {
		var p Parser
		for range rapid.IntRange(1, 5).Draw(t, "rows") {
			key := stats.Key{Day: stats.Day(day.Draw(t, "day")), User: rapid.Int64().Draw(t, "user")}
			totals := stats.Totals{Events: rapid.Uint64Range(1, math.MaxUint64).Draw(t, "events")}
			if totals.Purchases = rapid.Uint64Range(0, totals.Events).Draw(t, "purchases"); totals.Purchases > 0 {
				totals.Revenue = stats.AmountOfLimbs(totals.Purchases-1, limb.Draw(t, "whole"), limb.Draw(t, "fraction"))
			}
			for _, d := range forms() {
				row := string(appendRow(nil, key, totals, d))
				gotKey, got, err := p.Parse([]byte(strings.TrimSuffix(row, "\n")))
				if err != nil || gotKey != key || string(appendRow(nil, gotKey, got, d)) != row {
					t.Fatalf("%q became %v %v, %v", row, gotKey, got, err)
				}
				if (d == stats.Decimals{}) && got != totals {
					t.Fatalf("%v became %v", totals, got)
				}
			}
		}
	})
}

// FuzzParseRow proves that nothing is taken for a row but what Rows.Append writes
// in one of the forms, and that all else is called what it is on one line.
func FuzzParseRow(f *testing.F) {
	for _, row := range []string{
		"2024-01-01,123,2,1,19.99", "0000-01-01,-9223372036854775808,1,1,0.000000000000000001",
		"9999-12-31,9223372036854775807,18446744073709551615,18446744073709551615,18446744073709551614999999999999999999.9",
		"2024-01-01,1,1,1,1000000000000000000", "2024-01-01,0,1,0,0", "2024-01-01,-0,1,0,0.00", "2024-01-01,1,1,0,0.00\r",
	} {
		f.Add(row)
	}
	f.Fuzz(func(t *testing.T, line string) {
		var p Parser
		key, totals, err := p.Parse([]byte(line))
		if again, sum, _ := p.Parse([]byte(line)); again != key || sum != totals {
			t.Errorf("%q is %v %v, and the same day again %v %v", line, key, totals, again, sum)
		}
		if err != nil {
			if strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), "not a row") {
				t.Errorf("the error is %v", err)
			}
			return
		}
		for _, d := range forms() {
			if string(appendRow(nil, key, totals, d)) == line+"\n" {
				return
			}
		}
		t.Errorf("%q was taken for %v %v", line, key, totals)
	})
}

func TestParseFaults(t *testing.T) {
	for line, want := range map[string]string{
		"":                                         `not 5 columns but 1: ""`,
		"2024-01-01,1,1,0":                         `not 5 columns but 4: "2024-01-01,1,1,0"`,
		"2024-01-01,1,1,0,0.00,":                   `not 5 columns but 6: "2024-01-01,1,1,0,0.00,"`,
		strings.Repeat("x", 201):                   `not 5 columns but 1: "` + strings.Repeat("x", 200) + `"…`,
		"2024-01-01;1,1,0,0.00":                    `not 5 columns but 4: "2024-01-01;1,1,0,0.00"`,
		"2024-02-30,1,1,0,0.00":                    `date "2024-02-30" is not a date such as 2024-01-31`,
		"20240101,1,1,0,0.00":                      `date "20240101" is not a date such as 2024-01-31`,
		"2024-01-01,-0,1,0,0.00":                   `user_id "-0" is not a number of 64 bits without a needless 0 or +`,
		"2024-01-01,+1,1,0,0.00":                   `user_id "+1" is not a number of 64 bits without a needless 0 or +`,
		"2024-01-01,007,1,0,0.00":                  `user_id "007" is not a number of 64 bits without a needless 0 or +`,
		"2024-01-01,,1,0,0.00":                     `user_id "" is not a number of 64 bits without a needless 0 or +`,
		"2024-01-01,-,1,0,0.00":                    `user_id "-" is not a number of 64 bits without a needless 0 or +`,
		"2024-01-01,1,01,0,0.00":                   `event_count "01" is not a count below 2^64 without a needless 0`,
		"2024-01-01,1,1,-1,0.00":                   `purchase_count "-1" is not a count below 2^64 without a needless 0`,
		"2024-01-01,1, 1,0,0.00":                   `event_count " 1" is not a count below 2^64 without a needless 0`,
		"2024-01-01,1,1,0,0.00\r":                  `total_revenue "0.00\r" is not a sum such as 19.99 with 18 decimal places at most`,
		"2024-01-01,1,1,1,1e3":                     `total_revenue "1e3" is not a sum such as 19.99 with 18 decimal places at most`,
		"2024-01-01,1,1,1,-1.00":                   `total_revenue "-1.00" is not a sum such as 19.99 with 18 decimal places at most`,
		"2024-01-01,1,0,0,0.00":                    `event_count is 0`,
		"2024-01-01,1,1,2,0.00":                    `purchase_count 2 is more than event_count 1`,
		"2024-01-01,1,2,0,0.01":                    `total_revenue 0.01 is more than purchase_count 0 can bring`,
		"2024-01-01,1,9,1,1" + e18 + ".5":          `total_revenue 1` + e18 + `.50 is more than purchase_count 1 can bring`,
		"2024-01-01,9223372036854775808,1,0,0.00":  `user_id "9223372036854775808" is not a number of 64 bits without a needless 0 or +`,
		"2024-01-01,-9223372036854775809,1,0,0.00": `user_id "-9223372036854775809" is not a number of 64 bits without a needless 0 or +`,
		"2024-01-01,1,18446744073709551616,0,0.00": `event_count "18446744073709551616" is not a count below 2^64 without a needless 0`,
	} {
		var p Parser
		for range 2 {
			if _, _, err := p.Parse([]byte(line)); err == nil || err.Error() != want {
				t.Errorf("%q: the error is %v, want %s", line, err, want)
			}
			p.Parse([]byte("2024-01-01,1,1,0,0.00")) // so that the day is known
		}
	}
}

const e18 = "000000000000000000"

func TestParseHeader(t *testing.T) {
	for line, want := range map[string]string{
		"date,user_id,event_count,purchase_count,total_revenue":   "",
		"date,user_id,event_count,purchase_count,total_revenue\r": `not a result: it begins with "date,user_id,event_count,purchase_count,total_revenue\r", not with "date,user_id,event_count,purchase_count,total_revenue"`,
		`{"user_id":1}`: `not a result: it begins with "{\"user_id\":1}", not with "date,user_id,event_count,purchase_count,total_revenue"`,
	} {
		text := ""
		if err := ParseHeader([]byte(line)); err != nil {
			text = err.Error()
		}
		if text != want {
			t.Errorf("%q: the error is %q, want %q", line, text, want)
		}
	}
}

// Millions of rows are parsed: one must not cost an allocation.
func TestParseAllocatesNothing(t *testing.T) {
	rows := [][]byte{
		[]byte("9999-12-31,-9223372036854775808,18446744073709551615,18446744073709551615,18446744073709551614999999999999999999.999999999999999999"),
		[]byte("2024-01-01,1,1,0,0.00"),
	}
	if got := len(rows[0]) + 1; got != LongestRow {
		t.Errorf("the longest row has %d bytes, not %d", got, LongestRow)
	}
	var p Parser
	if n := testing.AllocsPerRun(100, func() {
		for _, row := range rows {
			if _, _, err := p.Parse(row); err != nil {
				t.Fatal(err)
			}
		}
	}); n != 0 {
		t.Errorf("%v allocations for %d rows", n, len(rows))
	}
}

func BenchmarkParseRow(b *testing.B) {
	row := []byte("2024-01-01,123456,2,1,19.99")
	var p Parser
	b.SetBytes(int64(len(row) + 1))
	for b.Loop() {
		if _, _, err := p.Parse(row); err != nil {
			b.Fatal(err)
		}
	}
}
