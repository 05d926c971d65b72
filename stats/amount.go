package stats

import (
	"errors"
	"fmt"
	"strconv"
)

// Amount is an exact decimal number that is not negative: what one purchase
// brought, or the sum of many. Its zero value is 0.
//
// It is held as three digits in base 10^18, so that it is added without
// division and written without long arithmetic:
//
//	value = high·10^18 + whole + fraction/10^18,  whole, fraction < 10^18
//
// One amount is at most 10^18 (a smaller number can round up to it), so a sum
// over 2^64-1 events needs a high digit of at most 2^64-1: it cannot overflow.
type Amount struct {
	high, whole, fraction uint64
}

// maxPlaces is the number of decimal places that an Amount holds.
const maxPlaces = 18

// LimbBase is the base in which an Amount's digits are held.
const LimbBase = 1e18

// cent is 0.01 as a fraction.
const cent = LimbBase / 100

var (
	// ErrNotPositive is ParseAmount's answer to zero and to negative numbers.
	ErrNotPositive = errors.New("not greater than 0")
	// ErrOutOfRange is ParseAmount's answer to 10^18 and above.
	ErrOutOfRange = errors.New("not less than 10^18")
)

// NewAmount returns whole + fraction/10^18. Both must be below 10^18.
func NewAmount(whole, fraction uint64) Amount {
	return Amount{whole: whole, fraction: fraction}
}

// AmountOfLimbs returns high·10^18 + whole + fraction/10^18. The last two must
// be below LimbBase. It undoes Limbs.
func AmountOfLimbs(high, whole, fraction uint64) Amount {
	return Amount{high, whole, fraction}
}

// Limbs returns the digits of a in base 10^18: the value is
// high·10^18 + whole + fraction/10^18.
func (a Amount) Limbs() (high, whole, fraction uint64) {
	return a.high, a.whole, a.fraction
}

// ParseAmount returns the exact value of number, rounded half to even at 18
// decimal places. number must be well-formed as a JSON number. The error is
// ErrNotPositive or ErrOutOfRange; both look at the exact value, before it is
// rounded, so a tiny positive number can give 0. The time is linear in the
// number's length.
func ParseAmount(number []byte) (Amount, error) {
	if number[0] == '-' {
		return Amount{}, ErrNotPositive
	}
	digits, exponent := splitExponent(number)
	first, power := leadingDigit(digits)
	switch {
	case first < 0:
		return Amount{}, ErrNotPositive
	case power+exponent >= maxPlaces:
		return Amount{}, ErrOutOfRange
	}
	a, rest := takeDigits(digits[first:], power+exponent)
	if rest > half || rest == half && a.fraction%2 == 1 {
		a = a.Add(Amount{fraction: 1})
	}
	return a, nil
}

// splitExponent cuts a JSON number in front of its exponent.
func splitExponent(number []byte) (digits []byte, exponent int) {
	for i, c := range number {
		if c == 'e' || c == 'E' {
			return number[:i], clampedInt(number[i+1:])
		}
	}
	return number, 0
}

// clampedInt reads digits after an optional sign. Past ±2^40, far more than a
// line has digits, a larger exponent changes nothing.
func clampedInt(text []byte) int {
	const limit = 1 << 40
	negative := text[0] == '-'
	if negative || text[0] == '+' {
		text = text[1:]
	}
	n := 0
	for _, c := range text {
		n = min(n*10+int(c-'0'), limit)
	}
	if negative {
		return -n
	}
	return n
}

// leadingDigit finds the first digit that is not zero: its index, or -1, and
// the power of ten that it counts.
func leadingDigit(digits []byte) (index, power int) {
	index = -1
	point := len(digits)
	for i, c := range digits {
		switch {
		case c == '.':
			point = i
		case c != '0' && index < 0:
			index = i
		}
	}
	if index < point {
		return index, point - index - 1
	}
	return index, point - index
}

// What lies beyond the last decimal place, against half a unit of it.
const (
	none = iota
	belowHalf
	half
	aboveHalf
)

