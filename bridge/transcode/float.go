// SPDX-License-Identifier: Apache-2.0

package transcode

import (
	"encoding/binary"
	"math"
	"math/bits"
	"slices"
	"strconv"
)

// How the bits of a floating-point number are laid out.
const (
	fraction64 = 52   // bits of the fraction of a float64
	bias64     = 1023 // of its exponent
	fraction32 = 23
	bias32     = 127
)

// exactWhole32 is the number below which the shortest decimal of a whole float
// is the number itself: its neighbours are no more than 1 away. For doubles it
// is 1 << (fraction64 + 1).
const exactWhole32 = 1 << (fraction32 + 1)

// fewDecimals is the unit in which a number of up to four decimals is whole.
// Such a number, and a whole one whose neighbours are no more than 1 away, so
// that it is its own shortest decimal, has an exponent from leastFew to
// mostFew.
const (
	fewDecimals = 1e4
	leastFew    = bias64 - 14
	mostFew     = bias64 + fraction64
)

// appendFloat64 writes a double as protojson does: the shortest decimal that
// reads back as the same double, with an exponent below 1e-6 and from 1e21 on.
func appendFloat64(out []byte, v float64) []byte {
	raw := math.Float64bits(v)
	exponent := int(raw >> fraction64 & (1<<11 - 1))
	fraction := raw & (1<<fraction64 - 1)
	if exponent == 1<<11-1 {
		return appendNotFinite(out, raw>>63 != 0, fraction != 0)
	}
	if raw>>63 != 0 {
		out = append(out, '-')
		v = -v
	}
	if v == 0 {
		return append(out, '0')
	}
	if uint(exponent-leastFew) <= mostFew-leastFew {
		// Signed integers, because the processor converts those by itself.
		if whole := int64(v); float64(whole) == v {
			return appendUint(out, uint64(whole))
		}
		// Most numbers that people deal with have few decimals. One of up to 15
		// digits that reads back as v is the shortest: no other of 15 does.
		if scaled := v * fewDecimals; scaled < 1e15 {
			if digits := int64(scaled); float64(digits) == scaled && scaled/fewDecimals == v {
				return appendDecimal(out, uint64(digits), -4)
			}
		}
	}
	// v is c·2^q.
	c, q := fraction, 1-bias64-fraction64
	if exponent != 0 {
		c |= 1 << fraction64
		q += exponent - 1
	}
	digits, power := shortest64(c, q, fraction == 0 && exponent > 1)
	return appendDecimal(out, digits, power)
}

// appendFloat32 writes a float as appendFloat64 writes a double.
func appendFloat32(out []byte, v float32) []byte {
	raw := math.Float32bits(v)
	exponent := int(raw >> fraction32 & (1<<8 - 1))
	fraction := raw & (1<<fraction32 - 1)
	if exponent == 1<<8-1 {
		return appendNotFinite(out, raw>>31 != 0, fraction != 0)
	}
	if raw>>31 != 0 {
		out = append(out, '-')
		v = -v
	}
	if v < exactWhole32 {
		if whole := int32(v); float32(whole) == v {
			return appendUint(out, uint64(whole))
		}
	}
	if v == 1.0/4096 {
		// The one float with two shortest decimals that are equally close.
		// Which of them protojson writes depends on the release of Go.
		return strconv.AppendFloat(out, float64(v), 'f', -1, 32)
	}
	c, q := fraction, 1-bias32-fraction32
	if exponent != 0 {
		c |= 1 << fraction32
		q += exponent - 1
	}
	digits, power := shortest32(uint64(c), q, fraction == 0 && exponent > 1)
	return appendDecimal(out, digits, power)
}

func appendNotFinite(out []byte, negative, nan bool) []byte {
	switch {
	case nan:
		return append(out, `"NaN"`...)
	case negative:
		return append(out, `"-Infinity"`...)
	}
	return append(out, `"Infinity"`...)
}

