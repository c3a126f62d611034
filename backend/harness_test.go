// SPDX-License-Identifier: Apache-2.0

package backend

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/types/known/durationpb"

	numbersv1 "sluice/proto/gen/sluice/numbers/v1"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// rig is a server and a client of it in one process.
type rig struct {
	server   *Server
	listener *bufconn.Listener
	conn     *grpc.ClientConn
	client   numbersv1.NumberServiceClient
}

func start(tb testing.TB, service *Service, options ...ServerOption) *rig {
	tb.Helper()
	r := &rig{server: NewServer(service, options...), listener: bufconn.Listen(1 << 16)}
	served := make(chan error, 1)
	go func() { served <- r.server.Serve(r.listener) }()
	r.conn = r.dial(tb)
	r.client = numbersv1.NewNumberServiceClient(r.conn)
	tb.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel() // nothing is left that is worth waiting for
		_ = r.server.Shutdown(ctx)
		if err := <-served; err != nil {
			tb.Errorf("Serve: %v", err)
		}
	})
	return r
}

func (r *rig) dial(tb testing.TB, options ...grpc.DialOption) *grpc.ClientConn {
	tb.Helper()
	options = append([]grpc.DialOption{
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return r.listener.DialContext(ctx) }),
	}, options...)
	conn, err := grpc.NewClient("passthrough:///rig", options...)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = conn.Close() })
	return conn
}

// unpaced makes a request whose numbers come as fast as they are read.
func unpaced(req *numbersv1.GenerateRequest) *numbersv1.GenerateRequest {
	req.MinPause, req.MaxPause = &durationpb.Duration{}, &durationpb.Duration{}
	return req
}

// collect reads a stream to its end, which is nil for OK.
func collect(ctx context.Context, client numbersv1.NumberServiceClient, req *numbersv1.GenerateRequest) ([]*numbersv1.GenerateResponse, error) {
	stream, err := client.Generate(ctx, req)
	if err != nil {
		return nil, err
	}
	var responses []*numbersv1.GenerateResponse
	for {
		response, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return responses, nil
		}
		if err != nil {
			return responses, err
		}
		responses = append(responses, response)
	}
}

func values(responses []*numbersv1.GenerateResponse) []float64 {
	var vs []float64
	for _, r := range responses {
		vs = append(vs, r.GetValue())
	}
	return vs
}

// within is a context that ends a test which would otherwise hang.
func within(tb testing.TB, d time.Duration) context.Context {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), d)
	tb.Cleanup(cancel)
	return ctx
}

// muteDialer dials connections that can fall silent: nothing is written to
// them any more, and no error says so.
type muteDialer struct {
	rig  *rig
	mute atomic.Bool
}

func newMuteDialer(r *rig) *muteDialer { return &muteDialer{rig: r} }

func (d *muteDialer) vanish() { d.mute.Store(true) }

func (d *muteDialer) dial(ctx context.Context, _ string) (net.Conn, error) {
	conn, err := d.rig.listener.DialContext(ctx)
	return &muteConn{Conn: conn, mute: &d.mute}, err
}

type muteConn struct {
	net.Conn
	mute *atomic.Bool
}

func (c *muteConn) Write(p []byte) (int, error) {
	if c.mute.Load() {
		return len(p), nil
	}
	return c.Conn.Write(p)
}

// hourly is a request for a stream that is silent for long and has no end.
func hourly() *numbersv1.GenerateRequest {
	return &numbersv1.GenerateRequest{Endless: true, MinPause: durationpb.New(time.Hour)}
}

// opened is a stream that the service has taken on.
func (r *rig) opened(ctx context.Context, tb testing.TB, req *numbersv1.GenerateRequest) grpc.ServerStreamingClient[numbersv1.GenerateResponse] {
	tb.Helper()
	stream, err := r.client.Generate(ctx, req)
	if err != nil {
		tb.Fatal(err)
	}
	if md, err := stream.Header(); err != nil || md == nil {
		_, err := stream.Recv()
		tb.Fatalf("the stream did not open: %v", err)
	}
	return stream
}

// recorder is a Metrics that remembers.
type recorder struct {
	mu     sync.Mutex
	opened int
	ended  map[codes.Code]int
	sent   int
	change chan struct{} // has room for one: something was recorded
}

func newRecorder() *recorder {
	return &recorder{ended: map[codes.Code]int{}, change: make(chan struct{}, 1)}
}

func (r *recorder) record(f func()) {
	r.mu.Lock()
	f()
	r.mu.Unlock()
	select {
	case r.change <- struct{}{}:
	default:
	}
}

func (r *recorder) StreamOpened() { r.record(func() { r.opened++ }) }

func (r *recorder) StreamEnded(code codes.Code) { r.record(func() { r.ended[code]++ }) }

func (r *recorder) NumberSent() { r.record(func() { r.sent++ }) }

// await waits until what is recorded is as wanted.
func (r *recorder) await(ctx context.Context, tb testing.TB, what string, wanted func(*recorder) bool) {
	tb.Helper()
	for {
		r.mu.Lock()
		ok := wanted(r)
		r.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-r.change:
		case <-ctx.Done():
			tb.Fatalf("never came: %s", what)
		}
	}
}
