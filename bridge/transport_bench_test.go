// SPDX-License-Identifier: Apache-2.0

package bridge_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/reflect/protoregistry"

	"sluice/bridge"
	"sluice/bridge/catalog"
	"sluice/bridge/journal"
	"sluice/bridge/run"
	numbersv1 "sluice/proto/gen/sluice/numbers/v1"
)

// sink is a response that is written to nobody, as fast as it is written.
type sink struct {
	header  http.Header
	bytes   int
	reading sync.WaitGroup
}

func (s *sink) Header() http.Header              { return s.header }
func (s *sink) WriteHeader(int)                  {}
func (s *sink) Write(p []byte) (int, error)      { s.bytes += len(p); return len(p), nil }
func (s *sink) Flush()                           {}
func (s *sink) SetWriteDeadline(time.Time) error { return nil }

// Hijack implements http.Hijacker: whoever closes a WebSocket is followed.
func (s *sink) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	here, there := net.Pipe()
	s.reading.Go(func() {
		n, _ := io.Copy(io.Discard, there)
		s.bytes += int(n)
		there.Close()
	})
	return sinkConn{here}, bufio.NewReadWriter(bufio.NewReader(here), bufio.NewWriter(here)), nil
}

// sinkConn is a connection whose other side says no goodbye.
type sinkConn struct{ net.Conn }

// SetReadDeadline implements net.Conn: it is not waited for.
func (c sinkConn) SetReadDeadline(time.Time) error { return c.Conn.SetReadDeadline(time.Unix(1, 0)) }

// What it takes to carry an event from the journal to a connection that takes
// all there is, by each transport.
func BenchmarkTransports(b *testing.B) {
	const events = 5000
	srv := grpc.NewServer()
	numbersv1.RegisterNumberServiceServer(srv, &stub{generate: counting})
	back := bufconn.Listen(64 << 10)
	var serving sync.WaitGroup
	serving.Go(func() { srv.Serve(back) })
	conn, err := grpc.NewClient("passthrough:///backend", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return back.DialContext(ctx) }))
	if err != nil {
		b.Fatal(err)
	}
	c, err := catalog.New(protoregistry.GlobalFiles)
	if err != nil {
		b.Fatal(err)
	}
	br, err := bridge.New(conn, bridge.WithCatalog(c), bridge.WithRuns(run.Config{JournalBytes: 4 * journal.DefaultLimit}))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		br.Close()
		conn.Close()
		srv.Stop()
		serving.Wait()
	})
	ask := func(path string, headers ...string) *sink {
		s := &sink{header: http.Header{}}
		r := httptest.NewRequest(http.MethodGet, path, nil)
		for i := 0; i < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		br.ServeHTTP(s, r)
		s.reading.Wait()
		return s
	}
	path := "/runs/" + ask(fmt.Sprintf("/sse?count=%d", events)).header.Get(bridge.RunHeader)
	for _, way := range []struct {
		name    string
		headers []string
	}{
		{"sse", []string{"Accept", "text/event-stream"}},
		{"ndjson", []string{"Accept", "application/x-ndjson"}},
		{"websocket", handshake()},
	} {
		b.Run(way.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if s := ask(path, way.headers...); s.bytes < 60*events {
					b.Fatalf("%d bytes were written", s.bytes)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*events), "ns/event")
		})
	}
}
