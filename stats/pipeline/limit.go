package pipeline

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"
)

// Limit is how many invalid events a run puts up with. Its zero value is no
// limit at all.
type Limit struct {
	kind  limitKind
	count uint64   // for limitCount
	share *big.Rat // for limitShare, of 1
	text  string   // as it was written
}

type limitKind uint8

const (
	unlimited limitKind = iota
	limitCount
	limitShare
)

// ParseLimit reads "N", a number of events, or "N%", a share of all events in
// percent, for which N may have decimal places.
func ParseLimit(text string) (Limit, error) {
	percent, isShare := strings.CutSuffix(text, "%")
	if isShare {
		share, ok := new(big.Rat).SetString(percent)
		if !ok || !isPlainDecimal(percent) || share.Cmp(big.NewRat(100, 1)) > 0 {
			return Limit{}, fmt.Errorf("%q is not a percentage from 0%% to 100%%", text)
		}
		return Limit{kind: limitShare, share: share.Quo(share, big.NewRat(100, 1)), text: text}, nil
	}
	count, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return Limit{}, fmt.Errorf("%q is neither a number of events nor a percentage such as 5%%", text)
	}
	return Limit{kind: limitCount, count: count, text: text}, nil
}

// UnmarshalText is [ParseLimit].
func (l *Limit) UnmarshalText(text []byte) (err error) {
	*l, err = ParseLimit(string(text))
	return err
}

// isPlainDecimal keeps out what big.Rat reads beyond decimals: fractions,
// exponents, signs and other bases.
func isPlainDecimal(text string) bool {
	return len(text) <= 20 && strings.Trim(text, "0123456789.") == ""
}

// String returns the limit as it was written.
func (l Limit) String() string { return l.text }

// exceededEarly reports whether invalid events are too many whatever follows.
func (l Limit) exceededEarly(invalid uint64) bool {
	return l.kind == limitCount && invalid > l.count
}

// Exceeded reports whether invalid events of all events are too many.
func (l Limit) Exceeded(invalid, events uint64) bool {
	switch l.kind {
	case limitCount:
		return invalid > l.count
	case limitShare:
		allowed := new(big.Rat).Mul(l.share, new(big.Rat).SetUint64(events))
		return new(big.Rat).SetUint64(invalid).Cmp(allowed) > 0
	default:
		return false
	}
}
