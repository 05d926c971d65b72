package event

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"dailystats/stats"
)

// longestShown is how much of a value a message shows, in bytes.
const longestShown = 200

// Message says what is wrong for a person, on one printable line. The line that
// the fault is of must still be there.
func (f *Fault) Message() string {
	if f.message != "" {
		return f.message
	}
	var b strings.Builder
	for i, p := range f.problems[:f.count] {
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(p.message(f.schema))
	}
	f.message = b.String()
	return f.message
}

func (p problem) message(s *schema) string {
	switch p.rule {
	case LineTooLong:
		return "line is longer than " + strconv.Itoa(p.limit) + " bytes"
	case MalformedJSON:
		return p.malformed()
	case NotAnObject:
		return "line is " + kindOf(p.value) + ", not an object"
	case UserIDMissing:
		return s.names[userID] + " is missing"
	case UserIDNotInteger:
		return p.named(s.names[userID]) + " is not an integer"
	case UserIDOutOfRange:
		return p.named(s.names[userID]) + " is not in the range of 64-bit integers"
	case EventTypeMissing:
		return s.names[eventType] + " is missing"
	case EventTypeNotString:
		return p.named(s.names[eventType]) + " is not a string"
	case EventTypeEmpty:
		return s.names[eventType] + " is empty"
	case TimestampMissing:
		return s.names[timestamp] + " is missing"
	case TimestampNotString:
		return p.named(s.names[timestamp]) + " is " + s.noTimeValue()
	case TimestampInvalid, TimestampNotUTC:
		return p.named(s.names[timestamp]) + " " + s.timestampMessage(p.value)
	case AmountMissing:
		return s.names[amount] + " is missing, though " + s.purchaseCondition()
	case AmountNotNumber:
		return p.named(s.names[amount]) + " is not a number"
	case AmountNotPositive:
		return p.named(s.names[amount]) + " is " + stats.ErrNotPositive.Error()
	default:
		return p.named(s.names[amount]) + s.unit() + " is " + stats.ErrOutOfRange.Error()
	}
}

// noTimeValue says what type a timestamp must have.
func (s *schema) noTimeValue() string {
	switch {
	case !s.unix:
		return "not a string"
	case s.iso || s.sql || s.quoted:
		return "neither a string nor a number"
	default:
		return "not a number"
	}
}

// purchaseCondition says what makes an event a purchase.
func (s *schema) purchaseCondition() string {
	if s.all || len(s.purchases) != 1 {
		return "the event is a purchase"
	}
	return s.names[eventType] + " is " + s.purchases[0]
}

// unit says in which units amounts are.
func (s *schema) unit() string {
	if s.minor > 0 {
		return fmt.Sprintf(", in units of 10^-%d,", s.minor)
	}
	return ""
}

// named is a field and, if that may be shown, its value.
func (p problem) named(field string) string {
	if p.hidden {
		return field
	}
	return field + " " + show(p.value)
}

// malformed says that the line is no JSON and, if that may be shown, where and how.
func (p problem) malformed() string {
	text, how := "line is not JSON", syntaxError
	if !utf8.Valid(p.value) {
		text, how = "line is not UTF-8", invalidUTF8
	}
	if p.hidden {
		return text
	}
	return text + ": " + how(p.value)
}

// show returns a JSON value for a message: a string or number itself, or what
// else it is.
func show(value []byte) string {
	switch {
	case isString(value):
		return quote(startOf(value))
	case isNumber(value):
		return string(cut(value))
	default:
		return "(" + kindOf(value) + ")"
	}
}

// startOf returns the start of a JSON string's text: more of it than is shown.
func startOf(value []byte) []byte {
	var text []byte
	for rest := value[1 : len(value)-1]; len(rest) > 0 && len(text) <= longestShown; {
		var r rune
		r, rest = cutRune(rest)
		text = utf8.AppendRune(text, r)
	}
	return text
}

