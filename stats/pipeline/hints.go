package pipeline

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"dailystats/stats/event"

	"github.com/dustin/go-humanize"
)

// inspector tells what is wrong with whole inputs, and the way out. It looks at the beginning
// of those in which something is odd there, beside the workers, and changes no result.
type inspector struct {
	looked atomic.Int64

	mu    sync.Mutex
	hints map[string][]string // inputs, by what there is to say of them
}

const (
	mostInspected  = 100      // inputs
	inspectedLines = 1000     // of an input
	longestSketch  = 16 * kib // of a line that is parsed; a longer one is only counted
	mostNames      = 8        // of members, in a hint
)

// look takes the first lines of an input. hasInvalid says that not all of them are events. Any
// goroutine may call it.
func (i *inspector) look(input string, lines []byte, hasInvalid bool) {
	if !hasInvalid && !bytes.Contains(lines, []byte(`"Purchase"`)) && !bytes.Contains(lines, []byte(`"PURCHASE"`)) {
		return
	}
	if i.looked.Add(1) > mostInspected {
		return
	}
	i.mu.Lock() // and one at a time, because it makes garbage
	defer i.mu.Unlock()
	hints := inspect(lines)
	if i.hints == nil {
		i.hints = make(map[string][]string)
	}
	for _, hint := range hints {
		i.hints[hint] = append(i.hints[hint], input)
	}
}

// all returns what there is to say, in an order that does not depend on the workers.
func (i *inspector) all() (hints []string) {
	for hint, inputs := range i.hints {
		name := slices.Min(inputs)
		if others := len(inputs) - 1; others > 0 {
			name += fmt.Sprintf(" and %d more inputs", others)
		}
		hints = append(hints, name+": "+hint)
	}
	slices.Sort(hints)
	return hints
}

// inspect returns hints for lines that an input begins with.
func inspect(lines []byte) []string {
	s := newSketch(lines)
	if s.rejects > 0 && s.rejects == s.lines {
		return []string{"these are rejects of dailystats: jq -r .raw FILE | dailystats -"}
	}
	if hint := s.shape(); hint != "" {
		return []string{hint}
	}
	var hints []string
	for _, hint := range []string{s.missing(), s.times(), s.quotedUsers(), s.types()} {
		if hint != "" {
			hints = append(hints, hint)
		}
	}
	return hints
}

// sketch is what the first lines of an input are like.
type sketch struct {
	first, second string // lines that are not blank
	lines         int    // of those
	valid         int
	several       int // lines with more than one object
	rejects       int // lines as --rejects writes them
	registry      int // lines behind the prefix of a schema registry

	// Of the lines that are one object each.
	objects   int
	lacking   map[string]int // those without a field; without an amount, purchases alone
	purchases int
	timeKinds map[string]int
	quoted    int
	oddType   string
	example   map[string]any // the first purchase, or else the first one
}

var fieldNames = []string{"user_id", "event_type", "timestamp", "amount"}

func newSketch(text []byte) *sketch {
	s := &sketch{lacking: map[string]int{}, timeKinds: map[string]int{}}
	for line := range bytes.Lines(text) {
		line = bytes.TrimRight(line, "\r\n \t")
		if len(line) == 0 {
			continue
		}
		if s.lines == inspectedLines {
			break
		}
		s.add(line)
	}
	return s
}

func (s *sketch) add(line []byte) {
	switch s.lines {
	case 0:
		s.first = string(line[:min(len(line), 200)])
	case 1:
		s.second = string(line[:min(len(line), 200)])
	}
	s.lines++
	const prefix = 5 // a zero, and the number of a schema
	if len(line) > prefix && line[0] == 0 && line[prefix] == '{' {
		s.registry++
		return
	}
	if len(line) > longestSketch {
		return
	}
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.UseNumber()
	var object map[string]any
	if decoder.Decode(&object) != nil || object == nil {
		return
	}
	if rest := bytes.TrimLeft(line[decoder.InputOffset():], " \t,"); len(rest) > 0 {
		if rest[0] == '{' {
			s.several++
		}
		return
	}
	s.addObject(object)
	if _, fault := event.Plain(line); fault == nil {
		s.valid++
	}
}

