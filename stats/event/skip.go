package event

import (
	"unicode/utf8"
)

// The functions here pass over JSON from position i of a line on, with all
// checks of the grammar, and return the position behind it, or unknown. They
// never pass the end of the line.

// unknown is the answer to what is not JSON, and to what is too rare to be
// worth a closer look.
const unknown = -1

// skipSpace passes over white space, of which there is none or one mostly.
func skipSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	return i
}

// skipScalar passes over a string, number or literal.
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
	if end := shortString(b, i); end != unknown {
		return end
	}
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
func plainBytes(b []byte) (n int, ascii bool) {
	var seen uint64
	for len(b)-n >= 8 {
		x := word(b, n)
		if ends := stringEnds(x); ends != 0 {
			k := firstByte(ends)
			seen |= x & lowBytes(k)
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
