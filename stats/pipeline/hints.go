package pipeline

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"dailystats/stats/event"
)

// inspector tells what is wrong with whole inputs, and the way out. It looks at the beginning
// of those in which something is odd there, beside the workers, and changes no result.
type inspector struct {
	schema  event.Schema
	command string // that reads events in the way of this run
	looked  atomic.Int64

	mu    sync.Mutex
	hints map[string]*hint // by their text
}

// hint is what there is to say of some inputs.
type hint struct {
	text   string
	inputs []string
	place  int // among the hints of the first of them
}

const (
	mostInspected  = 100      // inputs
	inspectedLines = 1000     // of an input
	longestSketch  = 16 * kib // of a line that is parsed; a longer one is only counted
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
	if i.hints == nil {
		i.hints = make(map[string]*hint)
	}
	for place, text := range inspect(lines, i.schema, i.command) {
		h := i.hints[text]
		if h == nil {
			h = &hint{text: text, place: place}
			i.hints[text] = h
		}
		h.inputs = append(h.inputs, input)
		h.place = min(h.place, place)
	}
}

// all returns what there is to say, in an order that does not depend on the workers.
func (i *inspector) all() (texts []string) {
	for _, h := range i.hints {
		slices.Sort(h.inputs)
	}
	for _, h := range slices.SortedFunc(maps.Values(i.hints), func(a, b *hint) int {
		return cmp.Or(cmp.Compare(a.inputs[0], b.inputs[0]), cmp.Compare(a.place, b.place), cmp.Compare(a.text, b.text))
	}) {
		texts = append(texts, h.String())
	}
	return texts
}

func (h *hint) String() string {
	name, argument := h.inputs[0], "FILE"
	switch others := len(h.inputs) - 1; {
	case others == 1:
		name += " and 1 more input"
	case others > 1:
		name += fmt.Sprintf(" and %d more inputs", others)
	case strings.HasPrefix(name, "-") && name != "-":
		argument = shellWord("./" + name)
	case name != "-":
		argument = shellWord(name)
	}
	return name + ": " + strings.ReplaceAll(h.text, file, argument)
}

// file stands for the input in hints.
const file = "\x00"

// inspect returns hints for lines that an input begins with.
func inspect(lines []byte, schema event.Schema, command string) []string {
	s := newSketch(lines, schema)
	if s.rejects > 0 && s.rejects == s.lines {
		return []string{"these are rejects of dailystats: jq -r .raw " + file + " | dailystats -"}
	}
	if hint := s.shape(); hint != "" {
		return []string{hint}
	}
	return propose(s, lines, command)
}

// sketch is what the first lines of an input are like.
type sketch struct {
	first, second string // lines that are not blank
	lines         int    // of those
	valid         int
	several       int // lines with more than one object
	rejects       int // lines as --rejects writes them
	registry      int // lines behind the prefix of a schema registry

	schema  event.Schema
	objects int            // lines that are one object each
	has     map[string]int // those that have a field
	isRich  bool           // example is a purchase
	example map[string]any // the first purchase, or else the first object
}

func newSketch(text []byte, schema event.Schema) *sketch {
	s := &sketch{schema: schema, has: map[string]int{}}
	for line := range sketchedLines(text) {
		s.add(line)
	}
	return s
}

// sketchedLines yields the lines that are looked at, without blank ones and line ends.
func sketchedLines(text []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		n := 0
		for line := range bytes.Lines(text) {
			line = bytes.TrimRight(line, "\r\n \t")
			if len(line) == 0 {
				continue
			}
			if n++; n > inspectedLines || !yield(line) {
				return
			}
		}
	}
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
	object, rest := parseObject(line)
	switch {
	case object == nil:
	case len(rest) == 0:
		s.addObject(object)
		if _, fault := s.schema.Plain(line); fault == nil {
			s.valid++
		}
	case rest[0] == '{':
		s.several++
	}
}

// parseObject returns the object that a line begins with, if it is not too long, and what is
// behind it.
func parseObject(line []byte) (object map[string]any, rest []byte) {
	if len(line) > longestSketch {
		return nil, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.UseNumber()
	if decoder.Decode(&object) != nil {
		return nil, nil
	}
	return object, bytes.TrimLeft(line[decoder.InputOffset():], " \t,")
}

func (s *sketch) addObject(o map[string]any) {
	s.objects++
	if isReject(o) {
		s.rejects++
	}
	paths := s.schema.Paths()
	for i, path := range paths {
		if _, has := valueAt(o, path); has {
			s.has[fieldNames[i]]++
		}
	}
	kind, _ := valueAt(o, paths[eventTypeField])
	if isPurchase := kind == "purchase"; s.example == nil || isPurchase && !s.isRich {
		s.example, s.isRich = o, isPurchase
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
		return "it begins with NUL bytes, as a log does that is truncated under its writer: tr -d '\\000' <" + file + " | dailystats -"
	case mostly(s.several):
		return "there are several objects on a line: jq -c . " + file + " | dailystats -"
	case !isRare:
		return ""
	case first == "[" || strings.HasPrefix(first, "[") && strings.Contains(first, "{"):
		return "this is a JSON array, not an object on each line: jq -c '.[]' " + file + " | dailystats -"
	case first == "{" || strings.HasPrefix(first, "{") && s.objects == 0 && strings.HasPrefix(strings.TrimLeft(s.second, " \t"), `"`):
		return "this is pretty-printed JSON, not an object on each line: jq -c . " + file + " | dailystats -"
	case strings.HasPrefix(first, "<"):
		return "this is HTML or XML, not JSON Lines: was it an error page that was downloaded?"
	case s.objects == 0 && strings.Count(first, ",") > 1 && !strings.ContainsAny(first, "{[\x00"):
		return "this is CSV, not JSON Lines: mlr --icsv --ojsonl cat " + file + " | dailystats -"
	default:
		return ""
	}
}
