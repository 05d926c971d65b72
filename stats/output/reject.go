package output

import (
	"io"
	"strconv"
	"unicode/utf8"
)

// Reject is what is said of an invalid line.
type Reject struct {
	Input   string
	Unit    string // what Number is: "line", from 1, or "offset" of the message that it is in
	Number  uint64
	Codes   []string
	Message string
}

// AppendReject appends an invalid line as a JSON object on a line of its own:
//
//	{"input":"events.jsonl","line":4,"errors":["malformed_json"],"message":"…","raw":"{"}
//
// raw is the line without its end. Each invalid byte of raw and of the input's name becomes a
// U+FFFD. Nothing but what JSON demands is escaped.
func AppendReject(dst []byte, r Reject, raw []byte) []byte {
	dst = r.appendHead(dst)
	dst = appendText(dst, raw)
	return append(dst, rejectTail...)
}

// WriteReject writes what AppendReject appends, in memory that does not depend
// on raw's length.
func WriteReject(w io.Writer, r Reject, raw []byte) error {
	const step = 4 << 10
	buf := r.appendHead(nil)
	for len(raw) > step {
		n := wholeRunes(raw, step)
		buf = appendText(buf, raw[:n])
		if _, err := w.Write(buf); err != nil {
			return err
		}
		buf, raw = buf[:0], raw[n:]
	}
	_, err := w.Write(append(appendText(buf, raw), rejectTail...))
	return err
}

// wholeRunes returns the largest length up to n that does not cut a rune of
// text, which must be longer than n.
func wholeRunes(text []byte, n int) int {
	for start := n; start > n-utf8.UTFMax; start-- {
		if utf8.RuneStart(text[start]) {
			return start
		}
	}
	return n // in the middle of no rune, but of what is not UTF-8
}

func (r *Reject) appendHead(dst []byte) []byte {
	dst = append(dst, `{"input":`...)
	dst = appendString(dst, r.Input)
	dst = append(dst, `,"`...)
	dst = append(dst, r.Unit...)
	dst = append(dst, `":`...)
	dst = strconv.AppendUint(dst, r.Number, 10)
	dst = append(dst, `,"errors":[`...)
	for i, code := range r.Codes {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendString(dst, code)
	}
	dst = append(dst, `],"message":`...)
	dst = appendString(dst, r.Message)
	return append(dst, `,"raw":"`...)
}

// rejectTail ends the raw line, the object and its line.
const rejectTail = "\"}\n"

// appendString appends text as a JSON string.
func appendString(dst []byte, text string) []byte {
	dst = append(dst, '"')
	dst = appendText(dst, []byte(text))
	return append(dst, '"')
}

// appendText appends text as it stands in a JSON string.
func appendText(dst, text []byte) []byte {
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
	return dst
}

// plainPrefix counts the bytes before the first one that a JSON string can't
// hold as it is: one to be escaped, or one that is not UTF-8.
func plainPrefix(text []byte) int {
	n := 0
	for {
		for n < len(text) && isPlain[text[n]] {
			n++
		}
		switch {
		case n == len(text) || text[n] < utf8.RuneSelf:
			return n
		default:
			r, size := utf8.DecodeRune(text[n:])
			if r == utf8.RuneError && size == 1 {
				return n
			}
			n += size
		}
	}
}

// isPlain says which ASCII characters a JSON string holds as they are.
var isPlain = func() (plain [256]bool) {
	for c := ' '; c < utf8.RuneSelf; c++ {
		plain[c] = c != '"' && c != '\\'
	}
	return plain
}()

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
