package workload

import (
	"math"
	"math/big"
	"math/bits"
	"math/rand/v2"

	"dailystats/stats"
)

// userDraw says whose an event is.
type userDraw struct {
	users   uint64
	seed    uint64
	uniform bool
	zipf    zipf
}

func newUserDraw(c Config) userDraw {
	return userDraw{users: c.Users, seed: c.Seed, uniform: c.Skew != Zipf, zipf: newZipf(c.Users)}
}

// user returns the user of event n, from 1.
func (d *userDraw) user(n uint64, random *rand.PCG) uint64 {
	if d.uniform {
		return permute(n%d.users, d.users, d.seed+n/d.users) + 1
	}
	return permute(d.zipf.rank(random.Uint64()), d.users, d.seed) + 1
}

// permute maps the numbers below n onto themselves, in a way that key chooses:
// a Feistel network over as many bits as n has, applied until the result is
// below n (Black and Rogaway, "Ciphers with Arbitrary Finite Domains").
func permute(x, n, key uint64) uint64 {
	half := (bits.Len64(n-1) + 1) / 2
	mask := uint64(1)<<half - 1
	for {
		left, right := x>>half, x&mask
		for round := range uint64(4) {
			left, right = right, left^mix(right+key*goldenRatio+round<<56)&mask
		}
		if x = left<<half | right; x < n {
			return x
		}
	}
}

// mix is the output function of SplitMix64 (Steele, Lea and Flood, "Fast
// Splittable Pseudorandom Number Generators").
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// zipf draws ranks from 0, a rank r with probability log(1+1/(r+1))/log(n+1):
// the log-uniform distribution, Zipf's law with exponent 1 but for the first few
// ranks. It is the whole part of (n+1)^u for a uniform u, in fixed point.
type zipf struct {
	n     uint64
	log   uint64         // log2(n+1) with 58 binary places
	power [2][256]uint64 // 2^(i/2^8) and 2^(i/2^16) with 63 binary places
}

// logPlaces is the number of binary places of logarithms, which are below 64.
const logPlaces = 58

func newZipf(n uint64) zipf {
	z := zipf{n: n, log: log2(n + 1)}
	root := new(big.Int).Lsh(big.NewInt(2), 63)
	for level := range z.power {
		for range 8 {
			root.Sqrt(root.Lsh(root, 63))
		}
		powers := &z.power[level]
		powers[0] = 1 << 63
		for i := 1; i < len(powers); i++ {
			powers[i] = times(powers[i-1], root.Uint64())
		}
	}
	return z
}

// rank turns a random number into a rank.
func (z *zipf) rank(random uint64) uint64 {
	log, _ := bits.Mul64(random, z.log)
	return min(z.exp2(log)-1, z.n-1)
}

// exp2 returns the whole part of 2^log.
func (z *zipf) exp2(log uint64) uint64 {
	const restPlaces = logPlaces - 16
	mantissa := times(z.power[0][log>>(restPlaces+8)&0xff], z.power[1][log>>restPlaces&0xff])
	const ln2 = 0xb17217f7d1cf79ab // with 64 places
	rest, _ := bits.Mul64(log<<(64-restPlaces), ln2)
	power, _ := bits.Mul64(mantissa, rest) // 2^x is near 1 + x·ln 2 for an x this small
	mantissa += power >> 16
	return mantissa >> (63 - log>>logPlaces)
}

// log2 takes the binary logarithm of n, bit by bit: squaring doubles it.
func log2(n uint64) uint64 {
	whole := bits.Len64(n) - 1
	log := uint64(whole)
	mantissa := n << (63 - whole) // from 1 to below 2, with 63 places
	for range logPlaces {
		high, low := bits.Mul64(mantissa, mantissa)
		log <<= 1
		if high>>63 == 1 {
			log |= 1
			mantissa = high
		} else {
			mantissa = high<<1 | low>>63
		}
	}
	return log
}

// times multiplies numbers from 1 to below 2 with 63 places, whose product is
// below 2.
func times(a, b uint64) uint64 {
	high, low := bits.Mul64(a, b)
	return high<<1 | low>>63
}

// DefaultFirstDay is 2024-01-01.
const DefaultFirstDay stats.Day = 739251

const secondsPerDay = 24 * 60 * 60

// timeDraw says when an event is.
type timeDraw struct {
	seconds uint64 // in all days
	step    uint64 // between events, in 2^-64 of all days; 0 for no order
}

func newTimeDraw(c Config) timeDraw {
	d := timeDraw{seconds: c.Days * secondsPerDay}
	if c.Order == Time {
		d.step = math.MaxUint64 / max(c.Events, 1)
	}
	return d
}

// second returns the time of event n, in seconds from the first day's start.
func (d *timeDraw) second(n uint64, random *rand.PCG) uint64 {
	moment := random.Uint64() // of all days, in 2^-64
	if d.step > 0 {
		moment, _ = bits.Mul64(moment, d.step)
		moment += n * d.step
	}
	second, _ := bits.Mul64(moment, d.seconds)
	return second
}
