// SPDX-License-Identifier: Apache-2.0

package store

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// model keeps every number in a slice and answers every question by reading all
// of it: what History must answer too.
type model struct {
	keep int
	all  []Number
}

func (m *model) kept() []Number { return m.all[max(0, len(m.all)-m.keep):] }

func (m *model) extent(ns []Number) (lo, hi, last float64) {
	lo, hi, last = math.NaN(), math.NaN(), math.NaN()
	for _, n := range ns {
		if v := n.Value; !math.IsNaN(v) && !math.IsInf(v, 0) {
			if math.IsNaN(lo) {
				lo, hi = v, v
			}
			lo, hi, last = min(lo, v), max(hi, v), v
		}
	}
	return lo, hi, last
}

// randomNumber gives values of every kind, NaN and infinities among them.
func randomNumber(r *rand.Rand, position uint32) Number {
	v := r.NormFloat64() * 100
	switch r.IntN(12) {
	case 0:
		v = math.NaN()
	case 1:
		v = math.Inf(1 - 2*r.IntN(2))
	case 2:
		v = math.Round(v)
	}
	return Number{Position: position, Value: v, Created: 1000 + int64(position), Received: 1010 + int64(position) + r.Int64N(5)}
}

func TestHistoryEqualsModel(t *testing.T) {
	t.Parallel()
	for _, keep := range []int{1, 2, 63, 64, 65, 127, 128, 200, 1000} {
		t.Run(fmt.Sprint(keep), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(1, uint64(keep)))
			h, m := New(keep), &model{keep: keep}
			for i := range 3*keep + 300 {
				n := randomNumber(r, uint32(i+1))
				h.Append(n)
				m.all = append(m.all, n)
				if keep < 200 || r.IntN(20) == 0 {
					compare(t, h, m, r)
				}
			}
		})
	}
}

func compare(t *testing.T, h *History, m *model, r *rand.Rand) {
	t.Helper()
	kept := m.kept()
	got := make([]Number, h.Len())
	for i := range got {
		got[i] = h.At(i)
	}
	if diff := cmp.Diff(kept, got, cmpopts.EquateNaNs()); diff != "" {
		t.Fatalf("kept (-want +got):\n%s", diff)
	}
	if h.Total() != uint64(len(m.all)) || h.Dropped() != uint64(len(m.all)-len(kept)) {
		t.Fatalf("total %d, dropped %d of %d numbers, %d kept", h.Total(), h.Dropped(), len(m.all), len(kept))
	}
	i := r.IntN(len(kept))
	if at, ok := h.Index(kept[i].Position); !ok || at != i {
		t.Fatalf("Index(%d) = %d, %v; want %d", kept[i].Position, at, ok, i)
	}
	if _, ok := h.Index(kept[0].Position - 1); ok {
		t.Fatalf("Index finds position %d, which is no longer kept", kept[0].Position-1)
	}

	lo, hi, _ := m.extent(m.all)
	s := h.Summary()
	if diff := cmp.Diff([]float64{lo, hi}, []float64{s.Min, s.Max}, cmpopts.EquateNaNs()); diff != "" {
		t.Fatalf("min and max (-want +got):\n%s", diff)
	}
	compareSeries(t, h, m, r.IntN(len(kept)+2), 1+r.IntN(40))
}

func compareSeries(t *testing.T, h *History, m *model, last, width int) {
	t.Helper()
	kept := m.kept()
	if last > 0 && last < len(kept) {
		kept = kept[len(kept)-last:]
	}
	from := uint64(len(m.all) - len(kept))
	buckets := h.Series(nil, last, width)
	if len(buckets) == 0 || len(buckets) > width {
		t.Fatalf("%d buckets for a width of %d", len(buckets), width)
	}
	size := uint64(1)
	for _, b := range buckets {
		size = max(size, b.To-b.From)
	}
	next := from
	for i, b := range buckets {
		ns := m.all[b.From:b.To]
		lo, hi, end := m.extent(ns)
		want := Bucket{From: next, To: b.To, Min: lo, Max: hi, Last: end, FirstPosition: ns[0].Position, LastPosition: ns[len(ns)-1].Position}
		if diff := cmp.Diff(want, b, cmpopts.EquateNaNs()); diff != "" {
			t.Fatalf("bucket %d (-want +got):\n%s", i, diff)
		}
		if inner := i > 0 && i < len(buckets)-1; inner && (b.To-b.From != size || b.From%size != 0) {
			t.Fatalf("bucket %d is %d to %d, where the others hold %d", i, b.From, b.To, size)
		}
		next = b.To
	}
	if next != uint64(len(m.all)) {
		t.Fatalf("the series ends at %d of %d", next, len(m.all))
	}
}

// TestSeriesIsStable holds that what a chart has drawn stays where it is: a
// complete bucket is the same after more numbers, as long as the size is.
func TestSeriesIsStable(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	h := New(1000)
	position := uint32(0)
	add := func() { position++; h.Append(randomNumber(r, position)) }
	for range 3000 {
		add()
	}
	before := h.Series(nil, 0, 100)
	add()
	after := h.Series(nil, 0, 100)
	opts := cmpopts.EquateNaNs()
	if diff := cmp.Diff(before[1:len(before)-1], after[1:len(before)-1], opts); diff != "" {
		t.Fatalf("complete buckets changed (-before +after):\n%s", diff)
	}
}

