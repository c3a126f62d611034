// SPDX-License-Identifier: Apache-2.0

package sse

import "unicode/utf8"

// appendText appends b to dst as the UTF-8 decoder of the Encoding standard
// reads it (https://encoding.spec.whatwg.org/#utf-8-decoder): each maximal
// subpart of an ill-formed sequence becomes one U+FFFD. The standard library
// has no such function; strings.ToValidUTF8 makes one of a whole run of bad
// bytes, a conversion to runes one of every byte.
//
// The text must be whole. A sequence that a chunk cuts in two is put together
// before it is decoded, so that chunks make no difference.
func appendText(dst, b []byte) []byte {
	for len(b) > 0 {
		r, size := utf8.DecodeRune(b)
		if r == utf8.RuneError && size == 1 {
			dst = append(dst, "\uFFFD"...)
			size = illFormedLen(b)
		} else {
			dst = append(dst, b[:size]...)
		}
		b = b[size:]
	}
	return dst
}

// illFormedLen returns the length of the maximal subpart of the ill-formed
// sequence at the start of b: the bytes that could have begun a well-formed
// one, at least 1.
func illFormedLen(b []byte) int {
	whole := 1                       // length of a well-formed sequence with this first byte
	lo, hi := byte(0x80), byte(0xBF) // what the next byte may be
	switch c := b[0]; {
	case c >= 0xC2 && c <= 0xDF:
		whole = 2
	case c >= 0xE0 && c <= 0xEF:
		whole = 3
		switch c {
		case 0xE0:
			lo = 0xA0 // below are overlong forms
		case 0xED:
			hi = 0x9F // above are surrogates
		}
	case c >= 0xF0 && c <= 0xF4:
		whole = 4
		switch c {
		case 0xF0:
			lo = 0x90 // below are overlong forms
		case 0xF4:
			hi = 0x8F // above is no Unicode
		}
	}
	n := 1
	for n < whole && n < len(b) && lo <= b[n] && b[n] <= hi {
		n++
		lo, hi = 0x80, 0xBF
	}
	return n
}
