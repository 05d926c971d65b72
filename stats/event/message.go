package event

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// longestShown is how much of a value a message shows, in bytes.
const longestShown = 200

// show returns a JSON value for a message: a string or number itself, or what
// else it is.
func show(value []byte) string {
	switch {
	case isString(value):
		// Long enough to be cut after its escapes, of six bytes at most, are decoded.
		if len(value) > 8*longestShown {
			return quote(value[1:])
		}
		return quote(unquote(value))
	case isNumber(value):
		return string(cut(value))
	default:
		return "(" + kindOf(value) + ")"
	}
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
func timestampMessage(text []byte, problem error) string {
	if problem != errNotISO8601 {
		return problem.Error()
	}
	if space := bytes.IndexByte(text, ' '); space >= 0 {
		withT := bytes.Clone(text)
		withT[space] = 'T'
		if _, problem := parseTimestamp(withT); problem != errNotISO8601 {
			return "has a space where ISO 8601 has a T"
		}
	}
	return problem.Error()
}
