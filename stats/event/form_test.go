package event

import (
	"encoding/json"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"dailystats/stats"
	"dailystats/testdata/sampling"

	"github.com/google/go-cmp/cmp"
)

func TestPath(t *testing.T) {
	for text, want := range map[string]Path{
		"":              {""},
		"a":             {"a"},
		"a.b":           {"a", "b"},
		".":             {"", ""},
		"a.":            {"a", ""},
		`a\.b.c`:        {"a.b", "c"},
		`\\`:            {`\`},
		`\\.\.`:         {`\`, "."},
		"é.日本":          {"é", "日本"},
		`"a b"`:         {`"a b"`},
		"properties.$x": {"properties", "$x"},
	} {
		got := pathOf(text)
		if diff := cmp.Diff(want, got); diff != "" || got.String() != text {
			t.Errorf("%q: %q %s", text, got, diff)
		}
	}
	for _, text := range []string{`\`, `a\`, `\a`, `a\b.c`, "\xff", "a.\xc0\x80"} {
		if err := new(Path).UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is a path", text)
		}
	}
}

// TestForms proves that forms which can't be are refused, and that those that mean the same
// are the same.
func TestForms(t *testing.T) {
	deep := Path(strings.Split(strings.Repeat("a ", 64), " "))
	for want, f := range map[string]Form{
		`Form.UserIDField "a" and Form.AmountField "a" can't both be`:         {UserIDField: pathOf("a"), AmountField: pathOf("a")},
		`Form.UserIDField "a.b" and Form.AmountField "a" can't both be`:       {UserIDField: pathOf("a.b"), AmountField: pathOf("a")},
		`Form.UserIDField "timestamp.id" and Form.TimestampField "timestamp"`: {UserIDField: pathOf("timestamp.id")},
		`Form.NoEventType and Form.EventTypeField contradict`:                 {NoEventType: true, EventTypeField: pathOf("type")},
		`Form.NoEventType leaves no types for Form.Purchases`:                 {NoEventType: true, Purchases: []string{"purchase"}},
		`Form.Purchases: * means all events`:                                  {Purchases: []string{"*", "purchase"}},
		`Form.Purchases: no event has the type ""`:                            {Purchases: []string{""}},
		`Form.Purchases: no event has the type "\xff"`:                        {Purchases: []string{"\xff"}},
		`Form.TimeFormats: there is no format "rfc822"`:                       {TimeFormats: []TimeFormat{"rfc822"}},
		`Form.TimeFormats: two units of Unix times`:                           {TimeFormats: []TimeFormat{Unix, UnixNano}},
		`Form.TimeZone: there is no zone "Mars": give`:                        {TimeZone: "Mars"},
		`Form.TimeZone: there is no zone "utc": did you mean UTC?`:            {TimeZone: "utc"},
		`Form.TimeZone: there is no zone "Local"`:                             {TimeZone: "Local"},
		`Form.TimeZone: there is no zone "../etc/passwd"`:                     {TimeZone: "../etc/passwd"},
		`Form.TimeZone: there is no zone "Europe/"`:                           {TimeZone: "Europe/"},
		`Form.MinorUnits must be from 0 to 18`:                                {MinorUnits: 19},
		`Form.MinorUnits must be from 0 to`:                                   {MinorUnits: -1},
	} {
		if _, err := NewSchema(f); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%+v: %v, want %s", f, err, want)
		}
	}
	for _, same := range [][2]Form{
		{{}, {UserIDField: pathOf("user_id"), Purchases: []string{"purchase"}, TimeFormats: []TimeFormat{ISO8601}, TimeZone: "UTC"}},
		{{}, {UserIDField: Path{}, EventTypeField: Path{}}},
		{{Purchases: []string{"b", "a", "b"}}, {Purchases: []string{"a", "b"}}},
		{{TimeFormats: []TimeFormat{Unix, SQL}}, {TimeFormats: []TimeFormat{SQL, Unix, SQL}}},
		{{UserIDField: deep}, {UserIDField: deep}},
		{{NoEventType: true, AmountField: pathOf("event_type")}, {NoEventType: true, AmountField: pathOf("event_type")}},
	} {
		a, b := schemaOf(t, same[0]), schemaOf(t, same[1])
		if !a.Equal(b) || a.IsZero() != b.IsZero() {
			t.Errorf("%+v is not %+v", same[0], same[1])
		}
		text, err := json.Marshal(a)
		var again Schema
		if err := json.Unmarshal(text, &again); err != nil || !again.Equal(a) || again.IsZero() != a.IsZero() {
			t.Errorf("%s: %v", text, err)
		}
		if err != nil || (string(text) == "{}") != a.IsZero() {
			t.Errorf("%s, but zero is %v: %v", text, a.IsZero(), err)
		}
	}
	if err := json.Unmarshal([]byte(`{"user_id_type":"text"}`), new(Schema)); err == nil {
		t.Error("a setting that is not known is passed over")
	}
}

