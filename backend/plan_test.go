// SPDX-License-Identifier: Apache-2.0

package backend

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	numbersv1 "sluice/proto/gen/sluice/numbers/v1"
)

const (
	seqCounting = numbersv1.Sequence_SEQUENCE_COUNTING
	seqUniform  = numbersv1.Sequence_SEQUENCE_UNIFORM
	seqNormal   = numbersv1.Sequence_SEQUENCE_NORMAL
	seqWalk     = numbersv1.Sequence_SEQUENCE_RANDOM_WALK
	seqPrimes   = numbersv1.Sequence_SEQUENCE_PRIMES
)

func seconds(s float64) *durationpb.Duration {
	return durationpb.New(time.Duration(s * float64(time.Second)))
}

func TestPauses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name             string
		shortest         *durationpb.Duration
		longest          *durationpb.Duration
		wantMin, wantMax time.Duration
	}{
		{"unset", nil, nil, 100 * time.Millisecond, time.Second},
		{"both zero", seconds(0), seconds(0), 0, 0},
		{"min zero", seconds(0), nil, 0, time.Second},
		{"max zero", nil, seconds(0), 0, 0},
		{"max under the default min", nil, seconds(0.05), 50 * time.Millisecond, 50 * time.Millisecond},
		{"max over the default min", nil, seconds(3), 100 * time.Millisecond, 3 * time.Second},
		{"min over the default max", seconds(2), nil, 2 * time.Second, 2 * time.Second},
		{"min under the default max", seconds(0.2), nil, 200 * time.Millisecond, time.Second},
		{"equal", seconds(0.3), seconds(0.3), 300 * time.Millisecond, 300 * time.Millisecond},
		{"longest", seconds(3600), seconds(3600), time.Hour, time.Hour},
		{"finer than a microsecond", durationpb.New(1), durationpb.New(1001), time.Microsecond, 2 * time.Microsecond},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := mustPlan(t, &numbersv1.GenerateRequest{Seed: 1, MinPause: tt.shortest, MaxPause: tt.longest})
			gotMin, gotMax := time.Duration(p.minPause)*pauseUnit, time.Duration(p.maxPause)*pauseUnit
			if gotMin != tt.wantMin || gotMax != tt.wantMax {
				t.Errorf("from %v to %v, want from %v to %v", gotMin, gotMax, tt.wantMin, tt.wantMax)
			}
			for position := range uint32(1000) {
				if pause := p.pause(position); pause < tt.wantMin || pause > tt.wantMax {
					t.Fatalf("pause %d is %v", position, pause)
				}
			}
		})
	}
}

func TestPausesReachBothEnds(t *testing.T) {
	t.Parallel()
	p := mustPlan(t, &numbersv1.GenerateRequest{Seed: 1, MinPause: durationpb.New(time.Microsecond), MaxPause: durationpb.New(3 * time.Microsecond)})
	seen := map[time.Duration]bool{}
	for position := range uint32(100) {
		seen[p.pause(position)] = true
	}
	want := map[time.Duration]bool{time.Microsecond: true, 2 * time.Microsecond: true, 3 * time.Microsecond: true}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("pauses (-want +got):\n%s", diff)
	}
}