func (s *sketch) addObject(o map[string]any) {
	s.objects++
	if isReject(o) {
		s.rejects++
	}
	isPurchase := o["event_type"] == "purchase"
	if s.example == nil || isPurchase && s.purchases == 0 {
		s.example = o
	}
	if isPurchase {
		s.purchases++
	}
	for _, field := range fieldNames {
		if _, has := o[field]; !has && (field != "amount" || isPurchase) {
			s.lacking[field]++
		}
	}
	if value, has := o["timestamp"]; has {
		s.timeKinds[timeKind(value)]++
	}
	if text, isText := o["user_id"].(string); isText {
		if _, err := strconv.ParseInt(text, 10, 64); err == nil {
			s.quoted++
		}
	}
	if text, isText := o["event_type"].(string); isText && !isPurchase && strings.EqualFold(text, "purchase") {
		s.oddType = cmp.Or(s.oddType, text)
	}
}

// isReject reports whether an object is one of a rejects file.
func isReject(o map[string]any) bool {
	_, hasRaw := o["raw"].(string)
	_, hasErrors := o["errors"].([]any)
	_, hasInput := o["input"].(string)
	return hasRaw && hasErrors && hasInput
}

// shape says what the text is, where it is not an object on each line.
func (s *sketch) shape() string {
	first := strings.TrimLeft(s.first, " \t")
	mostly := func(n int) bool { return 2*n > s.lines-s.valid && n > 0 }
	isRare := 2*s.valid < s.lines
	switch {
	case mostly(s.registry):
		return "messages have the five bytes of a schema registry in front: have its converter write plain JSON"
	case strings.HasPrefix(first, "\x00"):
		return "it begins with NUL bytes, as a log does that is truncated under its writer: tr -d '\\000' <FILE | dailystats -"
	case mostly(s.several):
		return "there are several objects on a line: jq -c . FILE | dailystats -"
	case !isRare:
		return ""
	case first == "[" || strings.HasPrefix(first, "[") && strings.Contains(first, "{"):
		return "this is a JSON array, not an object on each line: jq -c '.[]' FILE | dailystats -"
	case first == "{" || strings.HasPrefix(first, "{") && s.objects == 0 && strings.HasPrefix(strings.TrimLeft(s.second, " \t"), `"`):
		return "this is pretty-printed JSON, not an object on each line: jq -c . FILE | dailystats -"
	case strings.HasPrefix(first, "<"):
		return "this is HTML or XML, not JSON Lines: was it an error page that was downloaded?"
	case s.objects == 0 && strings.Count(first, ",") > 1 && !strings.ContainsAny(first, "{[\x00"):
		return "this is CSV, not JSON Lines: mlr --icsv --ojsonl cat FILE | dailystats -"
	default:
		return ""
	}
}

// missing says which fields no event has, and what they may be called.
func (s *sketch) missing() string {
	var missing, renames []string
	for _, field := range fieldNames {
		of := s.objects
		if field == "amount" {
			of = s.purchases
		}
		if of == 0 || s.lacking[field] < of {
			continue
		}
		missing = append(missing, field)
		if path := s.candidate(field); path != "" {
			renames = append(renames, fmt.Sprintf(".%s = .%s", field, path))
		}
	}
	switch {
	case len(missing) == 0:
		return ""
	case len(renames) == len(missing):
		return fmt.Sprintf("no event has %s: jq -c '%s' FILE | dailystats -", strings.Join(missing, ", "), strings.Join(renames, " | "))
	default:
		return fmt.Sprintf("no event has %s: all %s of the first ones have others, such as %s", strings.Join(missing, ", "), humanize.Comma(int64(s.objects)), strings.Join(s.names(), ", "))
	}
}

// synonyms are other names of the fields, in lower case and without separators.
var synonyms = map[string][]string{
	"user_id":    {"userid", "uid", "user", "customerid", "customer", "visitorid", "distinctid", "actorid", "accountid"},
	"event_type": {"eventtype", "event", "type", "eventname", "action", "name"},
	"timestamp":  {"time", "ts", "eventtime", "datetime", "date", "createdat", "occurredat", "eventtimestamp"},
	"amount":     {"revenue", "price", "value", "total", "totalprice", "amountpaid"},
}

