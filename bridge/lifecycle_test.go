// SPDX-License-Identifier: Apache-2.0

package bridge_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"sluice/bridge"
	"sluice/bridge/catalog"
	"sluice/bridge/run"
	"sluice/bridge/sse"
	"sluice/internal/bubble"
	numbersv1 "sluice/proto/gen/sluice/numbers/v1"
)

func TestDrain(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		const viewers, window = 50, 10 * time.Second
		w := newWorld(t, counting)
		start := time.Now()
		var mu sync.Mutex
		closed := make(map[time.Duration]bool)
		var wg sync.WaitGroup
		for range viewers {
			r := w.get("/sse?endless=true&min_pause=0.3s")
			r.next()
			wg.Go(func() {
				retry := time.Duration(0)
				r.events.OnRetry = func(d time.Duration) { retry = d }
				for _, e := range r.all() {
					if e.Type == "end" {
						t.Error("a stream that can go on elsewhere has ended")
					}
				}
				if retry < time.Second || retry > 1500*time.Millisecond {
					t.Errorf("a browser is told to come back after %v", retry)
				}
				mu.Lock()
				closed[time.Since(start)] = true
				mu.Unlock()
			})
		}
		if err := w.bridge.Ready(); err != nil {
			t.Fatal(err)
		}
		start = time.Now()
		var drained error
		wg.Go(func() { drained = w.bridge.Drain(t.Context(), window) })
		synctest.Wait()
		if r := w.get("/readyz"); r.StatusCode != 503 || !strings.Contains(r.text(), "shutting down") {
			t.Errorf("while it drains the bridge is %s", r.Status)
		}
		if r := w.get("/healthz"); r.StatusCode != 200 {
			t.Errorf("while it drains the bridge is not healthy: %s", r.Status)
		}
		if r := w.get("/sse", "Accept", "text/event-stream, application/json"); r.StatusCode != 503 || r.failure().Code != "UNAVAILABLE" {
			t.Errorf("a new stream is %s", r.Status)
		}
		if r := w.get("/sse", "Accept", "text/event-stream"); r.StatusCode != 200 || !strings.HasPrefix(r.text(), "retry: ") {
			t.Errorf("for EventSource a new stream is %s", r.Status)
		}
		wg.Wait()
		if drained != nil {
			t.Errorf("Drain: %v", drained)
		}
		if got := time.Since(start); got > window || len(closed) < viewers*9/10 {
			t.Errorf("%d streams closed at %d moments within %v", viewers, len(closed), got)
		}
	})
}

func TestDrainGivesUp(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		w := newWorld(t, counting)
		w.get("/sse?endless=true&min_pause=1s").next()
		ctx, cancel := context.WithTimeout(t.Context(), time.Nanosecond)
		defer cancel()
		if err := w.bridge.Drain(ctx, time.Hour); err != context.DeadlineExceeded {
			t.Errorf("Drain with a stream that stays gave %v", err)
		}
	})
}

func TestMaxAge(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		w := newWorld(t, counting, bridge.WithMaxAge(100*time.Second))
		ages := make(map[time.Duration]bool)
		for range 10 {
			start := time.Now()
			r := w.get("/sse?endless=true&min_pause=7s")
			last := sse.Event{}
			for _, e := range r.all() {
				last = e
			}
			age := time.Since(start)
			if age < 80*time.Second || age > 100*time.Second+bridge.DefaultCommitWait {
				t.Errorf("a stream of at most 100s was closed after %v", age)
			}
			ages[age] = true
			// Nothing was lost by it.
			again := w.get("/sse?endless=true&min_pause=7s", "Last-Event-ID", last.ID)
			if e := again.next(); e.Type != "message" {
				t.Errorf("the stream goes on with %s %s", e.Type, e.Data)
			}
			again.close()
		}
		if len(ages) < 9 {
			t.Errorf("10 streams were closed at %d ages", len(ages))
		}
	})
}

