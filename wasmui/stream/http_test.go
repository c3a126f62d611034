// SPDX-License-Identifier: Apache-2.0

//go:build !js

package stream

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"sluice/bridge/sse"
)

// httpTransport makes requests over real connections.
type httpTransport struct{ client *http.Client }

func (t httpTransport) Open(ctx context.Context, req Request) (Response, error) {
	r, err := http.NewRequestWithContext(ctx, req.Method, req.URL, bytes.NewReader(req.Body))
	if err != nil {
		return nil, err
	}
	for _, h := range req.Header {
		r.Header.Add(h[0], h[1])
	}
	resp, err := t.client.Do(r)
	if err != nil {
		return nil, err
	}
	return httpResponse{resp}, nil
}

type httpResponse struct{ resp *http.Response }

func (r httpResponse) Status() int                { return r.resp.StatusCode }
func (r httpResponse) Header(name string) string  { return r.resp.Header.Get(name) }
func (r httpResponse) Read(p []byte) (int, error) { return r.resp.Body.Read(p) }
func (r httpResponse) Close() error               { return r.resp.Body.Close() }

// streamServer serves one run of count events the way the protocol says, and
// breaks connections as its test likes.
type streamServer struct {
	count int
	// cut gives after how many bytes the next connection breaks, -1 for never,
	// and whether it is reset or closed as if all were well.
	cut func() (after int, reset bool)
	// early answers in place of the stream, where it is not nil and says so.
	early func(w http.ResponseWriter, r *http.Request) bool

	mu       sync.Mutex
	requests []string
	gone     chan struct{} // closed when a viewer has gone
	deleted  chan struct{} // closed at DELETE
}

func (s *streamServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.requests = append(s.requests, r.Method+" "+r.URL.Path)
	s.mu.Unlock()
	if r.Method == http.MethodDelete {
		close(s.deleted)
		w.WriteHeader(http.StatusNoContent)
		return
	}
	if s.early != nil && s.early(w, r) {
		return
	}
	next := 1
	if id := r.Header.Get("Last-Event-ID"); id != "" {
		run, n, ok := parseEventID(id)
		if !ok || run != runA {
			http.Error(w, "bad id "+id, http.StatusBadRequest)
			return
		}
		next = int(n) + 1
	}
	if next > s.count+1 {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	w.Header().Set("Content-Type", sse.ContentType)
	w.Header().Set("Sluice-Run", runA)
	body := sse.AppendRetry(nil, 0)
	for n := next; n <= s.count; n++ {
		body, _ = sse.AppendEvent(body, fmt.Sprintf("%s-%d-p_%d", runA, n, n), "", strconv.AppendInt(nil, int64(n), 10))
	}
	if s.cut == nil { // stays open
		_, _ = w.Write(body)
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
		close(s.gone)
		return
	}
	body, _ = sse.AppendEvent(body, fmt.Sprintf("%s-%d", runA, s.count+1), "end", []byte(`{"code":"OK"}`))
	at, reset := s.cut()
	if at < 0 || at >= len(body) {
		_, _ = w.Write(body)
		return
	}
	_, _ = w.Write(body[:at])
	if !reset {
		return
	}
	_ = http.NewResponseController(w).Flush()
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	_ = conn.(*net.TCPConn).SetLinger(0) // RST
	_ = conn.Close()
}

// serve starts a server and gives a configuration to read it with.
func serve(t *testing.T, s *streamServer) (Config, *recorder) {
	t.Helper()
	s.gone, s.deleted = make(chan struct{}), make(chan struct{})
	server := httptest.NewServer(s)
	transport := &http.Transport{}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		server.Close()
	})
	r := &recorder{}
	return Config{
		URL: server.URL + "/sse", Sink: r,
		Transport:   httpTransport{&http.Client{Transport: transport}},
		BackoffBase: time.Millisecond, BackoffMax: 10 * time.Millisecond,
	}, r
}

// numbers is "1 2 … n".
func numbers(n int) string {
	var b strings.Builder
	for i := 1; i <= n; i++ {
		if i > 1 {
			b.WriteByte(' ')
		}
		fmt.Fprint(&b, i)
	}
	return b.String()
}

// TestCutsOverTCP cuts and resets real connections at random places.
func TestCutsOverTCP(t *testing.T) {
	t.Parallel()
	const count, connections = 5000, 300
	r := rand.New(rand.NewPCG(9, 9))
	made := 0
	server := &streamServer{count: count, cut: func() (int, bool) {
		if made++; made > connections {
			return -1, false
		}
		return r.IntN(2000), r.IntN(2) == 0
	}}
	cfg, rec := serve(t, server)
	c := New(cfg)
	c.Start(t.Context())
	<-c.Done()
	s := c.Snapshot()
	if s.Phase != Ended || s.Missed != 0 || s.Repeated != 0 || s.Events != count {
		t.Fatalf("%v, %q: %d events, %d missed, %d repeated", s.Phase, s.Reason, s.Events, s.Missed, s.Repeated)
	}
	if got := rec.data(); got != numbers(count) {
		t.Fatal("the events are not those that were sent")
	}
	if s.Requests < 100 {
		t.Errorf("only %d requests: nothing was tried", s.Requests)
	}
	t.Logf("%d requests, %d reconnects, %d bytes", s.Requests, s.Reconnects, s.Bytes)
}

