// SPDX-License-Identifier: Apache-2.0

package transcode

import (
	"encoding/binary"
	"math/bits"
)

// digits2 is 00 to 99.
const digits2 = "00010203040506070809" +
	"10111213141516171819" +
	"20212223242526272829" +
	"30313233343536373839" +
	"40414243444546474849" +
	"50515253545556575859" +
	"60616263646566676869" +
	"70717273747576777879" +
	"80818283848586878889" +
	"90919293949596979899"

// put2 writes a number below 100 as two digits.
func put2(b []byte, v uint32) {
	_ = b[1]
	b[0], b[1] = digits2[2*v], digits2[2*v+1]
}

// tenTo8 is one more than what eight digits can say.
const tenTo8 = 100_000_000

// asciiZeros is eight times the character 0.
const asciiZeros = ones * '0'

// spread8 turns a number below tenTo8 into its eight decimal digits, one a
// byte, the first in the lowest: one more step than a table of pairs would
// take, but no memory, and all the digits are worked out at once.
func spread8(v uint64) uint64 {
	// Halves of four digits, in 32 bits each.
	high := v / 10_000
	x := high | (v-high*10_000)<<32
	// Pairs, in 16 bits each: 10486 / 2^20 is 1/100, well enough below 10,000.
	high = x * 10486 >> 20 & (0x7f | 0x7f<<32)
	x = high | (x-high*100)<<16
	// Digits: 103 / 2^10 is 1/10, well enough below 100.
	high = x * 103 >> 10 & (0xf | 0xf<<16 | 0xf<<32 | 0xf<<48)
	return high | (x-high*10)<<8
}

// appendUint writes a number in decimal.
func appendUint(out []byte, v uint64) []byte {
	switch {
	case v < 10:
		return append(out, '0'+byte(v))
	case v < 100:
		return append(out, digits2[2*v], digits2[2*v+1])
	case v < tenTo8:
		digits := spread8(v)
		// All eight are written, and those that are not needed are dropped.
		zeros := bits.TrailingZeros64(digits) / 8
		out = binary.LittleEndian.AppendUint64(out, (digits|asciiZeros)>>(8*zeros))
		return out[:len(out)-zeros]
	}
	high := v / tenTo8
	if high >= tenTo8 {
		out = appendUint(out, high/tenTo8)
		out = binary.LittleEndian.AppendUint64(out, spread8(high%tenTo8)|asciiZeros)
	} else {
		out = appendUint(out, high)
	}
	return binary.LittleEndian.AppendUint64(out, spread8(v-high*tenTo8)|asciiZeros)
}

// appendInt writes a number in decimal.
func appendInt(out []byte, v int64) []byte {
	if v < 0 {
		return appendUint(append(out, '-'), -uint64(v))
	}
	return appendUint(out, uint64(v))
}
