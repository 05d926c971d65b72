package sorter

import (
	"cmp"
	"math/bits"
	"slices"

	"dailystats/stats"
)

// entry is what is sorted: a key, and what it stands for.
//
//	user 64, with its sign bit flipped, so that it orders unsigned
//	day 22 │ value 42
type entry struct {
	user uint64
	rest uint64
}

// dayBits is enough for stats.MaxDay.
const dayBits = 64 - valueBits

func newEntry(k stats.Key, v value) entry {
	return entry{user: uint64(k.User) ^ signBit, rest: uint64(k.Day)<<valueBits | uint64(v)}
}

func (e entry) day() uint32  { return uint32(e.rest >> valueBits) }
func (e entry) value() value { return value(e.rest & (1<<valueBits - 1)) }

func (e entry) key() stats.Key {
	return stats.Key{Day: stats.Day(e.day()), User: int64(e.user ^ signBit)}
}

func (e entry) sameKey(other entry) bool { return e.user == other.user && e.day() == other.day() }

// with returns e with another value.
func (e entry) with(v value) entry {
	return entry{e.user, e.rest&^(1<<valueBits-1) | uint64(v)}
}

// before reports whether e's key comes before other's.
func (e entry) before(other entry) bool {
	return e.day() < other.day() || e.day() == other.day() && e.user < other.user
}

func compareEntries(a, b entry) int {
	if c := cmp.Compare(a.day(), b.day()); c != 0 {
		return c
	}
	return cmp.Compare(a.user, b.user)
}

const (
	digitBits = 11 // 2048 counters: they fit the first-level cache beside the data

	// radixMin is about where counting begins to pay against comparing.
	radixMin = 512
)

// digit is some neighbouring bits of the number that an entry's key is: the day
// above, the user below, and of both only the bits from the lowest to the
// highest in which keys differ. It can have bits of both.
type digit struct {
	userShift, dayShift uint8 // below 64
	userMask, dayMask   uint64
}

func (d digit) of(e entry) uint64 {
	return e.user>>(d.userShift&63)&d.userMask | e.rest>>(d.dayShift&63)&d.dayMask
}

// sortEntries sorts a by (day, user), with spare, of the same length, as its
// second buffer. The result is in one of the two: it returns that one first.
//
// It is a radix sort from the least significant digit. There are as many digits
// as the bits that differ need, of much the same size: a stretch of few days and
// users, as most are, needs two.
func sortEntries(a, spare []entry) (sorted, other []entry) {
	if len(a) < radixMin {
		slices.SortFunc(a, compareEntries)
		return a, spare
	}
	differ := differences(a)
	for _, d := range digitsOf(differ) {
		if d.of(differ) != 0 {
			scatter(spare, a, d)
			a, spare = spare, a
		}
	}
	return a, spare
}

// differences returns the bits of keys in which not all entries agree.
func differences(a []entry) (differ entry) {
	first := a[0]
	for _, e := range a {
		differ.user |= e.user ^ first.user
		differ.rest |= e.rest ^ first.rest
	}
	differ.rest &^= 1<<valueBits - 1
	return differ
}

// digitsOf cuts the bits that differ into digits, the least significant first.
func digitsOf(differ entry) []digit {
	userLow, dayLow := bits.TrailingZeros64(differ.user), bits.TrailingZeros64(differ.rest)
	userBits := max(bits.Len64(differ.user)-userLow, 0)
	all := userBits + max(bits.Len64(differ.rest)-dayLow, 0)
	const most = (64 + dayBits + digitBits - 1) / digitBits
	var digits [most]digit
	n := (all + digitBits - 1) / digitBits
	for i := range n {
		from, until := all*i/n, all*(i+1)/n // counted from userLow
		ofUser := max(min(until, userBits)-from, 0)
		digits[i] = digit{
			userShift: uint8(userLow + from),
			userMask:  1<<ofUser - 1,
			dayShift:  uint8(max(dayLow+from-userBits, 0)), // day bits come in above the user's
			dayMask:   (1<<(until-from) - 1) &^ (1<<ofUser - 1),
		}
	}
	return digits[:n]
}

// scatter copies src to dst in the order of one digit. Entries with the same
// digit keep their order.
func scatter(dst, src []entry, d digit) {
	var next [1 << digitBits]uint32
	for _, e := range src {
		next[d.of(e)%(1<<digitBits)]++
	}
	startPositions(&next)
	for _, e := range src {
		i := d.of(e) % (1 << digitBits)
		dst[next[i]] = e
		next[i]++
	}
}

// startPositions turns the numbers of entries per digit into the positions
// where each digit's entries start.
func startPositions(counts *[1 << digitBits]uint32) {
	position := uint32(0)
	for i, n := range counts {
		counts[i] = position
		position += n
	}
}
