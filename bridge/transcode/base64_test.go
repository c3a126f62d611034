// SPDX-License-Identifier: Apache-2.0

package transcode

import (
	"encoding/base64"
	"testing"
)

// TestBytes holds base64 to the standard library's, for every length around
// that of a step, and every pair of characters at every place in one.
func TestBytes(t *testing.T) {
	t.Parallel()
	check := func(b []byte) {
		t.Helper()
		if got, want := string(appendBytes([]byte("x"), b)), `x"`+base64.StdEncoding.EncodeToString(b)+`"`; got != want {
			t.Errorf("% x: got %s, want %s", b, got, want)
		}
	}
	b := make([]byte, 40)
	for i := range b {
		b[i] = byte(37*i + 11)
		check(b[:i])
	}
	for pair := range 1 << 12 {
		check([]byte{
			byte(pair >> 4), byte(pair<<4) | byte(pair>>8), byte(pair), // the pair, twice
			byte(pair >> 4), byte(pair<<4) | byte(pair>>8), byte(pair),
			1, 2, 3,
		})
	}
}
