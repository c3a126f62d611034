// SPDX-License-Identifier: Apache-2.0

package backend

import "math/bits"

// purpose keeps the draws that one position needs for different things apart.
// The values are part of what a seed means: never change one.
type purpose uint64

const (
	purposeCount purpose = 1
	purposePause purpose = 2
	purposeValue purpose = 3
)

// source is a SplitMix64 generator: Steele, Lea and Flood, "Fast splittable
// pseudorandom number generators", OOPSLA 2014, with the mixing function that
// the paper takes from Stafford (variant 13). It is integer arithmetic from
// end to end, and so the same on every machine.
type source uint64

// goldenGamma is the odd integer nearest to 2^64 divided by the golden ratio.
const goldenGamma = 0x9e3779b97f4a7c15

// sourceAt returns the source of what is drawn for one purpose at one position
// of the stream with this seed. Each position has a source of its own, which
// is why a stream can begin at any of them without making those before it.
func sourceAt(seed uint32, p purpose, position uint32) source {
	key := mix64(uint64(p)<<32 | uint64(seed))
	return source(mix64(key + uint64(position)*goldenGamma))
}

func mix64(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// next returns 64 random bits.
func (s *source) next() uint64 {
	*s += goldenGamma
	return mix64(uint64(*s))
}

// below returns an integer from 0 to n-1. It takes the high half of a product
// and does not redraw: for n up to 2^32 no result is off its fair share by
// more than one part in 2^32.
func (s *source) below(n uint64) uint64 {
	high, _ := bits.Mul64(s.next(), n)
	return high
}

// unit returns one of the multiples of 2^-53 from 0 to just under 1.
func (s *source) unit() float64 { return fraction(s.next()) }

// fraction is bits/2^64, cut off at 53 bits and so exact. The conversion is
// for whoever adds to it: some architectures have an instruction that multiplies
// and adds with one rounding, and Go uses it unless a conversion comes between.
func fraction(bits uint64) float64 {
	return float64(float64(bits>>11) * 0x1p-53)
}
