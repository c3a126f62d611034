// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"math"
	"strings"
	"testing"

	"sluice/wasmui/store"
)

func TestLineChart(t *testing.T) {
	t.Parallel()
	nan, inf := math.NaN(), math.Inf(1)
	tests := []struct {
		name             string
		values           []float64
		line, band, rang string
	}{
		{"nothing", nil, "", "", ""},
		{"nothing finite", []float64{nan, inf}, "", "", ""},
		{"one", []float64{5}, "M156 50L164 50", "", "5 to 5"},
		{"all the same", []float64{5, 5}, "M0 50L320 50", "", "5 to 5"},
		{"up and down", []float64{0, 2, 1}, "M0 100L160 0L320 50", "", "0 to 2"},
		{"a hole", []float64{0, nan, 1, 0.5}, "M0 100M213.3 0L320 50", "", "0 to 1"},
		{"the greatest doubles", []float64{-math.MaxFloat64, math.MaxFloat64}, "M0 100L320 0", "", "\u22121.798×10³⁰⁸ to 1.798×10³⁰⁸"},
	}
	for _, tt := range tests {
		h := history(0, tt.values...)
		c := chartOf(h, h.Summary(), chartLine)
		if c.Line != tt.line || c.Band != tt.band || c.Range != tt.rang {
			t.Errorf("%s: line %q, band %q, range %q; want %q, %q, %q", tt.name, c.Line, c.Band, c.Range, tt.line, tt.band, tt.rang)
		}
	}
}

// A path stays of one size, whatever the length of the stream.
func TestLineChartIsBounded(t *testing.T) {
	t.Parallel()
	values := make([]float64, 50_000)
	for i := range values {
		values[i] = math.Sin(float64(i))
	}
	h := history(0, values...)
	c := chartOf(h, h.Summary(), chartLine)
	if n := strings.Count(c.Line, "L") + 1; n > chartColumns || n < chartColumns/2 {
		t.Errorf("%d points, want %d at most and half of that at least", n, chartColumns)
	}
	if c.Band == "" {
		t.Error("columns of many values have no band")
	}
	if c.Left != "number 1" || c.Right != "50\u202f000" {
		t.Errorf("edges %q and %q", c.Left, c.Right)
	}
}

func TestBarChart(t *testing.T) {
	t.Parallel()
	h := history(0, 1, 1, 2)
	c := chartOf(h, h.Summary(), chartBars)
	if want := "M12.8 100L12.8 0L147.2 0L147.2 100ZM172.8 100L172.8 50L307.2 50L307.2 100Z"; c.Band != want {
		t.Errorf("bars %q, want %q", c.Band, want)
	}
	if c.Range != "at most 2 a bar" || c.Left != "1" || c.Right != "3" {
		t.Errorf("range %q, from %q to %q", c.Range, c.Left, c.Right)
	}
	if c := chartOf(history(0), store.Summary{}, chartBars); c.Band != "" {
		t.Errorf("bars of nothing: %q", c.Band)
	}
}

// A bar of one among many is seen all the same.
func TestBarsAreNeverTooLowToBeSeen(t *testing.T) {
	t.Parallel()
	d := bars([]store.Bin{{Count: 100_000}, {Count: 1}, {Count: 0}}, 100_000)
	if !strings.Contains(d, " 99L") || strings.Count(d, "Z") != 2 {
		t.Errorf("bars %q: want two, the lower one unit high", d)
	}
}

func TestShortValue(t *testing.T) {
	t.Parallel()
	for v, want := range map[float64]string{0: "0", 100: "100", 0.5: "0.5", -3.2: "\u22123.2", 1.2345: "1.2345", 1e-10: "1.000×10⁻¹⁰"} {
		if got := shortValue(v); got != want {
			t.Errorf("%v: %q, want %q", v, got, want)
		}
	}
}
