package sorter

import "dailystats/stats"

// value is what an entry stands for, in valueBits bits. Nearly all records are
// one event, or a few of one user's, with revenues of few digits, where Totals
// have 40 bytes. What doesn't fit is large: it is kept beside the entries.
//
//	visit     0                                     one event, no purchase
//	purchase  coefficient 37 │ unit 3 │ 1           one event, a purchase
//	several   cents 24 │ purchases 8 │ events 8 │ 2
//	large     index 40 │ 3                          of the Totals
//	                                    form 2
type value uint64

const (
	visit = value(iota) // forms: the lowest two bits
	purchase
	several
	large
	formMask = 3

	formBits        = 2
	unitBits        = 3
	unitMask        = 1<<unitBits - 1
	coefficientBits = 37
	countBits       = 8
	centsBits       = 24
	valueBits       = formBits + unitBits + coefficientBits
)

// unit says what a purchase's coefficient counts.
type unit uint8

const (
	cents    unit = iota // 10^-2
	ones                 // 1
	places4              // 10^-4
	places6              // 10^-6
	places9              // 10^-9
	places18             // 10^-18
	units
)

// perOne is how many of a unit are 1, and fractions how many 10^-18 are one of
// the unit.
var (
	perOne    = [units]uint64{cents: 1e2, ones: 1, places4: 1e4, places6: 1e6, places9: 1e9, places18: 1e18}
	fractions = [units]uint64{cents: 1e16, ones: 1e18, places4: 1e14, places6: 1e12, places9: 1e9, places18: 1}
)

func (v value) form() value { return v & formMask }

// valid reports whether v is a value that isn't large.
func (v value) valid() bool {
	switch v.form() {
	case purchase:
		return v>>valueBits == 0 && v>>formBits&unitMask < value(units)
	case several:
		return v>>valueBits == 0
	default:
		return v == visit
	}
}

// valueOf returns the value that stands for t. It reports false where t is
// large.
func valueOf(t stats.Totals) (value, bool) {
	if t.Events == 1 && t.Purchases == 1 {
		return purchaseOf(t.Revenue)
	}
	if t == (stats.Totals{Events: 1}) {
		return visit, true
	}
	inCents, ok := centsOf(t.Revenue)
	if !ok || t.Events>>countBits|t.Purchases>>countBits|inCents>>centsBits != 0 {
		return 0, false
	}
	return value(inCents<<(2*countBits)|t.Purchases<<countBits|t.Events)<<formBits | several, true
}

// purchaseOf is valueOf one purchase.
func purchaseOf(revenue stats.Amount) (value, bool) {
	u := cents
	coefficient, ok := centsOf(revenue)
	if !ok || coefficient>>coefficientBits != 0 {
		u, coefficient, ok = compact(revenue)
	}
	if !ok || coefficient>>coefficientBits != 0 {
		return 0, false
	}
	return value(coefficient)<<(formBits+unitBits) | value(u)<<formBits | purchase, true
}

// centsOf returns a in cents. It reports false where a is not a whole number of
// them, or one of more than 64 bits.
func centsOf(a stats.Amount) (uint64, bool) {
	const cent = stats.LimbBase / 100
	high, whole, fraction := a.Limbs()
	return whole*100 + fraction/cent, fraction%cent == 0 && whole < 1<<56 && high == 0
}

// compact returns a as a coefficient of the coarsest unit that holds it. It
// reports false where none does.
func compact(a stats.Amount) (u unit, coefficient uint64, ok bool) {
	high, whole, fraction := a.Limbs()
	for u := ones; u < units && high == 0; u++ {
		if fraction%fractions[u] == 0 {
			return u, whole*perOne[u] + fraction/fractions[u], whole < (1<<64-1)/perOne[u]
		}
	}
	return 0, 0, false
}

// small returns what v stands for where that is a number of cents.
func (v value) small() (events, purchases, inCents uint64, ok bool) {
	switch n := uint64(v >> formBits); v.form() {
	case visit:
		return 1, 0, 0, true
	case purchase:
		return 1, 1, n >> unitBits, unit(n&unitMask) == cents
	case several:
		const mask = 1<<countBits - 1
		return n & mask, n >> countBits & mask, n >> (2 * countBits), true
	default:
		return 0, 0, 0, false
	}
}

// totals returns what v stands for. v must not be large.
func (v value) totals() stats.Totals {
	if events, purchases, inCents, ok := v.small(); ok {
		return stats.Totals{Events: events, Purchases: purchases, Revenue: amountOf(cents, inCents)}
	}
	u, coefficient := v.revenue()
	return stats.Totals{Events: 1, Purchases: 1, Revenue: amountOf(u, coefficient)}
}

// revenue is a purchase's.
func (v value) revenue() (u unit, coefficient uint64) {
	n := uint64(v >> formBits)
	return unit(n & unitMask), n >> unitBits
}

// amountOf undoes centsOf and compact.
func amountOf(u unit, coefficient uint64) stats.Amount {
	if u == cents { // with constants to divide by
		return amountOfWhole(coefficient/100, coefficient%100*(stats.LimbBase/100))
	}
	return amountOfWhole(coefficient/perOne[u], coefficient%perOne[u]*fractions[u])
}

// amountOfWhole is whole + fraction/10^18, with a whole of any size.
func amountOfWhole(whole, fraction uint64) stats.Amount {
	if whole < stats.LimbBase {
		return stats.NewAmount(whole, fraction)
	}
	return stats.AmountOfLimbs(whole/stats.LimbBase, whole%stats.LimbBase, fraction)
}
