// SPDX-License-Identifier: Apache-2.0

package backend

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"sluice/internal/bubble"
	numbersv1 "sluice/proto/gen/sluice/numbers/v1"
)

// The service is done with a stream at the very moment that it is told that
// the caller has gone: no time passes, however long the pause is.
func TestCancelDuringPause(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		recorded := newRecorder()
		r := start(t, New(WithMetrics(recorded)))
		ctx, cancel := context.WithCancel(t.Context())
		stream, err := r.client.Generate(ctx, &numbersv1.GenerateRequest{MinPause: durationpb.New(time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := stream.Header(); err != nil {
			t.Fatal(err)
		}
		begun := time.Now()
		cancel()
		recorded.await(t.Context(), t, "the end", func(r *recorder) bool { return r.ended[codes.Canceled] == 1 })
		if took := time.Since(begun); took != 0 {
			t.Errorf("ended %v after the cancel", took)
		}
	})
}

func TestDeadline(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		r := start(t, New())
		ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
		defer cancel()
		begun := time.Now()
		responses, err := collect(ctx, r.client, &numbersv1.GenerateRequest{Endless: true, MinPause: durationpb.New(time.Minute)})
		if len(responses) != 1 || status.Code(err) != codes.DeadlineExceeded || time.Since(begun) != 90*time.Second {
			t.Errorf("%d numbers and %v after %v", len(responses), err, time.Since(begun))
		}
	})
}

// The same by the clock, over a real transport, with streams that wait for a
// pause, for the reader, and for nothing. The median keeps a busy machine from
// deciding, and no test runs beside it: those in bubbles would leave it one thread
// under the race detector.
func TestCancelLatency(t *testing.T) {
	const limit, rounds = 50 * time.Millisecond, 15
	tests := []struct {
		name string
		req  *numbersv1.GenerateRequest
		read bool
	}{
		{"in a pause", &numbersv1.GenerateRequest{Endless: true, MinPause: durationpb.New(time.Hour)}, false},
		{"waiting for the reader", unpaced(&numbersv1.GenerateRequest{Endless: true}), false},
		{"sending", unpaced(&numbersv1.GenerateRequest{Endless: true}), true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			recorded := newRecorder()
			r := start(t, New(WithMetrics(recorded)))
			var took []time.Duration
			for round := range rounds {
				ctx, cancel := context.WithCancel(within(t, time.Minute))
				stream, err := r.client.Generate(ctx, tt.req)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := stream.Header(); err != nil {
					t.Fatal(err)
				}
				for range 1000 {
					if !tt.read {
						break
					}
					if _, err := stream.Recv(); err != nil {
						t.Fatal(err)
					}
				}
				begun := time.Now()
				cancel()
				recorded.await(within(t, time.Minute), t, "the end", func(r *recorder) bool {
					return r.ended[codes.Canceled] == round+1
				})
				took = append(took, time.Since(begun))
			}
			slices.Sort(took)
			t.Logf("ended after %v at the most, median %v", took[rounds-1], took[rounds/2])
			if took[rounds/2] > limit {
				t.Errorf("ended after %v (median), at most %v wanted", took[rounds/2], limit)
			}
		})
	}
}

// errorStream is a stream on which everything fails from some point on.
type errorStream struct {
	grpc.ServerStream
	ctx          context.Context
	header, send error
}

func (s errorStream) Context() context.Context { return s.ctx }

func (s errorStream) SendHeader(metadata.MD) error { return s.header }

func (s errorStream) Send(*numbersv1.GenerateResponse) error { return s.send }

// In a server of one's own, an interceptor may have sent the headers.
func TestHeadersWereSent(t *testing.T) {
	t.Parallel()
	stream := errorStream{ctx: t.Context(), header: status.Error(codes.Internal, "headers were sent")}
	if err := New().Generate(unpaced(&numbersv1.GenerateRequest{Count: 2}), stream); err != nil {
		t.Error(err)
	}
}

func TestTransportErrors(t *testing.T) {
	t.Parallel()
	broken := status.Error(codes.Unavailable, "broken")
	ended, cancel := context.WithCancelCause(t.Context())
	cancel(status.Error(codes.Aborted, "because"))
	endedPlainly, cancelPlainly := context.WithCancelCause(t.Context())
	cancelPlainly(errors.New("because"))
	tests := []struct {
		name   string
		stream errorStream
		want   codes.Code
	}{
		{"numbers", errorStream{ctx: t.Context(), send: broken}, codes.Unavailable},
		{"a cause with a status", errorStream{ctx: ended}, codes.Aborted},
		{"a cause without", errorStream{ctx: endedPlainly}, codes.Canceled},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, req := range []*numbersv1.GenerateRequest{{Endless: true, MaxPause: seconds(0)}, {Endless: true, MaxPause: seconds(0.001)}} {
				if err := New().Generate(req, tt.stream); status.Code(err) != tt.want {
					t.Errorf("got %v, want %v", err, tt.want)
				}
			}
		})
	}
}
