package event

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"dailystats/stats"

	"pgregory.net/rapid"
)

func TestTimestamps(t *testing.T) {
	const invalid, notUTC = "invalid", "not UTC"
	for text, want := range map[string]string{ // a day, or what is wrong
		// Dates.
		"2024-01-15T10:30:00Z": "2024-01-15",
		"20240115T103000Z":     "2024-01-15",
		"2024-015T10:30Z":      "2024-01-15",
		"2024015T1030Z":        "2024-01-15",
		"2024-W03-1T10Z":       "2024-01-15",
		"2024W031T10Z":         "2024-01-15",
		"2024-02-29T00:00:00Z": "2024-02-29",
		"2023-02-29T00:00:00Z": invalid,
		"1900-02-29T00:00:00Z": invalid,
		"2000-02-29T00:00:00Z": "2000-02-29",
		"0000-02-29T00:00:00Z": "0000-02-29",
		"2024-00-01T00:00:00Z": invalid,
		"2024-13-01T00:00:00Z": invalid,
		"2024-01-00T00:00:00Z": invalid,
		"2024-04-31T00:00:00Z": invalid,
		"2024-366T00Z":         "2024-12-31",
		"2023-366T00Z":         invalid,
		"2023-365T00Z":         "2023-12-31",
		"2024-000T00Z":         invalid,
		"2020-W53-5T00Z":       "2021-01-01",
		"2021-W53-5T00Z":       invalid,
		"2020-W01-1T00Z":       "2019-12-30",
		"2020-W00-1T00Z":       invalid,
		"2020-W01-0T00Z":       invalid,
		"2020-W01-8T00Z":       invalid,
		"2020-w01-1T00Z":       invalid,
		"2020-W011T00Z":        invalid,
		"2020W01-1T00Z":        invalid,
		"0000-W01-1T00Z":       "0000-01-03",
		"9999-W52-5T00Z":       "9999-12-31",
		"9999-W52-6T00Z":       invalid,
		"+002024-01-15T10Z":    invalid,
		"-2024-01-15T10Z":      invalid,
		"024-01-15T10Z":        invalid,
		"2024-0115T10Z":        invalid,
		"202401-15T10Z":        invalid,
		"2024-1-15T10Z":        invalid,
		"2024-01T10Z":          invalid,
		"2024T10Z":             invalid,
		"2024-01-15":           invalid,
		"2024-01-15Z":          invalid,
		"２024-01-15T10:30:00Z": invalid,

		// Times.
		"2024-01-15T10Z":                           "2024-01-15",
		"2024-01-15T10:30Z":                        "2024-01-15",
		"2024-01-15t10:30:00z":                     "2024-01-15",
		"2024-01-15 10:30:00Z":                     invalid,
		"2024-01-15T":                              invalid,
		"2024-01-15TZ":                             invalid,
		"2024-01-15T1Z":                            invalid,
		"2024-01-15T103Z":                          invalid,
		"2024-01-15T10:3Z":                         invalid,
		"2024-01-15T10:30:0Z":                      invalid,
		"2024-01-15T10:30:Z":                       invalid,
		"2024-01-15T10:Z":                          invalid,
		"2024-01-15T1030Z":                         invalid, // extended date, basic time
		"2024-01-15T103000Z":                       invalid,
		"20240115T10:30Z":                          invalid,
		"20240115T10:30:00Z":                       invalid,
		"20240115T10Z":                             "2024-01-15",
		"2024-01-15T10:3000Z":                      invalid,
		"2024-01-15T10.5Z":                         "2024-01-15",
		"2024-01-15T10,5Z":                         "2024-01-15",
		"2024-01-15T10:30.25Z":                     "2024-01-15",
		"2024-01-15T10:30:00.1Z":                   "2024-01-15",
		"2024-01-15T10:30:00,1Z":                   "2024-01-15",
		"20240115T103000,123456789Z":               "2024-01-15",
		"2024-01-15T10:30:00.Z":                    invalid,
		"2024-01-15T.5Z":                           invalid,
		"2024-01-15T10.5:30Z":                      invalid,
		"2024-01-15T10:30:00.1.2Z":                 invalid,
		"2024-01-15T10:30:00.1,2Z":                 invalid,
		"2024-01-15T23:59:59.9999999999999999999Z": "2024-01-15",
		"2024-01-15T24:00:00Z":                     "2024-01-16",
		"2024-01-15T24Z":                           "2024-01-16",
		"2024-01-15T24:00Z":                        "2024-01-16",
		"20240115T2400Z":                           "2024-01-16",
		"2024-01-15T24:00:00.000Z":                 "2024-01-16",
		"2024-01-15T24,0Z":                         "2024-01-16",
		"2024-01-15T24.1Z":                         invalid,
		"2024-01-15T24:00:00.001Z":                 invalid,
		"2024-01-15T24:00:01Z":                     invalid,
		"2024-01-15T24:01Z":                        invalid,
		"2024-01-15T25:00:00Z":                     invalid,
		"2024-01-15T10:60:00Z":                     invalid,
		"2024-01-15T10:30:60Z":                     invalid,
		"2024-01-15T10:30:61Z":                     invalid,
		"2024-01-15T23:59:60Z":                     "2024-01-15",
		"2024-01-15T23:59:60.5Z":                   "2024-01-15",
		"20240115T235960Z":                         "2024-01-15",
		"2024-01-15T23:59:61Z":                     invalid,
		"2024-01-15T23:58:60Z":                     invalid,
		"2023-12-31T24:00:00Z":                     "2024-01-01",
		"2023-365T24Z":                             "2024-01-01",
		"9999-12-31T23:59:60Z":                     "9999-12-31",
		"9999-12-31T24:00:00Z":                     invalid,
		"9999-12-31T24:00:00+01:00":                invalid,

		// Zones.
		"2024-01-15T10:30:00+00:00":      "2024-01-15",
		"2024-01-15T10:30:00+00":         "2024-01-15",
		"2024-01-15T10+00:00":            "2024-01-15",
		"20240115T103000+0000":           "2024-01-15",
		"20240115T103000+00":             "2024-01-15",
		"20240115T10+0000":               "2024-01-15",
		"2024-01-15T10:30:00+0000":       invalid,
		"2024-01-15T10+0000":             invalid,
		"20240115T103000+00:00":          invalid,
		"20240115T10+00:00":              invalid,
		"2024-01-15T10:30:00":            notUTC,
		"2024-01-15T10":                  notUTC,
		"20240115T103000":                notUTC,
		"2024-01-15T10:30:00-00:00":      notUTC,
		"2024-01-15T10:30:00-00":         notUTC,
		"20240115T103000-0000":           notUTC,
		"2024-01-15T10:30:00+01:00":      notUTC,
		"2024-01-15T10:30:00-23:59":      notUTC,
		"20240115T103000+0130":           notUTC,
		"2024-01-15T10:30:00+24:00":      invalid,
		"2024-01-15T10:30:00+00:60":      invalid,
		"2024-01-15T10:30:00+0100":       invalid,
		"20240115T103000+01:00":          invalid,
		"2024-01-15T10:30:00+1":          invalid,
		"2024-01-15T10:30:00+1:00":       invalid,
		"2024-01-15T10:30:00+00:0":       invalid,
		"2024-01-15T10:30:00+":           invalid,
		"2024-01-15T10:30:00\u221201:00": invalid,
		"2024-01-15T10:30:00ZZ":          invalid,
		"2024-01-15T10:30:00Z ":          invalid,
		" 2024-01-15T10:30:00Z":          invalid,
		"2024-01-15T10:30:00 Z":          invalid,
		"2024-01-15T10:30:00UTC":         invalid,
		"2024-01-15T10:30:00Z+00:00":     invalid,
		"2024-01-15T10:30:00+00:00Z":     invalid,
		"2024-01-15T23:59:60+02:00":      notUTC,
		"2024-01-15T22:59:60+01:00":      invalid,
		"2024-01-15T24:00:00+02:00":      notUTC,
		"2024-02-30T10:00:00+02:00":      invalid,
		"":                               invalid,
		"T":                              invalid,
		"Z":                              invalid,
	} {
		if got := judge(parseDay(text)); got != want {
			t.Errorf("%q is %s, want %s", text, got, want)
		}
	}
}

