// SPDX-License-Identifier: Apache-2.0

package store

import "math"

// Bucket is a few neighbouring numbers as a chart draws them: one column.
type Bucket struct {
	// From and To are the range of the numbers among all added, from 0, To
	// excluded.
	From, To uint64
	// FirstPosition and LastPosition are the positions of the first and the last
	// number.
	FirstPosition, LastPosition uint32
	// Min and Max are over the finite values, Last is the last finite one; NaN
	// where there is none.
	Min, Max, Last float64
}

// Series appends to dst the last numbers (all that are kept where last is not
// positive) as at most width buckets of the same size, a power of two, of which
// only the first and the last may be smaller. The borders lie at multiples of the size
// among all numbers added, so that a bucket that is complete never changes and a chart
// that slides does not shimmer.
//
// It reads no more than 64 numbers a bucket and one summary for every 64 numbers
// kept.
func (h *History) Series(dst []Bucket, last, width int) []Bucket {
	kept := h.Len()
	if last <= 0 || last > kept {
		last = kept
	}
	if last == 0 || width <= 0 {
		return dst
	}
	to := h.sums.count
	from := to - uint64(last)
	size := uint64(1)
	for (to-1)/size-from/size+1 > uint64(width) {
		size *= 2
	}
	for lo := from; lo < to; {
		hi := min((lo/size+1)*size, to)
		all := h.extent(lo, hi)
		dst = append(dst, Bucket{
			From: lo, To: hi,
			FirstPosition: h.position[lo%h.ring],
			LastPosition:  h.position[(hi-1)%h.ring],
			Min:           all.min, Max: all.max, Last: all.last,
		})
		lo = hi
	}
	return dst
}

// extent sums up the kept numbers from lo to hi, hi excluded, by whole blocks
// where it can.
func (h *History) extent(lo, hi uint64) block {
	out := emptyBlock
	for lo < hi {
		slot := lo % h.ring
		// The block being written ends with the last number, and counts as whole.
		if end := lo + blockSize; slot%blockSize == 0 && (end <= hi || hi == h.sums.count) {
			out.merge(h.blocks[slot/blockSize])
			lo = end
			continue
		}
		if v := h.value[slot]; finite(v) {
			out.merge(block{v, v, v})
		}
		lo++
	}
	return out
}

// merge adds the block that follows.
func (b *block) merge(next block) {
	if math.IsNaN(next.min) { // nothing finite in it
		return
	}
	if !(b.min <= next.min) {
		b.min = next.min
	}
	if !(b.max >= next.max) {
		b.max = next.max
	}
	b.last = next.last
}