// inObject is a form with the four fields u, e, t and p.a in an object o.
func inObject(f Form) Form {
	f.UserIDField, f.TimestampField, f.AmountField = pathOf("o.u"), pathOf("o.t"), pathOf("o.p.a")
	if !f.NoEventType {
		f.EventTypeField = pathOf("o.e")
	}
	return f
}

const (
	mappedUser = `"u":1`
	mappedType = `"e":"view"`
	mappedTime = `"t":"2024-01-01T10:00:00Z"`
)

// million is a lot of characters.
var million = sampling.Count(100_000, 1_000_000)

// TestMapped proves what lines of other forms are, in both readers.
func TestMapped(t *testing.T) {
	line := func(members ...string) string { return `{"o":{` + strings.Join(members, ",") + `}}` }
	user := func(value string) string { return line(`"u":`+value, mappedType, mappedTime) }
	at := func(value string) string { return line(mappedUser, mappedType, `"t":`+value) }
	paid := func(value string) string {
		return line(mappedUser, `"e":"purchase"`, mappedTime, `"p":{"a":`+value+`}`)
	}
	on := func(date string) stats.Record {
		day, ok := stats.ParseDay([]byte(date))
		if !ok {
			t.Fatal(date)
		}
		return stats.Record{Key: stats.Key{Day: day, User: 1}}
	}
	many := func(s string) string { return strings.Repeat(s, million) }
	nanos := Form{TimeFormats: []TimeFormat{UnixNano}}
	seconds := Form{TimeFormats: []TimeFormat{Unix}}
	apia := Form{TimeZone: "Pacific/Apia"}
	offsets := Form{ConvertOffsets: true}
	sql := Form{TimeFormats: []TimeFormat{SQL}}
	quoted := Form{QuotedNumbers: true}
	cents := Form{MinorUnits: 2}
	for _, test := range []struct {
		form    Form
		line    string
		want    stats.Record
		codes   string
		message string
	}{
		// Paths.
		{form: Form{}, line: line(mappedUser, mappedType, mappedTime), want: visitOf(1)},
		{form: Form{}, line: paid(`5`), want: purchaseOf(1, 5, 0)},
		{form: Form{}, line: `{"\u006f":{"\u0075":1,` + mappedType + `,` + mappedTime + `}}`, want: visitOf(1)},
		{form: Form{}, line: `{"o":[{` + mappedUser + `}]}`, codes: "user_id_missing event_type_missing timestamp_missing", message: "o.u is missing; o.e is missing; o.t is missing"},
		{form: Form{}, line: `{"o":null}`, codes: "user_id_missing event_type_missing timestamp_missing"},
		{form: Form{}, line: `{"o":"{}"}`, codes: "user_id_missing event_type_missing timestamp_missing"},
		{form: Form{}, line: `{"o.u":1,"u":1}`, codes: "user_id_missing event_type_missing timestamp_missing"},
		{form: Form{}, line: `{"x":` + line(mappedUser, mappedType, mappedTime) + `}`, codes: "user_id_missing event_type_missing timestamp_missing"},
		{form: Form{}, line: `{"o":{` + mappedUser + `},"o":{` + mappedType + `,` + mappedTime + `}}`, codes: "user_id_missing", message: "o.u is missing"},
		{form: Form{}, line: `{"o":{"u":2},"o":{` + mappedUser + `,` + mappedType + `,` + mappedTime + `}}`, want: visitOf(1)},
		{form: Form{}, line: `{"o":{` + mappedUser + `,` + mappedType + `,` + mappedTime + `},"o":5}`, codes: "user_id_missing event_type_missing timestamp_missing"},
		{form: Form{}, line: `{"o":{` + mappedUser + `,` + mappedType + `,` + mappedTime + `},"\u006f":{}}`, codes: "user_id_missing event_type_missing timestamp_missing"},
		{form: Form{}, line: line(mappedUser, `"e":"purchase"`, mappedTime, `"p":{"a":5}`, `"p":{}`), codes: "amount_missing", message: "o.p.a is missing, though o.e is purchase"},
		{form: Form{}, line: line(mappedUser, `"e":"purchase"`, mappedTime, `"p":{}`, `"p":{"a":5}`), want: purchaseOf(1, 5, 0)},
		{form: Form{}, line: line(mappedUser, mappedType, mappedTime, `"p":[5]`), want: visitOf(1)},
		{form: Form{}, line: user(`{"u":1}`), codes: "user_id_not_integer", message: "o.u (an object) is not an integer"},
		{form: Form{}, line: user(`null`), codes: "user_id_not_integer", message: "o.u (null) is not an integer"},

		// Types.
		{form: Form{NoEventType: true}, line: line(mappedUser, mappedTime, `"e":7`, `"p":{"a":5}`), want: visitOf(1)},
		{form: Form{NoEventType: true, Purchases: []string{"*"}}, line: line(mappedUser, mappedTime, `"p":{"a":5}`), want: purchaseOf(1, 5, 0)},
		{form: Form{NoEventType: true, Purchases: []string{"*"}}, line: line(mappedUser, mappedTime), codes: "amount_missing", message: "o.p.a is missing, though the event is a purchase"},
		{form: Form{Purchases: []string{"*"}}, line: paid(`5`), want: purchaseOf(1, 5, 0)},
		{form: Form{Purchases: []string{"*"}}, line: line(mappedUser, `"e":""`, mappedTime, `"p":{"a":5}`), codes: "event_type_empty", message: "o.e is empty"},
		{form: Form{Purchases: []string{"*"}}, line: line(mappedUser, mappedTime), codes: "event_type_missing amount_missing"},
		{form: Form{Purchases: []string{"view"}}, line: paid(`"x"`), want: visitOf(1)},
		{form: Form{Purchases: []string{"\u00e9, \"é\""}}, line: line(mappedUser, `"e":"\u00e9, \"é\""`, mappedTime), codes: "amount_missing"},

		// Unix times.
		{form: seconds, line: at(`1704103200`), want: visitOf(1)},
		{form: seconds, line: at(`1704103200.999`), want: visitOf(1)},
		{form: seconds, line: at(`17041032e2`), want: visitOf(1)},
		{form: seconds, line: at(`1704067199.9999999999999999999999999999999999999999999999999`), want: on("2023-12-31")},
		{form: seconds, line: at(`1704067199` + strings.Repeat("0", 400) + `e-400`), want: on("2023-12-31")},
		{form: seconds, line: at(strings.Repeat("9", 400)), codes: "timestamp_invalid", message: "o.t " + strings.Repeat("9", 200) + "… is on a day outside of the years 0000 to 9999"},
		{form: seconds, line: at(`1e1000000`), codes: "timestamp_invalid"},
		{form: seconds, line: at(`1e-1000000`), want: on("1970-01-01")},
		{form: seconds, line: at(`-1e-1000000`), want: on("1969-12-31")},
		{form: seconds, line: at(`1` + many("0") + `e-` + strconv.Itoa(million)), want: on("1970-01-01")},
		{form: seconds, line: at(`0.` + many("0") + `1`), want: on("1970-01-01")},
		{form: seconds, line: at(`1e` + many("9")), codes: "timestamp_invalid"},
		{form: seconds, line: at(`-0`), want: on("1970-01-01")},
		{form: seconds, line: at(`-0.5`), want: on("1969-12-31")},
		{form: seconds, line: at(`-86400`), want: on("1969-12-31")},
		{form: seconds, line: at(`-86400.1`), want: on("1969-12-30")},
		{form: seconds, line: at(`253402300799`), want: on("9999-12-31")},
		{form: seconds, line: at(`253402300800`), codes: "timestamp_invalid"},
		{form: seconds, line: at(`253402300799.9`), want: on("9999-12-31")},
		{form: seconds, line: at(`-62167219200`), want: on("0000-01-01")},
		{form: seconds, line: at(`-62167219200.1`), codes: "timestamp_invalid"},
		{form: seconds, line: at(`"1704103200"`), codes: "timestamp_invalid", message: `o.t "1704103200" is a number in quotes`},
		{form: seconds, line: at(`null`), codes: "timestamp_not_string", message: "o.t (null) is not a number"},
		{form: nanos, line: at(`1704103200123456789`), want: visitOf(1)},
		{form: nanos, line: at(`253402300799999999999`), want: on("9999-12-31")},
		{form: nanos, line: at(`253402300800000000000`), codes: "timestamp_invalid"},
		{form: nanos, line: at(`-62167219200000000000`), want: on("0000-01-01")},
		{form: nanos, line: at(`-62167219200000000001`), codes: "timestamp_invalid"},
		{form: Form{TimeFormats: []TimeFormat{UnixMilli}}, line: at(`253402300799999`), want: on("9999-12-31")},
		{form: Form{TimeFormats: []TimeFormat{UnixMilli}}, line: at(`253402300800000`), codes: "timestamp_invalid"},
		{form: Form{TimeFormats: []TimeFormat{UnixMicro}}, line: at(`-62167219200000000`), want: on("0000-01-01")},
		{form: Form{TimeFormats: []TimeFormat{UnixMicro}}, line: at(`-62167219200000001`), codes: "timestamp_invalid"},
		{form: Form{TimeFormats: []TimeFormat{Unix, ISO8601}}, line: at(`"2024-01-01T10:00:00Z"`), want: visitOf(1)},
		{form: Form{TimeFormats: []TimeFormat{Unix, ISO8601}}, line: at(`true`), codes: "timestamp_not_string", message: "o.t (a boolean) is neither a string nor a number"},
		{form: Form{TimeFormats: []TimeFormat{Unix, ISO8601}}, line: at(`"x"`), codes: "timestamp_invalid", message: `o.t "x" is neither an ISO 8601 date and time nor a Unix time in seconds`},
		{form: Form{}, line: at(`1704103200`), codes: "timestamp_not_string", message: "o.t 1704103200 is not a string"},

		// Times as SQL has them.
		{form: sql, line: at(`"2024-01-01 10:00:00 UTC"`), want: visitOf(1)},
		{form: sql, line: at(`"2024-01-01 10:00:00Z"`), want: visitOf(1)},
		{form: sql, line: at(`"2024-01-01 10:00:00.123456+00"`), want: visitOf(1)},
		{form: sql, line: at(`"2024-01-01 10:00:00,5 +0000"`), want: visitOf(1)},
		{form: sql, line: at(`"2024-01-01 23:59:60+00:00"`), want: visitOf(1)},
		{form: sql, line: at(`"2023-12-31 24:00:00Z"`), want: visitOf(1)},
		{form: sql, line: at(`"2024-01-01 10:00:00"`), codes: "timestamp_not_utc"},
		{form: sql, line: at(`"2024-01-01 10:00:00 +02"`), codes: "timestamp_not_utc"},
		{form: sql, line: at(`"2024-01-01 10:00:00 Z"`), codes: "timestamp_invalid", message: `o.t "2024-01-01 10:00:00 Z" is not a date and time as in SQL`},
		{form: sql, line: at(`"2024-01-01 10:00:00z"`), codes: "timestamp_invalid"},
		{form: sql, line: at(`"2024-01-01 10:00:00UTC"`), codes: "timestamp_invalid"},
		{form: sql, line: at(`"2024-01-01 10:00:00  +02"`), codes: "timestamp_invalid"},
		{form: sql, line: at(`"2024-01-01 10:00"`), codes: "timestamp_invalid"},
		{form: sql, line: at(`"2024-W01-1 10:00:00Z"`), codes: "timestamp_invalid"},
		{form: sql, line: at(`"2024-01-01T10:00:00Z"`), codes: "timestamp_invalid"},
		{form: sql, line: at(`"2024-02-30 10:00:00Z"`), codes: "timestamp_invalid"},
		{form: sql, line: at(`"2024-01-01 10:00:00.` + many("0") + ` UTC"`), want: visitOf(1)},
		{form: Form{TimeFormats: []TimeFormat{SQL}, AssumeUTC: true}, line: at(`"2024-01-01 10:00:00"`), want: visitOf(1)},
		{form: Form{TimeFormats: []TimeFormat{SQL}, ConvertOffsets: true}, line: at(`"2024-01-01 23:00:00-0200"`), want: on("2024-01-02")},
		{form: Form{AssumeUTC: true}, line: at(`"2024-01-01T10:00:00.5"`), want: visitOf(1)},
		{form: Form{AssumeUTC: true}, line: at(`"2024-01-01"`), codes: "timestamp_invalid"},

		// Offsets.
		{form: offsets, line: at(`"2024-01-01T23:00:00-02:00"`), want: on("2024-01-02")},
		{form: offsets, line: at(`"2024-01-01T00:30:00+01:00"`), want: on("2023-12-31")},
		{form: offsets, line: at(`"2024-01-01T10:00:00-00:00"`), want: visitOf(1)},
		{form: offsets, line: at(`"2016-12-31T18:59:60-05:00"`), want: on("2016-12-31")},
		{form: offsets, line: at(`"2016-12-31T23:59:60+01:00"`), codes: "timestamp_invalid", message: `o.t "2016-12-31T23:59:60+01:00" has a second 60 that is not 23:59:60 in UTC`},
		{form: offsets, line: at(`"0000-01-01T00:00:00+00:01"`), codes: "timestamp_invalid"},
		{form: offsets, line: at(`"9999-12-31T23:59:59-00:01"`), codes: "timestamp_invalid"},
		{form: offsets, line: at(`"9999-12-31T24:00:00+00:01"`), want: on("9999-12-31")},
		{form: offsets, line: at(`"2024-01-01T10:00:00+24:00"`), codes: "timestamp_invalid"},
		{form: offsets, line: at(`"2024-01-01T10:00:00"`), codes: "timestamp_not_utc"},
		{form: offsets, line: at(`"2024-01-01T10:00:00+0100"`), codes: "timestamp_invalid"},
		{form: Form{}, line: at(`"2016-12-31T18:59:60-05:00"`), codes: "timestamp_invalid"},
		{form: Form{}, line: at(`"2016-12-31T23:59:60+01:00"`), codes: "timestamp_not_utc"},

		// Time zones: Samoa left out 2011-12-30; clocks were local mean time, 23 h 27 min 4 s behind
		// and later 12 h 33 min 4 s ahead.
		{form: apia, line: at(`"2011-12-30T09:59:59Z"`), want: on("2011-12-29")},
		{form: apia, line: at(`"2011-12-30T10:00:00Z"`), want: on("2011-12-31")},
		{form: apia, line: at(`"1850-01-01T11:26:55Z"`), want: on("1850-01-01")},
		{form: apia, line: at(`"1850-01-01T11:26:56Z"`), want: on("1850-01-02")},
		{form: apia, line: at(`"9999-12-31T11:00:00Z"`), codes: "timestamp_invalid"},
		{form: apia, line: at(`"9999-12-31T10:59:59Z"`), want: on("9999-12-31")},
		{form: Form{TimeZone: "America/New_York"}, line: at(`"0000-01-01T04:56:01Z"`), codes: "timestamp_invalid"},
		{form: Form{TimeZone: "America/New_York"}, line: at(`"0000-01-01T04:56:02Z"`), want: on("0000-01-01")},
		{form: Form{TimeZone: "America/New_York"}, line: at(`"2024-03-10T06:59:59Z"`), want: on("2024-03-10")},
		{form: Form{TimeZone: "America/Sao_Paulo"}, line: at(`"2018-11-04T02:59:59Z"`), want: on("2018-11-03")},
		{form: Form{TimeZone: "America/Sao_Paulo"}, line: at(`"2018-11-04T03:00:00Z"`), want: on("2018-11-04")},
		{form: Form{TimeZone: "Europe/Amsterdam"}, line: at(`"2016-12-31T23:59:60Z"`), want: on("2017-01-01")},
		{form: Form{TimeZone: "Europe/London"}, line: at(`"2016-12-31T23:59:60Z"`), want: on("2016-12-31")},
		{form: Form{TimeZone: "Asia/Tokyo", ConvertOffsets: true}, line: at(`"0000-01-01T00:30:00+01:00"`), want: on("0000-01-01")},

		// Numbers in quotes.
		{form: quoted, line: user(`"1"`), want: visitOf(1)},
		{form: quoted, line: user(`1`), want: visitOf(1)},
		{form: quoted, line: user(`"\u0031"`), want: visitOf(1)},
		{form: quoted, line: user(`"-0"`), want: visitOf(0)},
		{form: quoted, line: user(`"9223372036854775807"`), want: visitOf(9223372036854775807)},
		{form: quoted, line: user(`"-9223372036854775808"`), want: visitOf(-9223372036854775808)},
		{form: quoted, line: user(`"9223372036854775808"`), codes: "user_id_out_of_range", message: `o.u "9223372036854775808" is not in the range of 64-bit integers`},
		{form: quoted, line: user(`"` + many(`\u0039`) + `"`), codes: "user_id_out_of_range"},
		{form: quoted, line: user(`""`), codes: "user_id_not_integer"},
		{form: quoted, line: user(`" 1"`), codes: "user_id_not_integer", message: `o.u " 1" is not an integer`},
		{form: quoted, line: user(`"1 "`), codes: "user_id_not_integer"},
		{form: quoted, line: user(`"+1"`), codes: "user_id_not_integer"},
		{form: quoted, line: user(`"01"`), codes: "user_id_not_integer"},
		{form: quoted, line: user(`"1.0"`), codes: "user_id_not_integer"},
		{form: quoted, line: user(`"1e3"`), codes: "user_id_not_integer"},
		{form: quoted, line: user(`"٣"`), codes: "user_id_not_integer"},
		{form: quoted, line: user(`"１"`), codes: "user_id_not_integer"},
		{form: quoted, line: user(`"1_000"`), codes: "user_id_not_integer"},
		{form: quoted, line: user(`"\ud800"`), codes: "user_id_not_integer"},
		{form: quoted, line: user(`["1"]`), codes: "user_id_not_integer"},
		{form: quoted, line: user(`true`), codes: "user_id_not_integer"},
		{form: quoted, line: paid(`"19.99"`), want: purchaseOf(1, 19, 99e16)},
		{form: quoted, line: paid(`"1e3"`), want: purchaseOf(1, 1000, 0)},
		{form: quoted, line: paid(`"0.` + many(`\u0030`) + `1e` + strconv.Itoa(million+1) + `"`), want: purchaseOf(1, 1, 0)},
		{form: quoted, line: paid(`"0"`), codes: "amount_not_positive"},
		{form: quoted, line: paid(`"-5"`), codes: "amount_not_positive", message: `o.p.a "-5" is not greater than 0`},
		{form: quoted, line: paid(`"1e18"`), codes: "amount_out_of_range", message: `o.p.a "1e18" is not less than 10^18`},
		{form: quoted, line: paid(`"5,00"`), codes: "amount_not_number", message: `o.p.a "5,00" is not a number`},
		{form: quoted, line: paid(`"$5"`), codes: "amount_not_number"},
		{form: quoted, line: paid(`" 5"`), codes: "amount_not_number"},
		{form: quoted, line: paid(`"NaN"`), codes: "amount_not_number"},
		{form: quoted, line: paid(`null`), codes: "amount_not_number"},
		{form: Form{QuotedNumbers: true, TimeFormats: []TimeFormat{UnixMilli}}, line: at(`"1704103200123"`), want: visitOf(1)},
		{form: Form{QuotedNumbers: true, TimeFormats: []TimeFormat{UnixMilli}}, line: at(`"1704103200123 "`), codes: "timestamp_invalid"},
		{form: Form{QuotedNumbers: true, TimeFormats: []TimeFormat{UnixMilli, SQL}}, line: at(`"2024-01-01 10:00:00Z"`), want: visitOf(1)},

		// Minor units.
		{form: cents, line: paid(`1999`), want: purchaseOf(1, 19, 99e16)},
		{form: cents, line: paid(`1`), want: purchaseOf(1, 0, 1e16)},
		{form: cents, line: paid(`0.5`), want: purchaseOf(1, 0, 5e15)},
		{form: cents, line: paid(`99999999999999999999`), want: purchaseOf(1, 999999999999999999, 99e16)},
		{form: cents, line: paid(`100000000000000000000`), codes: "amount_out_of_range", message: "o.p.a 100000000000000000000, in units of 10^-2, is not less than 10^18"},
		{form: cents, line: paid(`0`), codes: "amount_not_positive"},
		{form: Form{MinorUnits: 18}, line: paid(`999999999999999999`), want: purchaseOf(1, 0, 999999999999999999)},
		{form: Form{MinorUnits: 18}, line: paid(`0.5`), want: purchaseOf(1, 0, 0)},
		{form: Form{MinorUnits: 18}, line: paid(`1.5`), want: purchaseOf(1, 0, 2)},
		{form: Form{MinorUnits: 18}, line: paid(`2.5`), want: purchaseOf(1, 0, 2)},
	} {
		s := schemaOf(t, inObject(test.form))
		got, fault := s.Plain([]byte(test.line))
		codes, message := "", ""
		if fault != nil {
			codes, message = strings.Join(fault.Rules.Codes(), " "), fault.Message()
			checkMessage(t, message)
		}
		if got != test.want || codes != test.codes || test.message != "" && message != test.message {
			t.Errorf("%.200s %.200s: got %+v %q %q, want %+v %q %q", shownForm(s), test.line, got, codes, message, test.want, test.codes, test.message)
		}
		r := NewReader(s)
		for range 3 {
			checkText(t, r, []byte(test.line+"\n"+test.line+"\n"))
		}
	}
}