// A backend that comes late is found.
func TestBackendIsAwayAtFirst(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		var logs bytes.Buffer
		conn := &lateConn{}
		b, err := bridge.New(conn, bridge.WithLogger(slog.New(slog.NewTextHandler(&logs, nil))))
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if err := b.Ready(); err == nil || b.Catalog() != nil {
			t.Error("the bridge is ready without a backend")
		}
		if n := conn.calls.Load(); n == 0 {
			t.Error("the backend was not asked")
		}
		time.Sleep(time.Minute)
		b.Close()
		if n := conn.calls.Load(); n < 10 || n > 60 {
			t.Errorf("in a minute the backend was asked %d times", n)
		}
		if n := strings.Count(logs.String(), "\n"); n != 1 {
			t.Errorf("the log says it %d times:\n%s", n, logs.String())
		}
	})
}

// lateConn is a connection to a backend that is not there.
type lateConn struct {
	grpc.ClientConnInterface
	calls atomic.Int32
}

func (c *lateConn) NewStream(context.Context, *grpc.StreamDesc, string, ...grpc.CallOption) (grpc.ClientStream, error) {
	c.calls.Add(1)
	return nil, errUnavailable
}

// newBare returns a server that does not say which methods it has.
func newBare(generate func(*numbersv1.GenerateRequest, numberStream) error) *grpc.Server {
	srv := grpc.NewServer()
	numbersv1.RegisterNumberServiceServer(srv, &stub{generate: generate})
	return srv
}

func TestBackendWithoutReflection(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		w := worldOf(t, newBare(counting))
		synctest.Wait()
		r := w.get("/readyz")
		if text := r.text(); r.StatusCode != 503 || !strings.Contains(text, "reflection") {
			t.Errorf("the bridge is %s: %s", r.Status, text)
		}
		r = w.get("/sse", "Accept", "application/json, text/event-stream")
		if f := r.failure(); r.StatusCode != 503 || f.Code != "UNAVAILABLE" || !strings.Contains(f.Message, "/readyz") {
			t.Errorf("a stream is %s: %+v", r.Status, f)
		}
	})
}

func TestProbes(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		w := newWorld(t, counting)
		for _, path := range []string{"/healthz", "/readyz"} {
			if r := w.get(path); r.StatusCode != 200 {
				t.Errorf("GET %s is %s", path, r.Status)
			}
			if r := w.do(http.MethodHead, path, ""); r.StatusCode != 200 {
				t.Errorf("HEAD %s is %s", path, r.Status)
			}
			if r := w.do(http.MethodPost, path, "{}"); r.StatusCode != 405 {
				t.Errorf("POST %s is %s", path, r.Status)
			}
		}
	})
}

func TestOrigins(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		allowed []string
		origin  string
		ok      bool
		header  string
	}{
		{"same host", nil, host, true, ""},
		{"same host behind TLS", nil, "https://bridge.test", true, ""},
		{"another host", nil, "https://elsewhere.test", false, ""},
		{"no page", nil, "null", false, ""},
		{"allowed", []string{"https://elsewhere.test"}, "https://elsewhere.test", true, "https://elsewhere.test"},
		{"not the allowed one", []string{"https://elsewhere.test"}, "https://nowhere.test", false, ""},
		{"any", []string{"*"}, "https://nowhere.test", true, "*"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			bubble.Test(t, func(t *testing.T) {
				called := false
				w := newWorld(t, func(r *numbersv1.GenerateRequest, s numberStream) error {
					called = true
					return counting(r, s)
				}, bridge.WithOrigins(test.allowed...))
				r := w.get("/sse?count=1", "Origin", test.origin)
				body := r.text()
				if (r.StatusCode == 200) != test.ok || called != test.ok {
					t.Errorf("the answer is %s, and the method was called: %v; %s", r.Status, called, body)
				}
				if got := r.Header.Get("Access-Control-Allow-Origin"); got != test.header {
					t.Errorf("Access-Control-Allow-Origin is %q, want %q", got, test.header)
				}
				if test.header == "" {
					return
				}
				if got := r.Header.Get("Access-Control-Expose-Headers"); !strings.Contains(got, bridge.RunHeader) {
					t.Errorf("Access-Control-Expose-Headers is %q", got)
				}
				p := w.do(http.MethodOptions, "/sse", "", "Origin", test.origin, "Access-Control-Request-Method", "GET", "Access-Control-Request-Headers", "last-event-id")
				if got := p.Header.Get("Access-Control-Allow-Headers"); p.StatusCode != 204 || !strings.EqualFold(got, "last-event-id") {
					t.Errorf("the preflight is %s and allows %q", p.Status, got)
				}
				io.Copy(io.Discard, p.Body)
			})
		})
	}
}

