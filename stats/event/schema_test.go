package event

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"dailystats/stats"
	"dailystats/testdata/sampling"

	"github.com/cockroachdb/apd/v3"
)

// schemaOf returns the schema of a form that is right.
func schemaOf(t testing.TB, f Form) Schema {
	t.Helper()
	s, err := NewSchema(f)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// pathOf returns the path that a text stands for.
func pathOf(text string) (p Path) {
	if err := p.UnmarshalText([]byte(text)); err != nil {
		panic(err)
	}
	return p
}

// mix makes up forms and lines.
type mix struct{ *rand.Rand }

func newMix(seed, stream uint64) mix { return mix{rand.New(rand.NewPCG(seed, stream))} }

// one returns one of some texts.
func (m mix) one(all ...string) string { return all[m.IntN(len(all))] }

// oneIn reports true once in n times.
func (m mix) oneIn(n int) bool { return m.IntN(n) == 0 }

var mixedNames = []string{"user_id", "event_type", "timestamp", "amount", "a", "b", "properties", "context", "a.b", `\`, "", "é", "a long name of a member"}

func (m mix) path(like string) Path {
	if m.oneIn(3) {
		return nil
	}
	var p Path
	for range m.IntN(3) {
		p = append(p, m.one(mixedNames...))
	}
	if m.oneIn(50) {
		p = slices.Repeat(Path{"a"}, 60+m.IntN(10))
	}
	return append(p, m.one(append(mixedNames, like, like, like)...))
}

// schema makes up a schema.
func (m mix) schema() Schema {
	for {
		f := Form{
			UserIDField: m.path("user_id"), EventTypeField: m.path("event_type"), TimestampField: m.path("timestamp"), AmountField: m.path("amount"),
			ConvertOffsets: m.oneIn(2), AssumeUTC: m.oneIn(2), QuotedNumbers: m.oneIn(2), NoEventType: m.oneIn(6),
			TimeZone: m.one("", "", "UTC", "Europe/Amsterdam", "Pacific/Apia", "America/New_York", "Asia/Kathmandu", "Africa/Monrovia", "Antarctica/Troll"),
		}
		if m.oneIn(3) {
			f.MinorUnits = m.IntN(maxMinorUnits + 1)
		}
		switch m.IntN(4) {
		case 0:
			f.Purchases = []string{EachPurchase}
		case 1:
			f.Purchases = []string{"purchase", "Order Completed, of a long name", "é"}
		}
		for _, format := range []TimeFormat{ISO8601, SQL, TimeFormat(m.one("unix", "unix-ms", "unix-us", "unix-ns"))} {
			if m.oneIn(2) {
				f.TimeFormats = append(f.TimeFormats, format)
			}
		}
		if s, err := NewSchema(f); err == nil {
			return s
		}
	}
}

// text returns text as JSON, some of its characters escaped now and then.
func (m mix) text(text string) string {
	if !m.oneIn(30) {
		quoted, _ := json.Marshal(text)
		return string(quoted)
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range text {
		if r < ' ' || r == '"' || r == '\\' || m.oneIn(3) && r < 0x10000 {
			fmt.Fprintf(&b, `\u%04x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String() + `"`
}

// quoted returns a number, with quotes now and then.
func (m mix) quoted(number string) string {
	if m.oneIn(3) {
		return m.text(number)
	}
	return number
}

func (m mix) digits() string {
	return m.one("0", "1", "7", "12", "999", "12345678", "1234567890123456789", "9223372036854775807", "9223372036854775808",
		strconv.Itoa(m.IntN(1e9)), strconv.FormatUint(m.Uint64(), 10), strings.Repeat("9", m.IntN(60)+1), "5"+strings.Repeat("0", m.IntN(40)))
}

func (m mix) number() string {
	n := m.one("", "", "", "-") + m.digits()
	if m.oneIn(3) {
		n += "." + m.one("5", "25", "0", "000", "99", "123456789012345678", strings.Repeat("0", m.IntN(30))+m.digits())
	}
	if m.oneIn(6) {
		n += m.one("e", "E") + m.one("", "+", "-") + m.one("0", "1", "2", "3", "18", "19", "40", "400", "007")
	}
	return n
}

func (m mix) timestamp() string {
	switch m.IntN(4) {
	case 0:
		seconds := m.Int64N(400_000_000_000) - 100_000_000_000
		n := strconv.FormatInt(seconds, 10) + m.one("", "000", "000000", "000000000", "123", "999999", "123456789")
		return m.quoted(n + m.one("", "", "", ".5", ".0", ".999", "e0", "e3", "e-3", "E2", ".5e1"))
	case 1:
		return m.quoted(m.number())
	}
	days := m.one("2024-01-15", "2024-01-15", "2024-03-31", "2024-10-27", "2011-12-29", "2011-12-30", "2016-12-31", "1883-11-18", "0000-01-01", "9999-12-31",
		fmt.Sprintf("%04d-%02d-%02d", m.IntN(10_000), m.IntN(14), m.IntN(33)), "2024-015", "20240115", "2024-W03-1")
	clock := m.one("10:30:00", "10:30:00", "23:59:60", "24:00:00", "00:00:00", "00:59:60", "23:59:59", "103000", "10", "10:30",
		fmt.Sprintf("%02d:%02d:%02d", m.IntN(25), m.IntN(61), m.IntN(62)))
	zone := m.one("Z", "Z", "Z", "", "+00:00", "+01:00", "-05:00", "+23:59", "-23:59", "-00:00", "+0530", "+05", " UTC", "UTC", " +01:00", " +05", " -0330", " Z", "z", "+24:00", "  +01")
	return m.text(days + m.one("T", "T", "T", " ", " ", "t", "") + clock + m.one("", "", "", ".5", ",25", ".000", ".999999999", ".") + zone)
}

// good returns a value that is probably right.
func (m mix) good(f field, s *schema) string {
	quoted := func(number string) string {
		if s.quoted {
			return m.quoted(number)
		}
		return number
	}
	switch f {
	case userID:
		return quoted(strconv.FormatInt(m.Int64()>>m.IntN(63), 10))
	case eventType:
		return m.text(m.one(slices.Concat(s.purchases, []string{"view", "page_view"})...))
	case amount:
		return quoted(strconv.Itoa(1+m.IntN(1e6)) + m.one("", "", ".5", ".99", ".000", "."+m.digits()[:1]))
	}
	moment := time.Unix(m.Int64N(1e10)-5e9, 0).UTC()
	if m.oneIn(2) {
		moment = time.Unix(1.7e9+m.Int64N(1e7), 0).UTC()
	}
	if m.oneIn(3) { // near the end of a day
		moment = moment.Truncate(24 * time.Hour).Add(time.Duration(m.IntN(3)-1) * time.Second)
	}
	zone := m.one("Z", "Z", "+00:00")
	switch {
	case s.convert && m.oneIn(2):
		zone = m.one("+01:00", "-05:30", "+14:00", "-00:00")
	case s.assumeUTC && m.oneIn(2):
		zone = ""
	}
	fraction := m.one("", "", ".5", ".123456")
	switch m.IntN(3) {
	case 0:
		if s.unix {
			return quoted(strconv.FormatInt(moment.Unix(), 10) + strings.Repeat("0", s.unixPlaces) + fraction)
		}
	case 1:
		if s.sql {
			return m.text(moment.Format(time.DateTime) + fraction + zone)
		}
	}
	return m.text(moment.Format("2006-01-02T15:04:05") + fraction + zone)
}

func (m mix) value(f field, s *schema) string {
	if !m.oneIn(10) {
		return m.good(f, s)
	}
	if m.oneIn(10) {
		return m.one("null", "true", "false", "[]", "[1]", "{}", `{"a":1}`, `""`, `"x"`, `" 1"`, `"+1"`, `"٣"`, `"1 "`, `"01"`, `"\ud800"`, "1", "-0", `"-0"`)
	}
	switch f {
	case userID:
		return m.quoted(m.one("", "", "", "-") + m.digits())
	case eventType:
		return m.text(m.one("purchase", "purchase", "Order Completed, of a long name", "é", "view", "page_view", "a type of an event that is long", "*"))
	case timestamp:
		return m.timestamp()
	default:
		return m.quoted(m.number())
	}
}

// mixed is a member to be written: of a name, with a value or with members.
type mixed struct {
	name    string
	value   string
	members []*mixed
}

// put puts a value at a path below an object.
func (o *mixed) put(p Path, value string, m mix) {
	if len(p) == 0 {
		o.value = value
		return
	}
	for _, known := range o.members {
		if known.name == p[0] && known.value == "" && !m.oneIn(20) { // else it is there twice
			known.put(p[1:], value, m)
			return
		}
	}
	next := &mixed{name: p[0]}
	o.members = append(o.members, next)
	next.put(p[1:], value, m)
}

// line makes up a line of a schema, which may be broken.
func (m mix) line(s Schema) string {
	var root mixed
	paths := s.schema().paths()
	for f, path := range paths {
		for path != nil && !m.oneIn(60) {
			root.put(path, m.value(field(f), s.schema()), m)
			if !m.oneIn(15) {
				break
			}
		}
	}
	for range m.IntN(3) { // what may be taken for a field, or hide one
		path := paths[1+m.IntN(4)]
		switch {
		case path == nil:
			continue
		case m.oneIn(10):
			path = path[:m.IntN(len(path))+1]
		case !m.oneIn(10):
			path = append(Path{m.one(mixedNames...)}, path...)
		}
		root.put(path, m.value(field(1+m.IntN(4)), s.schema()), m)
	}
	m.Shuffle(len(root.members), func(i, j int) { root.members[i], root.members[j] = root.members[j], root.members[i] })
	return m.write(&root)
}

func (m mix) write(o *mixed) string {
	if o.value != "" {
		return o.value
	}
	space := func() string { return m.one("", "", "", "", "", " ", "  ", "\t") }
	var b strings.Builder
	b.WriteString("{" + space())
	for i, member := range o.members {
		if i > 0 {
			b.WriteString("," + space())
		}
		b.WriteString(m.text(member.name) + space() + ":" + space())
		if value := m.write(member); m.oneIn(100) {
			b.WriteString("[" + value + "]")
		} else {
			b.WriteString(value)
		}
		b.WriteString(space())
	}
	return b.String() + "}"
}

// damage changes a few bytes of a text.
func (m mix) damage(text []byte) {
	for range m.IntN(3) {
		if len(text) > 0 {
			text[m.IntN(len(text))] = m.one(`{`, `}`, `[`, `]`, `"`, `,`, `:`, `0`, `1`, `-`, `.`, `e`, `\`, ` `, "\n", "T", "Z", "\xff", "\x01")[0]
		}
	}
}

func (s *schema) paths() [fieldCount]Path {
	paths, _ := s.form.paths()
	return paths
}

// FuzzSchemas proves that a Reader of any schema is right whenever it says yes.
func FuzzSchemas(f *testing.F) {
	for seed := range uint64(50) {
		m := newMix(seed, 0)
		s := m.schema()
		f.Add(seed, []byte(m.line(s)+"\n"+m.line(s)+"\n"), seed%2 == 0)
	}
	f.Fuzz(func(t *testing.T, seed uint64, text []byte, made bool) {
		m := newMix(seed, 0)
		s := m.schema()
		if made {
			text = text[:0]
			for range 1 + m.IntN(8) {
				text = append(append(text, m.line(s)...), '\n')
			}
			m.damage(text)
		}
		r := NewReader(s)
		for range 2 {
			checkText(t, r, text)
		}
	})
}

// TestSchemas compares the readers of many schemas on lines that are made up.
func TestSchemas(t *testing.T) {
	m := newMix(sampling.Seed(t), 1)
	fast, valid, all := 0, 0, 0
	for range sampling.Count(300, 5000) {
		s := m.schema()
		r := NewReader(s)
		for range 60 {
			text := append([]byte(m.line(s)), '\n')
			if m.oneIn(3) {
				m.damage(text)
			}
			checkText(t, r, text)
			if _, _, kind := r.Next(text); kind == Valid {
				valid++
			}
			all++
		}
		fast += int(r.Fast())
	}
	t.Logf("%d of %d lines are valid, %d are known to the fast reader", valid, all, fast)
	if valid < all/20 || fast < all/40 {
		t.Errorf("only %d of %d lines are valid, and %d known: the test shows little", valid, all, fast)
	}
}

// TestSchemaOracle compares the plain reader of many schemas with a judge that parses lines
// into maps and knows nothing of how the reader goes about it.
func TestSchemaOracle(t *testing.T) {
	m := newMix(sampling.Seed(t), 2)
	valid := 0
	lines := sampling.Count(30_000, 1_000_000)
	for range lines / 100 {
		s := m.schema()
		for range 100 {
			line := []byte(m.line(s))
			if m.oneIn(10) {
				m.damage(line)
				line = bytes.ReplaceAll(line, []byte{'\n'}, []byte{' '})
			}
			want, wantCodes := judgeLine(s, line)
			got, fault := s.Plain(line)
			gotCodes := ""
			if fault != nil {
				gotCodes = strings.Join(fault.Rules.Codes(), " ")
			} else {
				valid++
			}
			if got != want || gotCodes != wantCodes {
				form, _ := json.Marshal(s)
				t.Fatalf("%s\n%s\ngot %+v %q, want %+v %q", form, line, got, gotCodes, want, wantCodes)
			}
		}
	}
	if t.Logf("%d of %d lines are valid", valid, lines); valid < lines/20 {
		t.Errorf("only %d of %d lines are valid: the test shows little", valid, lines)
	}
}

// judgeLine is what a line stands for, or the codes of what is wrong.
func judgeLine(s Schema, line []byte) (rec stats.Record, codes string) {
	if !utf8.Valid(line) || !json.Valid(line) {
		return rec, "malformed_json"
	}
	decoder := json.NewDecoder(strings.NewReader(string(line)))
	decoder.UseNumber()
	var object any
	if err := decoder.Decode(&object); err != nil {
		return rec, "malformed_json"
	}
	if _, isObject := object.(map[string]any); !isObject {
		return rec, "not_an_object"
	}
	form := s.schema().form
	at := func(f field) (value any, has bool) {
		value = object
		for _, name := range s.schema().paths()[f] {
			inside, isObject := value.(map[string]any)
			if value, has = inside[name]; !isObject || !has {
				return nil, false
			}
		}
		return value, true
	}
	var faults []string
	fault := func(code string) { faults = append(faults, code) }
	rec.User = judgeUser(form, at, fault)
	rec.Purchase = judgeType(form, at, fault)
	rec.Day = judgeTimestamp(s, at, fault)
	if rec.Purchase {
		rec.Amount = judgeAmount(form, at, fault)
	}
	if faults != nil {
		return stats.Record{}, strings.Join(faults, " ")
	}
	return rec, ""
}

type judged func(field) (value any, has bool)

var (
	integerPattern = regexp.MustCompile(`^-?(0|[1-9][0-9]*)$`)
	numberPattern  = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)
	sqlPattern     = regexp.MustCompile(`^(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)([.,]\d+)?(|Z| UTC| ?[+-]\d\d(?::?\d\d)?)$`)
)

// farExponent is one that no digits of a line make up for.
var farExponent = regexp.MustCompile(`([eE][+-]?)0*[1-9][0-9]{4,}$`)

// numberText is the text of a number, which may be in quotes, with an exponent that is not too
// large for libraries.
func numberText(f Form, value any) (text string, ok bool) {
	switch v := value.(type) {
	case json.Number:
		return farExponent.ReplaceAllString(v.String(), "${1}9999"), true
	case string:
		return farExponent.ReplaceAllString(v, "${1}9999"), f.QuotedNumbers && numberPattern.MatchString(v)
	default:
		return "", false
	}
}

func judgeUser(f Form, at judged, fault func(string)) int64 {
	value, has := at(userID)
	text, isNumber := numberText(f, value)
	n, _ := new(big.Int).SetString(text, 10)
	switch {
	case !has:
		fault("user_id_missing")
	case !isNumber || !integerPattern.MatchString(text):
		fault("user_id_not_integer")
	case !n.IsInt64():
		fault("user_id_out_of_range")
	default:
		return n.Int64()
	}
	return 0
}

func judgeType(f Form, at judged, fault func(string)) bool {
	all := slices.Contains(f.Purchases, EachPurchase)
	if f.NoEventType {
		return all
	}
	value, has := at(eventType)
	text, isText := value.(string)
	switch {
	case !has:
		fault("event_type_missing")
	case !isText:
		fault("event_type_not_string")
	case text == "":
		fault("event_type_empty")
	case f.Purchases == nil:
		return text == "purchase"
	default:
		return all || slices.Contains(f.Purchases, text)
	}
	return all
}

func judgeAmount(f Form, at judged, fault func(string)) (amount stats.Amount) {
	value, has := at(amountField)
	text, isNumber := numberText(f, value)
	if !has {
		fault("amount_missing")
		return amount
	}
	if !isNumber {
		fault("amount_not_number")
		return amount
	}
	exact, _, err := apd.NewFromString(text)
	if err != nil {
		panic(err)
	}
	exact.Exponent -= int32(f.MinorUnits)
	switch {
	case exact.Sign() <= 0:
		fault("amount_not_positive")
		return amount
	case exact.Cmp(apd.New(1, 18)) >= 0:
		fault("amount_out_of_range")
		return amount
	}
	rounded := new(apd.Decimal)
	context := apd.BaseContext.WithPrecision(20000)
	context.Rounding = apd.RoundHalfEven
	if _, err := context.Quantize(rounded, exact, -18); err != nil {
		panic(err)
	}
	amount, ok := stats.ParseSum([]byte(rounded.Text('f')))
	if !ok {
		panic(rounded.String())
	}
	return amount
}

const amountField = amount // amount is the name of a value below

// errNot says why a text is no timestamp: only its zone, or more.
var (
	errNotUTC   = errors.New("not UTC")
	errNotValid = errors.New("invalid")
)

func judgeTimestamp(s Schema, at judged, fault func(string)) stats.Day {
	value, has := at(timestamp)
	if !has {
		fault("timestamp_missing")
		return 0
	}
	form := s.schema().form
	formats := form.TimeFormats
	if formats == nil {
		formats = []TimeFormat{ISO8601}
	}
	number, isNumber := numberText(form, value)
	text, isText := value.(string)
	result := errNotValid
	for _, format := range formats {
		var moment time.Time
		err := errNotValid
		switch places, isUnix := unixPlaces[format]; {
		case isUnix && isNumber:
			moment, err = unixMoment(number, places)
		case isUnix:
			continue
		case !isText:
			continue
		case format == ISO8601:
			moment, err = isoMoment(form, text)
		case format == SQL:
			moment, err = sqlMoment(form, text)
		}
		if err == nil {
			if s.schema().zone != nil {
				moment = moment.In(s.schema().zone)
			}
			if year, month, day := moment.Date(); year >= 0 && year <= 9999 {
				d, _ := stats.DateDay(year, int(month), day)
				return d
			}
			err = errNotValid
		}
		if err == errNotUTC {
			result = err
		}
	}
	isUnix := slices.ContainsFunc(formats, func(f TimeFormat) bool { _, isUnix := unixPlaces[f]; return isUnix })
	_, isPlain := value.(json.Number)
	switch {
	case !isText && !(isPlain && isUnix):
		fault("timestamp_not_string")
	case result == errNotUTC:
		fault("timestamp_not_utc")
	default:
		fault("timestamp_invalid")
	}
	return 0
}

// unixMoment is a Unix time, in whole seconds.
func unixMoment(number string, places int) (time.Time, error) {
	exact, ok := new(big.Rat).SetString(number)
	if !ok {
		panic(number)
	}
	exact.Quo(exact, new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(places)), nil)))
	seconds := new(big.Int).Div(exact.Num(), exact.Denom()) // rounds down, the denominator being positive
	if !seconds.IsInt64() || seconds.CmpAbs(big.NewInt(1e12)) > 0 {
		return time.Time{}, errNotValid
	}
	return time.Unix(seconds.Int64(), 0).UTC(), nil
}

func sqlMoment(f Form, text string) (time.Time, error) {
	match := sqlPattern.FindStringSubmatch(text)
	if match == nil {
		return time.Time{}, errNotValid
	}
	zone := strings.TrimSpace(match[8])
	if zone == "UTC" {
		zone = "Z"
	}
	if len(zone) == len("+0000") {
		zone = zone[:3] + ":" + zone[3:]
	}
	// What is left differs from ISO 8601 in the space.
	return isoMoment(f, match[1]+"-"+match[2]+"-"+match[3]+"T"+match[4]+":"+match[5]+":"+match[6]+match[7]+zone)
}

// isoMoment is a time as layouts have it, with what the form allows of zones.
func isoMoment(f Form, text string) (moment time.Time, err error) {
	for _, layout := range layouts {
		match := layout.FindStringSubmatch(text)
		if match == nil {
			continue
		}
		fields := make(map[string]string)
		for i, name := range layout.SubexpNames() {
			fields[name] += match[i]
		}
		n := func(name string) int {
			v, _ := strconv.Atoi(fields[name])
			return v
		}
		date, ok := oracleDate(fields, n)
		hour, minute, second := n("hour"), n("minute"), n("second")
		isEnd := hour == 24 && minute == 0 && second == 0 && strings.Trim(fields["fraction"], "0") == ""
		if !ok || hour > 23 && !isEnd || minute > 59 || second > 60 || n("zh") > 23 || n("zm") > 59 {
			return moment, errNotValid
		}
		isLeap := second == 60
		if isLeap {
			second = 59
		}
		moment = date.Add(time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute + time.Duration(second)*time.Second)
		isOther := fields["sign"] == "-" || n("zh")+n("zm") > 0
		if isOther && f.ConvertOffsets {
			offset := time.Duration(n("zh"))*time.Hour + time.Duration(n("zm"))*time.Minute
			if fields["sign"] == "-" {
				offset = -offset
			}
			moment = moment.Add(-offset)
			isOther = false
		}
		inRange := moment.Year() >= 0 && moment.Year() <= 9999
		switch {
		case isLeap && moment.Format(time.TimeOnly) != "23:59:59":
			return moment, errNotValid
		case isOther && !inRange, fields["zone"] == "" && !f.AssumeUTC && !inRange:
			return moment, errNotValid
		case isOther, fields["zone"] == "" && !f.AssumeUTC:
			return moment, errNotUTC
		}
		return moment, nil
	}
	return moment, errNotValid
}
