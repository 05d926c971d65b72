package workload

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"dailystats/stats"
	"dailystats/stats/event"
)

// drawn is what an event is about.
type drawn struct {
	user   uint64
	kind   string // with quotes
	second uint64 // since the first day
	cents  uint64
}

// form is how events are written, for a schema that is not the zero one.
type form struct {
	event.Form
	purchases    []string // with quotes
	time         event.TimeFormat
	members      []member
	colon, comma string
}

// member is a member of an event: a field, or an object of others.
type member struct {
	name    string // with quotes
	field   field
	members []member // nil for a field
}

func newForm(c Config) *form {
	f := &form{Form: c.Schema.Form(), time: event.ISO8601, colon: ": ", comma: ", "}
	if c.Shape != Spaced && c.Shape != "" {
		f.colon, f.comma = ":", ","
	}
	for _, name := range f.Purchases {
		f.purchases = append(f.purchases, quoted(name))
	}
	if len(f.TimeFormats) > 0 {
		f.time = f.TimeFormats[0]
	}
	for i, path := range c.Schema.Paths() {
		if path != nil {
			f.members = add(f.members, path, field(i))
		}
	}
	name := "properties"
	for slices.ContainsFunc(f.members, func(m member) bool { return m.name == quoted(name) }) {
		name = "extra_" + name
	}
	f.members = append(f.members, member{name: quoted(name), field: properties})
	return f
}

func quoted(text string) string {
	json, _ := json.Marshal(text)
	return string(json)
}

// add adds a field at a path to members.
func add(members []member, path event.Path, f field) []member {
	name := quoted(path[0])
	i := slices.IndexFunc(members, func(m member) bool { return m.name == name })
	if i < 0 {
		i = len(members)
		members = append(members, member{name: name, field: f})
	}
	if len(path) > 1 {
		members[i].members = add(members[i].members, path[1:], f)
	}
	return members
}

// appendValues appends the values of an event, and says where each ends.
func (f *form) appendValues(dst []byte, ends *[fields]int, e drawn, first stats.Day) []byte {
	dst = f.appendNumber(dst, func(dst []byte) []byte { return strconv.AppendUint(dst, e.user, 10) })
	ends[userID] = len(dst)
	all := slices.Contains(f.Purchases, event.EachPurchase)
	isPurchase := all || e.kind == purchase && !f.NoEventType
	if isPurchase && len(f.purchases) > 0 && !all {
		e.kind = f.purchases[e.cents%uint64(len(f.purchases))]
	}
	if !f.NoEventType {
		dst = append(dst, e.kind...)
	}
	ends[eventType] = len(dst)
	dst = f.appendTime(dst, first, e)
	ends[timestamp] = len(dst)
	if isPurchase {
		dst = f.appendNumber(dst, func(dst []byte) []byte { return appendMinor(dst, e.cents, f.MinorUnits) })
	}
	ends[amount] = len(dst)
	return dst
}

// appendNumber appends a number, in quotes where they may be.
func (f *form) appendNumber(dst []byte, number func([]byte) []byte) []byte {
	if !f.QuotedNumbers {
		return number(dst)
	}
	return append(number(append(dst, '"')), '"')
}

// appendMinor appends cents in units of 10^-places.
func appendMinor(dst []byte, cents uint64, places int) []byte {
	switch places {
	case 0:
		return appendCents(dst, cents)
	case 1:
		return strconv.AppendUint(append(strconv.AppendUint(dst, cents/10, 10), '.'), cents%10, 10)
	default:
		dst = strconv.AppendUint(dst, cents, 10)
		return append(dst, strings.Repeat("0", places-2)...)
	}
}

// offsets are those of times that are not in UTC, in seconds.
var offsets = [...]struct {
	text    string
	seconds int64
}{{"Z", 0}, {"+02:00", 2 * 3600}, {"-05:00", -5 * 3600}, {"+05:30", 5*3600 + 30*60}}

// unixFractions are what is written behind the seconds of Unix times.
var unixFractions = map[event.TimeFormat]string{event.Unix: "", event.UnixMilli: "000", event.UnixMicro: "000000", event.UnixNano: "000000000"}

// appendTime appends the time of an event.
func (f *form) appendTime(dst []byte, first stats.Day, e drawn) []byte {
	const epoch = 719528 // 1970-01-01
	second := int64(first)*secondsPerDay + int64(e.second)
	if fraction, isUnix := unixFractions[f.time]; isUnix {
		return append(strconv.AppendInt(dst, second-epoch*secondsPerDay, 10), fraction...)
	}
	zone := offsets[0]
	if other := offsets[e.cents%uint64(len(offsets))]; f.ConvertOffsets && second >= secondsPerDay && second < int64(stats.MaxDay)*secondsPerDay {
		zone = other
	}
	if f.AssumeUTC && zone.seconds == 0 {
		zone.text = ""
	}
	second += zone.seconds
	day := stats.Day(second / secondsPerDay)
	text := appendTimestamp(nil, day, uint64(second%secondsPerDay))
	text = append(append(text[:len(text)-len(`Z"`)], zone.text...), '"')
	if f.time == event.SQL {
		text[len(`"2024-01-15`)] = ' '
	}
	return append(dst, text...)
}

// appendForm appends values as an object of the form on a line of its own.
func (r *renderer) appendForm(dst []byte, v *values) []byte {
	members := r.form.members
	if r.Shape == Shuffled {
		members = slices.Clone(members)
		random := r.random.Uint64()
		for i := len(members) - 1; i > 0; i-- {
			j := random % uint64(i+1)
			random /= uint64(i + 1)
			members[i], members[j] = members[j], members[i]
		}
	}
	return append(r.form.appendObject(dst, members, v), '\n')
}

// appendObject appends the members that have a value.
func (f *form) appendObject(dst []byte, members []member, v *values) []byte {
	separator := "{"
	for i := range members {
		m := &members[i]
		if !m.has(v) {
			continue
		}
		dst = append(dst, separator...)
		dst = append(dst, m.name...)
		dst = append(dst, f.colon...)
		if m.members == nil {
			dst = append(dst, v[m.field]...)
		} else {
			dst = f.appendObject(dst, m.members, v)
		}
		separator = f.comma
	}
	if separator == "{" {
		dst = append(dst, '{')
	}
	return append(dst, '}')
}

// has reports whether a member, or one within it, has a value.
func (m *member) has(v *values) bool {
	if m.members == nil {
		return v[m.field] != nil
	}
	return slices.ContainsFunc(m.members, func(inner member) bool { return inner.has(v) })
}