func shownForm(s Schema) string {
	text, _ := json.Marshal(s)
	return string(text)
}

// TestDeepPath proves that paths may be as deep as lines.
func TestDeepPath(t *testing.T) {
	for _, depth := range []int{1, 63, 64, 65, sampling.Count(1000, 9999)} {
		path := Path(strings.Split(strings.TrimSuffix(strings.Repeat("a ", depth), " "), " "))
		s := schemaOf(t, Form{UserIDField: path})
		line := strings.Repeat(`{"a":`, depth) + "1" + strings.Repeat("}", depth-1) + `,"event_type":"view","timestamp":"2024-01-01T10:00:00Z"}`
		if got, fault := s.Plain([]byte(line)); fault != nil || got != visitOf(1) {
			t.Errorf("%d: %+v %v", depth, got, fault)
		}
		r := NewReader(s)
		checkText(t, r, []byte(line+"\n"+line+"\n"))
		if known := r.Fast() > 0; known != (depth <= mostNested) {
			t.Errorf("%d: known is %v", depth, known)
		}
	}
}

// TestZoneTable compares the table with package time around each change of each zone.
func TestZoneTable(t *testing.T) {
	zones := []string{"Europe/Amsterdam", "Pacific/Apia", "America/New_York", "Africa/Casablanca", "Asia/Gaza", "Africa/Cairo", "Antarctica/Troll",
		"Australia/Lord_Howe", "America/Caracas", "Asia/Manila", "Pacific/Kwajalein", "Africa/Monrovia", "Etc/GMT+12", "Pacific/Kiritimati"}
	for _, name := range zones {
		location, err := loadZone(name)
		if err != nil {
			t.Fatal(err)
		}
		table := zoneTable{zone: location}
		check := func(second int64) {
			if got, want := table.offset(second), zoneOffset(location, second); got != want {
				t.Fatalf("%s, second %d: %d, want %d", name, second, got, want)
			}
		}
		for moment := time.Unix(-62167219200, 0).In(location); ; {
			_, next := moment.ZoneBounds()
			if !next.After(moment) || next.Year() > 2300 {
				break
			}
			for _, near := range []int64{-1, 0, 1, -3600, 3600, -1 << spanBits, 1 << spanBits} {
				check(next.Unix() + unixEpoch + near)
			}
			moment = next
		}
		random := newMix(sampling.Seed(t), 3)
		for range 10_000 {
			check(random.Int64N(3_652_425*secondsPerDay+2*secondsPerDay) - secondsPerDay)
		}
	}
}

