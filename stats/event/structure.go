package event

import "bytes"

// expectation is what the grammar wants next.
type expectation uint8

const (
	aValue    expectation = iota
	aName                 // of a member
	anEnd                 // of an object or array, or a comma
	theObject             // that the line is
)

// structure passes over all that is between two scalars, with all checks of the
// grammar: from position i of b, behind a scalar that is in open, or at a line's
// start where nothing is open, to the first byte of the next scalar or behind the
// line's end. It returns what is open then, and what the scalar is the value of.
// Where end is unknown, it does not know: that may be a line that is valid, such
// as one with an escape in a name.
func structure(b []byte, i int, open nesting) (behind nesting, f field, end int) {
	expected := anEnd
	if open.depth == 0 {
		expected = theObject
	}
	for {
		if i = skipSpace(b, i); i == len(b) {
			break
		}
		c := b[i]
		switch {
		case expected == aName:
			if f, i = memberName(b, i, open.depth == 1); i == unknown {
				return open, f, unknown
			}
			expected = aValue
		case expected == aValue && startsScalar[c]:
			return open, f, i
		case expected == aValue && (c == '{' || c == '[') && f == noField && open.depth < mostNested,
			expected == theObject && c == '{':
			open = open.push(c == '{')
			i = skipSpace(b, i+1)
			expected = afterBracket(b, i, c)
		case expected == anEnd && open.depth == 0:
			if c == '\n' {
				return open, endOfLine, i + 1
			}
			return open, f, unknown
		case expected == anEnd && c == ',':
			i++
			expected = aValue
			if open.inObject() {
				expected = aName
			}
		case expected == anEnd && (c == '}' && open.inObject() || c == ']' && !open.inObject()):
			i++
			open = open.pop()
		default:
			return open, f, unknown
		}
	}
	if expected == anEnd && open.depth == 0 {
		return open, endOfLine, i
	}
	return open, f, unknown
}

// afterBracket returns what is wanted at position i, the first behind an opening bracket
// and space.
func afterBracket(b []byte, i int, bracket byte) expectation {
	switch {
	case i < len(b) && b[i] == bracket+2: // the one that closes it
		return anEnd
	case bracket == '{':
		return aName
	default:
		return aValue
	}
}

// isObject reports whether line is a JSON object, and UTF-8. If it says no, it
// may be one that is too rare to be worth a closer look.
func isObject(line []byte) bool {
	var open nesting
	for i := 0; ; {
		behind, f, end := structure(line, i, open)
		if end == unknown || f == endOfLine {
			return end == len(line)
		}
		if i = skipScalar(line, end); i == unknown {
			return false
		}
		open = behind
	}
}

// memberName passes over a member's name and the colon. At the top it returns
// the field of that name.
func memberName(b []byte, i int, top bool) (f field, end int) {
	if b[i] != '"' {
		return noField, unknown
	}
	end = skipString(b, i)
	if end == unknown {
		return noField, unknown
	}
	if top {
		name := b[i+1 : end-1]
		if bytes.IndexByte(name, '\\') >= 0 {
			return noField, unknown
		}
		f = fieldOf(name)
	}
	end = skipSpace(b, end)
	if end == len(b) || b[end] != ':' {
		return noField, unknown
	}
	return f, end + 1
}

func fieldOf(name []byte) field {
	switch string(name) {
	case "user_id":
		return userID
	case "event_type":
		return eventType
	case "timestamp":
		return timestamp
	case "amount":
		return amount
	default:
		return noField
	}
}