func TestStopOverTCP(t *testing.T) {
	t.Parallel()
	server := &streamServer{count: 3}
	cfg, rec := serve(t, server)
	got := make(chan struct{})
	rec.onEvents = func([]Event) { close(got) }
	c := New(cfg)
	c.Start(t.Context())
	<-got
	c.Stop()
	<-server.gone
	<-server.deleted
	<-c.Done()
	if s := c.Snapshot(); s.Phase != Stopped || s.Cancel != Cancelled {
		t.Errorf("%v, cancel %d: %s", s.Phase, s.Cancel, s.Reason)
	}
	if got := strings.Join(server.requests, ", "); got != "GET /sse, DELETE /runs/"+runA {
		t.Errorf("requests: %s", got)
	}
}

func TestCloseOverTCP(t *testing.T) {
	t.Parallel()
	server := &streamServer{count: 3}
	cfg, rec := serve(t, server)
	got := make(chan struct{})
	rec.onEvents = func([]Event) { close(got) }
	c := New(cfg)
	c.Start(t.Context())
	<-got
	c.Close()
	<-server.gone
	<-c.Done()
	if got := strings.Join(server.requests, ", "); got != "GET /sse" {
		t.Errorf("requests: %s", got)
	}
}

// TestSilenceOverTCP holds that a connection that is there but says nothing is
// given up and asked for again.
func TestSilenceOverTCP(t *testing.T) {
	t.Parallel()
	var first sync.Once
	server := &streamServer{count: 4, cut: func() (int, bool) { return -1, false }}
	server.early = func(w http.ResponseWriter, r *http.Request) (early bool) {
		first.Do(func() {
			early = true
			w.Header().Set("Content-Type", sse.ContentType)
			w.Header().Set("Sluice-Run", runA)
			fmt.Fprintf(w, "id: %s-1\ndata: 1\n\n", runA)
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		})
		return early
	}
	cfg, rec := serve(t, server)
	cfg.Silence = 200 * time.Millisecond
	c := New(cfg)
	c.Start(t.Context())
	<-c.Done()
	s := c.Snapshot()
	if got := rec.data(); s.Phase != Ended || got != "1 2 3 4" || !strings.Contains(rec.phases(), "open waiting connecting open") {
		t.Errorf("%v, %q: received %q; %s", s.Phase, s.Reason, got, rec.phases())
	}
}

func TestRetryAfterOverTCP(t *testing.T) {
	t.Parallel()
	var first sync.Once
	server := &streamServer{count: 2, cut: func() (int, bool) { return -1, false }}
	server.early = func(w http.ResponseWriter, _ *http.Request) (early bool) {
		first.Do(func() {
			early = true
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Retry-After", time.Now().Add(2*time.Second).UTC().Format(http.TimeFormat))
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = io.WriteString(w, `{"code":"UNAVAILABLE","message":"The backend is away."}`)
		})
		return early
	}
	cfg, rec := serve(t, server)
	var waited Snapshot
	rec.onChange = func(s Snapshot) {
		if s.Phase == Waiting {
			waited = s
		}
	}
	start := time.Now()
	c := New(cfg)
	c.Start(t.Context())
	<-c.Done()
	if got := rec.data(); got != "1 2" || !waited.RetryHeld || waited.Err.Message != "The backend is away." {
		t.Errorf("received %q; waited: %+v", got, waited)
	}
	// The date has whole seconds, and says 2 s after the server's Date.
	if took := time.Since(start); took < time.Second {
		t.Errorf("asked again after %v", took)
	}
}

// TestBatchesOverTCP holds that a fast stream comes in batches of what was read,
// and not event by event.
func TestBatchesOverTCP(t *testing.T) {
	t.Parallel()
	const count = 50_000
	cfg, rec := serve(t, &streamServer{count: count, cut: func() (int, bool) { return -1, false }})
	c := New(cfg)
	c.Start(t.Context())
	<-c.Done()
	if n := c.Snapshot().Events; n != count {
		t.Fatalf("%d events", n)
	}
	if n := len(rec.batches); n > count/10 {
		t.Errorf("%d batches for %d events", n, count)
	}
}

// memoryTransport gives one body, as fast as it is read.
type memoryTransport struct{ body []byte }

func (t memoryTransport) Open(context.Context, Request) (Response, error) {
	return &memoryResponse{r: bytes.NewReader(t.body)}, nil
}

type memoryResponse struct{ r *bytes.Reader }

func (r *memoryResponse) Status() int { return 200 }
func (r *memoryResponse) Header(name string) string {
	if name == "Content-Type" {
		return sse.ContentType
	}
	return ""
}
func (r *memoryResponse) Read(p []byte) (int, error) { return r.r.Read(p) }
func (r *memoryResponse) Close() error               { return nil }

// BenchmarkStream reads a stream of 100,000 numbers from memory.
func BenchmarkStream(b *testing.B) {
	const count = 100_000
	var body []byte
	for n := 1; n <= count; n++ {
		data := fmt.Appendf(nil, `{"position":%d,"value":%d,"createTime":"2026-01-02T03:04:05.678901Z","resumeToken":"AQIDBAUGBwgJCgsMDQ4PEBESEx"}`, n, n)
		body, _ = sse.AppendEvent(body, fmt.Sprintf("%s-%d-AQIDBAUGBwgJCgsMDQ4PEBESEx", runA, n), "", data)
	}
	body, _ = sse.AppendEvent(body, fmt.Sprintf("%s-%d", runA, count+1), "end", []byte(`{"code":"OK"}`))
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	events := 0
	for b.Loop() {
		sink := &counter{}
		c := New(Config{URL: "/", Transport: memoryTransport{body}, Sink: sink})
		c.Start(b.Context())
		<-c.Done()
		if sink.events != count || c.Snapshot().Missed != 0 {
			b.Fatalf("%d events, %d missed", sink.events, c.Snapshot().Missed)
		}
		events += sink.events
	}
	b.ReportMetric(float64(events)/b.Elapsed().Seconds()/1e6, "Mev/s")
}
