// SPDX-License-Identifier: Apache-2.0

package bridge_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/reflection"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/reflect/protoregistry"

	"sluice/bridge"
	"sluice/bridge/catalog"
	"sluice/bridge/sse"
	"sluice/internal/bubble"
	numbersv1 "sluice/proto/gen/sluice/numbers/v1"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type numberStream = grpc.ServerStreamingServer[numbersv1.GenerateResponse]

// stub is a backend whose one method is a function.
type stub struct {
	numbersv1.UnimplementedNumberServiceServer
	generate func(*numbersv1.GenerateRequest, numberStream) error
}

func (s *stub) Generate(r *numbersv1.GenerateRequest, stream numberStream) error {
	return s.generate(r, stream)
}

// counting sends r.Count numbers, each after a pause of the length of
// r.MinPause, and goes on from a resume token.
func counting(r *numbersv1.GenerateRequest, stream numberStream) error {
	var n uint32
	if r.ResumeToken != "" {
		if err := json.Unmarshal([]byte(strings.TrimPrefix(r.ResumeToken, "at")), &n); err != nil {
			return err
		}
	}
	for n < r.Count || r.Endless {
		if pause := r.MinPause.AsDuration(); pause > 0 {
			select {
			case <-time.After(pause):
			case <-stream.Context().Done():
				return stream.Context().Err()
			}
		}
		n++
		token, _ := json.Marshal(n)
		if err := stream.Send(&numbersv1.GenerateResponse{Position: n, Value: float64(n), ResumeToken: "at" + string(token)}); err != nil {
			return err
		}
	}
	return nil
}

// world is a browser, a bridge and a backend, joined by pipes in memory, so
// that time can be made up.
type world struct {
	t      *testing.T
	bridge *bridge.Bridge
	client *http.Client
}

const host = "http://bridge.test"

// newWorld must be called in a bubble of testing/synctest.
func newWorld(t *testing.T, generate func(*numbersv1.GenerateRequest, numberStream) error, opts ...bridge.Option) *world {
	t.Helper()
	srv := grpc.NewServer()
	numbersv1.RegisterNumberServiceServer(srv, &stub{generate: generate})
	healthpb.RegisterHealthServer(srv, health.NewServer())
	reflection.Register(srv)
	w := worldOf(t, srv, opts...)
	synctest.Wait() // for reflection
	if err := w.bridge.Ready(); err != nil {
		t.Fatal(err)
	}
	return w
}

func worldOf(t *testing.T, srv *grpc.Server, opts ...bridge.Option) *world {
	t.Helper()
	back := bufconn.Listen(64 << 10)
	var wg sync.WaitGroup
	wg.Go(func() { srv.Serve(back) })
	conn, err := grpc.NewClient("passthrough:///backend", grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithIdleTimeout(0),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return back.DialContext(ctx) }))
	if err != nil {
		t.Fatal(err)
	}
	b, err := bridge.New(conn, opts...)
	if err != nil {
		t.Fatal(err)
	}
	front := newPipes()
	web := &http.Server{Handler: b}
	wg.Go(func() { web.Serve(front) })
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return front.dial(ctx) }}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		b.Close()
		web.Close()
		conn.Close()
		srv.Stop()
		wg.Wait()
	})
	return &world{t: t, bridge: b, client: &http.Client{Transport: transport}}
}

// pipes listens in memory. Its connections are those of net.Pipe, whose
// deadlines net/http can rely on.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), done: make(chan struct{})} }

