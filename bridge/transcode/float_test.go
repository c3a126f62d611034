// SPDX-License-Identifier: Apache-2.0

package transcode

import (
	"bytes"
	"math"
	"math/rand/v2"
	"strconv"
	"testing"
)

// wantFloat writes a number with strconv, in protojson's choice of formats.
func wantFloat(v float64, size int) []byte {
	switch {
	case math.IsNaN(v):
		return []byte(`"NaN"`)
	case math.IsInf(v, 1):
		return []byte(`"Infinity"`)
	case math.IsInf(v, -1):
		return []byte(`"-Infinity"`)
	}
	format := byte('f')
	if abs := math.Abs(v); abs != 0 {
		if size == 64 && (abs < 1e-6 || abs >= 1e21) || size == 32 && (float32(abs) < 1e-6 || float32(abs) >= 1e21) {
			format = 'e'
		}
	}
	text := strconv.AppendFloat(nil, v, format, -1, size)
	if format == 'e' {
		// e-09 is written e-9.
		text = bytes.Replace(text, []byte("e-0"), []byte("e-"), 1)
	}
	return text
}

func checkFloat64(t *testing.T, v float64) {
	t.Helper()
	if got, want := appendFloat64([]byte("x"), v), wantFloat(v, 64); string(got) != "x"+string(want) {
		t.Errorf("double %x: got %s, want %s", math.Float64bits(v), got[1:], want)
	}
}

func checkFloat32(t *testing.T, v float32) {
	t.Helper()
	if got, want := appendFloat32([]byte("x"), v), wantFloat(float64(v), 32); string(got) != "x"+string(want) {
		t.Errorf("float %x: got %s, want %s", math.Float32bits(v), got[1:], want)
	}
}

func TestFloatsAgainstStrconv(t *testing.T) {
	t.Parallel()
	n := 300_000
	if testing.Short() {
		n = 20_000
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range n {
		raw := r.Uint64()
		checkFloat64(t, math.Float64frombits(raw))
		checkFloat32(t, math.Float32frombits(uint32(raw)))
		// What people measure: few digits, or an even spread.
		checkFloat64(t, float64(int64(raw)>>r.IntN(64))/math.Pow10(r.IntN(12)))
		checkFloat32(t, float32(int32(raw)>>r.IntN(32))/float32(math.Pow10(r.IntN(6))))
		checkFloat64(t, r.Float64())
	}
	// Powers of two, whose neighbours are unevenly far away, powers of ten,
	// and what is next to either.
	for e := -1074; e <= 1023; e++ {
		checkAround64(t, math.Ldexp(1, e))
		checkAround32(t, float32(math.Ldexp(1, e)))
	}
	for e := -324; e <= 308; e++ {
		checkAround64(t, math.Pow10(e))
		checkAround32(t, float32(math.Pow10(e)))
	}
	// The smallest of all, and the least whose digits are all there.
	for i := range uint64(5000) {
		checkFloat64(t, math.Float64frombits(i))
		checkFloat64(t, math.Float64frombits(1<<52-2500+i))
		checkFloat32(t, math.Float32frombits(uint32(i)))
		checkFloat32(t, math.Float32frombits(uint32(1<<23-2500+i)))
	}
}

func checkAround64(t *testing.T, v float64) {
	t.Helper()
	for _, w := range []float64{v, math.Nextafter(v, 0), math.Nextafter(v, math.Inf(1))} {
		checkFloat64(t, w)
		checkFloat64(t, -w)
	}
}

func checkAround32(t *testing.T, v float32) {
	t.Helper()
	for _, w := range []float32{v, math.Nextafter32(v, 0), math.Nextafter32(v, float32(math.Inf(1)))} {
		checkFloat32(t, w)
		checkFloat32(t, -w)
	}
}

// TestPowersOfTenReach holds that no double and no float asks for a power that
// the table does not have, and that the logarithms are right for all it has.
func TestPowersOfTenReach(t *testing.T) {
	t.Parallel()
	for q := 1 - bias64 - fraction64; q <= bias64-fraction64; q++ {
		for _, k := range []int{floorLog10Pow2(q), floorLog10ThreeQuartersPow2(q)} {
			if -k < minPower || -k > maxPower {
				t.Errorf("2^%d needs 10^%d", q, -k)
			}
			if h := q + floorLog2Pow10(-k) + 1; h < 1 || h > 5 {
				t.Errorf("2^%d is shifted by %d", q, h)
			}
		}
	}
	for k := minPower; k <= maxPower; k++ {
		fraction, exponent := math.Frexp(math.Pow10(k))
		if fraction == 0 || math.IsInf(fraction, 0) {
			continue // past what a double holds
		}
		if got := floorLog2Pow10(k); got != exponent-1 {
			t.Errorf("⌊log2 10^%d⌋ = %d, want %d", k, got, exponent-1)
		}
		if powersOfTen[k-minPower].high>>63 != 1 {
			t.Errorf("10^%d is not normal", k)
		}
	}
}
