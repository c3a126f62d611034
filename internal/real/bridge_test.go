// SPDX-License-Identifier: Apache-2.0

package real_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/reflection"

	"sluice/bridge"
	"sluice/bridge/sse"
	"sluice/internal/rig"
)

// client keeps no connection for later, which would outlive its test.
var client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

// serve starts srv, with reflection, on a loopback port, and returns a
// connection to it.
func serve(t *testing.T, srv *grpc.Server) *grpc.ClientConn {
	t.Helper()
	reflection.Register(srv)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := srv.Serve(l); err != nil {
			t.Errorf("the server: %v", err)
		}
	})
	conn, err := grpc.NewClient(l.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
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

// front is a bridge on a loopback port.
type front struct {
	url    string
	bridge *bridge.Bridge
	web    *rig.Front
}

// bridgeTo starts a bridge to what is behind conn and waits until it is ready.
// It is closed when the test ends, if it still is there.
func bridgeTo(t *testing.T, conn grpc.ClientConnInterface, opts ...bridge.Option) *front {
	t.Helper()
	b, err := bridge.New(conn, opts...)
	if err != nil {
		t.Fatal(err)
	}
	f := &front{bridge: b, web: rig.Serve(t, b)}
	f.url = f.web.URL
	t.Cleanup(f.close)
	awaitTrue(t, "the bridge is ready", func() bool { return b.Ready() == nil })
	return f
}

// awaitTrue waits until something is so, as what says.
func awaitTrue(t *testing.T, what string, so func() bool) {
	t.Helper()
	timeout := time.After(patience)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !so() {
		select {
		case <-tick.C:
		case <-timeout:
			t.Fatalf("it does not come that %s", what)
		}
	}
}

// close cuts the bridge off, with all that it knew.
func (f *front) close() {
	if f.bridge == nil {
		return
	}
	f.web.Close()
	f.bridge.Close()
	f.bridge = nil
}

// request is one that a test makes of a bridge.
type request struct {
	method, url string
	body        string // JSON, if any
	header      http.Header
}

// do sends it. The response's body has to be closed.
func (r request) do(t *testing.T) *http.Response {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, r.method, r.url, strings.NewReader(r.body))
	if err != nil {
		t.Fatal(err)
	}
	if r.header != nil {
		req.Header = r.header
	}
	if r.body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// read returns the events of a stream up to its end, and the end's data.
func (r request) read(t *testing.T) (events []sse.Event, end string) {
	t.Helper()
	res := r.do(t)
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		b, _ := io.ReadAll(res.Body)
		t.Fatalf("%s %s: %s: %s", r.method, r.url, res.Status, b)
	}
	stream := sse.NewReader(res.Body)
	for {
		e, err := stream.Next()
		if err != nil {
			t.Fatalf("%s %s: the stream broke after %d events: %v", r.method, r.url, len(events), err)
		}
		e.Data = append([]byte(nil), e.Data...)
		if e.Type == "end" {
			return events, string(e.Data)
		}
		events = append(events, e)
	}
}

// refused returns the status and the body of an answer that is no stream.
func (r request) refused(t *testing.T) (status int, body string) {
	t.Helper()
	res := r.do(t)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(b)
}