func (p *pipes) dial(ctx context.Context) (net.Conn, error) {
	here, there := net.Pipe()
	select {
	case p.conns <- there:
		return here, nil
	case <-p.done:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Accept implements net.Listener.
func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (p *pipes) Close() error {
	p.once.Do(func() { close(p.done) })
	return nil
}

// Addr implements net.Listener.
func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipes", Net: "pipe"} }

// response is an answer that is being read.
type response struct {
	*http.Response
	t      *testing.T
	events *sse.Reader
	cancel context.CancelFunc
}

// do sends a request; the headers are pairs of name and value.
func (w *world) do(method, path, body string, headers ...string) *response {
	w.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var content io.Reader
	if body != "" {
		content = strings.NewReader(body)
	}
	r, err := http.NewRequestWithContext(ctx, method, host+path, content)
	if err != nil {
		w.t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	res, err := w.client.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	out := &response{Response: res, t: w.t, events: sse.NewReader(res.Body), cancel: cancel}
	w.t.Cleanup(out.close)
	return out
}

func (w *world) get(path string, headers ...string) *response {
	w.t.Helper()
	return w.do(http.MethodGet, path, "", headers...)
}

func (r *response) close() {
	r.cancel()
	r.Body.Close()
}

func (r *response) text() string {
	r.t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return string(b)
}

func (r *response) next() sse.Event {
	r.t.Helper()
	e, err := r.events.Next()
	if err != nil {
		r.t.Fatalf("reading the next event of %s: %v", r.Status, err)
	}
	return e
}

// all reads to the end of the body and returns the events, of which Data is
// the reader's own until the next one: it is copied.
func (r *response) all() []sse.Event {
	r.t.Helper()
	var all []sse.Event
	for {
		e, err := r.events.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			r.t.Fatal(err)
		}
		e.Data = append([]byte(nil), e.Data...)
		all = append(all, e)
	}
}

// message is the data of a number.
type message struct {
	Position    uint32
	ResumeToken string
}

// checkNumbers holds that events are the numbers from and to, then the end.
func checkNumbers(t *testing.T, events []sse.Event, from, to uint32) {
	t.Helper()
	if len(events) != int(to-from)+2 {
		t.Fatalf("got %d events, want the numbers %d to %d and the end", len(events), from, to)
	}
	for i, e := range events[:len(events)-1] {
		var m message
		if err := json.Unmarshal(e.Data, &m); err != nil || m.Position != from+uint32(i) {
			t.Fatalf("event %d is %s, want number %d", i, e.Data, from+uint32(i))
		}
	}
	last := events[len(events)-1]
	if last.Type != "end" || string(last.Data) != `{"code":"OK"}` || !strings.HasSuffix(last.ID, "-end") {
		t.Fatalf("the last event is %q %q %s", last.Type, last.ID, last.Data)
	}
}

// failure is the body of an answer that is no stream.
type failure struct {
	Code    string
	Message string
	Details []struct {
		Type            string `json:"@type"`
		FieldViolations []struct{ Field, Description string }
	}
}

func (r *response) failure() failure {
	r.t.Helper()
	if got := r.Header.Get("Content-Type"); got != "application/json" {
		r.t.Errorf("a failure comes as %q", got)
	}
	var f failure
	if err := json.NewDecoder(r.Body).Decode(&f); err != nil {
		r.t.Fatal(err)
	}
	return f
}

func TestStream(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		w := newWorld(t, counting)
		for _, path := range []string{"/sse?count=5", "/sluice.numbers.v1.NumberService/Generate?count=5&min_pause=0.25s", "/sse?count=5&minPause=1s"} {
			r := w.get(path)
			if r.StatusCode != http.StatusOK {
				t.Fatalf("GET %s is %s: %s", path, r.Status, r.text())
			}
			checkNumbers(t, r.all(), 1, 5)
		}
		r := w.do(http.MethodPost, "/sluice.numbers.v1.NumberService/Generate", `{"count": 7}`)
		checkNumbers(t, r.all(), 1, 7)
	})
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		w := newWorld(t, counting)
		r := w.get("/sse?count=1")
		for name, want := range map[string]string{
			"Content-Type": "text/event-stream", "Cache-Control": "no-cache, no-transform", "X-Accel-Buffering": "no",
			"Connection": "keep-alive", "Content-Length": "", "X-Content-Type-Options": "nosniff",
		} {
			if got := r.Header.Get(name); got != want {
				t.Errorf("%s is %q, want %q", name, got, want)
			}
		}
		if got := strings.Join(r.Header.Values("Vary"), ", "); got != "Accept, Origin" {
			t.Errorf("Vary is %q", got)
		}
		e := r.next()
		if run := r.Header.Get(bridge.RunHeader); run == "" || !strings.HasPrefix(e.ID, run+"-1-tat1") {
			t.Errorf("%s is %q and the first event's id %q", bridge.RunHeader, run, e.ID)
		}
	})
}