// TestZones proves that all zones are there, whatever the host has.
func TestZones(t *testing.T) {
	t.Setenv("ZONEINFO", t.TempDir())
	for _, name := range []string{"UTC", "Europe/Amsterdam", "America/Argentina/Buenos_Aires", "Etc/GMT-14", "EST5EDT"} {
		if location, err := loadZone(name); err != nil || location.String() != name {
			t.Errorf("%s: %v %v", name, location, err)
		}
	}
}

// TestSchemaExhaustively compares the two readers of other forms on every short text over an
// alphabet, at the places where values and what is between them are.
func TestSchemaExhaustively(t *testing.T) {
	const alphabet = `{}[]",:0-.e1ou\ `
	for _, form := range []Form{
		inObject(Form{QuotedNumbers: true, TimeFormats: []TimeFormat{ISO8601, Unix}, MinorUnits: 2}),
		{UserIDField: pathOf("o.o.u"), EventTypeField: pathOf("o.u"), TimestampField: pathOf("o.o.t"), AmountField: pathOf("o.o.o.u"),
			QuotedNumbers: true, AssumeUTC: true, TimeZone: "Europe/Amsterdam", Purchases: []string{"o", "u"}},
	} {
		s := schemaOf(t, form)
		r := NewReader(s)
		known := 0
		text := make([]byte, 0, sampling.Count(4, 5))
		var try func()
		try = func() {
			for _, line := range []string{
				`{"o":{"u":"o","o":{"u":1` + string(text) + `,"t":"2024-01-15T10:30:00Z"},"e":"u","t":1}}`,
				`{"o":{"u":` + string(text) + `,"o":{"u":1,"t":"2024-01-15T10:30:00Z"},"e":"u","t":1}}`,
				`{"o":{"e":"x","u":1,"t":1},"o":` + string(text) + `}`,
				`{"o":{"e":"x","u":"1","o":{"u":1,"t":"2024-01-15T10:30:00","o":{"u":` + string(text) + `}},"t":1` + string(text) + `}}`,
				`{"o":{"u":1,"e":"purchase","t":1,"p":{"a":` + string(text) + `}}}`,
			} {
				got, ok := read(t, r, line+"\n")
				if !ok {
					continue
				}
				known++
				if want, fault := s.Plain([]byte(line)); fault != nil || got != want {
					t.Fatalf("%s: fast %+v, plain %+v %+v", line, got, want, fault)
				}
			}
			if len(text) == cap(text) {
				return
			}
			for _, c := range []byte(alphabet) {
				text = append(text, c)
				try()
				text = text[:len(text)-1]
			}
		}
		try()
		if known < 100 {
			t.Errorf("the fast reader knew only %d lines: the test shows little", known)
		}
	}
}

