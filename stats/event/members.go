package event

// values are the raw JSON of the fields, nil for those that are missing.
type values [fieldCount][]byte

// walk walks through the members of object, which must be a JSON object, and valid. So it
// need not look at what it passes but for strings and brackets. Of members with the same name, the
// last one counts, with all that is in it.
func (v *values) walk(object []byte, n *node) {
	rest := skipWhitespace(object[1:])
	for rest[0] != '}' {
		var name, value []byte
		name, rest = cutValue(rest)
		rest = skipWhitespace(rest)[1:] // behind the colon
		value, rest = cutValue(skipWhitespace(rest))
		v.set(name, value, n)
		rest = skipWhitespace(rest)
		if rest[0] == ',' {
			rest = skipWhitespace(rest[1:])
		}
	}
}

func (v *values) set(name, value []byte, n *node) {
	for _, m := range n.members {
		switch {
		case !isText(name, m.name):
		case m.node == nil:
			v[m.field] = value
		default:
			for f := range m.node.fields.all() {
				v[f] = nil
			}
			if value[0] == '{' {
				v.walk(value, m.node)
			}
		}
	}
}

func skipWhitespace(text []byte) []byte { return text[skipSpace(text, 0):] }

// cutValue cuts the value off with which text starts.
func cutValue(text []byte) (value, rest []byte) {
	depth := 0
	for i := 0; ; {
		switch text[i] {
		case '"':
			i += stringLength(text[i:])
		case '{', '[':
			depth++
			i++
		case '}', ']':
			depth--
			i++
		default:
			i++
			if depth == 0 {
				i += scalarLength(text[i:])
			}
		}
		if depth == 0 {
			return text[:i], text[i:]
		}
	}
}

// stringLength is the length of the string with which text starts, quotes
// included.
func stringLength(text []byte) int {
	for i := 1; ; i++ {
		switch text[i] {
		case '"':
			return i + 1
		case '\\':
			i++
		}
	}
}

// scalarLength is the length of what is left of a number, true, false or null.
func scalarLength(text []byte) int {
	for i, c := range text {
		switch c {
		case ',', ']', '}', ' ', '\t', '\r':
			return i
		}
	}
	return len(text)
}

// isText reports whether a JSON string's text, with its escapes decoded, is
// want.
func isText(value []byte, want string) bool {
	if len(value) > len(`""`)+len(want)*longestEscape {
		return false
	}
	return string(unquote(value)) == want
}
