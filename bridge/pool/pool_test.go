// SPDX-License-Identifier: Apache-2.0

package pool_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"sluice/bridge/pool"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve starts a server that takes so many streams on a connection. Its Watch
// sends one message and stays open.
func serve(t *testing.T, streams uint32) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := grpc.NewServer(grpc.MaxConcurrentStreams(streams))
	healthpb.RegisterHealthServer(srv, health.NewServer())
	var wg sync.WaitGroup
	wg.Go(func() { srv.Serve(l) })
	t.Cleanup(func() {
		srv.Stop()
		wg.Wait()
	})
	return l.Addr().String()
}

// dial returns a pool of connections to the address.
func dial(t *testing.T, address string, c pool.Config) *pool.Pool {
	t.Helper()
	c.Dial = func() (*grpc.ClientConn, error) {
		return grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	}
	p, err := pool.New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

// watch opens a stream and reads its first message, which a stream that waits
// for its place does not get.
func watch(ctx context.Context, p *pool.Pool) (grpc.ServerStreamingClient[healthpb.HealthCheckResponse], error) {
	stream, err := healthpb.NewHealthClient(p).Watch(ctx, &healthpb.HealthCheckRequest{})
	if err != nil {
		return nil, err
	}
	_, err = stream.Recv()
	return stream, err
}

// patient is how long a test waits for what must come.
func patient(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// eventually waits until what the pool says is as wanted.
func eventually(t *testing.T, p *pool.Pool, want pool.Stats) {
	t.Helper()
	ctx := patient(t)
	for p.Stats() != want {
		select {
		case <-ctx.Done():
			t.Fatalf("the pool carries %+v, want %+v", p.Stats(), want)
		case <-time.After(time.Millisecond):
		}
	}
}

// A server that takes two streams on a connection is asked for seven, at once
// and one by one.
func TestNoStreamWaits(t *testing.T) {
	t.Parallel()
	p := dial(t, serve(t, 2), pool.Config{StreamsPerConn: 2})
	ctx := patient(t)
	var wg sync.WaitGroup
	for range 5 {
		wg.Go(func() {
			if _, err := watch(ctx, p); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for range 2 {
		if _, err := watch(ctx, p); err != nil {
			t.Error(err)
		}
	}
	if got, want := p.Stats(), (pool.Stats{Conns: 4, Streams: 7}); got != want {
		t.Errorf("the pool carries %+v, want %+v", got, want)
	}
}

// A server that takes fewer than the pool believes is found out, once.
func TestBoundIsLearned(t *testing.T) {
	t.Parallel()
	var logs bytes.Buffer
	p := dial(t, serve(t, 2), pool.Config{Logger: slog.New(slog.NewTextHandler(&logs, nil))})
	ctx := patient(t)
	for range 7 {
		if _, err := watch(ctx, p); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := p.Stats(), (pool.Stats{Conns: 4, Streams: 7}); got != want {
		t.Errorf("the pool carries %+v, want %+v", got, want)
	}
	if got := logs.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "streams=2 configured=100") {
		t.Errorf("the log says\n%s", got)
	}
}

// Many streams that find out together leave the right counts.
func TestBoundIsLearnedTogether(t *testing.T) {
	t.Parallel()
	p := dial(t, serve(t, 3), pool.Config{})
	ctx, cancel := context.WithCancel(patient(t))
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if _, err := watch(ctx, p); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := p.Stats(); got.Streams != 20 || got.Conns < 7 {
		t.Errorf("the pool carries %+v, want 20 streams on 7 connections or more", got)
	}
	cancel()
	ctx = patient(t)
	for p.Stats().Streams > 0 {
		if ctx.Err() != nil {
			t.Fatalf("the streams were cancelled, and the pool carries %+v", p.Stats())
		}
		time.Sleep(time.Millisecond)
	}
}

// Streams that end make room, and connections that carry none are closed.
func TestStreamsEnd(t *testing.T) {
	t.Parallel()
	p := dial(t, serve(t, 100), pool.Config{StreamsPerConn: 2, IdleTimeout: time.Millisecond})
	ctx, cancel := context.WithCancel(patient(t))
	for range 6 {
		if _, err := watch(ctx, p); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := p.Stats(), (pool.Stats{Conns: 3, Streams: 6}); got != want {
		t.Errorf("the pool carries %+v, want %+v", got, want)
	}
	cancel()
	eventually(t, p, pool.Stats{Conns: 1})
	if _, err := watch(patient(t), p); err != nil {
		t.Error(err)
	}
}

func TestCallsEnd(t *testing.T) {
	t.Parallel()
	p := dial(t, serve(t, 100), pool.Config{StreamsPerConn: 1, MaxConns: 1})
	client := healthpb.NewHealthClient(p)
	for range 3 {
		answer, err := client.Check(patient(t), &healthpb.HealthCheckRequest{})
		if err != nil || answer.Status != healthpb.HealthCheckResponse_SERVING {
			t.Fatalf("Check gave %v, %v", answer, err)
		}
		// What the server says of a failure comes through, too.
		if _, err := client.Check(patient(t), &healthpb.HealthCheckRequest{Service: "none"}); status.Code(err) != codes.NotFound {
			t.Fatalf("Check of no service gave %v", err)
		}
	}
	eventually(t, p, pool.Stats{Conns: 1})
}

// Where there may be no more connections a stream is refused, and does not
// wait.
func TestFull(t *testing.T) {
	t.Parallel()
	p := dial(t, serve(t, 100), pool.Config{StreamsPerConn: 2, MaxConns: 2})
	ctx, cancel := context.WithCancel(patient(t))
	defer cancel()
	for range 4 {
		if _, err := watch(ctx, p); err != nil {
			t.Fatal(err)
		}
	}
	_, err := watch(ctx, p)
	if status.Code(err) != codes.ResourceExhausted || !strings.Contains(err.Error(), "all 2 connections") {
		t.Errorf("the fifth stream gave %v", err)
	}
}

// A backend that is away is told at once, and leaves nothing behind.
func TestBackendIsAway(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	p := dial(t, l.Addr().String(), pool.Config{})
	ctx := patient(t)
	for range 3 {
		if _, err := watch(ctx, p); status.Code(err) != codes.Unavailable {
			t.Errorf("a stream to nowhere gave %v", err)
		}
	}
	eventually(t, p, pool.Stats{Conns: 1})
	for s := p.GetState(); s != connectivity.TransientFailure; s = p.GetState() {
		if !p.WaitForStateChange(ctx, s) {
			t.Fatalf("the pool is %v", s)
		}
	}
}

func TestClose(t *testing.T) {
	t.Parallel()
	p := dial(t, serve(t, 100), pool.Config{StreamsPerConn: 1})
	var streams []grpc.ServerStreamingClient[healthpb.HealthCheckResponse]
	for range 3 {
		stream, err := watch(patient(t), p)
		if err != nil {
			t.Fatal(err)
		}
		streams = append(streams, stream)
	}
	for range 2 {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}
	for _, stream := range streams {
		if _, err := stream.Recv(); status.Code(err) != codes.Canceled {
			t.Errorf("a stream of a closed pool gave %v", err)
		}
	}
	if _, err := watch(patient(t), p); status.Code(err) != codes.Canceled {
		t.Errorf("a new stream of a closed pool gave %v", err)
	}
	if n := p.Stats().Streams; n != 0 {
		t.Errorf("a closed pool carries %d streams", n)
	}
}

func TestConfigsThatMakeNoSense(t *testing.T) {
	t.Parallel()
	never := errors.New("never")
	dial := func() (*grpc.ClientConn, error) { return nil, never }
	for says, c := range map[string]pool.Config{
		"Dial":                  {},
		"never":                 {Dial: dial},
		"streams per":           {Dial: dial, StreamsPerConn: -1},
		"number of connections": {Dial: dial, MaxConns: -1},
		"idle timeout":          {Dial: dial, IdleTimeout: -1},
	} {
		if _, err := pool.New(c); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("New gave %v, want …%s…", err, says)
		}
	}
}

// Many streams at once keep one another waiting, which is not a limit of the
// server's.
func TestARushIsNoLimit(t *testing.T) {
	t.Parallel()
	const streams, perConn = 2000, 100
	p := dial(t, serve(t, 0), pool.Config{StreamsPerConn: perConn})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var wg sync.WaitGroup
	for range streams {
		wg.Go(func() {
			stream, err := healthpb.NewHealthClient(p).Watch(ctx, &healthpb.HealthCheckRequest{})
			if err == nil {
				_, err = stream.Recv()
			}
			if err != nil {
				t.Errorf("a stream failed: %v", err)
			}
		})
	}
	wg.Wait()
	if s := p.Stats(); s.Conns != streams/perConn || s.Streams != streams {
		t.Errorf("%d streams are on %d connections, want %d on %d", s.Streams, s.Conns, streams, streams/perConn)
	}
}