// The very first bytes say when to come back, and that the stream is open.
func TestFirstBytes(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		w := newWorld(t, counting, bridge.WithRetry(2*time.Second))
		lines := bufio.NewScanner(w.get("/sse?count=1").Body)
		lines.Scan()
		var ms int
		if err := json.Unmarshal([]byte(strings.TrimPrefix(lines.Text(), "retry: ")), &ms); err != nil || ms < 2000 || ms > 3000 {
			t.Errorf("the first line is %q, want retry: and 2000 to 3000", lines.Text())
		}
		lines.Scan()
		if lines.Scan(); !strings.HasPrefix(lines.Text(), ": run ") {
			t.Errorf("the first comment is %q", lines.Text())
		}
	})
}

func TestNumbersComeOneByOne(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		w := newWorld(t, counting)
		start := time.Now()
		r := w.get("/sse?count=5&min_pause=1s")
		for i := 1; i <= 5; i++ {
			r.next()
			if got, want := time.Since(start), time.Duration(i)*time.Second; got != want {
				t.Fatalf("number %d came after %v, want %v", i, got, want)
			}
		}
	})
}

// A stream that stays quiet is committed to in time, and kept alive.
func TestQuietStream(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		w := newWorld(t, counting)
		start := time.Now()
		r := w.get("/sse?count=2&min_pause=40s")
		if got := time.Since(start); got != bridge.DefaultCommitWait || r.StatusCode != http.StatusOK {
			t.Errorf("the header came after %v with %s, want %v", got, r.Status, bridge.DefaultCommitWait)
		}
		var comments []time.Duration
		r.events.OnComment = func([]byte) { comments = append(comments, time.Since(start)) }
		checkNumbers(t, r.all(), 1, 2)
		committed := bridge.DefaultCommitWait
		// Silence is counted from the last that was written.
		want := []time.Duration{committed, committed + 15*time.Second, committed + 30*time.Second, 55 * time.Second, 70 * time.Second}
		if len(comments) != len(want) {
			t.Fatalf("comments came after %v, want %v", comments, want)
		}
		for i := range want {
			if comments[i] != want[i] {
				t.Errorf("comments came after %v, want %v", comments, want)
			}
		}
	})
}

// That a browser goes away reaches the backend: by the method's policy.
func TestDisconnect(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		policy catalog.OnDisconnect
		after  time.Duration
	}{
		{catalog.OnDisconnectCancel, 0},
		{catalog.OnDisconnectLinger, 30 * time.Second},
		{catalog.OnDisconnectDefault, 30 * time.Second},
	} {
		t.Run(test.policy.String(), func(t *testing.T) {
			t.Parallel()
			bubble.Test(t, func(t *testing.T) {
				var ended time.Time
				w := newWorld(t, func(r *numbersv1.GenerateRequest, s numberStream) error {
					defer func() { ended = time.Now() }()
					return counting(r, s)
				}, bridge.WithCatalog(numbersWith(t, func(p *catalog.Policy) { p.OnDisconnect = test.policy })))
				r := w.get("/sse?endless=true&min_pause=1s")
				r.next()
				left := time.Now()
				r.close()
				time.Sleep(time.Hour)
				synctest.Wait()
				if got := ended.Sub(left); got != test.after {
					t.Errorf("the RPC ended %v after the browser left, want %v", got, test.after)
				}
			})
		})
	}
}

// numbersWith returns a catalog in which the number stream has another policy.
func numbersWith(t *testing.T, change func(*catalog.Policy)) *catalog.Catalog {
	t.Helper()
	c, err := catalog.New(protoregistry.GlobalFiles)
	if err != nil {
		t.Fatal(err)
	}
	change(&c.Lookup("sluice.numbers.v1.NumberService/Generate").Policy)
	return c
}