// parseDay is the default Schema's day of a timestamp.
func parseDay(text string) (stats.Day, error) {
	second, err := defaultSchema.parseTimestamp([]byte(text))
	if err != nil {
		return 0, err
	}
	day, ok := dayAt(second)
	if !ok {
		return 0, errNoDay
	}
	return day, nil
}

// judge puts parseTimestamp's answer into a word.
func judge(d stats.Day, err error) string {
	switch {
	case err == nil:
		return d.String()
	case errors.Is(err, errOffset) || errors.Is(err, errNoZone):
		return "not UTC"
	default:
		return "invalid"
	}
}

// layouts are all ways to write a timestamp, as regular expressions: an oracle
// that knows nothing of how parseTimestamp goes about it.
var layouts = func() (all []*regexp.Regexp) {
	const fraction = `(?:[.,](?P<fraction>[0-9]+))?`
	for _, style := range []struct{ dates, times, zone string }{
		{
			`(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)|(?P<year>\d{4})-(?P<ordinal>\d{3})|(?P<year>\d{4})-W(?P<week>\d\d)-(?P<weekday>\d)`,
			`(?P<hour>\d\d)|(?P<hour>\d\d):(?P<minute>\d\d)|(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)`,
			`[Zz]|(?P<sign>[+-])(?P<zh>\d\d)(?::(?P<zm>\d\d))?|`,
		}, {
			`(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)|(?P<year>\d{4})(?P<ordinal>\d{3})|(?P<year>\d{4})W(?P<week>\d\d)(?P<weekday>\d)`,
			`(?P<hour>\d\d)|(?P<hour>\d\d)(?P<minute>\d\d)|(?P<hour>\d\d)(?P<minute>\d\d)(?P<second>\d\d)`,
			`[Zz]|(?P<sign>[+-])(?P<zh>\d\d)(?:(?P<zm>\d\d))?|`,
		},
	} {
		for _, date := range strings.Split(style.dates, "|") {
			for _, time := range strings.Split(style.times, "|") {
				all = append(all, regexp.MustCompile(`^`+date+`[Tt]`+time+fraction+`(?P<zone>`+style.zone+`)$`))
			}
		}
	}
	return all
}()

