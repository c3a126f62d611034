// SPDX-License-Identifier: Apache-2.0

package backend

import "math"

// A random walk goes in whole ten-thousandths. Sums of them are exact however
// far it goes, it is the same on every machine, and its numbers are short to
// read: the double nearest to a decimal is printed as that decimal.
const walkUnits = 10_000

// walkReach is how far from 0 the bounds of a walk may be: further than most
// would get in a lifetime, and near enough for every number to be exact.
const walkReach = 1e9

// walkNone stands for a bound that there is not, in units: further than 2^32
// steps lead, and near enough for sums and differences to stay in an int64.
const walkNone = 1 << 60

// walk is a random walk with steps between -1 and 1, turned back at its bounds.
type walk struct {
	seed         uint32
	lower, upper int64 // in units
	last         int64 // in units
}

func newWalk(p plan, at place) *walk {
	lower, upper := walkRange(p.lower, p.upper)
	return &walk{seed: p.seed, lower: lower, upper: upper, last: at.state}
}

func (w *walk) next(position uint32) (float64, bool) {
	s := sourceAt(w.seed, purposeValue, position)
	step := int64(s.below(2*walkUnits+1)) - walkUnits
	w.last = turnBack(w.last+step, w.lower, w.upper)
	return float64(w.last) / walkUnits, true
}

func (w *walk) state() int64 { return w.last }

// walkRange returns the least and the greatest unit between two bounds, which
// are infinite where there is none. The first is not below the second unless
// the bounds leave room for a step.
func walkRange(lower, upper float64) (least, greatest int64) {
	least, greatest = -walkNone, walkNone
	if !math.IsInf(lower, -1) {
		// The nearest unit, and not simply the next above, for the product may
		// round past a bound that is itself a unit, such as 0.1235.
		least = int64(math.Round(lower * walkUnits))
		if float64(least)/walkUnits < lower {
			least++
		}
	}
	if !math.IsInf(upper, 1) {
		greatest = int64(math.Round(upper * walkUnits))
		if float64(greatest)/walkUnits > upper {
			greatest--
		}
	}
	return least, greatest
}

// walkStart is where a walk starts: 0, or the bound nearest to it.
func walkStart(lower, upper int64) int64 {
	return min(max(0, lower), upper)
}

// validWalk says whether a walk may be at a place: between its bounds, and no
// further from its start than steps of 1 lead.
func validWalk(p plan, at place) bool {
	lower, upper := walkRange(p.lower, p.upper)
	way := at.state - walkStart(lower, upper)
	reach := int64(at.position) * walkUnits
	return at.state >= lower && at.state <= upper && way >= -reach && way <= reach
}

// turnBack reflects x at the bounds, as often as it takes where they are nearer
// to each other than a step is long.
func turnBack(x, lower, upper int64) int64 {
	width := upper - lower
	x = (x - lower) % (2 * width)
	if x < 0 {
		x = -x
	}
	if x > width {
		x = 2*width - x
	}
	return lower + x
}
