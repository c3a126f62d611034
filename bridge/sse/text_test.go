// SPDX-License-Identifier: Apache-2.0

package sse

import (
	"testing"
)

// Every sequence of up to four of the bytes at which the decoder's rules
// change is decoded as the standard's state machine does.
func TestAppendTextAgainstTheStandardsDecoder(t *testing.T) {
	t.Parallel()
	edges := []byte{
		'a', 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF,
		0xE0, 0xE1, 0xEC, 0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF,
	}
	var sequence []byte
	var try func(left int)
	try = func(left int) {
		if got, want := string(appendText(nil, sequence)), decodeUTF8(string(sequence)); got != want {
			t.Fatalf("appendText(% x) = %q, want %q", sequence, got, want)
		}
		if left == 0 {
			return
		}
		for _, b := range edges {
			sequence = append(sequence, b)
			try(left - 1)
			sequence = sequence[:len(sequence)-1]
		}
	}
	try(4)
}

// The examples of the Unicode Standard, tables 3-8 to 3-11 ("U+FFFD for ..."),
// on which the state machine of the tests could be wrong too.
func TestAppendTextOfTheUnicodeStandard(t *testing.T) {
	t.Parallel()
	const r = "\uFFFD"
	for in, want := range map[string]string{
		"\xC0\xAF\xE0\x80\xBF\xF0\x81\x82A":          r + r + r + r + r + r + r + r + "A", // non-shortest forms
		"\xED\xA0\x80\xED\xBF\xBF\xED\xAFA":          r + r + r + r + r + r + r + r + "A", // surrogates
		"\xF4\x91\x92\x93\xFFA\x80\xBFB":             r + r + r + r + r + "A" + r + r + "B",
		"\xE1\x80\xE2\xF0\x91\x92\xF1\xBFA":          r + r + r + r + "A", // truncated sequences
		"a\xF1\x80\x80\xE1\x80\xC2b\x80c\x80\xBFd":   "a" + r + r + r + "b" + r + "c" + r + r + "d",
		"\uFFFD is kept, and so is \U0010FFFF\u0000": "\uFFFD is kept, and so is \U0010FFFF\u0000",
	} {
		if got := string(appendText([]byte("before"), []byte(in))); got != "before"+want {
			t.Errorf("appendText(% x) = %q, want %q", in, got, "before"+want)
		}
	}
}