// shortest64 finds the shortest decimal digits·10^power that lies so close to
// c·2^q that it reads back as it, and of several the closest. uneven says that
// the number below is only half as far away as the one above.
//
// It is the algorithm of Raffaello Giulietti, "The Schubfach way to render
// doubles": with 10^-power rounded up to 128 bits, the number and the two ends
// of what reads back as it are scaled to integers, rounded to odd so that all
// comparisons come out as they would with the exact values.
func shortest64(c uint64, q int, uneven bool) (digits uint64, power int) {
	k := floorLog10Pow2(q)
	low := 4*c - 2
	if uneven {
		k = floorLog10ThreeQuartersPow2(q)
		low = 4*c - 1
	}
	g := &powersOfTen[-k-minPower]
	h := q + floorLog2Pow10(-k) + 1
	// The shift is below 64, which the compiler would see to otherwise.
	lower := g.scale64(low << (h & 63))
	middle := g.scale64(4 * c << (h & 63))
	upper := g.scale64((4*c + 2) << (h & 63))
	return pick(lower, middle, upper, c&1, k)
}

// shortest32 is shortest64 for floats, for which 64 bits of the power do.
func shortest32(c uint64, q int, uneven bool) (digits uint64, power int) {
	k := floorLog10Pow2(q)
	low := 4*c - 2
	if uneven {
		k = floorLog10ThreeQuartersPow2(q)
		low = 4*c - 1
	}
	g := powersOfTen[-k-minPower].high + 1
	h := q + floorLog2Pow10(-k) + 1
	lower := scale32(g, low<<h)
	middle := scale32(g, 4*c<<h)
	upper := scale32(g, (4*c+2)<<h)
	return pick(lower, middle, upper, c&1, k)
}

// pick chooses among the decimals near a number, all in units of 10^k/4: the
// number, and the ends of what reads back as it, which do so themselves only
// where odd is 0.
func pick(lower, middle, upper, odd uint64, k int) (digits uint64, power int) {
	lower += odd
	upper -= odd
	s := middle / 4
	if s >= 10 {
		// With one digit fewer there is at most one.
		short := s / 10
		below, above := lower <= 40*short, 40*short+40 <= upper
		if below != above {
			if above {
				short++
			}
			return short, k + 1
		}
	}
	below, above := lower <= 4*s, 4*s+4 <= upper
	if below != above {
		if above {
			s++
		}
		return s, k
	}
	// Both will do, and the closer is wanted; of two as close, the even one.
	half := 4*s + 2
	if middle > half || middle == half && s&1 == 1 {
		s++
	}
	return s, k
}

// maxDigits is how many digits a double needs at most.
const maxDigits = 17

// appendDecimal writes digits·10^power. The digits may end in zeros, but are
// not 0, and are maxDigits at most.
func appendDecimal(out []byte, digits uint64, power int) []byte {
	digits, zeros := trimZeros(digits)
	power += zeros
	n := decimalLength(digits)
	// How many digits are before the point. The choice between the two ways of
	// writing is protojson's, which is that of JavaScript.
	point := n + power
	switch {
	case point > 21 || point < -5:
		return appendExponent(out, digits, n, point-1)
	case point <= 0: // 0.000123
		return appendUint(append(out, "0.00000"[:2-point]...), digits)
	case point < n: // 12.3
		unit := wholePowers[-power]
		whole := digits / unit
		out = append(appendUint(out, whole), '.')
		return appendPadded(out, digits-whole*unit, -power)
	}
	out = appendUint(out, digits)
	return append(out, "00000000000000000000"[:power]...) // 12300
}

// wholePowers are the powers of ten that a uint64 holds.
var wholePowers = func() (powers [20]uint64) {
	powers[0] = 1
	for i := range powers[1:] {
		powers[i+1] = 10 * powers[i]
	}
	return powers
}()

// decimalLength is how many digits a number other than 0 has.
func decimalLength(v uint64) int {
	n := bits.Len64(v) * 1233 >> 12 // the digits of its power of two, less 1
	if v >= wholePowers[n] {
		n++
	}
	return n
}

