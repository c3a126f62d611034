// SPDX-License-Identifier: Apache-2.0

package store

import (
	"math"
	"testing"
	"time"
)

func TestSummaryCountsPositions(t *testing.T) {
	t.Parallel()
	h := New(0)
	for _, p := range []uint32{5, 6, 9, 9, 8, 10} {
		h.Append(Number{Position: p, Value: float64(p)})
	}
	s := h.Summary()
	// 7 and 8 passed over, 9 and 8 again, and 9 passed over from 8 to 10.
	if s.Skipped != 3 || s.Repeated != 2 {
		t.Errorf("skipped %d, repeated %d; want 3 and 2", s.Skipped, s.Repeated)
	}
	if s.First.Position != 5 || s.Last.Position != 10 || s.Count != 6 {
		t.Errorf("first %d, last %d, count %d", s.First.Position, s.Last.Position, s.Count)
	}
}

func TestMeanDoesNotOverflow(t *testing.T) {
	t.Parallel()
	h := New(0)
	for i := range 1000 {
		v := math.MaxFloat64
		if i%2 == 1 {
			v = -v
		}
		h.Append(Number{Position: uint32(i + 1), Value: v})
	}
	if m := h.Summary().Mean; math.Abs(m) > math.MaxFloat64/1e10 {
		t.Errorf("the mean of values that cancel out is %g", m)
	}
	h.Clear()
	for i := range 100_000 {
		h.Append(Number{Position: uint32(i + 1), Value: float64(i)})
	}
	if m := h.Summary().Mean; math.Abs(m-49999.5) > 1e-6 {
		t.Errorf("mean %v, want 49999.5", m)
	}
}

func TestRate(t *testing.T) {
	t.Parallel()
	at := func(ms int64) time.Time { return time.UnixMilli(1_000_000 + ms) }
	fill := func(keep int, ms ...int64) *History {
		h := New(keep)
		for i, m := range ms {
			h.Append(Number{Position: uint32(i + 1), Received: 1_000_000 + m})
		}
		return h
	}
	every := func(step, until int64) (ms []int64) {
		for m := int64(0); m < until; m += step {
			ms = append(ms, m)
		}
		return ms
	}
	for _, tt := range []struct {
		name string
		h    *History
		now  int64
		want float64
	}{
		{"the first number is not a thousand a second", fill(0, 0), 1, 1},
		{"three in the first second", fill(0, 0, 300, 600), 900, 3},
		{"four in two seconds", fill(0, 0, 500, 1000, 1500), 2000, 2},
		{"ten a second for a minute", fill(0, every(100, 60_000)...), 59_999, 10},
		{"a quiet minute", fill(0, 0, 1, 2, 3), 60_000, 0},
		{"the window's start is not in it", fill(0, 0, 5000), 5000, 0.2},
		{"more than is kept in the window", fill(10, every(1, 100)...), 100, 1000},
		{"all that is kept at one moment", fill(10, every(0+1, 1)...), 0, 1},
		{"a clock that was set back", fill(0, 0, 100, 200), -5000, 3},
	} {
		if got := tt.h.Rate(at(tt.now), 5*time.Second); math.Abs(got-tt.want) > 1e-9 {
			t.Errorf("%s: %v/s, want %v", tt.name, got, tt.want)
		}
	}
	if got := fill(0, 0, 1).Rate(at(1), 0); got != 0 {
		t.Errorf("a window of nothing: %v/s", got)
	}
}