// takeDigits reads digits, the first of them counting 10^power, down to
// 10^-18, and says what is left. power is below 18 and may be far below -18.
func takeDigits(digits []byte, power int) (a Amount, rest int) {
	for _, c := range digits {
		if c == '.' {
			continue
		}
		d := uint64(c - '0')
		switch {
		case power >= 0:
			a.whole += d * powersOf10[power]
		case power >= -maxPlaces:
			a.fraction += d * powersOf10[power+maxPlaces]
		default:
			rest = addRest(rest, d, power == -maxPlaces-1)
		}
		power--
	}
	return a, rest
}

// addRest takes one more digit of what is cut off; first says that it is the
// one just behind the last place kept.
func addRest(rest int, d uint64, first bool) int {
	switch {
	case d == 0:
		return rest
	case !first && rest == none:
		return belowHalf
	case !first && rest == half:
		return aboveHalf
	case !first:
		return rest
	case d < 5:
		return belowHalf
	case d == 5:
		return half
	default:
		return aboveHalf
	}
}

var powersOf10 = [maxPlaces + 1]uint64{
	1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9,
	1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
}

// Add returns a + b.
func (a Amount) Add(b Amount) Amount {
	sum := Amount{a.high + b.high, a.whole + b.whole, a.fraction + b.fraction}
	if sum.fraction >= LimbBase {
		sum.fraction -= LimbBase
		sum.whole++
	}
	if sum.whole >= LimbBase {
		sum.whole -= LimbBase
		sum.high++
	}
	return sum
}

// Decimals says how an Amount is written. Its zero value is the exact form:
// two decimal places, and as many more as the value needs.
type Decimals struct {
	fixed  bool
	places int
}

// FixedDecimals rounds half to even to exactly places decimal places, 0 to 18.
func FixedDecimals(places int) Decimals {
	return Decimals{fixed: true, places: min(max(places, 0), maxPlaces)}
}

// Append appends a as decimal text.
func (a Amount) Append(dst []byte, decimals Decimals) []byte {
	if !decimals.fixed && a.fraction%cent == 0 {
		c := byte(a.fraction / cent)
		return append(a.appendWhole(dst), '.', '0'+c/10, '0'+c%10)
	}
	places := decimals.places
	if decimals.fixed {
		a = a.round(places)
	} else {
		places = a.exactPlaces()
	}
	dst = a.appendWhole(dst)
	if places == 0 {
		return dst
	}
	dst = append(dst, '.')
	return appendPadded(dst, a.fraction/powersOf10[maxPlaces-places], places)
}

// String returns a in its exact form.
func (a Amount) String() string { return string(a.Append(nil, Decimals{})) }

// MarshalText returns a in its exact form.
func (a Amount) MarshalText() ([]byte, error) { return a.Append(nil, Decimals{}), nil }

// UnmarshalText undoes MarshalText.
func (a *Amount) UnmarshalText(text []byte) error {
	sum, ok := ParseSum(text)
	if !ok {
		return fmt.Errorf("%q is no amount", text)
	}
	*a = sum
	return nil
}

func (a Amount) appendWhole(dst []byte) []byte {
	if a.high == 0 {
		return strconv.AppendUint(dst, a.whole, 10)
	}
	dst = strconv.AppendUint(dst, a.high, 10)
	return appendPadded(dst, a.whole, maxPlaces)
}

// round rounds a half to even to places decimal places.
func (a Amount) round(places int) Amount {
	unit := powersOf10[maxPlaces-places]
	rest := a.fraction % unit
	a.fraction -= rest
	last := a.fraction / unit // the digits kept; the last one decides a tie
	if places == 0 {
		last = a.whole
	}
	if rest > unit/2 || rest == unit/2 && unit > 1 && last%2 == 1 {
		a = a.Add(Amount{fraction: unit % LimbBase, whole: unit / LimbBase})
	}
	return a
}

// exactPlaces is the number of decimal places that a needs, at least 2.
func (a Amount) exactPlaces() int {
	if a.fraction%cent == 0 {
		return 2
	}
	places := maxPlaces
	for f := a.fraction; f%10 == 0; f /= 10 {
		places--
	}
	return places
}

// appendPadded appends n with leading zeros to width digits.
func appendPadded(dst []byte, n uint64, width int) []byte {
	start := len(dst)
	for range width {
		dst = append(dst, '0')
	}
	for i := start + width - 1; n > 0; i-- {
		dst[i] = '0' + byte(n%10)
		n /= 10
	}
	return dst
}
