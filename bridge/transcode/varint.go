// SPDX-License-Identifier: Apache-2.0

package transcode

// What varint returns in place of a position.
const (
	truncated = -1 - iota // the bytes end within the number
	overlong              // the number has more than 64 bits
)

// varint reads the base-128 number at a position and says where the next byte
// is, or truncated or overlong. It takes what protowire.ConsumeVarint takes,
// numbers written with more bytes than they need among them.
func varint(b []byte, pos int) (v uint64, next int) {
	if len(b)-pos >= 10 {
		return varint10((*[10]byte)(b[pos:]), pos)
	}
	for shift := 0; pos < len(b); shift += 7 {
		c := b[pos]
		pos++
		if c < 0x80 {
			return v | uint64(c)<<shift, pos
		}
		v |= uint64(c&0x7f) << shift
	}
	return 0, truncated
}

// varint10 is varint where ten bytes are there to read, the most a number has.
func varint10(b *[10]byte, pos int) (v uint64, next int) {
	for i := range 9 {
		c := b[i]
		v |= uint64(c&0x7f) << (7 * i)
		if c < 0x80 {
			return v, pos + i + 1
		}
	}
	// One bit is left of the 64.
	if b[9] > 1 {
		return 0, overlong
	}
	return v | uint64(b[9])<<63, pos + 10
}

// zigzag undoes the encoding of the sint kinds, in which the sign is the
// lowest bit.
func zigzag(v uint64) int64 { return int64(v>>1) ^ -int64(v&1) }
