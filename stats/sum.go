package stats

import (
	"bytes"
	"strconv"
)

// ParseSum undoes Append, whatever the Decimals were: it takes digits without a
// needless 0 in front and, behind a point, 1 to 18 more. It reports false for any
// other text, and for what is more than an Amount holds.
func ParseSum(text []byte) (Amount, bool) {
	whole, fraction, hasPoint := bytes.Cut(text, []byte{'.'})
	sum, ok := parseWhole(whole)
	if !hasPoint {
		return sum, ok
	}
	if len(fraction) == 0 || len(fraction) > maxPlaces {
		return Amount{}, false
	}
	digits, isNumber := parseDigits(fraction)
	sum.fraction = digits * powersOf10[maxPlaces-len(fraction)]
	return sum, ok && isNumber
}

// parseWhole reads the digits in front of the point.
func parseWhole(digits []byte) (Amount, bool) {
	if len(digits) == 0 || digits[0] == '0' && len(digits) > 1 {
		return Amount{}, false
	}
	if len(digits) <= maxPlaces {
		whole, ok := parseDigits(digits)
		return Amount{whole: whole}, ok
	}
	point := len(digits) - maxPlaces
	high, err := strconv.ParseUint(string(digits[:point]), 10, 64)
	whole, ok := parseDigits(digits[point:])
	return Amount{high: high, whole: whole}, ok && err == nil
}

// parseDigits reads at most 18 digits.
func parseDigits(digits []byte) (n uint64, ok bool) {
	for _, c := range digits {
		d := c - '0'
		if d > 9 {
			return 0, false
		}
		n = n*10 + uint64(d)
	}
	return n, true
}
