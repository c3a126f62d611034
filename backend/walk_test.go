// SPDX-License-Identifier: Apache-2.0

package backend

import (
	"math"
	"math/rand/v2"
	"testing"
)

// A walk is turned back to where mirrors at its bounds would put it.
func TestTurnBack(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for range 100_000 {
		lower := r.Int64N(40_000) - 20_000
		upper := lower + 1 + r.Int64N(30_000)
		x := lower + r.Int64N(upper-lower+1) + r.Int64N(2*walkUnits+1) - walkUnits
		want := x
		for want < lower || want > upper {
			if want < lower {
				want = 2*lower - want
			} else {
				want = 2*upper - want
			}
		}
		if got := turnBack(x, lower, upper); got != want {
			t.Fatalf("%d between %d and %d: %d, want %d", x, lower, upper, got, want)
		}
	}
	for _, x := range []int64{-walkNone, 0, 1 << 46, walkNone} {
		if got := turnBack(x, -walkNone, walkNone); got != x {
			t.Errorf("%d without bounds: %d", x, got)
		}
	}
}

func TestWalkRange(t *testing.T) {
	t.Parallel()
	tests := []struct {
		lower, upper    float64
		least, greatest int64
	}{
		{0.1235, 0.1237, 1235, 1237}, // 0.1235 * 10000 is a little over 1235
		{0.12345, 0.12385, 1235, 1238},
		{-0.12385, -0.12345, -1238, -1235},
		{-1e9, 1e9, -1e13, 1e13},
		{math.Inf(-1), 5, -walkNone, 50_000},
		{-5, math.Inf(1), -50_000, walkNone},
	}
	for _, tt := range tests {
		least, greatest := walkRange(tt.lower, tt.upper)
		if least != tt.least || greatest != tt.greatest {
			t.Errorf("%g to %g: %d to %d, want %d to %d", tt.lower, tt.upper, least, greatest, tt.least, tt.greatest)
		}
	}
}
