// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"math"
	"strconv"

	"sluice/wasmui/store"
)

// scale maps values to the height of the chart, the highest to its upper edge.
type scale struct{ low, high float64 }

// fitScale covers all finite values. It reports whether there are any.
func fitScale(buckets []store.Bucket) (scale, bool) {
	s := scale{low: math.Inf(1), high: math.Inf(-1)}
	for _, b := range buckets {
		if finite(b.Last) {
			s.low, s.high = min(s.low, b.Min), max(s.high, b.Max)
		}
	}
	return s, s.low <= s.high
}

// y gives the height of a value, from the top. Where all values are the same it
// is the middle.
func (s scale) y(v float64) float64 {
	if s.low == s.high {
		return chartHeight / 2
	}
	// Divided first: the difference of the greatest doubles is infinite.
	part := (v/2 - s.low/2) / (s.high/2 - s.low/2)
	return (1 - part) * chartHeight
}

// x gives the place of a column, the first at the left edge and the last at the
// right one.
func x(i, columns int) float64 {
	if columns < 2 {
		return chartWidth / 2
	}
	return float64(i) * chartWidth / float64(columns-1)
}

// line is the path through the last value of every bucket, broken where a
// bucket has none. A single value is a short stroke, as a path of one point shows
// nothing.
func (s scale) line(buckets []store.Bucket) string {
	var d []byte
	if len(buckets) == 1 {
		d = appendPoint(d, 'M', chartWidth/2-4, s.y(buckets[0].Last))
		return string(appendPoint(d, 'L', chartWidth/2+4, s.y(buckets[0].Last)))
	}
	command := byte('M')
	for i, b := range buckets {
		if !finite(b.Last) {
			command = 'M'
			continue
		}
		d = appendPoint(d, command, x(i, len(buckets)), s.y(b.Last))
		command = 'L'
	}
	return string(d)
}

// band is the area between the least and the greatest value of every bucket;
// "" where every bucket is one number, and the area a line.
func (s scale) band(buckets []store.Bucket) string {
	wide := false
	for _, b := range buckets {
		wide = wide || b.Min < b.Max
	}
	if !wide {
		return ""
	}
	var d []byte
	command := byte('M')
	for i, b := range buckets {
		if finite(b.Last) {
			d = appendPoint(d, command, x(i, len(buckets)), s.y(b.Max))
			command = 'L'
		}
	}
	for i := len(buckets) - 1; i >= 0; i-- {
		if b := buckets[i]; finite(b.Last) {
			d = appendPoint(d, 'L', x(i, len(buckets)), s.y(b.Min))
		}
	}
	return string(append(d, 'Z'))
}

// bars is the path of a histogram. A bar that is not empty is never too low to
// be seen.
func bars(bins []store.Bin, most int) string {
	var d []byte
	width := float64(chartWidth) / float64(len(bins))
	for i, b := range bins {
		if b.Count == 0 {
			continue
		}
		height := max(1, float64(b.Count)/float64(most)*chartHeight)
		left, right := float64(i)*width+width*0.08, float64(i+1)*width-width*0.08
		d = appendPoint(d, 'M', left, chartHeight)
		d = appendPoint(d, 'L', left, chartHeight-height)
		d = appendPoint(d, 'L', right, chartHeight-height)
		d = appendPoint(d, 'L', right, chartHeight)
		d = append(d, 'Z')
	}
	return string(d)
}

// appendPoint writes one command of a path, to a tenth of a unit.
func appendPoint(d []byte, command byte, x, y float64) []byte {
	d = append(d, command)
	d = strconv.AppendFloat(d, math.Round(x*10)/10, 'f', -1, 64)
	d = append(d, ' ')
	return strconv.AppendFloat(d, math.Round(y*10)/10, 'f', -1, 64)
}

func finite(v float64) bool { return v-v == 0 }
