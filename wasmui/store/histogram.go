// SPDX-License-Identifier: Apache-2.0

package store

import "math"

// Bin is one bar of a histogram: the values from From up to but not including
// To.
type Bin struct {
	From, To float64
	Count    int
}

// Histogram appends to dst the kept finite values in at most bins bins of equal
// width. The width is 1, 2 or 5 times a power of ten and the borders are
// multiples of it, so that they can be read and rarely move; it is at least 1
// where every value is whole. Less than 2 bins are taken as 2, which values on both
// sides of a border need.
//
// It reads every number kept, which in a browser takes about a millisecond for
// DefaultKeep: a page asks for it a few times a second and not at every frame.
func (h *History) Histogram(dst []Bin, bins int) []Bin {
	all := h.extent(h.Dropped(), h.sums.count)
	if math.IsNaN(all.min) { // nothing finite is kept
		return dst
	}
	bins = max(bins, 2)
	g := fitGrid(all.min, all.max, bins, h.sums.fractions == 0)
	first, last := g.cell(all.min), g.cell(all.max)
	start := len(dst)
	for c := first; c <= last; c++ {
		dst = append(dst, Bin{From: g.border(c), To: g.border(c + 1)})
	}
	out := dst[start:]
	// A multiplication finds the bin or one next to it, and the borders decide.
	scale := 1 / g.border(1)
	from, to := h.Dropped()%h.ring, (h.sums.count-1)%h.ring+1
	if from < to {
		count(out, h.value[from:to], scale, first)
	} else {
		count(out, h.value[from:], scale, first)
		count(out, h.value[:to], scale, first)
	}
	return dst
}

// count adds the finite values, all of which lie in the bins.
func count(bins []Bin, values []float64, scale, first float64) {
	for _, v := range values {
		if !finite(v) {
			continue
		}
		i := min(max(int(math.Floor(v*scale)-first), 0), len(bins)-1)
		for v < bins[i].From {
			i--
		}
		for v >= bins[i].To {
			i++
		}
		bins[i].Count++
	}
}

// grid is a division of the line into cells of the width step·10^exp, with
// borders at its multiples.
type grid struct {
	step float64 // 1, 2 or 5
	exp  int
	pow  float64 // 10^|exp|
}

// border gives the lower border of a cell. Dividing by a power of ten that is
// exact gives 0.3 where multiplying by 0.1 gives 0.30000000000000004.
func (g grid) border(cell float64) float64 {
	if g.exp < 0 {
		return cell * g.step / g.pow
	}
	return cell * g.step * g.pow
}

// cell gives the cell that v lies in, by the borders as they are after rounding.
func (g grid) cell(v float64) float64 {
	var c float64
	if g.exp < 0 {
		c = math.Floor(v * g.pow / g.step)
	} else {
		c = math.Floor(v / g.pow / g.step)
	}
	if v < g.border(c) {
		return c - 1
	}
	if v >= g.border(c+1) {
		return c + 1
	}
	return c
}

// fitGrid finds the finest grid that covers lo to hi in at most bins cells.
func fitGrid(lo, hi float64, bins int, whole bool) grid {
	// Divided first: the difference of the greatest doubles is infinite.
	width := hi/float64(bins) - lo/float64(bins)
	// A cell finer than the doubles around would have no room between its borders.
	size := max(math.Abs(lo), math.Abs(hi))
	width = max(width, 4*(size-math.Nextafter(size, 0)), math.SmallestNonzeroFloat64*1e20)
	if whole || hi == lo {
		width = max(width, 1)
	}
	for exp := int(math.Floor(math.Log10(width))); ; exp++ {
		for _, step := range [...]float64{1, 2, 5} {
			g := grid{step: step, exp: exp, pow: math.Pow10(max(exp, -exp))}
			if g.border(1) < width {
				continue
			}
			if cells := g.cell(hi) - g.cell(lo) + 1; cells <= float64(bins) {
				return g
			}
		}
	}
}
