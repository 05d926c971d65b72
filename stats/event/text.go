package event

import (
	"bytes"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// The strings here are JSON strings of a line that checkLine found valid, quotes
// included. A line may be one long string, and there is memory for the line alone:
// so a string is decoded only where it is known to be short, or piece by piece.

// longestEscape is the length of an escape, in bytes, but for those of a
// surrogate pair, which are two.
const longestEscape = len(`\u0000`)

// unquote returns a JSON string's text, which must not be long: it takes as much
// memory as the string. The half of a surrogate pair, which is no character,
// becomes U+FFFD.
func unquote(value []byte) []byte {
	rest := value[1 : len(value)-1]
	if bytes.IndexByte(rest, '\\') < 0 {
		return rest
	}
	text := make([]byte, 0, len(rest))
	for len(rest) > 0 {
		var r rune
		r, rest = cutRune(rest)
		text = utf8.AppendRune(text, r)
	}
	return text
}

// cutRune cuts off the character with which the inside of a JSON string starts.
func cutRune(text []byte) (r rune, rest []byte) {
	if text[0] != '\\' {
		r, size := utf8.DecodeRune(text)
		return r, text[size:]
	}
	switch c := text[1]; c {
	case 'b':
		r = '\b'
	case 'f':
		r = '\f'
	case 'n':
		r = '\n'
	case 'r':
		r = '\r'
	case 't':
		r = '\t'
	case 'u':
		return cutCodeUnits(text)
	default:
		r = rune(c) // a quote, a backslash or a slash
	}
	return r, text[2:]
}

// cutCodeUnits is cutRune for an escape \uXXXX, or two that are a surrogate pair.
func cutCodeUnits(text []byte) (r rune, rest []byte) {
	r, rest = codeUnit(text), text[longestEscape:]
	if !utf16.IsSurrogate(r) {
		return r, rest
	}
	if bytes.HasPrefix(rest, []byte(`\u`)) {
		if r = utf16.DecodeRune(r, codeUnit(rest)); r != utf8.RuneError {
			return r, rest[longestEscape:]
		}
	}
	return utf8.RuneError, rest
}

// codeUnit is the UTF-16 code unit of the escape \uXXXX with which text starts.
func codeUnit(text []byte) rune {
	n, _ := strconv.ParseUint(string(text[len(`\u`):longestEscape]), 16, 16)
	return rune(n)
}

const (
	// enoughFraction is how many digits of a fraction are kept.
	enoughFraction = 20
	// longestTimestamp is more bytes than any timestamp has whose fraction has no
	// more than enoughFraction digits.
	longestTimestamp = 64
)

// timestampText returns a JSON string's text as far as parseTimestamp cares, in
// little memory, whatever the length of the string. What is left out are digits of
// a long fraction, which matter only by whether one of them is not zero, and all
// that comes behind so many bytes that the text is no timestamp anyway.
func timestampText(value []byte) []byte {
	if len(value) < longestTimestamp {
		return unquote(value)
	}
	text := make([]byte, 0, longestTimestamp+utf8.UTFMax)
	digits := -1 // of a fraction; negative outside of one
	for rest := value[1 : len(value)-1]; len(rest) > 0 && len(text) < longestTimestamp; {
		var r rune
		r, rest = cutRune(rest)
		isDigit := '0' <= r && r <= '9'
		switch {
		case r == '.' || r == ',':
			digits = 0
		case !isDigit:
			digits = -1
		case digits >= 0:
			digits++
		}
		if digits <= enoughFraction {
			text = utf8.AppendRune(text, r)
		} else if r != '0' {
			text[len(text)-1] = byte(r)
		}
	}
	return text
}
