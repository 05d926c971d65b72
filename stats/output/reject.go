package output

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

// AppendReject appends an invalid line as a JSON object on a line of its own:
//
//	{"input":"events.jsonl","line":4,"errors":["malformed_json"],"raw":"{"}
//
// line counts from 1. raw is the line as it was read; its LF, if it is there,
// and one CR before that are left out. Each invalid byte of raw and of input
// becomes a U+FFFD. Nothing but what JSON demands is escaped.
func AppendReject(dst []byte, input string, line uint64, codes []string, raw []byte) []byte {
	dst = append(dst, `{"input":`...)
	dst = appendString(dst, []byte(input))
	dst = append(dst, `,"line":`...)
	dst = strconv.AppendUint(dst, line, 10)
	dst = append(dst, `,"errors":[`...)
	for i, code := range codes {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendString(dst, []byte(code))
	}
	dst = append(dst, `],"raw":`...)
	dst = appendString(dst, withoutLineEnd(raw))
	return append(dst, '}', '\n')
}

func withoutLineEnd(line []byte) []byte {
	line = bytes.TrimSuffix(line, []byte{'\n'})
	return bytes.TrimSuffix(line, []byte{'\r'})
}

// appendString appends text as a JSON string.
func appendString(dst, text []byte) []byte {
	dst = append(dst, '"')
	for len(text) > 0 {
		n := plainPrefix(text)
		dst = append(dst, text[:n]...)
		text = text[n:]
		if len(text) == 0 {
			break
		}
		if text[0] < utf8.RuneSelf {
			dst = appendEscape(dst, text[0])
		} else {
			dst = utf8.AppendRune(dst, utf8.RuneError)
		}
		text = text[1:]
	}
	return append(dst, '"')
}

// plainPrefix counts the bytes before the first one that a JSON string can't
// hold as it is: one to be escaped, or one that is not UTF-8.
func plainPrefix(text []byte) int {
	n := 0
	for n < len(text) {
		switch c := text[n]; {
		case c < ' ' || c == '"' || c == '\\':
			return n
		case c < utf8.RuneSelf:
			n++
		default:
			r, size := utf8.DecodeRune(text[n:])
			if r == utf8.RuneError && size == 1 {
				return n
			}
			n += size
		}
	}
	return n
}

func appendEscape(dst []byte, c byte) []byte {
	const hex = "0123456789abcdef"
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\n':
		return append(dst, `\n`...)
	case '\r':
		return append(dst, `\r`...)
	case '\t':
		return append(dst, `\t`...)
	default:
		return append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
	}
}
