package stats

import "fmt"

// Day is a calendar day in UTC: the number of days since 0000-01-01 in the
// proleptic Gregorian calendar. Days order as numbers.
type Day uint32

// MaxDay is 9999-12-31, the last day that four digits of year can write.
const MaxDay Day = 3652424

// DateDay returns the day of a calendar date. It reports false where there is
// no such day in the years 0000 to 9999.
func DateDay(year, month, day int) (Day, bool) {
	if month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month) {
		return 0, false
	}
	return dayInRange(daysBeforeYear(year) + daysBeforeMonth(year, month) + day - 1)
}

// OrdinalDay returns the day of an ordinal date, ordinal counting from 1 for
// January 1st. It reports false where there is no such day in the years 0000
// to 9999.
func OrdinalDay(year, ordinal int) (Day, bool) {
	if ordinal < 1 || ordinal > daysInYear(year) {
		return 0, false
	}
	return dayInRange(daysBeforeYear(year) + ordinal - 1)
}

// WeekDay returns the day of an ISO 8601 week date, weekday 1 being Monday.
// Week 1 is the week with January 4th in it, so a week date can lie in the
// calendar year before or after its own. It reports false where there is no
// such day in the years 0000 to 9999.
func WeekDay(year, week, weekday int) (Day, bool) {
	if week < 1 || week > weeksInYear(year) || weekday < 1 || weekday > 7 {
		return 0, false
	}
	return dayInRange(firstMonday(year) + (week-1)*7 + weekday - 1)
}

// Next returns the day after d. It reports false after MaxDay.
func (d Day) Next() (Day, bool) {
	return dayInRange(int(d) + 1)
}

// Date returns the year, month and day of the month of d.
//
// The method is civil_from_days of Howard Hinnant, "chrono-Compatible Low-Level
// Date Algorithms": years start on March 1st, so that a leap day ends its year.
func (d Day) Date() (year, month, day int) {
	const (
		marchFirst = 60 // 0000-03-01, year 0 being a leap year
		era        = 400
		daysPerEra = 146097
	)
	n := int(d) + daysPerEra - marchFirst // one era on, so that it is never negative
	dayOfEra := n % daysPerEra
	yearOfEra := (dayOfEra - dayOfEra/1460 + dayOfEra/36524 - dayOfEra/146096) / 365
	dayOfYear := dayOfEra - (365*yearOfEra + yearOfEra/4 - yearOfEra/100)
	shifted := (5*dayOfYear + 2) / 153 // the month, 0 being March
	year = yearOfEra + (n/daysPerEra-1)*era
	day = dayOfYear - (153*shifted+2)/5 + 1
	month = shifted + 3
	if month > 12 {
		month -= 12
		year++
	}
	return year, month, day
}

// Append appends d as YYYY-MM-DD.
func (d Day) Append(dst []byte) []byte {
	year, month, day := d.Date()
	return append(dst,
		digit(year/1000), digit(year/100%10), digit(year/10%10), digit(year%10), '-',
		digit(month/10), digit(month%10), '-',
		digit(day/10), digit(day%10))
}

// ParseDay undoes Append. It reports false for any other text.
func ParseDay(text []byte) (Day, bool) {
	if len(text) != len("YYYY-MM-DD") || text[4] != '-' || text[7] != '-' {
		return 0, false
	}
	year, isYear := parseDigits(text[:4])
	month, isMonth := parseDigits(text[5:7])
	day, isDay := parseDigits(text[8:])
	if !isYear || !isMonth || !isDay {
		return 0, false
	}
	return DateDay(int(year), int(month), int(day))
}

// String returns d as YYYY-MM-DD.
func (d Day) String() string { return string(d.Append(nil)) }

// MarshalText returns d as YYYY-MM-DD.
func (d Day) MarshalText() ([]byte, error) { return d.Append(nil), nil }

// UnmarshalText undoes MarshalText.
func (d *Day) UnmarshalText(text []byte) error {
	day, ok := ParseDay(text)
	if !ok {
		return fmt.Errorf("%q is no day", text)
	}
	*d = day
	return nil
}

func digit(n int) byte { return '0' + byte(n) }

func dayInRange(days int) (Day, bool) {
	if days < 0 || days > int(MaxDay) {
		return 0, false
	}
	return Day(days), true
}

// daysBeforeYear counts the days from 0000-01-01 to January 1st of year, which
// must not be negative.
func daysBeforeYear(year int) int {
	if year == 0 {
		return 0
	}
	y := year - 1
	return year*365 + y/4 - y/100 + y/400 + 1 // one more for year 0 itself
}

var monthStarts = [...]int{0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365}

func daysBeforeMonth(year, month int) int {
	n := monthStarts[month-1]
	if month > 2 && isLeap(year) {
		n++
	}
	return n
}

func daysInMonth(year, month int) int {
	n := monthStarts[month] - monthStarts[month-1]
	if month == 2 && isLeap(year) {
		n++
	}
	return n
}

func daysInYear(year int) int {
	if isLeap(year) {
		return 366
	}
	return 365
}

func isLeap(year int) bool {
	return year%4 == 0 && (year%100 != 0 || year%400 == 0)
}

// firstMonday is the Monday of ISO week 1 of year: the one on or before
// January 4th. It can be before 0000-01-01 for no year, and in December of the
// year before for many.
func firstMonday(year int) int {
	january4th := daysBeforeYear(year) + 3
	const saturday = 5 // 0000-01-01, Monday being 0
	return january4th - (january4th+saturday)%7
}

func weeksInYear(year int) int {
	return (firstMonday(year+1) - firstMonday(year)) / 7
}
