package pipeline

import (
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"dailystats/stats/event"

	"github.com/dustin/go-humanize"
)

// proposal is how events are written, where that is otherwise than was said.
type proposal struct {
	form  event.Form
	hints []string // what of it was not said
	lacks bool     // there is more, which only the user can know
}

// The fields, in the order of event.Schema.Paths.
const (
	userIDField = iota
	eventTypeField
	timestampField
	amountField
)

var fieldNames = [...]string{"user_id", "event_type", "timestamp", "amount"}

// fieldValues are values of each field.
type fieldValues [len(fieldNames)][]any

// propose returns hints for events that are written otherwise, and the command that reads
// them, if it is known.
func propose(s *sketch, lines []byte, command string) []string {
	p := proposal{form: s.schema.Form()}
	p.nameFields(s)
	schema, err := event.NewSchema(p.form)
	if err != nil {
		return p.hints
	}
	values := valuesAt(lines, schema)
	p.readTimes(values[timestampField])
	p.readNumbers(values, schema)
	p.readTypes(values)
	options := strings.Join(optionsOf(p.form), " ")
	if len(p.hints) > 0 && !p.lacks && p.fits(s, lines) && !strings.ContainsFunc(options, unicode.IsControl) {
		p.hints = append(p.hints, "this reads them: "+command+" "+file+" "+options)
	}
	return p.hints
}

// fits reports whether most of the objects are events as proposed.
func (p *proposal) fits(s *sketch, lines []byte) bool {
	schema, err := event.NewSchema(p.form)
	valid := 0
	for line := range sketchedLines(lines) {
		if _, fault := schema.Plain(line); fault == nil {
			valid++
		}
	}
	return err == nil && 2*valid > s.objects
}

func (p *proposal) hint(format string, args ...any) {
	p.hints = append(p.hints, fmt.Sprintf(format, args...))
}

var plainWord = regexp.MustCompile(`^[\w.,/:@%+-]+$`)

