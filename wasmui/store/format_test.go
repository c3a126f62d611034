// SPDX-License-Identifier: Apache-2.0

package store

import (
	"math"
	"strings"
	"testing"
	"time"
)

// readable writes the narrow space as _ and the minus sign as -, to tell them
// apart in a source file.
var readable = strings.NewReplacer("\u202f", "_", "\u2212", "-")

func TestFormatValue(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		v    float64
		want string
	}{
		{0, "0"},
		{math.Copysign(0, -1), "0"},
		{1, "1"},
		{-1, "-1"},
		{9999, "9999"},
		{10000, "10_000"},
		{123456, "123_456"},
		{-1234567, "-1_234_567"},
		{8944394323791464, "8_944_394_323_791_464"},
		{1 << 53, "9_007_199_254_740_992"},
		{1<<53 + 2, "9.007×10¹⁵"},
		{1e21, "1.000×10²¹"},
		{-1.23456e300, "-1.235×10³⁰⁰"},
		{math.MaxFloat64, "1.798×10³⁰⁸"},
		{math.SmallestNonzeroFloat64, "4.941×10⁻³²⁴"},
		{0.5, "0.5000"},
		{-0.8414709848078965, "-0.8415"},
		{2.00001, "2.0000"},
		{9999.99999, "10_000.0000"},
		{12345.678, "12_345.6780"},
		{0.001, "0.0010"},
		{0.00099996, "1.000×10⁻³"},
		{0.0000123456, "1.235×10⁻⁵"},
		{math.NaN(), "NaN"},
		{math.Inf(1), "∞"},
		{math.Inf(-1), "-∞"},
	} {
		if got := readable.Replace(FormatValue(tt.v)); got != tt.want {
			t.Errorf("FormatValue(%v) = %s, want %s", tt.v, got, tt.want)
		}
	}
}

func TestAppendValueDoesNotAllocate(t *testing.T) {
	dst := make([]byte, 0, 64)
	for _, v := range []float64{7, -123456, 0.25, 1e-9, 1e300, math.NaN()} {
		if n := testing.AllocsPerRun(100, func() { dst = AppendValue(dst[:0], v) }); n != 0 {
			t.Errorf("AppendValue(%v) allocates %v times", v, n)
		}
	}
}

func TestFormatCount(t *testing.T) {
	t.Parallel()
	for n, want := range map[uint64]string{0: "0", 1000: "1000", 10000: "10_000", 100000: "100_000", math.MaxUint64: "18_446_744_073_709_551_615"} {
		if got := readable.Replace(FormatCount(n)); got != want {
			t.Errorf("FormatCount(%d) = %s, want %s", n, got, want)
		}
	}
}

func TestFormatRate(t *testing.T) {
	t.Parallel()
	for v, want := range map[float64]string{
		0: "0/s", -1: "0/s", 0.2: "0.2/s", 2.44: "2.4/s", 9.949: "9.9/s", 9.95: "10/s", 12.5: "13/s",
		123456: "123_456/s", 1e300: "1.000×10³⁰⁰/s", math.Inf(1): "∞/s",
	} {
		if got := readable.Replace(FormatRate(v)); got != want {
			t.Errorf("FormatRate(%v) = %s, want %s", v, got, want)
		}
	}
	if got := FormatRate(math.NaN()); got != "0/s" {
		t.Errorf("FormatRate(NaN) = %s", got)
	}
}

func TestFormatDuration(t *testing.T) {
	t.Parallel()
	const ms, s, m, h = time.Millisecond, time.Second, time.Minute, time.Hour
	for d, want := range map[time.Duration]string{
		0: "0_ms", 400 * time.Microsecond: "0_ms", -400 * time.Microsecond: "0_ms",
		12 * ms: "12_ms", -12 * ms: "-12_ms", 999 * ms: "999_ms", 999*ms + 600*time.Microsecond: "1.0_s",
		1340 * ms: "1.3_s", 9940 * ms: "9.9_s", 9960 * ms: "10_s", 42 * s: "42_s",
		59600 * ms: "1_min 0_s", 125 * s: "2_min 5_s", h - 200*ms: "1_h 0_min",
		3*h + 2*m + 20*s: "3_h 2_min", -2 * m: "-2_min 0_s",
		math.MaxInt64: "2_562_047_h 47_min", math.MinInt64: "-2_562_047_h 47_min",
	} {
		if got := readable.Replace(FormatDuration(d)); got != want {
			t.Errorf("FormatDuration(%v) = %s, want %s", int64(d), got, want)
		}
	}
}

func TestFormatBytes(t *testing.T) {
	t.Parallel()
	for n, want := range map[uint64]string{
		0: "0_B", 999: "999_B", 1000: "1.0_kB", 12_700_000: "12.7_MB", 340_000: "340_kB", 99_949: "99.9_kB",
		99_950: "100_kB", 999_500: "1.0_MB", 2_800_000_000: "2.8_GB", math.MaxUint64: "18.4_EB", 999_600_000_000_000_000: "1.0_EB",
	} {
		if got := readable.Replace(FormatBytes(n)); got != want {
			t.Errorf("FormatBytes(%d) = %s, want %s", n, got, want)
		}
	}
}
