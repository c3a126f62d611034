// SPDX-License-Identifier: Apache-2.0

package store

import (
	"math"
	"sort"
	"time"
)

// Summary is what is known of all numbers added, kept or not.
type Summary struct {
	Count uint64
	// First and Last are the first and the last number, zero where Count is 0.
	First, Last Number
	// Min, Max and Mean are over the finite values, NaN where there is none.
	Min, Max, Mean float64
	// NonFinite counts the values that are NaN or infinite.
	NonFinite uint64
	// Skipped counts positions that were passed over, Repeated numbers whose
	// position did not come after that of the one before. Both 0 is the proof that
	// every number came once and in order.
	Skipped, Repeated uint64
}

// sums is what Append keeps up to date. The zero value has seen nothing.
type sums struct {
	count, finite     uint64
	first, last       Number
	min, max, mean    float64
	fractions         uint64 // finite values that are not whole
	skipped, repeated uint64
	timed             uint64 // numbers that say when they were made
	leastDelay        int64
}

func (s *sums) add(n Number) {
	switch {
	case s.count == 0:
		s.first = n
	case n.Position <= s.last.Position:
		s.repeated++
	default:
		s.skipped += uint64(n.Position - s.last.Position - 1)
	}
	s.count++
	s.last = n

	if v := n.Value; finite(v) {
		if s.finite == 0 {
			s.min, s.max = v, v
		}
		s.finite++
		s.min, s.max = min(s.min, v), max(s.max, v)
		// Divided before the subtraction, which could overflow otherwise.
		k := float64(s.finite)
		s.mean += v/k - s.mean/k
		if v != math.Trunc(v) {
			s.fractions++
		}
	}
	if n.Created != 0 {
		d := n.Received - n.Created
		if s.timed == 0 || d < s.leastDelay {
			s.leastDelay = d
		}
		s.timed++
	}
}

// Summary gives the sums at no cost.
func (h *History) Summary() Summary {
	s := &h.sums
	out := Summary{
		Count: s.count, First: s.first, Last: s.last,
		Min: s.min, Max: s.max, Mean: s.mean,
		NonFinite: s.count - s.finite,
		Skipped:   s.skipped, Repeated: s.repeated,
	}
	if s.finite == 0 {
		out.Min, out.Max, out.Mean = math.NaN(), math.NaN(), math.NaN()
	}
	return out
}

// leastRateSpan keeps the first moments of a stream from showing a rate that
// two numbers next to each other would make up.
const leastRateSpan = time.Second

// Rate is how many numbers a second were received in the window up to now; in
// the time since the first one, at least a second, where that is shorter; and in
// the time that is kept where so many came that this is shorter still.
func (h *History) Rate(now time.Time, window time.Duration) float64 {
	kept := h.Len()
	if kept == 0 || window <= 0 {
		return 0
	}
	dropped := h.Dropped()
	end := now.UnixMilli()
	start := end - window.Milliseconds()
	// Numbers are received in order, so the first of the window can be searched.
	older := sort.Search(kept, func(i int) bool {
		return h.received[(dropped+uint64(i))%h.ring] > start
	})
	span := window
	if older == 0 {
		span = time.Duration(end-h.number(dropped).Received) * time.Millisecond
		if dropped == 0 {
			span = max(span, min(leastRateSpan, window))
		}
		span = min(max(span, time.Millisecond), window)
	}
	return float64(kept-older) / span.Seconds()
}
