// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"io"
	"math"
	"strings"
	"testing"
)

func TestQuantile(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		values []float64
		part   float64
		want   float64
	}{
		{[]float64{3}, 0.5, 3},
		{[]float64{3, 1, 2}, 0.5, 2},
		{[]float64{4, 1, 2, 3}, 0.5, 2.5},
		{[]float64{4, 1, 2, 3}, 0, 1},
		{[]float64{4, 1, 2, 3}, 1, 4},
		{[]float64{0, 100}, 0.99, 99},
	} {
		if got := quantile(c.values, c.part); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("quantile(%v, %v) = %v, want %v", c.values, c.part, got, c.want)
		}
	}
	if got := median(nil); !math.IsNaN(got) {
		t.Errorf("the median of nothing is %v", got)
	}
}

// However a stream comes in pieces, it has the same lines.
func TestCounterCountsAcrossPieces(t *testing.T) {
	t.Parallel()
	const stream = "retry: 1\n\n: x\n\nid: 1\ndata: 1\n\nid: 2\nevent: end\ndata: {\"code\":\"OK\"}\n\n"
	for first := range len(stream) + 1 {
		for second := first; second <= len(stream); second++ {
			var c counter
			for _, piece := range []string{stream[:first], stream[first:second], stream[second:]} {
				c.count([]byte(piece))
			}
			if c.blank != 4 || c.lines != 11 || string(c.tail) != stream {
				t.Fatalf("cut at %d and %d: %d blank lines, %d lines, tail %q", first, second, c.blank, c.lines, c.tail)
			}
		}
	}
	var c counter
	c.count(bytes.Repeat([]byte("a"), 3*tailBytes))
	c.count([]byte("end"))
	if len(c.tail) != tailBytes || !strings.HasSuffix(string(c.tail), "aend") {
		t.Errorf("the tail of a long stream is %q", c.tail)
	}
}

func TestMissedPromises(t *testing.T) {
	t.Parallel()
	r := report{Tables: []table{{Name: "stream", Lines: []line{{Who: "Sluice", Unit: "events/s", Values: []float64{1, 2, 3}, Ratios: []ratio{
		{Of: "kept", Values: []float64{0.7, 0.8, 0.9}, AtLeast: 0.8},
		{Of: "exceeded", Values: []float64{5}, AtLeast: 4},
		{Of: "missed", Values: []float64{0.7, 0.7, 0.9}, AtLeast: 0.8},
		{Of: "never measured", AtLeast: 4},
		{Of: "not promised", Values: []float64{0.1}},
	}}}}}}
	got := strings.Join(r.missed(), "\n")
	want := "stream: Sluice is 0.700 × missed, promised is 0.80\nstream: Sluice is NaN × never measured, promised is 4.00"
	if got != want {
		t.Errorf("missed are\n%s\nwant\n%s", got, want)
	}
	var text bytes.Buffer
	if err := r.writeText(&text); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{
		"2.00 events/s", "(1.00–3.00)", "0.80 × kept", "promised ≥ 0.80: met", "promised ≥ 4.00: met", "promised ≥ 0.80: MISSED",
	} {
		if !strings.Contains(text.String(), part) {
			t.Errorf("the text has no %q:\n%s", part, text.String())
		}
	}
}

func TestSpread(t *testing.T) {
	t.Parallel()
	many := []float64{1000, -1000}
	for i := range 99 {
		many = append(many, float64(i))
	}
	for _, c := range []struct {
		values []float64
		want   string
	}{
		{nil, ""},
		{[]float64{1}, ""},
		{[]float64{3, 1, 2}, "(1.00–3.00)"},
		{many, "(24.0–74.0)"},
	} {
		if got := spread(c.values); got != c.want {
			t.Errorf("the spread of %d values is %q, want %q", len(c.values), got, c.want)
		}
	}
}

func TestProgram(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := program(t.Context(), []string{"-quick", "-json", "-only=sse"}, &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	var r report
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatal(err)
	}
	if len(r.Tables) != 1 || r.Tables[0].Name != "sse" || len(r.Tables[0].Lines) != 4 || r.Noise.Fastest <= 0 || r.Machine.Cores < 1 {
		t.Errorf("the report is %+v", r)
	}
	for _, args := range [][]string{{"-only=speed"}, {"everything"}, {"-fast"}} {
		if err := program(t.Context(), args, io.Discard, io.Discard); err == nil {
			t.Errorf("%q is taken", args)
		}
	}
}