// mappedShapes are lines of other forms as they come, for the benchmarks.
var mappedShapes = []struct {
	name string
	form Form
	line string
}{
	{"renamed", Form{UserIDField: pathOf("customer"), EventTypeField: pathOf("kind"), TimestampField: pathOf("occurred_at"), AmountField: pathOf("revenue")},
		`{"customer":12345678,"kind":"purchase","occurred_at":"2024-01-15T10:30:00Z","revenue":19.99}`},
	{"nested", Form{UserIDField: pathOf("context.user.id"), EventTypeField: pathOf("event"), TimestampField: pathOf("context.time.ms"), AmountField: pathOf("properties.order.total"),
		TimeFormats: []TimeFormat{UnixMilli}, QuotedNumbers: true},
		`{"context":{"user":{"id":"12345678"},"time":{"ms":17053-15T00123}},"event":"purchase","properties":{"order":{"total":"19.99"}}}`},
	{"zone", Form{TimeZone: "Europe/Amsterdam"}, shapes[2].line},
	{"offset", Form{ConvertOffsets: true}, `{"user_id":12345678,"event_type":"purchase","timestamp":"2024-01-15T10:30:00+02:00","amount":19.99}`},
	{"sql", Form{TimeFormats: []TimeFormat{SQL}}, `{"user_id":12345678,"event_type":"purchase","timestamp":"2024-01-15 10:30:00 UTC","amount":19.99}`},
	{"cents", Form{MinorUnits: 2, Purchases: []string{"purchase", "Order Completed"}}, `{"user_id":12345678,"event_type":"purchase","timestamp":"2024-01-15T10:30:00Z","amount":19.99}`},
}