func TestBounds(t *testing.T) {
	t.Parallel()
	f := proto.Float64
	tests := []struct {
		name                 string
		sequence             numbersv1.Sequence
		lower, upper         *float64
		wantLower, wantUpper float64
	}{
		{"counting", seqCounting, nil, nil, 0, 0},
		{"uniform, unset", seqUniform, nil, nil, 0, 1},
		{"uniform, lower", seqUniform, f(0.5), nil, 0.5, 1},
		{"uniform, lower below 0", seqUniform, f(-3), nil, -3, 1},
		{"uniform, lower at 1", seqUniform, f(1), nil, 1, 2},
		{"uniform, lower over 1", seqUniform, f(3.5), nil, 3.5, 4.5},
		{"uniform, upper", seqUniform, nil, f(0.5), 0, 0.5},
		{"uniform, upper over 1", seqUniform, nil, f(7), 0, 7},
		{"uniform, upper at 0", seqUniform, nil, f(0), -1, 0},
		{"uniform, upper below 0", seqUniform, nil, f(-5), -6, -5},
		{"normal, unset", seqNormal, nil, nil, math.Inf(-1), math.Inf(1)},
		{"normal, lower", seqNormal, f(0), nil, 0, math.Inf(1)},
		{"normal, furthest", seqNormal, f(2), f(2.5), 2, 2.5},
		{"random walk, unset", seqWalk, nil, nil, math.Inf(-1), math.Inf(1)},
		{"random walk, upper", seqWalk, nil, f(-7), math.Inf(-1), -7},
		{"random walk, furthest", seqWalk, f(-1e9), f(1e9), -1e9, 1e9},
		{"random walk, narrowest", seqWalk, f(0.1), f(0.1002), 0.1, 0.1002},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := mustPlan(t, &numbersv1.GenerateRequest{Sequence: tt.sequence, LowerBound: tt.lower, UpperBound: tt.upper})
			if p.lower != tt.wantLower || p.upper != tt.wantUpper {
				t.Errorf("from %g to %g, want from %g to %g", p.lower, p.upper, tt.wantLower, tt.wantUpper)
			}
		})
	}
}