// appendPadded writes a number with zeros before it, as so many digits.
func appendPadded(out []byte, v uint64, width int) []byte {
	if width > 8 {
		out = appendPadded(out, v/tenTo8, width-8)
		return binary.LittleEndian.AppendUint64(out, spread8(v%tenTo8)|asciiZeros)
	}
	unwanted := 8 - width
	out = binary.LittleEndian.AppendUint64(out, (spread8(v)|asciiZeros)>>(8*unwanted))
	return out[:len(out)-unwanted]
}

// trimZeros takes the zeros off the end of a number that is not 0, and says how
// many there were.
func trimZeros(v uint64) (_ uint64, zeros int) {
	if v%10 != 0 {
		return v, 0
	}
	if v%tenTo8 == 0 {
		v /= tenTo8
		zeros += 8
	}
	if v%10_000 == 0 {
		v /= 10_000
		zeros += 4
	}
	for v%10 == 0 {
		v /= 10
		zeros++
	}
	return v, zeros
}

// maxExponential is room for what appendExponent writes, d.dddddddddddddddde-ddd,
// in whole words.
const maxExponential = 26

// appendExponent writes a number of n digits as d.ddde±dd. Positive exponents
// have two digits or more, negative ones may have one.
func appendExponent(out []byte, digits uint64, n, exponent int) []byte {
	// With zeros behind them there are always 17, and the divisors constant. The
	// low digits are split off first, since they then need not wait for the others.
	digits *= wholePowers[maxDigits-n]
	high := digits / tenTo8
	low := digits - high*tenTo8
	first := high / tenTo8
	high -= first * tenTo8
	start := len(out)
	if cap(out)-start < maxExponential {
		out = slices.Grow(out, maxExponential)
	}
	// All is written that there may be, and over it what comes next.
	b := (*[maxExponential]byte)(out[start : start+maxExponential])
	b[0], b[1] = '0'+byte(first), '.'
	binary.LittleEndian.PutUint64(b[2:], spread8(high)|asciiZeros)
	binary.LittleEndian.PutUint64(b[10:], spread8(low)|asciiZeros)
	size := n + 1
	if n == 1 {
		size = 1 // nor a point
	}
	sign := uint64('+')
	if exponent < 0 {
		sign, exponent = '-', -exponent
	}
	e := uint64(exponents[exponent])
	binary.LittleEndian.PutUint64(b[size:], 'e'|sign<<8|e<<16)
	return out[:start+size+int(e>>24)]
}

// exponents has, for each decimal exponent that a double may have without its
// sign, up to three digits, the first in the lowest byte, and above them how
// many bytes there are with an e and a sign.
var exponents = func() (table [326]uint32) {
	for e := range table {
		var text [3]byte
		digits := strconv.AppendInt(text[:0], int64(e), 10)
		table[e] = uint32(text[0]) | uint32(text[1])<<8 | uint32(text[2])<<16 | uint32(len("e+")+len(digits))<<24
	}
	return table
}()

// floorLog10Pow2 is ⌊log10 2^q⌋ for any exponent that a double has.
func floorLog10Pow2(q int) int { return (q * 1262611) >> 22 }

// floorLog10ThreeQuartersPow2 is ⌊log10 ¾·2^q⌋ likewise.
func floorLog10ThreeQuartersPow2(q int) int { return (q*1262611 - 524031) >> 22 }

// floorLog2Pow10 is ⌊log2 10^k⌋ for any power in the table.
func floorLog2Pow10(k int) int { return (k * 1741647) >> 19 }

// scale64 is ⌊g·v / 2^128⌋, made odd where that lost anything.
func (g *pow10) scale64(v uint64) uint64 {
	carry, _ := bits.Mul64(g.low, v)
	high, low := bits.Mul64(g.high, v)
	low, c := bits.Add64(low, carry, 0)
	high += c
	if low > 1 {
		high |= 1
	}
	return high
}

// scale32 is ⌊g·v / 2^64⌋ likewise, for v below 2^32.
func scale32(g, v uint64) uint64 {
	high, low := bits.Mul64(g, v)
	if low>>32 > 1 {
		high |= 1
	}
	return high
}
