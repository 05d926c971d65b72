package sorter

import "dailystats/stats"

// unit says what a revenue's coefficient counts. Real prices have few decimal
// places, so a revenue is nearly always one small number of cents, where an
// Amount has 24 bytes.
type unit uint8

const (
	noRevenue unit = iota // the revenue is 0
	ones                  // 1
	cents                 // 10^-2
	places4               // 10^-4
	places6               // 10^-6
	places9               // 10^-9
	places18              // 10^-18
	wide                  // no coefficient: the three limbs of the Amount
	unitBits  = 3
	unitMask  = 1<<unitBits - 1
)

// perOne is how many of a unit are 1, and fractions how many 10^-18 are one of
// the unit.
var (
	perOne    = [wide]uint64{ones: 1, cents: 1e2, places4: 1e4, places6: 1e6, places9: 1e9, places18: 1e18}
	fractions = [wide]uint64{ones: 1e18, cents: 1e16, places4: 1e14, places6: 1e12, places9: 1e9, places18: 1}
)

// compact returns a as a coefficient of the coarsest unit that holds it, or
// wide where none does.
func compact(a stats.Amount) (unit, uint64) {
	high, whole, fraction := a.Limbs()
	switch {
	case high != 0:
		return wide, 0
	case whole == 0 && fraction == 0:
		return noRevenue, 0
	case fraction%1e16 == 0 && whole < 1<<56: // the common case, with constants to divide by
		return cents, whole*1e2 + fraction/1e16
	case fraction == 0:
		return ones, whole
	}
	for u := places4; u <= places18; u++ {
		if fraction%fractions[u] == 0 {
			if whole > (1<<64-1)/perOne[u]-1 {
				return wide, 0
			}
			return u, whole*perOne[u] + fraction/fractions[u]
		}
	}
	return wide, 0
}

// expand undoes compact. u must not be wide.
func expand(u unit, coefficient uint64) stats.Amount {
	switch u {
	case noRevenue:
		return stats.Amount{}
	case cents:
		return amountOf(coefficient/1e2, coefficient%1e2*1e16)
	default:
		return amountOf(coefficient/perOne[u], coefficient%perOne[u]*fractions[u])
	}
}

// amountOf is whole + fraction/10^18, with a whole of any size.
func amountOf(whole, fraction uint64) stats.Amount {
	return stats.AmountOfLimbs(whole/stats.LimbBase, whole%stats.LimbBase, fraction)
}
