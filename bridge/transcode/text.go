// SPDX-License-Identifier: Apache-2.0

package transcode

import (
	"encoding/binary"
	"math/bits"
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
		out = appendEscape(out, s[i])
		i++
		from = i
	}
	out = append(out, s[from:]...)
	return append(out, '"'), true
}

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

// multibyte passes over characters that are not ASCII, from a position on where
// there is one. It returns the position behind them, or -1 where they are not
// UTF-8.
func multibyte(s []byte, i int) int {
	for len(s)-i >= 4 {
		// The bits that make a sequence of two, three or four bytes, and those
		// that rule out surrogates and what is longer than need be or past
		// U+10FFFF. See RFC 3629, section 4.
		w := binary.LittleEndian.Uint32(s[i:])
		switch {
		case w&0x80 == 0:
			return i
		case w&0x00c0c0f0 == 0x008080e0:
			if x := w & 0x200f; x == 0 || x == 0x200d {
				return -1
			}
			i += 3
		case w&0xc0e0 == 0x80c0:
			if w&0x1e == 0 {
				return -1
			}
			i += 2
		case w&0xc0c0c0f8 == 0x808080f0:
			if first, second := w&7, w&0x3000; first > 4 || first == 4 && second != 0 || first == 0 && second == 0 {
				return -1
			}
			i += 4
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

const hexDigits = "0123456789abcdef"

// appendEscape writes a character below a space, a quote or a backslash.
func appendEscape(out []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(out, '\\', c)
	case '\b':
		return append(out, '\\', 'b')
	case '\f':
		return append(out, '\\', 'f')
	case '\n':
		return append(out, '\\', 'n')
	case '\r':
		return append(out, '\\', 'r')
	case '\t':
		return append(out, '\\', 't')
	}
	return append(out, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
}