// shellWord quotes a text for a shell, where it needs that.
func shellWord(text string) string {
	if plainWord.MatchString(text) {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

// option is an option with its values, as a command has it.
func option(name string, values ...string) string {
	for i, value := range values {
		values[i] = strings.ReplaceAll(value, ",", `\,`)
	}
	return name + " " + shellWord(strings.Join(values, ","))
}

// optionsOf returns the options of a form, as a command has them.
func optionsOf(f event.Form) (options []string) {
	for i, path := range []event.Path{f.UserIDField, f.EventTypeField, f.TimestampField, f.AmountField} {
		if path != nil {
			options = append(options, fieldOptions[i]+" "+shellWord(path.String()))
		}
	}
	if f.Purchases != nil && !slices.Equal(f.Purchases, []string{"purchase"}) {
		options = append(options, option("Form.Purchases", slices.Clone(f.Purchases)...))
	}
	if formats := f.TimeFormats; len(formats) > 0 && !slices.Equal(formats, []event.TimeFormat{event.ISO8601}) {
		options = append(options, formatsOption(formats))
	}
	for _, is := range []struct {
		set  bool
		name string
	}{
		{f.NoEventType, "Form.NoEventType"}, {f.ConvertOffsets, "Form.ConvertOffsets"}, {f.AssumeUTC, "Form.AssumeUTC"}, {f.QuotedNumbers, "Form.QuotedNumbers"},
	} {
		if is.set {
			options = append(options, is.name)
		}
	}
	if f.TimeZone != "" {
		options = append(options, option("Form.TimeZone", f.TimeZone))
	}
	if f.MinorUnits != 0 {
		options = append(options, option("Form.MinorUnits", strconv.Itoa(f.MinorUnits)))
	}
	return options
}

func formatsOption(formats []event.TimeFormat) string {
	var names []string
	for _, format := range slices.Sorted(slices.Values(formats)) {
		names = append(names, string(format))
	}
	return option("Form.TimeFormats", names...)
}

var fieldOptions = [...]string{"Form.UserIDField", "Form.EventTypeField", "Form.TimestampField", "Form.AmountField"}

// nameFields looks for fields that no event has.
func (p *proposal) nameFields(s *sketch) {
	var missing, options []string
	for i, path := range s.schema.Paths() {
		if path == nil || s.objects == 0 || s.has[fieldNames[i]] > 0 {
			continue
		}
		candidate := s.candidate(fieldNames[i])
		switch {
		case i == amountField && !s.isRich && (candidate == nil || s.has[fieldNames[eventTypeField]] > 0):
			continue // nothing needs one
		case candidate != nil:
			options = append(options, p.nameField(i, candidate))
		case i == eventTypeField && !p.lacks && p.form.Purchases == nil:
			p.form.NoEventType = true
			options = append(options, "Form.NoEventType")
		default:
			p.lacks = true
		}
		missing = append(missing, shownPath(path))
	}
	if p.form.NoEventType && p.form.Purchases == nil && (p.form.AmountField != nil || s.has[fieldNames[amountField]] > 0) && slices.Contains(options, "Form.NoEventType") {
		p.form.Purchases = []string{event.EachPurchase}
		options = append(options, option("Form.Purchases", event.EachPurchase))
	}
	switch {
	case len(missing) == 0:
	case p.lacks:
		p.hint("no event has %s: all %s of the first ones have others, such as %s", strings.Join(missing, ", "), humanize.Comma(int64(s.objects)), strings.Join(s.names(), ", "))
	default:
		p.hint("no event has %s: %s", strings.Join(missing, ", "), strings.Join(options, " "))
	}
}

// nameField says where a field is.
func (p *proposal) nameField(i int, path event.Path) string {
	f := &p.form
	*[...]*event.Path{&f.UserIDField, &f.EventTypeField, &f.TimestampField, &f.AmountField}[i] = path
	return fieldOptions[i] + " " + shellWord(path.String())
}

// synonyms are other names of the fields, in lower case and without separators.
var synonyms = map[string][]string{
	"user_id":    {"userid", "uid", "user", "customerid", "customer", "visitorid", "distinctid", "actorid", "accountid"},
	"event_type": {"eventtype", "event", "type", "eventname", "action", "name"},
	"timestamp":  {"time", "ts", "eventtime", "datetime", "date", "createdat", "occurredat", "eventtimestamp"},
	"amount":     {"revenue", "price", "value", "total", "totalprice", "amountpaid"},
}

// candidate returns the path of a member that is probably the field, or nil.
func (s *sketch) candidate(field string) event.Path {
	paths := s.paths()
	for _, synonym := range append([]string{field}, synonyms[field]...) {
		for _, path := range paths {
			last, all := path[len(path)-1], strings.Join(path, "")
			if value, _ := valueAt(s.example, path); (plainName(last) == plainName(synonym) || plainName(all) == plainName(synonym)) && isScalar(value) {
				return path
			}
		}
	}
	return nil
}

func isScalar(value any) bool {
	switch value.(type) {
	case string, json.Number:
		return true
	default:
		return false
	}
}

func plainName(name string) string {
	return strings.ToLower(strings.NewReplacer("_", "", "-", "", ".", "", " ", "").Replace(name))
}

// paths returns the paths of the values in the example, those at the top first.
func (s *sketch) paths() (paths []event.Path) {
	const deepest = 3
	var walk func(path event.Path, value any)
	walk = func(path event.Path, value any) {
		object, isObject := value.(map[string]any)
		if !isObject {
			paths = append(paths, path)
			return
		}
		if len(path) == deepest {
			return
		}
		for name, value := range object {
			walk(append(slices.Clone(path), name), value)
		}
	}
	walk(nil, s.example)
	slices.SortFunc(paths, func(a, b event.Path) int {
		return cmp.Or(cmp.Compare(len(a), len(b)), slices.Compare(a, b))
	})
	return paths
}

// names returns some of the paths, as a message has them.
func (s *sketch) names() (names []string) {
	const most, longest = 8, 40
	for _, path := range s.paths() {
		if len(names) == most {
			return append(names, "…")
		}
		name := shownPath(path)
		if strings.ContainsFunc(name, func(r rune) bool { return !strconv.IsPrint(r) || r == ' ' }) || len(name) > longest {
			name = strconv.Quote(name[:min(len(name), longest)])
		}
		names = append(names, name)
	}
	return names
}

// shownPath returns a path as a message has it.
func shownPath(path event.Path) string { return cmp.Or(path.String(), `""`) }

// valuesAt returns the values that the first objects have.
func valuesAt(lines []byte, schema event.Schema) (values fieldValues) {
	for line := range sketchedLines(lines) {
		object, rest := parseObject(line)
		if object == nil || len(rest) > 0 {
			continue
		}
		for i, path := range schema.Paths() {
			if value, has := valueAt(object, path); has {
				values[i] = append(values[i], value)
			}
		}
	}
	return values
}

// valueAt returns the value at a path, if there is one.
func valueAt(object map[string]any, path event.Path) (value any, has bool) {
	for i, name := range path {
		if value, has = object[name]; !has || i == len(path)-1 {
			return value, has
		}
		if object, has = value.(map[string]any); !has {
			return nil, false
		}
	}
	return nil, false
}

// timeKind is a way in which timestamps are written, and what has them read.
type timeKind struct {
	words              string
	format             event.TimeFormat // empty for those that are read already
	assumeUTC, convert bool
}

const (
	isoWords = "are as ISO 8601 has them"
	sqlWords = "have a space where ISO 8601 has a T, as SQL writes them"
	noZone   = "have no zone"
	offset   = "have zones other than UTC"
)

// textKinds are those of text; the first one that is right counts.
var textKinds = []timeKind{
	{noZone, "", true, false},
	{offset, "", false, true},
	{isoWords, event.ISO8601, false, false},
	{isoWords + ", and no zone", event.ISO8601, true, false},
	{isoWords + ", and zones other than UTC", event.ISO8601, false, true},
	{sqlWords, event.SQL, false, false},
	{sqlWords + ", and no zone", event.SQL, true, false},
	{sqlWords + ", and zones other than UTC", event.SQL, false, true},
}

// unixKinds are those of numbers, by what times of our days are below.
var unixKinds = []struct {
	below float64
	kind  timeKind
}{
	{1e8, timeKind{}},
	{1e11, timeKind{words: "look like Unix seconds", format: event.Unix}},
	{1e14, timeKind{words: "look like Unix milliseconds", format: event.UnixMilli}},
	{1e17, timeKind{words: "look like Unix microseconds", format: event.UnixMicro}},
	{1e20, timeKind{words: "look like Unix nanoseconds", format: event.UnixNano}},
}

// readTimes says how timestamps are written, where none is as it should be.
func (p *proposal) readTimes(values []any) {
	var words []string
	asked := p.form
	for _, value := range values {
		kind, known := p.timeKind(value)
		if !known {
			return
		}
		if !slices.Contains(words, kind.words) {
			words = append(words, kind.words)
		}
		asked = kind.addTo(asked)
	}
	var options []string
	if !slices.Equal(asked.TimeFormats, p.form.TimeFormats) {
		options = append(options, formatsOption(asked.TimeFormats))
	}
	if asked.AssumeUTC && !p.form.AssumeUTC {
		options = append(options, "Form.AssumeUTC")
	}
	if asked.ConvertOffsets && !p.form.ConvertOffsets {
		options = append(options, "Form.ConvertOffsets")
	}
	p.form = asked
	if len(options) > 0 {
		p.hint("timestamps %s: %s", strings.Join(words, ", or "), strings.Join(options, " "))
	}
}

// addTo returns a form that reads such timestamps, too. The default format is not kept beside
// another one.
func (k timeKind) addTo(f event.Form) event.Form {
	if k.format != "" && !slices.Contains(f.TimeFormats, k.format) {
		f.TimeFormats = append(slices.Clone(f.TimeFormats), k.format)
	}
	f.AssumeUTC = f.AssumeUTC || k.assumeUTC
	f.ConvertOffsets = f.ConvertOffsets || k.convert
	return f
}

// timeKind returns how a timestamp is written, if that is known, and not as it should be.
func (p *proposal) timeKind(value any) (kind timeKind, known bool) {
	text, isText := value.(string)
	number, isNumber := value.(json.Number)
	if p.reads(value, p.form) || !isText && !isNumber {
		return kind, false
	}
	if isNumber || isInteger(text) {
		return unixKind(cmp.Or(text, number.String()))
	}
	for _, kind := range textKinds {
		if p.reads(value, kind.addTo(p.form)) {
			return kind, true
		}
	}
	return kind, false
}

// reads reports whether a value is a timestamp in the form's formats.
func (p *proposal) reads(value any, f event.Form) bool {
	schema, err := event.NewSchema(event.Form{
		TimeFormats: f.TimeFormats, AssumeUTC: f.AssumeUTC, ConvertOffsets: f.ConvertOffsets,
		QuotedNumbers: f.QuotedNumbers, NoEventType: true,
	})
	if err != nil {
		return false
	}
	line, _ := json.Marshal(map[string]any{"user_id": 1, "timestamp": value})
	_, fault := schema.Plain(line)
	return fault == nil
}

func unixKind(number string) (kind timeKind, known bool) {
	n, err := strconv.ParseFloat(number, 64)
	if err != nil {
		return kind, false
	}
	for _, k := range unixKinds {
		if n < k.below {
			return k.kind, k.kind.words != ""
		}
	}
	return kind, false
}

// readNumbers says that numbers are in quotes.
func (p *proposal) readNumbers(values fieldValues, schema event.Schema) {
	if p.form.QuotedNumbers {
		return
	}
	var quoted []string
	for i, path := range schema.Paths() {
		isQuoted := len(values[i]) > 0 && i != eventTypeField
		for _, value := range values[i] {
			text, isText := value.(string)
			isQuoted = isQuoted && isText && (isInteger(text) || i == amountField && isDecimal(text))
		}
		if isQuoted {
			quoted = append(quoted, shownPath(path))
		}
	}
	if quoted == nil {
		return
	}
	p.form.QuotedNumbers = true
	verb := "is"
	if len(quoted) > 1 {
		verb = "are"
	}
	p.hint("%s %s quoted: %s", strings.Join(quoted, " and "), verb, "Form.QuotedNumbers")
}

func isInteger(text string) bool {
	_, err := strconv.ParseInt(text, 10, 64)
	return err == nil
}

func isDecimal(text string) bool {
	_, err := strconv.ParseFloat(text, 64)
	return err == nil
}

// readTypes says that event types are purchases but for case, or asks which are, if it had to
// be found out where they are.
func (p *proposal) readTypes(values fieldValues) {
	if p.form.Purchases != nil || p.form.NoEventType {
		return
	}
	const most = 8
	var kinds []string
	for _, value := range values[eventTypeField] {
		kind, isText := value.(string)
		switch {
		case kind == "purchase":
			p.form.Purchases = []string{kind} // there is no need to ask
		case isText && strings.EqualFold(kind, "purchase"):
			p.form.Purchases = []string{"purchase", kind}
			p.hint("event_type %q is not purchase, so its amounts are not counted: %s", kind, option("Form.Purchases", "purchase", kind))
			return
		case isText && !slices.Contains(kinds, kind) && len(kinds) < most:
			kinds = append(kinds, kind)
		}
	}
	if p.form.EventTypeField != nil && p.form.Purchases == nil && len(kinds) > 0 {
		p.lacks = p.lacks || len(values[amountField]) > 0
		p.hint("no event is a purchase: say with Form.Purchases which event types are, such as %s", strconv.Quote(kinds[0]))
	}
}
