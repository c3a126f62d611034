// SPDX-License-Identifier: Apache-2.0

package backend

import "math/bits"

// normal draws from the normal distribution with mean 0 and deviation 1 by
// algorithm N of Karney, "Sampling exactly from the normal distribution", ACM
// Transactions on Mathematical Software 42(1), 2016.
//
// Box-Muller, the ziggurat and the inverse distribution function all need
// logarithms, exponentials or sines, whose last bit the Go library does not
// promise to be the same on every architecture. This algorithm only compares
// integers, so that nothing is left to differ: at the end one sum, of the whole
// part and the fraction, is rounded once as IEEE 754 says. It takes a few dozen
// draws of a nanosecond or two.
func (s *source) normal() float64 {
	for {
		// k has probability in proportion to exp(-k²/2): first exp(-k/2) by
		// counting trials, then exp(-k(k-1)/2) by accepting.
		k := uint64(0)
		for s.trialHalf() {
			k++
		}
		if !s.allHalf(k*k - k) {
			continue
		}
		// x is the fraction, in units of 2^-64. Accepting it with probability
		// exp(-x(2k+x)/2) makes k+x have exp(-(k+x)²/2).
		x := s.next()
		if !s.allStep(k, x) {
			continue
		}
		value := float64(k) + fraction(x)
		if s.next()>>63 == 0 {
			return value
		}
		return 0 - value // not -value, which could be the negative zero
	}
}

// trialHalf is true with probability exp(-1/2). The method is von Neumann's: a
// falling run that begins below x has n members or more with probability
// x^n/n!, and so an even number of them with probability exp(-x).
func (s *source) trialHalf() bool {
	last := uint64(1) << 63
	for even := true; ; even = !even {
		u := s.next()
		if u >= last {
			return even
		}
		last = u
	}
}

// allHalf is true with probability exp(-n/2).
func (s *source) allHalf(n uint64) bool {
	for range n {
		if !s.trialHalf() {
			return false
		}
	}
	return true
}

// allStep is true with probability exp(-x(2k+x)/2), where x is in units of
// 2^-64: k+1 trials of exp(-x(2k+x)/(2k+2)) each.
func (s *source) allStep(k, x uint64) bool {
	for range k + 1 {
		if !s.trialStep(k, x) {
			return false
		}
	}
	return true
}

// trialStep is true with probability exp(-xq) for q = (2k+x)/(2k+2): a falling
// run from x in which each member also has to pass a test of probability q.
func (s *source) trialStep(k, x uint64) bool {
	last := x
	for even := true; ; even = !even {
		u := s.next()
		if u >= last {
			return even
		}
		// r/2^64 < q, without dividing: r(2k+2) against 2k whole parts and x.
		high, low := bits.Mul64(s.next(), 2*k+2)
		if high > 2*k || high == 2*k && low >= x {
			return even
		}
		last = u
	}
}