// oracle judges a timestamp by layouts and package time.
func oracle(text string) string {
	for _, layout := range layouts {
		if match := layout.FindStringSubmatch(text); match != nil {
			fields := make(map[string]string)
			for i, name := range layout.SubexpNames() {
				fields[name] += match[i]
			}
			return oracleJudge(fields)
		}
	}
	return "invalid"
}

func oracleJudge(fields map[string]string) string {
	n := func(name string) int {
		v, _ := strconv.Atoi(fields[name])
		return v
	}
	date, ok := oracleDate(fields, n)
	clock := n("hour")*10000 + n("minute")*100 + n("second")
	switch {
	case clock == 240000 && strings.Trim(fields["fraction"], "0") == "":
		date = date.AddDate(0, 0, 1)
	case clock == 235960:
	case n("hour") > 23 || n("minute") > 59 || n("second") > 59:
		ok = false
	}
	switch {
	case !ok || date.Year() < 0 || date.Year() > 9999 || n("zh") > 23 || n("zm") > 59:
		return "invalid"
	case fields["zone"] == "" || fields["sign"] == "-" || n("zh")+n("zm") > 0:
		return "not UTC"
	default:
		return date.Format(time.DateOnly)
	}
}

// oracleDate lets package time normalize a date, and looks whether it had to.
func oracleDate(fields map[string]string, n func(string) int) (date time.Time, ok bool) {
	year := n("year")
	switch {
	case fields["month"] != "":
		date = time.Date(year, time.Month(n("month")), n("day"), 0, 0, 0, 0, time.UTC)
		return date, date.Year() == year && int(date.Month()) == n("month") && date.Day() == n("day")
	case fields["ordinal"] != "":
		date = time.Date(year, 1, n("ordinal"), 0, 0, 0, 0, time.UTC)
		return date, date.Year() == year && date.YearDay() == n("ordinal")
	default:
		for date = time.Date(year-1, 12, 20, 0, 0, 0, 0, time.UTC); date.Year() <= year+1; date = date.AddDate(0, 0, 1) {
			isoYear, isoWeek := date.ISOWeek()
			if isoYear == year && isoWeek == n("week") && (int(date.Weekday())+6)%7+1 == n("weekday") {
				return date, true
			}
			if date.Year() == year+1 && date.YearDay() > 10 {
				break
			}
		}
		return date, false
	}
}

