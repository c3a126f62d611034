// SPDX-License-Identifier: Apache-2.0

package backend

import "math/bits"

// primeLimit is more than the greatest prime that a stream can reach: the
// 4,294,967,295th is a little over 1.04e11. Both the tests below and a token's
// state hold for it.
const primeLimit = 1 << 37

// trialPrimes rule out five candidates in six before the costlier test.
var trialPrimes = [...]uint64{3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37}

// trialEnd is the square of the prime after the last of trialPrimes: below it,
// what they do not divide is prime.
const trialEnd = 41 * 41

// nextPrime returns the least prime above n, which is below primeLimit. It
// keeps no table, so that a stream costs no memory and one that is taken up at
// a great prime costs no more than any other: up to there, two primes are
// never more than a few hundred apart, and each takes some microseconds.
func nextPrime(n uint64) uint64 {
	if n < 2 {
		return 2
	}
	for n = (n + 1) | 1; !isPrime(n); n += 2 {
	}
	return n
}

// isPrime says whether n, which is at most twice primeLimit, is prime. It is
// the strong probable prime test with sets of bases that are proven to let no
// composite through: Jaeschke, "On strong pseudoprimes to several bases",
// Mathematics of Computation 61, 1993: {2, 7, 61} below 4,759,123,141 and
// {2, 13, 23, 1662803} below 1,122,004,669,633.
func isPrime(n uint64) bool {
	if n < 2 || n%2 == 0 {
		return n == 2
	}
	for _, p := range trialPrimes {
		if n%p == 0 {
			return n == p
		}
	}
	switch {
	case n < trialEnd:
		return true
	case n < 4_759_123_141:
		return strongProbablePrime(n, 2) && strongProbablePrime(n, 7) && strongProbablePrime(n, 61)
	default:
		return strongProbablePrime(n, 2) && strongProbablePrime(n, 13) &&
			strongProbablePrime(n, 23) && strongProbablePrime(n, 1_662_803)
	}
}

// strongProbablePrime is one round of the Miller-Rabin test of an odd n, with
// a base that is not a multiple of n.
func strongProbablePrime(n, base uint64) bool {
	twos := bits.TrailingZeros64(n - 1)
	odd := (n - 1) >> twos
	x := powerModulo(base, odd, n)
	if x == 1 || x == n-1 {
		return true
	}
	for range twos - 1 {
		x = timesModulo(x, x, n)
		if x == n-1 {
			return true
		}
	}
	return false
}

func powerModulo(base, exponent, n uint64) uint64 {
	result := uint64(1)
	for base %= n; exponent > 0; exponent >>= 1 {
		if exponent&1 == 1 {
			result = timesModulo(result, base, n)
		}
		base = timesModulo(base, base, n)
	}
	return result
}

func timesModulo(a, b, n uint64) uint64 {
	if n <= 1<<32 {
		return a * b % n
	}
	high, low := bits.Mul64(a, b)
	return bits.Rem64(high, low, n)
}
