// SPDX-License-Identifier: Apache-2.0

package store

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestHistogram(t *testing.T) {
	t.Parallel()
	fill := func(values ...float64) *History {
		h := New(0)
		for i, v := range values {
			h.Append(Number{Position: uint32(i + 1), Value: v})
		}
		return h
	}
	for _, tt := range []struct {
		name string
		h    *History
		bins int
		want []Bin
	}{
		{"whole", fill(1, 2, 2, 3), 10, []Bin{{1, 2, 1}, {2, 3, 2}, {3, 4, 1}}},
		{"tenths have borders at tenths", fill(0, 0.3, 0.7, 0.95), 10, []Bin{
			{0, 0.1, 1},
			{0.1, 0.2, 0},
			{0.2, 0.3, 0},
			{0.3, 0.4, 1},
			{0.4, 0.5, 0},
			{0.5, 0.6, 0},
			{0.6, 0.7, 0},
			{0.7, 0.8, 1},
			{0.8, 0.9, 0},
			{0.9, 1, 1},
		}},
		{"one value", fill(0.5), 10, []Bin{{0, 1, 1}}},
		{"none that is finite", fill(math.NaN(), math.Inf(1)), 10, nil},
		{"the infinite are left out", fill(1, math.Inf(-1), 1), 10, []Bin{{1, 2, 2}}},
		{"both sides of zero", fill(-30, 40), 2, []Bin{{-50, 0, 1}, {0, 50, 1}}},
		{"too few bins", fill(-1, 1), 0, []Bin{{-2, 0, 1}, {0, 2, 1}}},
	} {
		if diff := cmp.Diff(tt.want, tt.h.Histogram(nil, tt.bins)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// TestHistogramHoldsEveryValue tries ranges from the least to the greatest: every
// value lies in one bin, within its borders, and the bins touch.
func TestHistogramHoldsEveryValue(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 6))
	for range 3000 {
		scale := math.Pow(10, r.Float64()*600-295)
		offset := []float64{0, 0, scale, 1e6 * scale, -1e15 * scale, math.MaxFloat64}[r.IntN(6)]
		h := New(50)
		for i := range 1 + r.IntN(60) {
			v := offset + scale*r.NormFloat64()
			if r.IntN(10) == 0 {
				v = -v
			}
			h.Append(Number{Position: uint32(i + 1), Value: v})
		}
		bins := 2 + r.IntN(40)
		got := h.Histogram(nil, bins)
		if len(got) > bins {
			t.Fatalf("%d bins where %d were asked for", len(got), bins)
		}
		counts := make([]int, len(got))
		finiteValues := 0
		for i := range h.Len() {
			v := h.At(i).Value
			if !finite(v) {
				continue
			}
			finiteValues++
			at := slices.IndexFunc(got, func(b Bin) bool { return b.From <= v && v < b.To })
			if at < 0 {
				t.Fatalf("%g lies in no bin of %v", v, got)
			}
			counts[at]++
		}
		if finiteValues == 0 {
			continue
		}
		for i, b := range got {
			if b.Count != counts[i] {
				t.Fatalf("bin %v holds %d values", b, counts[i])
			}
			if i > 0 && got[i-1].To != b.From {
				t.Fatalf("bins %v and %v do not touch", got[i-1], b)
			}
		}
		if got[0].Count == 0 || got[len(got)-1].Count == 0 {
			t.Fatalf("an empty bin at an end: %v", got)
		}
	}
}
