// SPDX-License-Identifier: Apache-2.0

package backend

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthgrpc "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"sluice/internal/bubble"
	numbersv1 "sluice/proto/gen/sluice/numbers/v1"
)

func TestHealth(t *testing.T) {
	t.Parallel()
	r := start(t, New())
	health := healthgrpc.NewHealthClient(r.conn)
	ctx := within(t, time.Minute)
	for _, service := range []string{"", Name} {
		response, err := health.Check(ctx, &healthgrpc.HealthCheckRequest{Service: service})
		if err != nil || response.GetStatus() != healthgrpc.HealthCheckResponse_SERVING {
			t.Errorf("%q: %v, %v", service, response, err)
		}
	}
	if _, err := health.Check(ctx, &healthgrpc.HealthCheckRequest{Service: "other"}); status.Code(err) != codes.NotFound {
		t.Errorf("a service that there is not: %v", err)
	}
}

// watcher is the stream of a health watch on which the server goes down, and
// ends the stream, as soon as something was sent.
type watcher struct {
	grpc.ServerStream
	ctx  context.Context
	down func()
	sent []string
}

func (w *watcher) Context() context.Context { return w.ctx }

func (w *watcher) Send(r *healthgrpc.HealthCheckResponse) error {
	w.sent = append(w.sent, r.GetStatus().String())
	w.down()
	return nil
}

// Whoever watches learns that the server stops, even if it does so at once:
// gRPC's own health server says so half of the time.
func TestWatchersAreTold(t *testing.T) {
	t.Parallel()
	for range 50 {
		health := newHealthServer(Name)
		ctx, cancel := context.WithCancel(t.Context())
		w := &watcher{ctx: ctx, down: func() {
			health.Shutdown()
			cancel()
		}}
		if err := health.Watch(&healthgrpc.HealthCheckRequest{Service: Name}, w); status.Code(err) != codes.Canceled {
			t.Errorf("ended with %v", err)
		}
		if diff := cmp.Diff([]string{"SERVING", "NOT_SERVING"}, w.sent); diff != "" {
			t.Fatalf("health (-want +got):\n%s", diff)
		}
	}
}

// A watch is not what a shutdown waits for.
func TestHealthOverShutdown(t *testing.T) {
	t.Parallel()
	for _, busy := range []bool{false, true} {
		bubble.Test(t, func(t *testing.T) {
			r := start(t, New())
			if busy {
				r.opened(t.Context(), t, hourly())
			}
			watch, err := healthgrpc.NewHealthClient(r.conn).Watch(t.Context(), &healthgrpc.HealthCheckRequest{Service: Name})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			next := func() error {
				response, err := watch.Recv()
				if err == nil {
					got = append(got, response.GetStatus().String())
				}
				return err
			}
			if err := next(); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			stopped := make(chan error, 1)
			begun := time.Now()
			go func() { stopped <- r.server.Shutdown(ctx) }()
			if err := next(); err != nil {
				t.Fatal(err)
			}
			if took := time.Since(begun); took != 0 {
				t.Errorf("told after %v", took)
			}
			if err := next(); err == nil {
				t.Errorf("the watch goes on: %v", got)
			}
			if diff := cmp.Diff([]string{"SERVING", "NOT_SERVING"}, got); diff != "" {
				t.Errorf("health (-want +got):\n%s", diff)
			}
			err = <-stopped
			if want := map[bool]time.Duration{true: time.Minute}[busy]; time.Since(begun) != want || (err != nil) != busy {
				t.Errorf("stopped after %v with %v, want after %v", time.Since(begun), err, want)
			}
		})
	}
}

// A stream that ends within the drain time ends as it would have, and the
// server with it.
func TestShutdownWaitsForStreams(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		r := start(t, New())
		stream := r.opened(t.Context(), t, &numbersv1.GenerateRequest{Count: 5, MinPause: durationpb.New(2 * time.Second)})
		begun := time.Now()
		stopped := make(chan error, 1)
		go func() {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			stopped <- r.server.Shutdown(ctx)
		}()
		synctest.Wait()
		if _, err := collect(t.Context(), r.client, &numbersv1.GenerateRequest{}); status.Code(err) != codes.Unavailable {
			t.Errorf("a new stream: %v", err)
		}
		for range 5 {
			if _, err := stream.Recv(); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := stream.Recv(); !errors.Is(err, io.EOF) {
			t.Errorf("the end of the stream: %v", err)
		}
		if err := <-stopped; err != nil || time.Since(begun) != 10*time.Second {
			t.Errorf("stopped after %v: %v", time.Since(begun), err)
		}
	})
}

// What is left after the drain time is told to go elsewhere, and can.
func TestShutdownEndsStreams(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		recorded := newRecorder()
		r, other := start(t, New(WithMetrics(recorded))), start(t, New())
		stream := r.opened(t.Context(), t, &numbersv1.GenerateRequest{Count: 4, MinPause: durationpb.New(4 * time.Second)})
		begun := time.Now()
		stopped := make(chan error, 1)
		go func() {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			stopped <- r.server.Shutdown(ctx)
		}()
		var last *numbersv1.GenerateResponse
		var err error
		for err == nil {
			var response *numbersv1.GenerateResponse
			if response, err = stream.Recv(); err == nil {
				last = response
			}
		}
		if last.GetPosition() != 2 || status.Code(err) != codes.Unavailable || !strings.Contains(err.Error(), "resume_token") {
			t.Errorf("after number %d: %v", last.GetPosition(), err)
		}
		if err := <-stopped; !errors.Is(err, context.DeadlineExceeded) || time.Since(begun) != 10*time.Second {
			t.Errorf("stopped after %v: %v", time.Since(begun), err)
		}
		recorded.await(t.Context(), t, "the end among the metrics", func(r *recorder) bool { return r.ended[codes.Unavailable] == 1 })
		rest, err := collect(t.Context(), other.client, &numbersv1.GenerateRequest{ResumeToken: last.GetResumeToken()})
		if err != nil || !cmp.Equal(values(rest), []float64{3, 4}) {
			t.Errorf("elsewhere: %v, %v", values(rest), err)
		}
	})
}

// A stream whose caller does not read cannot be told anything: the server does
// not wait for it for longer than flushTime.
func TestShutdownWithStalledReader(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		r := start(t, New())
		r.opened(t.Context(), t, unpaced(&numbersv1.GenerateRequest{Endless: true}))
		synctest.Wait() // all buffers are full
		begun := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		err := r.server.Shutdown(ctx)
		if took := time.Since(begun); !errors.Is(err, context.DeadlineExceeded) || took != 3*time.Second+flushTime {
			t.Errorf("stopped after %v: %v", took, err)
		}
	})
}

func TestServeAfterShutdown(t *testing.T) {
	t.Parallel()
	r := start(t, New())
	for range 2 { // and once more by the rig
		if err := r.server.Shutdown(within(t, time.Minute)); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
	}
	if err := r.server.Serve(r.listener); err != nil {
		t.Errorf("Serve: %v", err)
	}
}