// invalid are requests with one fault or several, and what is said of each.
var invalid = []struct {
	name string
	req  *numbersv1.GenerateRequest
	want map[string]string // field: part of the description
}{
	{
		"count of an endless stream",
		&numbersv1.GenerateRequest{Endless: true, Count: 3},
		map[string]string{"count": "must be 0, or left out, when `endless` is set"},
	},
	{
		"negative pause",
		&numbersv1.GenerateRequest{MinPause: seconds(-0.001)},
		map[string]string{"min_pause": "from 0s to 3600s"},
	},
	{
		"pause over the limit by a nanosecond",
		&numbersv1.GenerateRequest{MaxPause: &durationpb.Duration{Seconds: 3600, Nanos: 1}},
		map[string]string{"max_pause": "from 0s to 3600s"},
	},
	{
		"pauses that are not durations",
		&numbersv1.GenerateRequest{
			MinPause: &durationpb.Duration{Seconds: 1, Nanos: -1},
			MaxPause: &durationpb.Duration{Seconds: math.MaxInt64, Nanos: math.MaxInt32},
		},
		map[string]string{"min_pause": "must be a duration", "max_pause": "must be a duration"},
	},
	{
		"longest pause under the shortest",
		&numbersv1.GenerateRequest{MinPause: seconds(2), MaxPause: seconds(1)},
		map[string]string{"max_pause": "from `min_pause`, which is 2s, to 3600s"},
	},
	{
		"unknown sequence",
		&numbersv1.GenerateRequest{Sequence: 7},
		map[string]string{"sequence": "must be one of SEQUENCE_UNSPECIFIED, SEQUENCE_COUNTING, SEQUENCE_UNIFORM, SEQUENCE_NORMAL, SEQUENCE_RANDOM_WALK, SEQUENCE_PRIMES, SEQUENCE_FIBONACCI"},
	},
	{
		"negative sequence",
		&numbersv1.GenerateRequest{Sequence: -1},
		map[string]string{"sequence": "must be one of"},
	},
	{
		"bounds where there are none",
		&numbersv1.GenerateRequest{Sequence: seqPrimes, LowerBound: proto.Float64(0), UpperBound: proto.Float64(9)},
		map[string]string{
			"lower_bound": "must be left out for SEQUENCE_PRIMES",
			"upper_bound": "must be left out for SEQUENCE_PRIMES",
		},
	},
	{
		"bounds of the unspecified sequence",
		&numbersv1.GenerateRequest{LowerBound: proto.Float64(0)},
		map[string]string{"lower_bound": "must be left out for SEQUENCE_COUNTING"},
	},
	{
		"bounds that are not finite",
		&numbersv1.GenerateRequest{Sequence: seqUniform, LowerBound: proto.Float64(math.NaN()), UpperBound: proto.Float64(math.Inf(1))},
		map[string]string{"lower_bound": "finite", "upper_bound": "finite"},
	},
	{
		"equal bounds",
		&numbersv1.GenerateRequest{Sequence: seqUniform, LowerBound: proto.Float64(1.5), UpperBound: proto.Float64(1.5)},
		map[string]string{"upper_bound": "greater than `lower_bound`, which is 1.5"},
	},
	{
		"bounds the wrong way round",
		&numbersv1.GenerateRequest{Sequence: seqWalk, LowerBound: proto.Float64(1), UpperBound: proto.Float64(-1)},
		map[string]string{"upper_bound": "greater than `lower_bound`, which is 1"},
	},
	{
		"no default above the lower bound",
		&numbersv1.GenerateRequest{Sequence: seqUniform, LowerBound: proto.Float64(1e300)},
		map[string]string{"upper_bound": "greater than `lower_bound`"},
	},
	{
		"improbable normal, low",
		&numbersv1.GenerateRequest{Sequence: seqNormal, LowerBound: proto.Float64(2.01)},
		map[string]string{"lower_bound": "at most 2 "},
	},
	{
		"improbable normal, high",
		&numbersv1.GenerateRequest{Sequence: seqNormal, UpperBound: proto.Float64(-2.01)},
		map[string]string{"upper_bound": "at least -2 "},
	},
	{
		"improbable normal, narrow",
		&numbersv1.GenerateRequest{Sequence: seqNormal, LowerBound: proto.Float64(0), UpperBound: proto.Float64(0.49)},
		map[string]string{"upper_bound": "at least 0.5 above `lower_bound`, which is 0"},
	},
	{
		"walk too far",
		&numbersv1.GenerateRequest{Sequence: seqWalk, LowerBound: proto.Float64(-1.1e9), UpperBound: proto.Float64(1.1e9)},
		map[string]string{"lower_bound": "from -1e+09 to 1e+09", "upper_bound": "from -1e+09 to 1e+09"},
	},
	{
		"walk without room",
		&numbersv1.GenerateRequest{Sequence: seqWalk, LowerBound: proto.Float64(0.00001), UpperBound: proto.Float64(0.00019)},
		map[string]string{"upper_bound": "at least 0.0002 above `lower_bound`"},
	},
	{
		"everything at once",
		&numbersv1.GenerateRequest{Endless: true, Count: 1, MinPause: seconds(-1), MaxPause: seconds(4000), Sequence: seqNormal, LowerBound: proto.Float64(9), UpperBound: proto.Float64(-9)},
		map[string]string{"count": "", "min_pause": "", "max_pause": "", "lower_bound": "", "upper_bound": ""},
	},
	{
		"not a token",
		&numbersv1.GenerateRequest{ResumeToken: "hello"},
		map[string]string{"resume_token": "must be a token that this service gave out with a number: "},
	},
}

// checkViolations holds an error against what is to be said of a request.
func checkViolations(t *testing.T, err error, want map[string]string) {
	t.Helper()
	st := status.Convert(err)
	if st.Code() != codes.InvalidArgument || len(st.Details()) != 1 {
		t.Fatalf("got %v with %d details, want InvalidArgument with one", err, len(st.Details()))
	}
	bad, ok := st.Details()[0].(*errdetails.BadRequest)
	if !ok {
		t.Fatalf("the detail is %T", st.Details()[0])
	}
	got := map[string]string{}
	for _, v := range bad.GetFieldViolations() {
		got[v.GetField()] = v.GetDescription()
		if text := v.GetField() + " " + v.GetDescription(); !strings.Contains(st.Message(), text) {
			t.Errorf("the message %q lacks %q", st.Message(), text)
		}
	}
	for field, part := range want {
		if description, ok := got[field]; !ok || !strings.Contains(description, part) {
			t.Errorf("%s: %q, want %q in it", field, description, part)
		}
	}
	if len(bad.GetFieldViolations()) != len(want) {
		t.Errorf("violations %v, want of %d fields", got, len(want))
	}
}

