// SPDX-License-Identifier: Apache-2.0

package store

import (
	"math"
	"strconv"
	"time"
)

const (
	// thin is a narrow no-break space, which SI and ISO 80000 put between groups
	// of three digits: a comma and a point mean different things to different
	// people.
	thin = "\u202f"
	// minus has the width of a digit, which a hyphen has not.
	minus = "\u2212"

	// decimals is how many digits follow the point of a value that is not whole.
	decimals = 4
	// leastFixed and mostFixed bound the values that are written out: below, four
	// decimals say too little; above, a double does not hold every whole number.
	leastFixed = 1e-3
	mostFixed  = 1 << 53
)

// FormatValue writes a value for the eye: whole numbers as whole numbers, others
// with four decimals, groups of three digits apart by a narrow no-break space
// from five digits on, a real minus sign. Very large and very small values are
// written with a power of ten, such as 1.235×10²⁰. WriteCSV and WriteJSON write
// for programs.
func FormatValue(v float64) string { return string(AppendValue(nil, v)) }

// AppendValue is FormatValue into memory of the caller's.
func AppendValue(dst []byte, v float64) []byte {
	var buf [32]byte
	if math.IsNaN(v) {
		return append(dst, "NaN"...)
	}
	if v < 0 {
		dst = append(dst, minus...)
		v = -v
	}
	switch {
	case math.IsInf(v, 0):
		return append(dst, "∞"...)
	case v == 0:
		return append(dst, '0')
	case v < leastFixed || v > mostFixed:
		return appendScientific(dst, v)
	case v == math.Trunc(v):
		return appendGrouped(dst, strconv.AppendUint(buf[:0], uint64(v), 10))
	}
	text := strconv.AppendFloat(buf[:0], v, 'f', decimals, 64)
	point := len(text) - decimals - 1
	dst = appendGrouped(dst, text[:point])
	return append(dst, text[point:]...)
}

// appendScientific writes a positive value with a power of ten.
func appendScientific(dst []byte, v float64) []byte {
	var buf [32]byte
	text := strconv.AppendFloat(buf[:0], v, 'e', decimals-1, 64)
	e := len(text) - 1
	for text[e] != 'e' {
		e--
	}
	dst = append(dst, text[:e]...)
	dst = append(dst, "×10"...)
	if text[e+1] == '-' {
		dst = append(dst, "⁻"...)
	}
	digits := text[e+2:]
	if digits[0] == '0' { // strconv writes at least two
		digits = digits[1:]
	}
	raised := [...]string{"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"}
	for _, d := range digits {
		dst = append(dst, raised[d-'0']...)
	}
	return dst
}

// appendGrouped writes digits in groups of three where there are more than four,
// which the eye takes in at once.
func appendGrouped(dst, digits []byte) []byte {
	if len(digits) <= 4 {
		return append(dst, digits...)
	}
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			dst = append(dst, thin...)
		}
		dst = append(dst, d)
	}
	return dst
}

// FormatCount writes a count, grouped as FormatValue does.
func FormatCount(n uint64) string {
	return string(appendGrouped(nil, strconv.AppendUint(nil, n, 10)))
}

// FormatRate writes a rate per second, with one decimal below ten: 2.4/s, 120/s.
func FormatRate(perSecond float64) string {
	switch {
	case math.IsNaN(perSecond) || perSecond <= 0:
		return "0/s"
	case perSecond < 9.95:
		return strconv.FormatFloat(perSecond, 'f', 1, 64) + "/s"
	case perSecond > mostFixed:
		return FormatValue(perSecond) + "/s"
	}
	return FormatCount(uint64(math.Round(perSecond))) + "/s"
}

// FormatDuration writes a duration as exactly as a person asks: 0 ms, 12 ms,
// 1.3 s, 42 s, 2 min 5 s, 3 h 2 min. A negative one has a minus sign.
func FormatDuration(d time.Duration) string {
	if d < 0 {
		if d = -d; d < 0 { // the least duration has no positive
			d = math.MaxInt64
		}
		if text := FormatDuration(d); text != FormatDuration(0) {
			return minus + text
		}
		return FormatDuration(0)
	}
	unit := func(n time.Duration, name string) string {
		return FormatCount(uint64(n)) + thin + name
	}
	// Each line rounds to its own unit first, so that none ever shows a full
	// unit of the next: 60 s is 1 min 0 s.
	if ms := d.Round(time.Millisecond); ms < time.Second {
		return unit(ms/time.Millisecond, "ms")
	}
	if tenths := d.Round(time.Second / 10); tenths < 10*time.Second {
		return strconv.FormatFloat(tenths.Seconds(), 'f', 1, 64) + thin + "s"
	}
	s := d.Round(time.Second)
	switch {
	case s < time.Minute:
		return unit(s/time.Second, "s")
	case s < time.Hour:
		return unit(s/time.Minute, "min") + " " + unit(s%time.Minute/time.Second, "s")
	}
	m := d.Round(time.Minute)
	return unit(m/time.Hour, "h") + " " + unit(m%time.Hour/time.Minute, "min")
}

// FormatBytes writes a number of bytes in decimal units, with one decimal below
// a hundred: 512 B, 12.7 MB, 340 kB.
func FormatBytes(n uint64) string {
	if n < 1000 {
		return FormatCount(n) + thin + "B"
	}
	v := float64(n)
	for _, name := range [...]string{"kB", "MB", "GB", "TB", "PB"} {
		v /= 1000
		switch {
		case v < 99.95:
			return strconv.FormatFloat(v, 'f', 1, 64) + thin + name
		case v < 999.5:
			return strconv.FormatFloat(v, 'f', 0, 64) + thin + name
		}
	}
	return strconv.FormatFloat(v/1000, 'f', 1, 64) + thin + "EB"
}
