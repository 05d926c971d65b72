package event

// members is the raw JSON of the values that matter, nil for those that are
// missing. Where a name repeats, it is the last one's.
type members struct {
	userID, eventType, timestamp, amount []byte
}

// membersOf walks through the members of object, which must be a JSON object,
// and valid. So it need not look at what it passes but for strings and brackets.
func membersOf(object []byte) (m members) {
	rest := skipWhitespace(object[1:])
	for rest[0] != '}' {
		var name, value []byte
		name, rest = cutValue(rest)
		rest = skipWhitespace(rest)[1:] // behind the colon
		value, rest = cutValue(skipWhitespace(rest))
		m.set(name, value)
		rest = skipWhitespace(rest)
		if rest[0] == ',' {
			rest = skipWhitespace(rest[1:])
		}
	}
	return m
}

func (m *members) set(name, value []byte) {
	switch {
	case isText(name, "user_id"):
		m.userID = value
	case isText(name, "event_type"):
		m.eventType = value
	case isText(name, "timestamp"):
		m.timestamp = value
	case isText(name, "amount"):
		m.amount = value
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
// want, which must be ASCII.
func isText(value []byte, want string) bool {
	if len(value) > len(`""`)+len(want)*longestEscape {
		return false
	}
	return string(unquote(value)) == want
}
