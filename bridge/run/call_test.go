// SPDX-License-Identifier: Apache-2.0

package run_test

import (
	"bytes"
	"context"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding/gzip"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/reflect/protoregistry"

	"sluice/bridge/catalog"
	"sluice/bridge/run"
	numbersv1 "sluice/proto/gen/sluice/numbers/v1"
)

// dial starts a server and returns a connection to it.
func dial(t *testing.T, srv *grpc.Server) *grpc.ClientConn {
	t.Helper()
	l := bufconn.Listen(64 << 10)
	var wg sync.WaitGroup
	wg.Go(func() { srv.Serve(l) })
	conn, err := grpc.NewClient("passthrough:///any",
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return l.DialContext(ctx) }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		conn.Close()
		srv.Stop()
		wg.Wait()
	})
	return conn
}

// check returns a unary method: grpc.health.v1.Health/Check.
func check(t *testing.T, change func(*catalog.Policy)) *catalog.Method {
	t.Helper()
	c, err := catalog.New(protoregistry.GlobalFiles)
	if err != nil {
		t.Fatal(err)
	}
	m := c.Lookup("grpc.health.v1.Health/Check")
	if change != nil {
		change(&m.Policy)
	}
	return m
}

// A unary call is a run of one message and its end, however the backend
// answers.
func TestUnary(t *testing.T) {
	t.Parallel()
	answer := &healthpb.HealthCheckResponse{Status: healthpb.HealthCheckResponse_SERVING}
	for _, test := range []struct {
		name     string
		answers  int
		err      error
		messages int
		ends     string
	}{
		{"an answer", 1, nil, 1, `{"code":"OK","trailers":{"x-node":["n1"]}}`},
		{"an error", 0, status.Error(codes.NotFound, "no such service"), 0, `{"code":"NOT_FOUND","message":"no such service","trailers":{"x-node":["n1"]}}`},
		// The answer of a call that fails is none.
		{"an answer and an error", 1, status.Error(codes.Internal, "too late"), 0, `{"code":"INTERNAL","message":"too late","trailers":{"x-node":["n1"]}}`},
		{"no answer", 0, nil, 0, `"code":"INTERNAL"`},
		{"two answers", 2, nil, 0, `"code":"INTERNAL"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			conn := dial(t, grpc.NewServer(grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error {
				if err := stream.RecvMsg(new(healthpb.HealthCheckRequest)); err != nil {
					return err
				}
				stream.SetTrailer(metadata.Pairs("x-node", "n1"))
				for range test.answers {
					if err := stream.SendMsg(answer); err != nil {
						return err
					}
				}
				return test.err
			})))
			m := run.NewManager(conn, run.Config{})
			t.Cleanup(m.Close)
			v := open(t, m, run.Spec{Method: check(t, func(p *catalog.Policy) { p.ExposeTrailers = []string{"x-node"} })})
			<-v.Run().Done()
			events, err := v.Read(nil, 1<<20)
			if err != nil || len(events) != test.messages+1 {
				t.Fatalf("the run has %d events, %v; want %d and the end", len(events), err, test.messages)
			}
			if test.messages == 1 && string(events[0].Data) != `{"status":"SERVING"}` {
				t.Errorf("the message is %s", events[0].Data)
			}
			if end := string(events[len(events)-1].Data); !strings.Contains(end, test.ends) {
				t.Errorf("the end is %s, want …%s…", end, test.ends)
			}
		})
	}
}

// A run calls its method on the connection that it was given.
func TestConn(t *testing.T) {
	t.Parallel()
	m := manage(t, &stub{generate: count(1)}, run.Config{})
	other := serve(t, &stub{generate: count(3)})
	for _, test := range []struct {
		conn grpc.ClientConnInterface
		last uint32
	}{{nil, 1}, {other, 3}} {
		got, _ := readAll(t, open(t, m, run.Spec{Method: numbers(t, nil), Conn: test.conn}))
		checkCounted(t, got, 1, test.last)
	}
}

// What a backend compresses is read; and what it compresses to hide its size is
// refused, with one end and nothing broken.
func TestGzip(t *testing.T) {
	t.Parallel()
	conn := dial(t, func() *grpc.Server {
		srv := grpc.NewServer()
		numbersv1.RegisterNumberServiceServer(srv, &stub{generate: func(r *numbersv1.GenerateRequest, stream grpc.ServerStreamingServer[numbersv1.GenerateResponse]) error {
			accepted, err := grpc.ClientSupportedCompressors(stream.Context())
			if err != nil {
				return err
			}
			if !slices.Contains(accepted, gzip.Name) {
				return status.Errorf(codes.FailedPrecondition, "the client takes %v", accepted)
			}
			if err := grpc.SetSendCompressor(stream.Context(), gzip.Name); err != nil {
				return err
			}
			for n := uint32(1); n <= 3; n++ {
				size := 1000
				if n == r.Count {
					size = 8 << 20 // and a few KiB compressed
				}
				m := number(n)
				m.ResumeToken = strings.Repeat("x", size)
				if err := stream.Send(m); err != nil {
					return err
				}
			}
			return nil
		}})
		return srv
	}())
	m := run.NewManager(conn, run.Config{})
	t.Cleanup(m.Close)
	method := numbers(t, nil)
	for _, test := range []struct {
		query    string
		messages uint32
		code     string
	}{{"", 3, "OK"}, {"3", 2, "RESOURCE_EXHAUSTED"}} {
		spec := run.Spec{Method: method}
		if test.query != "" {
			var err error
			if spec.Request, err = method.RequestFromJSON([]byte(`{"count":` + test.query + `}`)); err != nil {
				t.Fatal(err)
			}
		}
		v := open(t, m, spec)
		got, code := readAll(t, v)
		checkCounted(t, got, 1, test.messages)
		if code != test.code {
			t.Errorf("the stream ended with %s, want %s: %v", code, test.code, v.Run().Status())
		}
		again, err := v.Run().Attach(0)
		if err != nil {
			t.Fatal(err)
		}
		var frames []byte
		for ended := false; !ended; {
			span, err := again.Span(1 << 20)
			if err != nil {
				t.Fatal(err)
			}
			frames, ended = append(frames, span.Frames...), span.Ended
		}
		if n := bytes.Count(frames, []byte("event: end\n")); n != 1 || !bytes.HasSuffix(frames, []byte("\n\n")) {
			t.Errorf("the stream has %d ends: …%s", n, frames[max(0, len(frames)-100):])
		}
		again.Close()
	}
}