// candidate returns the path of a member that is probably the field.
func (s *sketch) candidate(field string) string {
	paths := s.paths()
	for _, synonym := range append([]string{field}, synonyms[field]...) {
		for _, path := range paths {
			last := path[strings.LastIndexByte(path, '.')+1:]
			if plainName(last) == plainName(synonym) || plainName(path) == plainName(synonym) {
				return path
			}
		}
	}
	return ""
}

func plainName(name string) string {
	return strings.ToLower(strings.NewReplacer("_", "", "-", "", ".", "", " ", "").Replace(name))
}

// paths returns the paths of the values in the first object, those at the top first.
func (s *sketch) paths() (paths []string) {
	const deepest = 3
	var walk func(prefix string, depth int, value any)
	walk = func(prefix string, depth int, value any) {
		object, isObject := value.(map[string]any)
		if !isObject {
			paths = append(paths, prefix)
			return
		}
		if depth == deepest {
			return
		}
		for name, value := range object {
			path := name
			if prefix != "" {
				path = prefix + "." + name
			}
			walk(path, depth+1, value)
		}
	}
	walk("", 0, s.example)
	slices.SortFunc(paths, func(a, b string) int {
		return cmp.Or(cmp.Compare(strings.Count(a, "."), strings.Count(b, ".")), strings.Compare(a, b))
	})
	return paths
}

// names returns some of the paths, as a message has them.
func (s *sketch) names() []string {
	names := s.paths()
	for i, name := range names {
		if strings.ContainsFunc(name, func(r rune) bool { return !strconv.IsPrint(r) || r == ' ' }) || len(name) > 40 {
			names[i] = strconv.Quote(name[:min(len(name), 40)])
		}
	}
	if len(names) > mostNames {
		names = append(names[:mostNames:mostNames], "…")
	}
	return names
}

// times says how timestamps are written, where none is as it should be.
func (s *sketch) times() string {
	if len(s.timeKinds) != 1 || s.timeKinds[""] > 0 {
		return ""
	}
	for kind := range s.timeKinds {
		return "timestamps " + kind
	}
	return ""
}

// timeKind says how a timestamp that is none of ours is written, and the way out.
func timeKind(value any) string {
	if number, isNumber := value.(json.Number); isNumber {
		return unixKind(number.String())
	}
	text, isText := value.(string)
	const space = len("2024-01-15")
	switch {
	case !isText:
		return ""
	case text != "" && strings.Trim(text, "0123456789") == "" && len(text) >= len("1700000000"):
		return unixKind(text)
	case len(text) > space && text[space] == ' ' && strings.Count(text, "-") >= 2:
		return `have a space where ISO 8601 has a T, as SQL writes them: jq -c '.timestamp |= (sub(" UTC$"; "Z") | sub(" "; "T"))' FILE | dailystats -`
	default:
		return ""
	}
}

func unixKind(number string) string {
	seconds, err := strconv.ParseFloat(number, 64)
	if err != nil || seconds < 1e8 {
		return ""
	}
	for _, unit := range []struct {
		below      float64
		name, part string
	}{{1e11, "seconds", ""}, {1e14, "milliseconds", "1000"}, {1e17, "microseconds", "1000000"}, {1e20, "nanoseconds", "1000000000"}} {
		if seconds >= unit.below {
			continue
		}
		convert := "tonumber"
		if unit.part != "" {
			convert += " / " + unit.part + " | floor"
		}
		return fmt.Sprintf("look like Unix %s: jq -c '.timestamp |= (%s | todate)' FILE | dailystats -", unit.name, convert)
	}
	return ""
}

// quotedUsers says that users are numbers in quotes.
func (s *sketch) quotedUsers() string {
	if s.quoted == 0 || s.quoted < s.objects {
		return ""
	}
	return "user_id is quoted: jq -c '.user_id |= tonumber' FILE | dailystats -"
}

// types says that event types are purchases but for case.
func (s *sketch) types() string {
	if s.oddType == "" {
		return ""
	}
	return fmt.Sprintf("event_type %q is not purchase, so its amounts are not counted: jq -c '.event_type |= ascii_downcase' FILE | dailystats -", s.oddType)
}
