// SPDX-License-Identifier: Apache-2.0

package transcode

import (
	"encoding/base64"
	"encoding/binary"
	"slices"
)

// appendBytes writes bytes as a JSON string in standard base64, padded.
func appendBytes(out, b []byte) []byte {
	out = slices.Grow(out, base64.StdEncoding.EncodedLen(len(b))+2)
	out = append(out, '"')
	for len(b) >= 8 {
		// Six bytes make eight characters, in four pairs of 12 bits each.
		w := binary.BigEndian.Uint64(b)
		out = binary.LittleEndian.AppendUint64(out,
			uint64(base64Pairs[w>>52])|
				uint64(base64Pairs[w>>40&0xfff])<<16|
				uint64(base64Pairs[w>>28&0xfff])<<32|
				uint64(base64Pairs[w>>16&0xfff])<<48)
		b = b[6:]
	}
	out = base64.StdEncoding.AppendEncode(out, b)
	return append(out, '"')
}

// base64Pairs gives the two characters that 12 bits are written as, the first
// in the lower byte.
var base64Pairs = func() (pairs [1 << 12]uint16) {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	for i := range pairs {
		pairs[i] = uint16(alphabet[i>>6]) | uint16(alphabet[i&63])<<8
	}
	return pairs
}()