// FuzzTimestamp compares parseTimestamp with the oracle on any text.
func FuzzTimestamp(f *testing.F) {
	for _, text := range []string{
		"2024-01-15T10:30:00Z", "20240115T103000Z", "2024-015T10:30Z", "2024015T1030+00", "2024-W03-1T10.5+00:00", "2024W031T10,25+0000",
		"9999-12-31T24:00:00Z", "0000-W01-1T23:59:60z", "2024-02-30T00-00", "2020W537T24",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if got, want := judge(parseDay(text)), oracle(text); got != want {
			t.Errorf("%q is %s, want %s", text, got, want)
		}
	})
}

// TestMonthTable compares the fast way with the plain one on every text that
// differs from a valid one in one byte or two neighbouring digits, and on every
// day of some years: a table that remembers them all, and one that remembers
// none.
func TestMonthTable(t *testing.T) {
	const valid = "2024-01-15T10:30:00Z"
	var remembering monthTable
	known := 0
	check := func(text string) {
		want, err := parseDay(text)
		for _, months := range []*monthTable{&remembering, new(monthTable)} {
			value := []byte(`"` + text + `"`)
			got, ok := months.dateTime(value, 0, hoursLayout)
			if !ok || afterUTC(value, afterFraction(value, 1+dateTimeSize)) != len(value) {
				continue
			}
			known++
			if err != nil || got != want {
				t.Errorf("%q: %v, but the plain way says %v %v", text, got, want, err)
			}
		}
	}
	for i := range valid {
		for c := range 256 {
			check(valid[:i] + string([]byte{byte(c)}) + valid[i+1:])
		}
	}
	for i := range len(valid) - 1 {
		for n := range 100 {
			check(valid[:i] + fmt.Sprintf("%02d", n) + valid[i+2:])
		}
	}
	known = 0
	for _, year := range []int{0, 1900, 2000, 2023, 2024, 9999} {
		for month := range 14 {
			for day := range 33 {
				check(fmt.Sprintf("%04d-%02d-%02dT23:59:59Z", year, month, day))
			}
		}
	}
	if want := 2 * (366 + 365 + 366 + 365 + 366 + 365); known != want {
		t.Errorf("%d days are known, want %d", known, want)
	}
}

// TestDigitsOf compares it with package strconv.
func TestDigitsOf(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		digits := rapid.StringMatching(`[0-9]{0,8}`).Draw(t, "digits")
		text := append([]byte(digits), rapid.SliceOfN(rapid.Byte(), 8, 8).Draw(t, "behind")...)
		count := 0
		for count < 8 && '0' <= text[count] && text[count] <= '9' {
			count++
		}
		n, gotCount := digitsOf(word(text, 0))
		want, _ := strconv.ParseUint("0"+string(text[:count]), 10, 64)
		if gotCount != count || count > 0 && n != want {
			t.Fatalf("%q: %d of %d digits", text, n, gotCount)
		}
	})
}
