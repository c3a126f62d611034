// SPDX-License-Identifier: Apache-2.0

package backend

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"

	numbersv1 "sluice/proto/gen/sluice/numbers/v1"
)

// goldenSeed is the seed of all goldens. See TestSourceAtIsFixed for where
// they come from.
const goldenSeed = 20260101

// mustPlan is the plan of a request without fault.
func mustPlan(tb testing.TB, req *numbersv1.GenerateRequest) plan {
	tb.Helper()
	p, faults := newPlan(req, 1)
	if err := faults.err(); err != nil {
		tb.Fatalf("request %v: %v", req, err)
	}
	return p
}

// take returns the next n numbers of a plan after a place, and the place of
// the last one. It stops where the sequence ends.
func take(p plan, at place, n int) ([]float64, place) {
	numbers := newSequence(p, at)
	var values []float64
	for range n {
		value, ok := numbers.next(at.position + 1)
		if !ok {
			break
		}
		at = place{position: at.position + 1, state: numbers.state()}
		values = append(values, value)
	}
	return values, at
}

// goldens are the first numbers of each sequence, with and without bounds.
var goldens = []struct {
	name string
	req  *numbersv1.GenerateRequest
	want []float64
}{
	{
		"counting",
		&numbersv1.GenerateRequest{Sequence: numbersv1.Sequence_SEQUENCE_COUNTING},
		[]float64{1, 2, 3, 4, 5, 6},
	},
	{
		"unspecified",
		&numbersv1.GenerateRequest{},
		[]float64{1, 2, 3, 4, 5, 6},
	},
	{
		"uniform",
		&numbersv1.GenerateRequest{Sequence: numbersv1.Sequence_SEQUENCE_UNIFORM},
		[]float64{0.6413716298644978, 0.5740934474784366, 0.7287182563496121, 0.9882560787243809, 0.2956273206695481, 0.6627633683759554},
	},
	{
		"uniform between bounds",
		&numbersv1.GenerateRequest{Sequence: numbersv1.Sequence_SEQUENCE_UNIFORM, LowerBound: proto.Float64(-3.3), UpperBound: proto.Float64(1000)},
		[]float64{640.1881562430506, 572.6879558551154, 727.8230265955658, 988.2173237841714, 293.3028908277576, 661.6504874915961},
	},
	{
		"normal",
		&numbersv1.GenerateRequest{Sequence: numbersv1.Sequence_SEQUENCE_NORMAL},
		[]float64{1.2693267362465384, 2.4805409262176075, -0.12567732113742536, 0.10852421217482489, 0.04070287037648157, 0.9724016454239838},
	},
	{
		"normal between bounds",
		&numbersv1.GenerateRequest{Sequence: numbersv1.Sequence_SEQUENCE_NORMAL, LowerBound: proto.Float64(-0.5), UpperBound: proto.Float64(0.5)},
		[]float64{-0.3088470981110969, 0.3823992356571255, -0.12567732113742536, 0.10852421217482489, 0.04070287037648157, -0.09955901063083317},
	},
	{
		"random walk",
		&numbersv1.GenerateRequest{Sequence: numbersv1.Sequence_SEQUENCE_RANDOM_WALK},
		[]float64{0.2828, 0.431, 0.8885, 1.8651, 1.4563, 1.7818, 1.8809, 0.957},
	},
	{
		"random walk between bounds",
		&numbersv1.GenerateRequest{Sequence: numbersv1.Sequence_SEQUENCE_RANDOM_WALK, LowerBound: proto.Float64(-0.5), UpperBound: proto.Float64(0.25)},
		[]float64{0.2172, 0.1346, -0.0921, -0.3845, -0.2067, 0.1188, 0.2179, -0.294},
	},
	{
		"random walk between bounds far nearer than its steps",
		&numbersv1.GenerateRequest{Sequence: numbersv1.Sequence_SEQUENCE_RANDOM_WALK, LowerBound: proto.Float64(2), UpperBound: proto.Float64(2.0007)},
		[]float64{2, 2.0002, 2.0001, 2.0005, 2.0005, 2.0002, 2.0001, 2.0002},
	},
	{
		"primes",
		&numbersv1.GenerateRequest{Sequence: numbersv1.Sequence_SEQUENCE_PRIMES},
		[]float64{2, 3, 5, 7, 11, 13, 17, 19, 23, 29},
	},
	{
		"fibonacci",
		&numbersv1.GenerateRequest{Sequence: numbersv1.Sequence_SEQUENCE_FIBONACCI},
		[]float64{1, 1, 2, 3, 5, 8, 13, 21},
	},
}

