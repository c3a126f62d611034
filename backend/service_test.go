// SPDX-License-Identifier: Apache-2.0

package backend

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	"sluice/internal/bubble"
	numbersv1 "sluice/proto/gen/sluice/numbers/v1"
)

func TestEmptyRequest(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		r := start(t, New())
		begun := time.Now()
		responses, err := collect(t.Context(), r.client, &numbersv1.GenerateRequest{})
		if err != nil {
			t.Fatal(err)
		}
		if n := len(responses); n < 10 || n > 20 {
			t.Errorf("%d numbers, want 10 to 20", n)
		}
		last := begun
		for i, response := range responses {
			if response.GetPosition() != uint32(i+1) || response.GetValue() != float64(i+1) {
				t.Errorf("number %d is %v", i+1, response)
			}
			// Time passes in nothing but the pauses here.
			made := response.GetCreateTime().AsTime()
			if pause := made.Sub(last); pause < DefaultMinPause || pause > DefaultMaxPause {
				t.Errorf("a pause of %v before number %d", pause, i+1)
			}
			last = made
			if !tokenForm.MatchString(response.GetResumeToken()) {
				t.Errorf("token %q", response.GetResumeToken())
			}
		}
	})
}

func TestPausesAreThoseOfTheSeed(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		r := start(t, New())
		req := &numbersv1.GenerateRequest{Seed: goldenSeed, Count: 6}
		begun := time.Now()
		responses, err := collect(t.Context(), r.client, req)
		if err != nil {
			t.Fatal(err)
		}
		var got []int64
		for _, response := range responses {
			got = append(got, response.GetCreateTime().AsTime().Sub(begun).Microseconds())
			begun = response.GetCreateTime().AsTime()
		}
		// As in TestGoldenPausesAndCount.
		if diff := cmp.Diff([]int64{340675, 889859, 157722, 715389, 789071, 287730}, got); diff != "" {
			t.Errorf("pauses in microseconds (-want +got):\n%s", diff)
		}
	})
}

// The longest pauses there may be, over which keepalive keeps the connection.
func TestHourLongPauses(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		r := start(t, New())
		begun := time.Now()
		responses, err := collect(t.Context(), r.client, &numbersv1.GenerateRequest{Count: 3, MinPause: durationpb.New(time.Hour)})
		if err != nil || len(responses) != 3 {
			t.Fatalf("%d numbers, %v", len(responses), err)
		}
		if took := time.Since(begun); took != 3*time.Hour {
			t.Errorf("took %v, want 3h", took)
		}
	})
}

func TestUnpacedTakesNoTime(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		r := start(t, New())
		begun := time.Now()
		responses, err := collect(t.Context(), r.client, unpaced(&numbersv1.GenerateRequest{Count: 5000}))
		if err != nil || len(responses) != 5000 {
			t.Fatalf("%d numbers, %v", len(responses), err)
		}
		if took := time.Since(begun); took != 0 {
			t.Errorf("took %v", took)
		}
	})
}