// quote returns text in quotes, cut if it is long, on one line: all that is not
// printable is escaped.
func quote(text []byte) string { return strconv.Quote(string(cut(text))) }

// cut returns text, or the start of it and an ellipsis.
func cut(text []byte) []byte {
	if len(text) <= longestShown {
		return text
	}
	n := longestShown
	for !utf8.RuneStart(text[n]) && n > longestShown-utf8.UTFMax {
		n--
	}
	return append(bytes.Clone(text[:n]), "…"...)
}

// kindOf says what a JSON value is.
func kindOf(value []byte) string {
	switch value[0] {
	case '{':
		return "an object"
	case '[':
		return "an array"
	case '"':
		return "a string"
	case 't', 'f':
		return "a boolean"
	case 'n':
		return "null"
	default:
		return "a number"
	}
}

// invalidUTF8 says where line is not UTF-8.
func invalidUTF8(line []byte) string {
	for i := 0; ; {
		r, n := utf8.DecodeRune(line[i:])
		if r == utf8.RuneError && n == 1 {
			return fmt.Sprintf("invalid byte %#02x at column %d", line[i], i+1)
		}
		i += n
	}
}

// syntaxError says where and how line is not JSON.
func syntaxError(line []byte) string {
	var syntax *json.SyntaxError
	err := json.Unmarshal(line, new(json.RawMessage))
	if !errors.As(err, &syntax) {
		return fmt.Sprint(err)
	}
	return fmt.Sprintf("%s at column %d", withWholeRune(syntax.Error(), line, syntax.Offset-1), syntax.Offset)
}

// withWholeRune names the character at line[i] in a message that names its first
// byte.
func withWholeRune(message string, line []byte, i int64) string {
	if i < 0 || i >= int64(len(line)) || line[i] < utf8.RuneSelf {
		return message
	}
	r, _ := utf8.DecodeRune(line[i:])
	return strings.Replace(message, strconv.QuoteRune(rune(line[i])), strconv.QuoteRune(r), 1)
}

// timestampMessage says what is wrong with a timestamp.
func (s *schema) timestampMessage(value []byte) string {
	_, problem := s.parseTime(value)
	if problem != errNotTime {
		return problem.Error()
	}
	if _, isNumber := parseNumber(runes(value)); isNumber && s.unix {
		return "is a number in quotes"
	}
	if s.iso && !s.sql && isString(value) {
		if reason := nearISO8601(timestampText(value)); reason != "" {
			return reason
		}
	}
	return "is " + s.noTimestamp()
}

// noTimestamp says how timestamps are written, of one that isn't.
func (s *schema) noTimestamp() string {
	var formats []string
	if s.iso {
		formats = append(formats, "an ISO 8601 date and time")
	}
	if s.sql {
		formats = append(formats, "a date and time as in SQL")
	}
	if s.unix {
		unit := map[int]string{0: "seconds", 3: "milliseconds", 6: "microseconds", 9: "nanoseconds"}[s.unixPlaces]
		formats = append(formats, "a Unix time in "+unit)
	}
	if len(formats) == 1 {
		return "not " + formats[0]
	}
	return "neither " + strings.Join(formats, " nor ")
}

// nearISO8601 says why a text is not an ISO 8601 date and time, where it nearly is.
func nearISO8601(text []byte) string {
	space := bytes.IndexByte(text, ' ')
	if space < 0 {
		return ""
	}
	withT := bytes.Clone(text)
	withT[space] = 'T'
	if _, problem := defaultSchema.parseTimestamp(withT); problem != errNotTime {
		return "has a space where ISO 8601 has a T"
	}
	if time, isUTC := bytes.CutSuffix(withT, []byte(" UTC")); isUTC {
		if _, problem := defaultSchema.parseTimestamp(append(time, 'Z')); problem == nil {
			return "has a space where ISO 8601 has a T, and UTC where it has a Z"
		}
	}
	return ""
}