func TestGoldens(t *testing.T) {
	t.Parallel()
	seen := map[numbersv1.Sequence]bool{}
	for _, tt := range goldens {
		t.Run(tt.name, func(t *testing.T) {
			req := proto.CloneOf(tt.req)
			req.Seed, req.Endless = goldenSeed, true
			p := mustPlan(t, req)
			seen[p.sequence] = true
			got, _ := take(p, place{state: firstState(p)}, len(tt.want))
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("numbers (-want +got):\n%s", diff)
			}
		})
	}
	for sequence := range kinds {
		if !seen[sequence] {
			t.Errorf("%v has no golden", sequence)
		}
	}
}

func TestGoldenPausesAndCount(t *testing.T) {
	t.Parallel()
	p := mustPlan(t, &numbersv1.GenerateRequest{Seed: goldenSeed})
	if p.count != 16 {
		t.Errorf("count %d, want 16", p.count)
	}
	var got []time.Duration
	for position := uint32(1); position <= 6; position++ {
		got = append(got, p.pause(position)/time.Microsecond)
	}
	if diff := cmp.Diff([]time.Duration{340675, 889859, 157722, 715389, 789071, 287730}, got); diff != "" {
		t.Errorf("pauses in microseconds (-want +got):\n%s", diff)
	}
}

func TestDefaultCountIsTenToTwenty(t *testing.T) {
	t.Parallel()
	seen := map[uint32]int{}
	for seed := uint32(1); seed <= 1000; seed++ {
		seen[mustPlan(t, &numbersv1.GenerateRequest{Seed: seed}).count]++
	}
	for count := range seen {
		if count < 10 || count > 20 {
			t.Errorf("a count of %d", count)
		}
	}
	if len(seen) != 11 {
		t.Errorf("%d different counts of 11: %v", len(seen), seen)
	}
}

// Going on after any number is the same as never having stopped.
func TestGoingOnChangesNothing(t *testing.T) {
	t.Parallel()
	for _, tt := range goldens {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := proto.CloneOf(tt.req)
			req.Seed, req.Endless = 99, true
			p := mustPlan(t, req)
			whole, _ := take(p, place{state: firstState(p)}, 60)
			for cut := range whole {
				_, at := take(p, place{state: firstState(p)}, cut)
				rest, _ := take(p, at, len(whole)-cut)
				if diff := cmp.Diff(whole[cut:], rest); diff != "" {
					t.Fatalf("after %d (-whole +rest):\n%s", cut, diff)
				}
			}
		})
	}
}

func TestFibonacciEndsWhereDoublesDo(t *testing.T) {
	t.Parallel()
	p := mustPlan(t, &numbersv1.GenerateRequest{Sequence: numbersv1.Sequence_SEQUENCE_FIBONACCI, Endless: true})
	got, _ := take(p, place{}, 1000)
	if len(got) != 78 {
		t.Fatalf("%d numbers, want 78", len(got))
	}
	a, b := got[76], got[77]
	if b != 8944394323791464 || a+b < 1<<53 {
		t.Errorf("the last is %v, and the next would be %v", b, a+b)
	}
	for i := 2; i < len(got); i++ {
		if got[i] != got[i-1]+got[i-2] {
			t.Errorf("number %d is %v", i+1, got[i])
		}
	}
}

