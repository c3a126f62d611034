// SPDX-License-Identifier: Apache-2.0

package store

import (
	"slices"
	"time"
)

// DelaySample is how many of the last numbers Delays looks at.
const DelaySample = 1000

// Delays is how long numbers took from being made to arriving here, in whole
// milliseconds.
//
// The two moments are read from two clocks, so a delay holds the difference of
// the clocks too, and may be negative. Differences between delays do not: see
// Above.
type Delays struct {
	// Count is how many numbers were looked at, at most DelaySample; all is zero
	// where it is 0.
	Count int
	// Last is the delay of the last number looked at.
	Last time.Duration
	// Least is the smallest delay of all numbers added, kept or not.
	Least time.Duration
	// Median, P95 and Worst are over the numbers looked at: half of them, 95 in
	// 100, and all took no longer.
	Median, P95, Worst time.Duration
}

// Skewed says that the clocks certainly differ: something arrived before it was
// made.
func (d Delays) Skewed() bool { return d.Least < 0 }

// Above gives the delays counted from the least one, from which the difference
// of the clocks has dropped out: what the network, the bridge and the pauses of a
// lost connection added.
func (d Delays) Above() Delays {
	d.Last -= d.Least
	d.Median -= d.Least
	d.P95 -= d.Least
	d.Worst -= d.Least
	d.Least = 0
	return d
}

// Delays gives the delays of the last numbers. Those that do not say when they
// were made are left out.
func (h *History) Delays() Delays {
	sample := h.sample[:0]
	total := h.sums.count
	for i := total - uint64(min(h.Len(), DelaySample)); i < total; i++ {
		if n := h.number(i); n.Created != 0 {
			sample = append(sample, n.Received-n.Created)
		}
	}
	h.sample = sample
	count := len(sample)
	if count == 0 {
		return Delays{}
	}
	ms := func(v int64) time.Duration { return time.Duration(v) * time.Millisecond }
	d := Delays{Count: count, Last: ms(sample[count-1]), Least: ms(h.sums.leastDelay)}
	slices.Sort(sample)
	d.Median = ms(sample[(count-1)/2])
	d.P95 = ms(sample[(95*count+99)/100-1])
	d.Worst = ms(sample[count-1])
	return d
}