func TestInvalidRequests(t *testing.T) {
	t.Parallel()
	for _, tt := range invalid {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, _, err := begin(tt.req)
			checkViolations(t, err, tt.want)
		})
	}
}

// A plan read back from the request that it makes is the same plan.
func TestPlanOfItsOwnRequest(t *testing.T) {
	t.Parallel()
	for _, tt := range goldens {
		for _, req := range []*numbersv1.GenerateRequest{
			proto.CloneOf(tt.req),
			unpaced(proto.CloneOf(tt.req)),
		} {
			p := mustPlan(t, req)
			if !p.valid() {
				t.Errorf("%s: the plan %+v is not valid", tt.name, p)
			}
		}
	}
	for _, p := range []plan{
		{},
		{sequence: seqCounting, count: 1}, // no seed
		{sequence: seqCounting, seed: 1, minPause: 2, maxPause: 1},                         // the wrong way round
		{sequence: seqCounting, seed: 1, maxPause: math.MaxUint32},                         // over an hour
		{sequence: seqCounting, seed: 1, lower: 1},                                         // takes no bounds
		{sequence: seqUniform, seed: 1, lower: math.Inf(-1), upper: 1},                     // needs a bound
		{sequence: seqUniform, seed: 1, lower: math.NaN(), upper: 1},                       // not a number
		{sequence: seqNormal, seed: 1, lower: math.Inf(1), upper: math.Inf(1)},             // the wrong infinity
		{sequence: numbersv1.Sequence_SEQUENCE_UNSPECIFIED, seed: 1, count: 1},             // not resolved
		{sequence: seqWalk, seed: 1, lower: math.Inf(-1), upper: math.Nextafter(1e9, 2e9)}, // too far
	} {
		if p.valid() {
			t.Errorf("the plan %+v is valid", p)
		}
	}
}

// FuzzNewPlan: a request has faults, or else a plan that is read back as it is
// from the request that it makes and from its tokens, whose numbers are within
// its bounds.
func FuzzNewPlan(f *testing.F) {
	for sequence := range kinds {
		f.Add(int32(sequence), uint32(0), false, uint32(1), true, int64(0), int32(0), true, int64(1), int32(500), false, 0.0, true, 1.0)
		f.Add(int32(sequence), uint32(9), true, uint32(0), false, int64(9), int32(9), true, int64(3600), int32(1), true, 5.0, true, math.Inf(1))
	}
	f.Fuzz(func(
		t *testing.T, sequence int32, count uint32, endless bool, seed uint32,
		hasMin bool, minSeconds int64, minNanos int32, hasMax bool, maxSeconds int64, maxNanos int32,
		hasLower bool, lower float64, hasUpper bool, upper float64,
	) {
		req := &numbersv1.GenerateRequest{Sequence: numbersv1.Sequence(sequence), Count: count, Endless: endless, Seed: seed}
		if hasMin {
			req.MinPause = &durationpb.Duration{Seconds: minSeconds, Nanos: minNanos}
		}
		if hasMax {
			req.MaxPause = &durationpb.Duration{Seconds: maxSeconds, Nanos: maxNanos}
		}
		if hasLower {
			req.LowerBound = &lower
		}
		if hasUpper {
			req.UpperBound = &upper
		}
		p, faults := newPlan(req, 1)
		if len(faults) > 0 {
			return
		}
		if !p.valid() {
			t.Errorf("%v makes the plan %+v, which is not valid", req, p)
		}
		values, at := take(p, place{state: firstState(p)}, int(min(p.count-1, 20)+1))
		for _, value := range values {
			if kinds[p.sequence].bounded && !(value >= p.lower && value <= p.upper) {
				t.Errorf("%v is not between %v and %v", value, p.lower, p.upper)
			}
		}
		gotPlan, gotPlace, err := readToken(newTokenWriter(p).write(at))
		if err != nil || gotPlan != p || gotPlace != at {
			t.Errorf("%+v at %+v came back as %+v at %+v: %v", p, at, gotPlan, gotPlace, err)
		}
	})
}