// The headers tell the caller that the request is well before the first pause.
func TestHeadersComeFirst(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		r := start(t, New())
		begun := time.Now()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		stream, err := r.client.Generate(ctx, &numbersv1.GenerateRequest{MinPause: durationpb.New(time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := stream.Header(); err != nil || time.Since(begun) != 0 {
			t.Errorf("headers after %v: %v", time.Since(begun), err)
		}
	})
}

func TestSameSeedSameNumbers(t *testing.T) {
	t.Parallel()
	req := unpaced(&numbersv1.GenerateRequest{Sequence: seqNormal, Seed: 77, Count: 100})
	one, err := collect(within(t, time.Minute), start(t, New()).client, req)
	if err != nil {
		t.Fatal(err)
	}
	other, err := collect(within(t, time.Minute), start(t, New()).client, req)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(values(one), values(other)); diff != "" {
		t.Errorf("two servers differ:\n%s", diff)
	}
}

func TestServerChoosesSeeds(t *testing.T) {
	t.Parallel()
	r := start(t, New())
	seen := map[float64]bool{}
	for range 5 {
		responses, err := collect(within(t, time.Minute), r.client, unpaced(&numbersv1.GenerateRequest{Sequence: seqUniform, Count: 1}))
		if err != nil {
			t.Fatal(err)
		}
		seen[responses[0].GetValue()] = true
	}
	if len(seen) != 5 {
		t.Errorf("%d different first numbers of 5", len(seen))
	}
}

// From each token of a stream, another server goes on with the same numbers
// at the same intervals, whatever else the request says.
func TestResume(t *testing.T) {
	t.Parallel()
	for sequence := range kinds {
		t.Run(sequence.String(), func(t *testing.T) {
			t.Parallel()
			bubble.Test(t, func(t *testing.T) {
				r, other := start(t, New()), start(t, New())
				begun := time.Now()
				whole, err := collect(t.Context(), r.client, &numbersv1.GenerateRequest{Sequence: sequence, Count: 12})
				if err != nil {
					t.Fatal(err)
				}
				times := []time.Time{begun}
				for _, response := range whole {
					times = append(times, response.GetCreateTime().AsTime())
				}
				for i, response := range whole {
					resumed := time.Now()
					rest, err := collect(t.Context(), other.client, &numbersv1.GenerateRequest{
						ResumeToken: response.GetResumeToken(),
						// All of it ignored, and none of it valid.
						Count: 1, Endless: true, Sequence: 99, LowerBound: proto.Float64(1), MinPause: seconds(-1),
					})
					if err != nil {
						t.Fatalf("after %d: %v", i+1, err)
					}
					want := whole[i+1:]
					if len(rest) != len(want) {
						t.Fatalf("after %d: %d numbers, want %d", i+1, len(rest), len(want))
					}
					for j := range want {
						if since, wait := rest[j].GetCreateTime().AsTime().Sub(resumed), times[i+2+j].Sub(times[i+1]); since != wait {
							t.Errorf("after %d: number %d came after %v, want %v", i+1, rest[j].GetPosition(), since, wait)
						}
						got := proto.CloneOf(rest[j])
						got.CreateTime = want[j].CreateTime
						if !proto.Equal(got, want[j]) {
							t.Errorf("after %d: got %v, want %v", i+1, got, want[j])
						}
					}
				}
			})
		})
	}
}

func TestOutOfRange(t *testing.T) {
	t.Parallel()
	r := start(t, New())
	ctx := within(t, time.Minute)
	fibonacci := unpaced(&numbersv1.GenerateRequest{Sequence: numbersv1.Sequence_SEQUENCE_FIBONACCI, Endless: true})
	got, err := collect(ctx, r.client, fibonacci)
	if len(got) != 78 || status.Code(err) != codes.OutOfRange {
		t.Errorf("%d Fibonacci numbers, %v", len(got), err)
	}
	got, err = collect(ctx, r.client, &numbersv1.GenerateRequest{ResumeToken: got[77].GetResumeToken()})
	if len(got) != 0 || status.Code(err) != codes.OutOfRange {
		t.Errorf("after the last: %d numbers, %v", len(got), err)
	}
	fibonacci.Endless, fibonacci.Count = false, 78
	if got, err = collect(ctx, r.client, fibonacci); len(got) != 78 || err != nil {
		t.Errorf("78 Fibonacci numbers asked for: %d, %v", len(got), err)
	}
	for _, sequence := range []numbersv1.Sequence{seqCounting, seqUniform, seqPrimes} {
		p := mustPlan(t, unpaced(&numbersv1.GenerateRequest{Sequence: sequence, Endless: true}))
		token := newTokenWriter(p).write(place{position: 4294967293, state: int64(nextPrime(100_000_000_000))})
		got, err := collect(ctx, r.client, &numbersv1.GenerateRequest{ResumeToken: token})
		if len(got) != 2 || got[1].GetPosition() != 4294967295 || status.Code(err) != codes.OutOfRange {
			t.Errorf("%v, two positions before the end: %v, %v", sequence, got, err)
		}
	}
	p := mustPlan(t, unpaced(&numbersv1.GenerateRequest{Count: 4294967295}))
	token := newTokenWriter(p).write(place{position: 4294967293})
	if got, err := collect(ctx, r.client, &numbersv1.GenerateRequest{ResumeToken: token}); len(got) != 2 || err != nil {
		t.Errorf("a count of all positions: %v, %v", got, err)
	}
}

func TestInvalidRequestsOverTheWire(t *testing.T) {
	t.Parallel()
	r := start(t, New())
	for _, tt := range invalid {
		t.Run(tt.name, func(t *testing.T) {
			responses, err := collect(within(t, time.Minute), r.client, tt.req)
			if len(responses) > 0 {
				t.Errorf("got %v", responses)
			}
			checkViolations(t, err, tt.want)
		})
	}
}
