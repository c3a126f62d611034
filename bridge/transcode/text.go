// SPDX-License-Identifier: Apache-2.0

package transcode

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"unicode/utf8"
)

// appendString writes a JSON string, with the escapes that protojson chooses:
// for the quote, the backslash and what is below a space, and for nothing else.
// It reports false where the text is not UTF-8; what it has written by then is
// of no use.
func appendString(out, s []byte) ([]byte, bool) {
	out = append(out, '"')
	from := 0 // what is behind this is still to be copied
	for i := 0; ; {
		i = plain(s, i)
		if i == len(s) {
			break
		}
		if s[i] >= utf8.RuneSelf {
			if i = multibyte(s, i); i < 0 {
				return out, false
			}
			continue
		}
		out = append(out, s[from:i]...)
		out, i = appendEscaped(out, s, i)
		from = i
	}
	out = append(out, s[from:]...)
	return append(out, '"'), true
}

// escapedRun is how many characters are written one by one from an escape on.
// Where there is one there are often more.
const escapedRun = 64

// appendEscaped writes the character at a position, which needs an escape, and
// some of those behind it that are ASCII. It returns the position behind them.
func appendEscaped(out, s []byte, i int) ([]byte, int) {
	if c := s[i]; pairs[c] == 0 {
		return append(out, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15]), i + 1
	}
	// Two bytes are written for each character, and one of them written over
	// where it was not needed: no branch depends on the text.
	const room = 2*escapedRun + 1
	out = slices.Grow(out, room)
	text := (*[room]byte)(out[len(out) : len(out)+room])
	n := 0
	for _, c := range s[i:min(len(s), i+escapedRun)] {
		pair := pairs[c]
		if pair == 0 {
			break
		}
		// That it is within the room the compiler sees by the mask.
		binary.LittleEndian.PutUint16(text[n&(2*escapedRun-1):], uint16(pair))
		n += int(pair >> 16)
		i++
	}
	return out[:len(out)+n], i
}

const hexDigits = "0123456789abcdef"

// pairs gives what ASCII is written as where one or two characters do, the
// first in the lowest byte, and above them how many: 0 for what needs more.
var pairs = func() (pairs [256]uint32) {
	for c := uint32(' '); c < utf8.RuneSelf; c++ {
		pairs[c] = c | 1<<16
	}
	for c, letter := range map[byte]byte{'"': '"', '\\': '\\', '\b': 'b', '\f': 'f', '\n': 'n', '\r': 'r', '\t': 't'} {
		pairs[c] = '\\' | uint32(letter)<<8 | 2<<16
	}
	return pairs
}()

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// marks sets the highest bit of each byte that is not plain: the quote, the
// backslash, what is below a space, and what is not ASCII. Of the bits it sets
// only the lowest is to be trusted: a borrow may mark a byte too many, but not
// before the first.
func marks(w uint64) uint64 {
	quote := w ^ ones*'"'
	backslash := w ^ ones*'\\'
	return (w | (w - ones*' ') | (quote - ones) | (backslash - ones)) & highs
}

// plain finds the first byte from a position on that is not plain.
func plain(s []byte, i int) int {
	for ; len(s)-i >= 8; i += 8 {
		if m := marks(binary.LittleEndian.Uint64(s[i:])); m != 0 {
			return i + bits.TrailingZeros64(m)/8
		}
	}
	for ; i < len(s); i++ {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			break
		}
	}
	return i
}

// multibyte passes over text that is not all ASCII, from a position on where a
// character begins. It stops, and returns where, at a character that needs an
// escape or where a stretch of ASCII begins, which plain is faster at; it
// returns -1 where the text is not UTF-8.
func multibyte(s []byte, i int) int {
	for len(s)-i >= 8 {
		// Which bits make a sequence of two, three or four bytes, and which rule
		// out surrogates and what is longer than need be or past U+10FFFF: see
		// RFC 3629, section 4. Where a character has neighbours of its own kind,
		// as in most scripts, two are looked at in one step.
		w := binary.LittleEndian.Uint64(s[i:])
		switch {
		case w&0x80 == 0:
			rest := w & highs
			if rest == 0 || marks(w)&-marks(w) != rest&-rest {
				return i
			}
			i += bits.TrailingZeros64(rest) / 8
		case w&0xc0e0c0e0 == 0x80c080c0:
			if w&0x1e == 0 || w&0x1e0000 == 0 {
				return -1
			}
			i += 4
		case w&0xc0c0f0c0c0f0 == 0x8080e08080e0:
			if badThree(w) || badThree(w>>24) {
				return -1
			}
			i += 6
		case w&0xc0e0 == 0x80c0:
			if w&0x1e == 0 {
				return -1
			}
			i += 2
		case w&0xc0c0f0 == 0x8080e0:
			if badThree(w) {
				return -1
			}
			i += 3
		case w&0xc0c0c0f8 == 0x808080f0:
			if badFour(w) {
				return -1
			}
			i += 4
			if w >>= 32; w&0xc0c0c0f8 == 0x808080f0 {
				if badFour(w) {
					return -1
				}
				i += 4
			}
		default:
			return -1
		}
	}
	for i < len(s) && s[i] >= utf8.RuneSelf {
		r, n := utf8.DecodeRune(s[i:])
		if r == utf8.RuneError && n == 1 {
			return -1
		}
		i += n
	}
	return i
}

// badFour reports whether four bytes of the right form are still no character:
// one that three bytes could say, or one past U+10FFFF.
func badFour(w uint64) bool {
	first, second := w&7, w&0x3000
	return first > 4 || first == 4 && second != 0 || first == 0 && second == 0
}

// badThree reports whether three bytes of the right form are still no
// character: one that two bytes could say, or a surrogate.
func badThree(w uint64) bool {
	x := w & 0x200f
	return x == 0 || x == 0x200d
}
