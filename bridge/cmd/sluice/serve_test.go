// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/reflection"

	"sluice/bridge/sse"
	"sluice/wasmui/dist"
)

// What reads no bodies answers all the same where one does not come.
func TestBodyThatDoesNotCome(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/metrics", newMetrics(nil).handler())
	mux.Handle("/", dist.Handler(nil))
	s := &servers{logger: slog.New(slog.DiscardHandler), bodyTimeout: 50 * time.Millisecond}
	s.serve(l, mux, nil)
	defer s.shutdown()
	for _, path := range []string{"/", "/nothing", "/metrics"} {
		conn, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		conn.SetDeadline(time.Now().Add(20 * time.Second))
		if _, err := io.WriteString(conn, "GET "+path+" HTTP/1.1\r\nHost: sluice.test\r\nContent-Length: 100\r\n\r\n..."); err != nil {
			t.Fatal(err)
		}
		if res, err := http.ReadResponse(bufio.NewReader(conn), nil); err != nil {
			t.Errorf("%s: there is no answer: %v", path, err)
		} else {
			res.Body.Close()
		}
		conn.Close()
	}
}

// leaving is a backend whose Watch stays open, and that says when a call of it
// has ended.
func leaving(t *testing.T) (address string, ended <-chan time.Time) {
	t.Helper()
	times := make(chan time.Time, 100)
	srv := grpc.NewServer(grpc.StreamInterceptor(func(service any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
		if info.FullMethod == healthpb.Health_Watch_FullMethodName {
			context.AfterFunc(stream.Context(), func() { times <- time.Now() })
		}
		return handler(service, stream)
	}))
	healthpb.RegisterHealthServer(srv, health.NewServer())
	reflection.Register(srv)
	return serve(t, srv), times
}

// watchAndLeave reads the first event of a stream, leaves, and returns how long
// after that the backend's call ended.
func watchAndLeave(t *testing.T, client *http.Client, url string, ended <-chan time.Time) time.Duration {
	t.Helper()
	res, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if e, err := sse.NewReader(res.Body).Next(); err != nil || e.Type == "end" {
		t.Fatalf("the stream begins with %s %s: %v", e.Type, e.Data, err)
	}
	left := time.Now()
	res.Body.Close()
	select {
	case at := <-ended:
		return at.Sub(left)
	case <-time.After(20 * time.Second):
		t.Fatal("the call goes on")
		return 0
	}
}

// What becomes of a call without viewers is as the flags say.
func TestCallsWithoutViewers(t *testing.T) {
	const path = "/grpc.health.v1.Health/Watch"
	const soon, linger = 100 * time.Millisecond, 400 * time.Millisecond
	t.Run("cancel", func(t *testing.T) {
		address, ended := leaving(t)
		at, _ := start(t, "--backend="+address, "--on-disconnect=cancel", "--linger=1h")
		client := &http.Client{Transport: &http.Transport{}}
		defer client.CloseIdleConnections()
		get(t, client, "http://"+at.HTTP+"/readyz")
		took := time.Hour
		// A machine that has much else to do may be late now and then.
		for attempt := 0; attempt < 10 && took > soon; attempt++ {
			took = min(took, watchAndLeave(t, client, "http://"+at.HTTP+path, ended))
		}
		if took > soon {
			t.Errorf("the call ended %v after its viewer left", took)
		}
	})
	t.Run("linger", func(t *testing.T) {
		address, ended := leaving(t)
		at, _ := start(t, "--backend="+address, "--on-disconnect=linger", "--linger="+linger.String())
		client := &http.Client{Transport: &http.Transport{}}
		defer client.CloseIdleConnections()
		get(t, client, "http://"+at.HTTP+"/readyz")
		if took := watchAndLeave(t, client, "http://"+at.HTTP+path, ended); took < linger {
			t.Errorf("the call ended %v after its viewer left, want %v at the least", took, linger)
		}
	})
}

// A stream that has reached its age is closed, and has not ended.
func TestStreamsHaveAnAge(t *testing.T) {
	const age = 500 * time.Millisecond
	at, _ := start(t, "--backend="+numbers(t), "--max-age="+age.String())
	client := &http.Client{Transport: &http.Transport{}, Timeout: 20 * time.Second}
	defer client.CloseIdleConnections()
	get(t, client, "http://"+at.HTTP+"/readyz")
	begun := time.Now()
	_, body := get(t, client, "http://"+at.HTTP+"/sse?endless=true&min_pause=0.01s&max_pause=0.01s")
	// It is drawn between four fifths and all of it.
	if took := time.Since(begun); took < age*4/5 || strings.Contains(body, "event: end") || !strings.Contains(body, "\ndata: ") {
		t.Errorf("the stream closed after %v:\n%s", took, body)
	}
	_, body = get(t, client, "http://"+at.HTTP+"/metrics")
	if want := `sluice_streams_closed_total{reason="age",transport="sse"} 1`; !strings.Contains(body, want) {
		t.Errorf("there is no %s in\n%s", want, body)
	}
}
