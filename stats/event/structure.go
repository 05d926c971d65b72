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
// line's end. It returns what it found there. Where end is unknown, it does not know: that may
// be a line that is valid, such as one with an escape in a name.
func structure(b []byte, i int, open nesting) (f found, end int) {
	f.open = open
	expected := anEnd
	if open.depth == 0 {
		expected = theObject
	}
	var child *node // that the next value is, if it is an object
	for {
		if i = skipSpace(b, i); i == len(b) {
			break
		}
		c := b[i]
		switch {
		case expected == aName:
			if f.field, child, i = memberName(b, i, f.open); i == unknown {
				return f, unknown
			}
			if child != nil {
				f.clears |= child.fields
			}
			expected = aValue
		case expected == aValue && startsScalar[c]:
			return f, i
		case expected == aValue && (c == '{' || c == '[') && f.field == noField && f.open.depth < mostNested,
			expected == theObject && c == '{':
			f.open = f.open.push(c == '{')
			if c == '{' && child != nil {
				f.open.node = child
			}
			child = nil
			i = skipSpace(b, i+1)
			expected = afterBracket(b, i, c)
		case expected == anEnd && f.open.depth == 0:
			if c == '\n' {
				f.field = endOfLine
				return f, i + 1
			}
			return f, unknown
		case expected == anEnd && c == ',':
			i++
			expected = aValue
			if f.open.inObject() {
				expected = aName
			}
		case expected == anEnd && (c == '}' && f.open.inObject() || c == ']' && !f.open.inObject()):
			i++
			f.open = f.open.pop()
		default:
			return f, unknown
		}
	}
	if expected == anEnd && f.open.depth == 0 {
		f.field = endOfLine
		return f, i
	}
	return f, unknown
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
		f, end := structure(line, i, open)
		if end == unknown || f.field == endOfLine {
			return end == len(line)
		}
		if i = skipScalar(line, end); i == unknown {
			return false
		}
		open = f.open
	}
}

// memberName passes over a member's name and the colon. In a node it returns the field of that
// name, or the node that is the member if it is an object.
func memberName(b []byte, i int, open nesting) (f field, child *node, end int) {
	if b[i] != '"' {
		return noField, nil, unknown
	}
	end = skipString(b, i)
	if end == unknown {
		return noField, nil, unknown
	}
	if open.atNode() {
		name := b[i+1 : end-1]
		if bytes.IndexByte(name, '\\') >= 0 {
			return noField, nil, unknown
		}
		if m := open.node.member(name); m != nil {
			f, child = m.field, m.node
		}
	}
	end = skipSpace(b, end)
	if end == len(b) || b[end] != ':' {
		return noField, nil, unknown
	}
	return f, child, end + 1
}
