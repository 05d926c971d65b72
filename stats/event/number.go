package event

import (
	"bytes"
	"iter"
	"strconv"
	"unicode/utf8"
)

// number is a JSON number as far as its value matters:
//
//	±d.dddd… · 10^power
//
// of which the first digit is not 0. Its size does not depend on the number's length.
type number struct {
	negative bool
	integer  bool // written without a fraction and an exponent
	digits   [keptDigits]byte
	count    int  // of digits; 0 for the number 0
	rest     bool // a digit that is not 0 follows those
	power    int
}

// keptDigits is more than any value has that is in range and not rounded.
const keptDigits = 40

// numberState is where in its grammar a number is.
type numberState uint8

const (
	atStart numberState = iota
	atWhole
	afterZero
	inWhole
	atFraction
	inFraction
	atExponent
	atExponentDigits
	inExponent
)

// next returns the state behind a character, which may not be allowed.
func (s numberState) next(r rune) (next numberState, ok bool) {
	isDigit := '0' <= r && r <= '9'
	switch {
	case s == atStart && r == '-':
		return atWhole, true
	case (s == atStart || s == atWhole) && r == '0':
		return afterZero, true
	case (s == atStart || s == atWhole || s == inWhole) && isDigit:
		return inWhole, true
	case (s == afterZero || s == inWhole) && r == '.':
		return atFraction, true
	case (s == atFraction || s == inFraction) && isDigit:
		return inFraction, true
	case (s == afterZero || s == inWhole || s == inFraction) && (r == 'e' || r == 'E'):
		return atExponent, true
	case s == atExponent && (r == '+' || r == '-'):
		return atExponentDigits, true
	case (s == atExponent || s == atExponentDigits || s == inExponent) && isDigit:
		return inExponent, true
	default:
		return s, false
	}
}

// parseNumber reads a text that is a JSON number and nothing else, in time linear in its
// length.
func parseNumber(text iter.Seq[rune]) (n number, ok bool) {
	state := atStart
	point, exponent, negativeExponent := 0, 0, false // point is how far behind the first digit's front it is
	for r := range text {
		if state, ok = state.next(r); !ok {
			return n, false
		}
		switch {
		case state == atWhole:
			n.negative = true
		case state == afterZero || state == inWhole:
			if n.keep(r); n.count > 0 {
				point++
			}
		case state == inFraction:
			if n.keep(r); n.count == 0 {
				point--
			}
		case state == atExponentDigits:
			negativeExponent = r == '-'
		case state == inExponent:
			const most = 1 << 40 // more than a line has digits
			exponent = min(exponent*10+int(r-'0'), most)
		}
	}
	if negativeExponent {
		exponent = -exponent
	}
	n.power = point - 1 + exponent
	n.integer = state == afterZero || state == inWhole
	return n, n.integer || state == inFraction || state == inExponent
}

// keep takes the next digit.
func (n *number) keep(digit rune) {
	switch {
	case n.count == 0 && digit == '0':
	case n.count < keptDigits:
		n.digits[n.count] = byte(digit)
		n.count++
	default:
		n.rest = n.rest || digit != '0'
	}
}

// text returns a short JSON number that stands for n·10^power in all that rounds to fewer than
// keptDigits digits.
func (n *number) text(power int) []byte {
	if n.count == 0 {
		return []byte{'0'}
	}
	var text []byte
	if n.negative {
		text = append(text, '-')
	}
	text = append(text, n.digits[0], '.')
	text = append(append(text, n.digits[1:n.count]...), '0')
	if n.rest {
		text = append(text, '1')
	}
	return strconv.AppendInt(append(text, 'e'), int64(n.power+power), 10)
}

// int64 returns the value of a number that is written as an integer.
func (n *number) int64() (int64, error) {
	text := []byte{'-'}
	if !n.negative {
		text = text[:0]
	}
	text = append(text, n.digits[:n.count]...)
	const longest = len("9223372036854775808")
	for range min(n.power+1, longest+1) - n.count {
		text = append(text, '0')
	}
	if n.count == 0 {
		return 0, nil
	}
	return strconv.ParseInt(string(text), 10, 64)
}

// floor returns the largest integer that is not above n·10^power, if it has at most 18 digits.
func (n *number) floor(power int) (whole int64, ok bool) {
	places := n.power + power + 1 // in front of the point
	if n.count == 0 {
		return 0, true
	}
	if places > mostPlaces {
		return 0, false
	}
	for i := range places {
		digit := byte('0')
		if i < n.count {
			digit = n.digits[i]
		}
		whole = whole*10 + int64(digit-'0')
	}
	if n.negative {
		whole = -whole
		fraction := n.digits[min(max(places, 0), n.count):n.count]
		if n.rest || len(bytes.Trim(fraction, "0")) > 0 {
			whole--
		}
	}
	return whole, true
}

// runes yields the characters of a JSON value: of a string, those of its text.
func runes(value []byte) iter.Seq[rune] {
	return func(yield func(rune) bool) {
		rest, cut := value, utf8.DecodeRune
		if isString(value) {
			rest = value[1 : len(value)-1]
			cut = func(text []byte) (rune, int) {
				r, behind := cutRune(text)
				return r, len(text) - len(behind)
			}
		}
		for len(rest) > 0 {
			r, size := cut(rest)
			if !yield(r) {
				return
			}
			rest = rest[size:]
		}
	}
}