// A proxy may hand the host on with the port that a browser leaves out.
func TestOriginOfTheDefaultPort(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		w := newWorld(t, counting)
		for _, test := range []struct {
			origin, host string
			want         int
		}{
			{"https://example.com", "example.com:443", 200},
			{"https://EXAMPLE.com", "Example.com:443", 200},
			{"http://example.com", "example.com:80", 200},
			{"http://example.com:8443", "example.com:8443", 200},
			{"https://[2001:db8::443]", "[2001:db8::443]:443", 200},
			{"https://example.com", "example.com:80", 403},
			{"http://example.com", "example.com:443", 403},
			{"https://example.com", "example.com:8443", 403},
			{"https://example.com:8443", "example.com:443", 403},
			{"https://example.com.evil.test", "example.com:443", 403},
			{"ftp://example.com", "example.com:21", 403},
			{"null", ":443", 403},
		} {
			r, err := http.NewRequest(http.MethodGet, host+"/sse?count=1", nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Host = test.host
			r.Header.Set("Origin", test.origin)
			res, err := w.client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			io.Copy(io.Discard, res.Body)
			res.Body.Close()
			if res.StatusCode != test.want {
				t.Errorf("a page of %s that asks %s is answered with %s, want %d", test.origin, test.host, res.Status, test.want)
			}
		}
	})
}

func TestOptionsThatMakeNoSense(t *testing.T) {
	t.Parallel()
	for name, opt := range map[string]bridge.Option{
		"heartbeat":       bridge.WithHeartbeat(0),
		"commit wait":     bridge.WithCommitWait(-1),
		"retry":           bridge.WithRetry(0),
		"write timeout":   bridge.WithWriteTimeout(-time.Second),
		"maximum age":     bridge.WithMaxAge(-1),
		"poll grace":      bridge.WithPollGrace(0),
		"largest request": bridge.WithMaxRequestBytes(0),
		"logger":          bridge.WithLogger(nil),
		"observer":        bridge.WithObserver(nil),
		"origin":          bridge.WithOrigins("example.com"),
	} {
		if _, err := bridge.New(&lateConn{}, opt); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: New gave %v", name, err)
		}
	}
	if _, err := bridge.New(nil); err == nil {
		t.Error("New takes no connection")
	}
}

// recorder writes down what an observer is told.
type recorder struct {
	bridge.NopObserver
	mu  sync.Mutex
	got []string
}

func (r *recorder) add(s string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.got = append(r.got, s)
}

func (r *recorder) RunOpened(method string) run.RunObserver {
	r.add("run " + method)
	return endRecorder{r: r}
}
func (r *recorder) StreamOpened(t string) { r.add("open " + t) }
func (r *recorder) StreamClosed(t string, w bridge.CloseReason) {
	r.add("close " + t + " " + string(w))
}

func (r *recorder) UpstreamKnown(_ string, known bool) {
	if known {
		r.add("known")
	}
}

type endRecorder struct {
	run.NopObserver
	r *recorder
}

func (e endRecorder) Ended(c codes.Code) { e.r.add("ended " + c.String()) }