// Every number is between its bounds, however odd these are.
func TestNumbersStayWithinBounds(t *testing.T) {
	t.Parallel()
	type bounds struct{ lower, upper float64 }
	tests := map[numbersv1.Sequence][]bounds{
		numbersv1.Sequence_SEQUENCE_UNIFORM: {
			{0, 1},
			{-math.MaxFloat64, math.MaxFloat64},
			{math.MaxFloat64 / 2, math.MaxFloat64},
			{0, math.SmallestNonzeroFloat64},
			{1e17, math.Nextafter(1e17, math.Inf(1))},
			{0.1, 0.3},
			{-1e-300, 1e-300},
		},
		numbersv1.Sequence_SEQUENCE_NORMAL: {
			{-1, 1}, {2, 2.5}, {-2.5, -2}, {0, 0.5}, {-100, -2}, {2, 1e300},
		},
		numbersv1.Sequence_SEQUENCE_RANDOM_WALK: {
			{-1, 1}, {0.00015, 0.00041}, {-1e9, -1e9 + 1}, {1e9 - 0.0002, 1e9}, {0.1235, 0.1237}, {-1e9, 1e9},
		},
	}
	for sequence, all := range tests {
		for _, b := range all {
			t.Run(fmt.Sprintf("%v from %g to %g", sequence, b.lower, b.upper), func(t *testing.T) {
				t.Parallel()
				p := mustPlan(t, &numbersv1.GenerateRequest{
					Sequence: sequence, Endless: true, Seed: 5, LowerBound: &b.lower, UpperBound: &b.upper,
				})
				values, _ := take(p, place{state: firstState(p)}, 2000)
				least, greatest := slices.Min(values), slices.Max(values)
				if !(least >= b.lower && greatest <= b.upper) { // also for NaN
					t.Errorf("numbers from %v to %v", least, greatest)
				}
				if least == greatest {
					t.Errorf("all numbers are %v", least)
				}
			})
		}
	}
}

func TestNormalBetweenBoundsIsTheNormalCutOff(t *testing.T) {
	t.Parallel()
	const n, lower, upper = 20_000, -0.5, 1.5
	p := mustPlan(t, &numbersv1.GenerateRequest{
		Sequence: numbersv1.Sequence_SEQUENCE_NORMAL, Endless: true, Seed: 3, LowerBound: proto.Float64(lower), UpperBound: proto.Float64(upper),
	})
	values, _ := take(p, place{}, n)
	from, to := normalBelow(lower), normalBelow(upper)
	d := distance(values, func(x float64) float64 { return (normalBelow(x) - from) / (to - from) })
	if limit := 1.95 / math.Sqrt(n); d > limit {
		t.Errorf("%.5f off, at most %.5f expected", d, limit)
	}
}

// What is refused as improbable is: the narrowest bounds that are allowed let
// through at least 1 draw in 61.
func TestNormalBoundsAreProbable(t *testing.T) {
	t.Parallel()
	for _, lower := range []float64{normalReach, -normalReach - normalWidth} {
		if p := normalBelow(lower+normalWidth) - normalBelow(lower); p < 1.0/61 {
			t.Errorf("from %g, %g of the draws are within %g", lower, p, normalWidth)
		}
	}
}

// The millionth prime is 15485863.
func TestPrimesGoOnFromFar(t *testing.T) {
	t.Parallel()
	p := mustPlan(t, &numbersv1.GenerateRequest{Sequence: numbersv1.Sequence_SEQUENCE_PRIMES, Endless: true})
	got, at := take(p, place{position: 999_999, state: 15_485_857}, 1)
	if got[0] != 15_485_863 || at != (place{position: 1_000_000, state: 15_485_863}) {
		t.Errorf("got %v at %v", got, at)
	}
}