// varyMapped is vary, with values as the form has them.
func varyMapped(name, line string) (text []byte, lines int) {
	text, lines = vary(line)
	changed := string(text)
	switch name {
	case "nested":
		changed = strings.NewReplacer("17053-", "17053", "T00123", "1123456").Replace(changed)
	case "cents":
		changed = strings.NewReplacer(`"amount":`, `"amount":1`, ".", "").Replace(changed)
	}
	return []byte(changed), lines
}

func TestMappedReaderAllocatesNothing(t *testing.T) {
	for _, shape := range mappedShapes {
		text, _ := varyMapped(shape.name, shape.line)
		r := NewReader(schemaOf(t, shape.form))
		rest := text
		one := func() {
			if len(rest) == 0 {
				rest = text
			}
			_, size, ok := r.Read(rest)
			if !ok {
				t.Fatalf("%s: %.200s is not known", shape.name, rest)
			}
			rest = rest[size:]
		}
		if n := testing.AllocsPerRun(10_000, one); n != 0 {
			t.Errorf("%s: %v allocations", shape.name, n)
		}
	}
}

// BenchmarkMappedReader measures lines of other forms; BenchmarkReader those of the default.
func BenchmarkMappedReader(b *testing.B) {
	for _, shape := range mappedShapes {
		b.Run("shape="+shape.name, func(b *testing.B) {
			text, lines := varyMapped(shape.name, shape.line)
			b.SetBytes(int64(len(text) / lines))
			b.ReportAllocs()
			r := NewReader(schemaOf(b, shape.form))
			var rest []byte
			for b.Loop() {
				if len(rest) == 0 {
					rest = text
				}
				_, size, ok := r.Read(rest)
				if !ok {
					b.Fatal("not known")
				}
				rest = rest[size:]
			}
		})
	}
}

