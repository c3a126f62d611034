// SPDX-License-Identifier: Apache-2.0

package store

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

func filled(n int) *History {
	h := New(0)
	r := rand.New(rand.NewPCG(1, 1))
	for i := range n {
		h.Append(Number{Position: uint32(i + 1), Value: r.NormFloat64(), Created: int64(i), Received: int64(i) + r.Int64N(50)})
	}
	return h
}

// The questions that a page asks at every frame.
func BenchmarkFrame(b *testing.B) {
	h := filled(250_000)
	for _, width := range []int{300, 600, 1200, 2400} {
		b.Run(fmt.Sprintf("Series/%d", width), func(b *testing.B) {
			var dst []Bucket
			b.ReportAllocs()
			for b.Loop() {
				dst = h.Series(dst[:0], 0, width)
			}
		})
	}
	b.Run("Histogram", func(b *testing.B) {
		var dst []Bin
		b.ReportAllocs()
		for b.Loop() {
			dst = h.Histogram(dst[:0], 30)
		}
	})
	b.Run("Delays", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			h.Delays()
		}
	})
	b.Run("Rate", func(b *testing.B) {
		for b.Loop() {
			h.Rate(time.UnixMilli(250_000), 5*time.Second)
		}
	})
}
