package event

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

// The functions here pass over JSON from position i of a line on, with all
// checks of the grammar, and return the position behind it, or unknown. They
// never read past the end of the line.

// unknown is the answer to what is not JSON, and to what is too rare to be
// worth a closer look.
const unknown = -1

// mostNested is how deep skipValue follows objects and arrays: a bit each.
const mostNested = 64

// skipSpace passes over white space, of which there is none or one mostly.
func skipSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	return i
}

// skipValue passes over any value.
func skipValue(b []byte, i int) int {
	if i < len(b) && (b[i] == '{' || b[i] == '[') {
		return skipNested(b, i)
	}
	return skipScalar(b, i)
}

func skipScalar(b []byte, i int) int {
	if i >= len(b) {
		return unknown
	}
	switch c := b[i]; {
	case c == '"':
		return skipString(b, i)
	case c == '-' || '0' <= c && c <= '9':
		return skipNumber(b, i)
	case c == 't':
		return skipLiteral(b, i, "true")
	case c == 'f':
		return skipLiteral(b, i, "false")
	case c == 'n':
		return skipLiteral(b, i, "null")
	default:
		return unknown
	}
}

func skipLiteral(b []byte, i int, literal string) int {
	if len(b)-i < len(literal) || string(b[i:i+len(literal)]) != literal {
		return unknown
	}
	return i + len(literal)
}

// skipNested passes over an object or array, and all that is in it.
func skipNested(b []byte, i int) int {
	var objects uint64 // a bit for each that is open, the innermost lowest: 1 for an object
	for depth := 0; ; {
		// A value starts at i, or the end of an empty object or array is there.
		if i >= len(b) {
			return unknown
		}
		switch c := b[i]; {
		case c != '{' && c != '[':
			i = skipScalar(b, i)
		case depth == mostNested:
			return unknown
		default:
			depth++
			objects <<= 1
			if c == '{' {
				objects |= 1
			}
			i = skipSpace(b, i+1)
			if i < len(b) && b[i] == c+2 { // the bracket that closes it
				break
			}
			if c == '{' {
				i = skipName(b, i)
			}
			if i == unknown {
				return unknown
			}
			continue
		}
		if i == unknown {
			return unknown
		}
		// The value ended at i, and with it maybe some that it is in.
		if i, depth, objects = skipEnds(b, i, depth, objects); i == unknown || depth == 0 {
			return i
		}
	}
}

// skipEnds passes over closing brackets until nothing is open, or another value
// follows, whose start it returns.
func skipEnds(b []byte, i, depth int, objects uint64) (next, stillOpen int, stillObjects uint64) {
	for depth > 0 {
		i = skipSpace(b, i)
		if i >= len(b) {
			return unknown, depth, objects
		}
		inObject := objects&1 == 1
		switch c := b[i]; {
		case c == ',' && inObject:
			return skipName(b, skipSpace(b, i+1)), depth, objects
		case c == ',':
			return skipSpace(b, i+1), depth, objects
		case c == '}' && inObject, c == ']' && !inObject:
			i++
			depth--
			objects >>= 1
		default:
			return unknown, depth, objects
		}
	}
	return i, depth, objects
}

// skipName passes over a member's name, the colon, and the space around that.
func skipName(b []byte, i int) int {
	if i >= len(b) || b[i] != '"' {
		return unknown
	}
	if i = skipString(b, i); i == unknown {
		return unknown
	}
	i = skipSpace(b, i)
	if i >= len(b) || b[i] != ':' {
		return unknown
	}
	return skipSpace(b, i+1)
}

// skipNumber passes over a number.
func skipNumber(b []byte, i int) int {
	if b[i] == '-' {
		i++
	}
	start := i
	if i = skipDigits(b, i); i == start || b[start] == '0' && i > start+1 {
		return unknown
	}
	if i < len(b) && b[i] == '.' {
		start = i + 1
		if i = skipDigits(b, start); i == start {
			return unknown
		}
	}
	if i < len(b) && (b[i] == 'e' || b[i] == 'E') {
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		start = i
		if i = skipDigits(b, start); i == start {
			return unknown
		}
	}
	return i
}

func skipDigits(b []byte, i int) int {
	for i < len(b) && b[i]-'0' <= 9 {
		i++
	}
	return i
}

// skipString passes over a string, which starts with the quote at i.
func skipString(b []byte, i int) int {
	start := i
	ascii := true
	for i++; ; {
		n, pure := plainBytes(b[i:])
		i += n
		ascii = ascii && pure
		if i >= len(b) {
			return unknown
		}
		switch b[i] {
		case '"':
			if !ascii && !utf8.Valid(b[start:i]) {
				return unknown
			}
			return i + 1
		case '\\':
			if i = skipEscape(b, i); i == unknown {
				return unknown
			}
		default:
			return unknown // a control character
		}
	}
}

func skipEscape(b []byte, i int) int {
	if i+1 >= len(b) {
		return unknown
	}
	switch b[i+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i + 2
	case 'u':
		if i+6 > len(b) {
			return unknown
		}
		for _, c := range b[i+2 : i+6] {
			if c-'0' > 9 && c|0x20-'a' > 5 {
				return unknown
			}
		}
		return i + 6
	default:
		return unknown
	}
}

// plainBytes counts the bytes up to the first that ends the plain part of a
// string: a quote, a backslash or a control character. ascii is false if one of
// them may not be ASCII.
//
// It looks at eight bytes at a time. A byte b below 0x80 is a control character
// if b-0x20 borrows from its highest bit, and it is c if (b^c)-1 does. A borrow
// can reach the bytes above one that is found, but none below: the lowest byte
// marked is right.
func plainBytes(b []byte) (n int, ascii bool) {
	const (
		ones  = 0x0101010101010101
		highs = 0x8080808080808080
	)
	var seen uint64
	for len(b)-n >= 8 {
		x := binary.LittleEndian.Uint64(b[n:])
		quote, backslash := x^ones*'"', x^ones*'\\'
		ends := ((quote - ones) | (backslash - ones) | (x - ones*' ')) & ^x & highs
		if ends != 0 {
			k := bits.TrailingZeros64(ends) / 8
			seen |= x & (1<<(8*k) - 1)
			return n + k, seen&highs == 0
		}
		seen |= x
		n += 8
	}
	for ; n < len(b) && b[n] != '"' && b[n] != '\\' && b[n] >= ' '; n++ {
		seen |= uint64(b[n])
	}
	return n, seen&highs == 0
}