func TestZeroHistory(t *testing.T) {
	t.Parallel()
	var h History
	if got := h.Series(nil, 0, 10); len(got) != 0 {
		t.Errorf("Series of nothing: %v", got)
	}
	if got := h.Histogram(nil, 10); len(got) != 0 {
		t.Errorf("Histogram of nothing: %v", got)
	}
	if got := h.Rate(time.UnixMilli(5), time.Second); got != 0 {
		t.Errorf("Rate of nothing: %v", got)
	}
	if got := h.Delays(); got != (Delays{}) {
		t.Errorf("Delays of nothing: %+v", got)
	}
	if s := h.Summary(); s.Count != 0 || !math.IsNaN(s.Min) || !math.IsNaN(s.Mean) {
		t.Errorf("Summary of nothing: %+v", s)
	}
	if _, ok := h.Index(1); ok {
		t.Error("Index finds a number in nothing")
	}
	h.Append(Number{Position: 1, Value: 2})
	if h.Len() != 1 || h.At(0).Value != 2 {
		t.Errorf("after one Append: %d kept, %+v", h.Len(), h.At(0))
	}
	if h.keep != DefaultKeep {
		t.Errorf("the zero value keeps %d", h.keep)
	}
}

func TestAtPanicsOutside(t *testing.T) {
	t.Parallel()
	h := New(2)
	for i := range 5 {
		h.Append(Number{Position: uint32(i + 1)})
	}
	for _, i := range []int{-1, 2, 1 << 40} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("At(%d) of 2 kept numbers does not panic", i)
				}
			}()
			h.At(i)
		}()
	}
}

func TestClear(t *testing.T) {
	t.Parallel()
	h := New(100)
	for i := range 500 {
		h.Append(Number{Position: uint32(i + 1), Value: -5, Created: 3, Received: 1})
	}
	if err := h.AppendJSON([]byte(`{"position":501,"resumeToken":"t"}`), time.UnixMilli(9)); err != nil {
		t.Fatal(err)
	}
	h.Clear()
	if h.Len() != 0 || h.Total() != 0 || h.ResumeToken() != "" || h.Delays() != (Delays{}) {
		t.Errorf("after Clear: %d kept of %d, token %q, %+v", h.Len(), h.Total(), h.ResumeToken(), h.Delays())
	}
	h.Append(Number{Position: 7, Value: 1})
	want := []Bucket{{From: 0, To: 1, FirstPosition: 7, LastPosition: 7, Min: 1, Max: 1, Last: 1}}
	if diff := cmp.Diff(want, h.Series(nil, 0, 10)); diff != "" {
		t.Errorf("what Clear forgot came back (-want +got):\n%s", diff)
	}
}

func TestAppendJSON(t *testing.T) {
	t.Parallel()
	h := New(0)
	received := time.Date(2026, 1, 2, 3, 4, 5, 700e6, time.UTC)
	const message = `{"position":3,"value":1.5,"createTime":"2026-01-02T03:04:05.678Z","resumeToken":"a-b_c"}`
	if err := h.AppendJSON([]byte(message), received); err != nil {
		t.Fatal(err)
	}
	want := Number{Position: 3, Value: 1.5, Created: received.UnixMilli() - 22, Received: received.UnixMilli()}
	if diff := cmp.Diff(want, h.At(0)); diff != "" {
		t.Errorf("number (-want +got):\n%s", diff)
	}
	if got := h.ResumeToken(); got != "a-b_c" {
		t.Errorf("token %q", got)
	}
	if err := h.AppendJSON([]byte(`{"position":4,"value":[]}`), received); err == nil {
		t.Error("no error for a message that cannot be decoded")
	}
	if h.Total() != 1 || h.ResumeToken() != "a-b_c" {
		t.Errorf("a message that cannot be decoded changed the history: %d numbers, token %q", h.Total(), h.ResumeToken())
	}
}

// TestMemoryIsFlat holds that an endless stream takes no more than a long one.
func TestMemoryIsFlat(t *testing.T) {
	h := New(0)
	received := time.UnixMilli(0)
	message := []byte(`{"position":1,"value":0.8414709848078965,"createTime":"2026-01-02T03:04:05.678Z","resumeToken":"abcdefghijklmnopqrstuvwxyz"}`)
	var buckets []Bucket
	var bins []Bin
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	run := func(n int) {
		for i := range n {
			if i%10 > 0 {
				h.Append(Number{Position: uint32(i), Value: float64(i)})
			} else if err := h.AppendJSON(message, received); err != nil {
				t.Fatal(err)
			}
			if i%100_000 == 0 {
				buckets = h.Series(buckets[:0], 0, 600)
				bins = h.Histogram(bins[:0], 30)
				h.Delays()
			}
		}
	}
	run(1_000_000)
	before := heap()
	run(4_000_000)
	after := heap()
	t.Logf("heap after 1M appends: %d, after 5M: %d", before, after)
	if after > before+64<<10 {
		t.Errorf("heap grew from %d to %d bytes", before, after)
	}
	runtime.KeepAlive(h)
}

func BenchmarkAppend(b *testing.B) {
	h := New(0)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		h.Append(Number{Position: uint32(i), Value: float64(i) / 3, Created: 1, Received: 2})
	}
}