// TestMappedMemory proves that values of other forms take no memory for the line.
func TestMappedMemory(t *testing.T) {
	const long = 4 << 20
	repeat := func(s string) string { return strings.Repeat(s, long/len(s)) }
	s := schemaOf(t, Form{QuotedNumbers: true, TimeFormats: []TimeFormat{UnixMilli, SQL}, MinorUnits: 2, Purchases: []string{"*"}})
	for name, value := range map[string]string{
		"digits": repeat("1"), "quoted digits": `"` + repeat("1") + `"`, "escapes": `"` + repeat(`\u0031`) + `"`, "one escape": `"\u0031` + repeat("1") + `"`,
		"fraction": "0." + repeat("1"), "exponent": "1e" + repeat("1"), "text": `"` + repeat("x") + `"`, "surrogates": `"` + repeat(`\ud800`) + `"`,
	} {
		t.Run(name, func(t *testing.T) {
			text := fmt.Appendf(nil, `{"user_id":%s,"event_type":%s,"timestamp":%s,"amount":%s}`, value, strconv.Quote("x"), value, value)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			if _, fault := s.Plain(text); fault != nil {
				_ = fault.Message()
			}
			runtime.ReadMemStats(&after)
			if allocated := after.TotalAlloc - before.TotalAlloc; allocated > long/4 {
				t.Errorf("%d bytes were allocated for a line of %d", allocated, len(text))
			}
		})
	}
}
