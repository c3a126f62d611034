// SPDX-License-Identifier: Apache-2.0

package main

import (
	"math"
	"slices"
)

// median returns the middle of the values, or NaN where there are none.
func median(values []float64) float64 { return quantile(values, 0.5) }

// quantile returns the value that the given part of all values, from 0 to 1,
// do not exceed, or NaN where there are none. Between two values it is on the
// line from one to the other.
func quantile(values []float64, part float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(values))
	at := part * float64(len(sorted)-1)
	i := int(at)
	if i+1 == len(sorted) {
		return sorted[i]
	}
	return sorted[i] + (at-float64(i))*(sorted[i+1]-sorted[i])
}

// ratios divides two contenders' values round by round: what disturbed a round
// disturbed both, and the quotient less than either.
func ratios(over, under []float64) []float64 {
	n := min(len(over), len(under))
	quotients := make([]float64, n)
	for i := range n {
		quotients[i] = over[i] / under[i]
	}
	return quotients
}
