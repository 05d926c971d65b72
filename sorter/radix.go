package sorter

import (
	"cmp"
	"math/bits"
	"slices"

	"dailystats/stats"
)

// entry is what a run sorts: a record's key, and where the rest of it is.
type entry struct {
	user  uint64 // with its sign bit flipped, so that it orders unsigned
	day   uint32
	index uint32
}

func newEntry(k stats.Key, index int) entry {
	return entry{user: uint64(k.User) ^ signBit, day: uint32(k.Day), index: uint32(index)}
}

func (e entry) key() stats.Key {
	return stats.Key{Day: stats.Day(e.day), User: int64(e.user ^ signBit)}
}

func (e entry) sameKey(other entry) bool { return e.user == other.user && e.day == other.day }

func compareEntries(a, b entry) int {
	if c := cmp.Compare(a.day, b.day); c != 0 {
		return c
	}
	return cmp.Compare(a.user, b.user)
}

const (
	digitBits = 11 // 2048 counters: they fit the first-level cache beside the data
	digits    = 1 << digitBits

	// radixMin is about where counting begins to pay against comparing.
	radixMin = 1024
)

// sortEntries sorts a by (day, user), with spare, of the same length, as its
// second buffer. The result is in one of the two, which it returns.
//
// It is a radix sort from the least significant digit, digitBits at a time,
// users before days. Digits in which all keys agree are skipped: a run has few
// days, and user ids far fewer digits than 64 bits have.
func sortEntries(a, spare []entry) []entry {
	if len(a) < radixMin {
		slices.SortFunc(a, compareEntries)
		return a
	}
	user, day := differences(a)
	for shift := bits.TrailingZeros64(user); user>>shift != 0; shift += digitBits {
		if user>>shift&(digits-1) != 0 {
			scatterByUser(spare, a, shift)
			a, spare = spare, a
		}
	}
	for shift := bits.TrailingZeros32(day); day>>shift != 0; shift += digitBits {
		if day>>shift&(digits-1) != 0 {
			scatterByDay(spare, a, shift)
			a, spare = spare, a
		}
	}
	return a
}

// differences returns the bits in which not all entries agree.
func differences(a []entry) (user uint64, day uint32) {
	first := a[0]
	for i := range a {
		user |= a[i].user ^ first.user
		day |= a[i].day ^ first.day
	}
	return user, day
}

// scatterByUser copies src to dst in the order of one digit of the users.
// Entries with the same digit keep their order.
func scatterByUser(dst, src []entry, shift int) {
	var next [digits]uint32
	for i := range src {
		next[src[i].user>>shift%digits]++
	}
	startPositions(&next)
	for i := range src {
		d := src[i].user >> shift % digits
		dst[next[d]] = src[i]
		next[d]++
	}
}

// scatterByDay is scatterByUser for the days.
func scatterByDay(dst, src []entry, shift int) {
	var next [digits]uint32
	for i := range src {
		next[src[i].day>>shift%digits]++
	}
	startPositions(&next)
	for i := range src {
		d := src[i].day >> shift % digits
		dst[next[d]] = src[i]
		next[d]++
	}
}

// startPositions turns the numbers of entries per digit into the positions
// where each digit's entries start.
func startPositions(counts *[digits]uint32) {
	position := uint32(0)
	for d, n := range counts {
		counts[d] = position
		position += n
	}
}