func TestObserver(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		rec := &recorder{}
		w := newWorld(t, counting, bridge.WithObserver(rec))
		w.get("/sse?count=2").all()
		r := w.get("/sse?endless=true&min_pause=1s")
		r.next()
		r.close()
		synctest.Wait()
		want := "known|run sluice.numbers.v1.NumberService/Generate|ended OK|open sse|close sse end|" +
			"run sluice.numbers.v1.NumberService/Generate|open sse|close sse viewer"
		if got := strings.Join(rec.got, "|"); got != want {
			t.Errorf("the observer was told\n%s, want\n%s", got, want)
		}
	})
}

// Headers that the backend gets, and those that it does not.
func TestMetadata(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		got := make(map[string]string)
		w := newWorld(t, func(r *numbersv1.GenerateRequest, s numberStream) error {
			for _, name := range []string{"authorization", "traceparent", "x-tenant", "cookie", "x-other"} {
				got[name] = metadataOf(s.Context(), name)
			}
			return nil
		}, bridge.WithCatalog(numbersWith(t, func(*catalog.Policy) {})))
		w.get("/sse", "Authorization", "Bearer x", "Traceparent", "00-1", "Grpc-Metadata-X-Tenant", "acme", "Cookie", "a=b", "X-Other", "1").text()
		want := map[string]string{"authorization": "Bearer x", "traceparent": "00-1", "x-tenant": "acme", "cookie": "", "x-other": ""}
		for name, v := range want {
			if got[name] != v {
				t.Errorf("the backend gets %s %q, want %q", name, got[name], v)
			}
		}
	})
}

func metadataOf(ctx context.Context, name string) string {
	md, _ := metadata.FromIncomingContext(ctx)
	return strings.Join(md.Get(name), ",")
}

var errUnavailable = status.Error(codes.Unavailable, "nobody listens")

// A connection outlives the streams on it: what a stream was given for its
// writes does not fall due on what comes after.
func TestConnectionIsKept(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		w := newWorld(t, counting)
		checkNumbers(t, w.get("/sse?count=2").all(), 1, 2)
		time.Sleep(2 * bridge.DefaultWriteTimeout)
		// POST, so that the client does not try again by itself.
		checkNumbers(t, w.do(http.MethodPost, "/sluice.numbers.v1.NumberService/Generate", `{"count":3}`).all(), 1, 3)
		if r := w.do(http.MethodDelete, "/runs/"+run.NewID(), ""); r.StatusCode != http.StatusNotFound {
			t.Errorf("the next answer is %s", r.Status)
		}
		time.Sleep(2 * bridge.DefaultWriteTimeout)
		if r := w.do(http.MethodPost, "/healthz", `{}`); r.StatusCode != http.StatusMethodNotAllowed {
			t.Errorf("the next answer is %s", r.Status)
		}
	})
}

// Streams that are open when the bridge is closed are told how they ended; and
// afterwards nothing is served.
func TestCloseTellsTheEnd(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		w := newWorld(t, counting)
		var wg sync.WaitGroup
		for range 20 {
			r := w.get("/sse?endless=true&min_pause=1s")
			r.next()
			wg.Go(func() {
				events := r.all()
				if n := len(events); n == 0 || !strings.HasPrefix(string(events[n-1].Data), `{"code":"UNAVAILABLE"`) {
					t.Errorf("a stream got %v", events)
				}
			})
		}
		w.bridge.Close()
		wg.Wait()
		if w.bridge.Ready() == nil {
			t.Error("a closed bridge is ready")
		}
		if err := w.bridge.Drain(t.Context(), 0); err != nil {
			t.Errorf("Drain after Close gave %v", err)
		}
	})
}

// Who goes away before the run's id was told leaves nothing behind.
func TestLeftBeforeTheFirstWord(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		w := newWorld(t, counting)
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, host+"/sse?endless=true&min_pause=3600s", nil)
		if err != nil {
			t.Fatal(err)
		}
		if res, err := w.client.Do(r); err == nil {
			res.Body.Close()
			t.Fatal("there was an answer")
		}
		synctest.Wait()
		if live := w.bridge.Stats().Live; live != 0 {
			t.Errorf("%d runs go on", live)
		}
	})
}
