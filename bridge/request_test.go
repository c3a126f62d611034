// SPDX-License-Identifier: Apache-2.0

package bridge_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding/gzip"
	interop "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/reflection"
	"google.golang.org/grpc/status"

	"sluice/bridge"
	"sluice/bridge/run"
	"sluice/internal/bubble"
	numbersv1 "sluice/proto/gen/sluice/numbers/v1"
)

// interopServer has methods of every kind.
type interopServer struct {
	interop.UnimplementedTestServiceServer
}

func (interopServer) UnaryCall(_ context.Context, r *interop.SimpleRequest) (*interop.SimpleResponse, error) {
	if st := r.ResponseStatus; st != nil {
		return nil, status.Error(codes.Code(st.Code), st.Message)
	}
	return &interop.SimpleResponse{Payload: &interop.Payload{Body: make([]byte, r.ResponseSize)}, Username: r.ResponseType.String()}, nil
}

// StreamingOutputCall sends payloads of the sizes that are asked for, packed by
// gzip where they are to be.
func (interopServer) StreamingOutputCall(r *interop.StreamingOutputCallRequest, stream grpc.ServerStreamingServer[interop.StreamingOutputCallResponse]) error {
	for i, p := range r.ResponseParameters {
		if i == 0 && p.Compressed.GetValue() {
			if err := grpc.SetSendCompressor(stream.Context(), gzip.Name); err != nil {
				return err
			}
		}
		if err := stream.Send(&interop.StreamingOutputCallResponse{Payload: &interop.Payload{Body: make([]byte, p.Size)}}); err != nil {
			return err
		}
	}
	return nil
}

func newInterop() *grpc.Server {
	srv := grpc.NewServer()
	interop.RegisterTestServiceServer(srv, interopServer{})
	reflection.Register(srv)
	return srv
}

const interopService = "/grpc.testing.TestService/"

// interopWorld must be called in a bubble of testing/synctest.
func interopWorld(t *testing.T, opts ...bridge.Option) *world {
	t.Helper()
	w := worldOf(t, newInterop(), opts...)
	synctest.Wait()
	if err := w.bridge.Ready(); err != nil {
		t.Fatal(err)
	}
	return w
}

// A unary method is a stream of one message.
func TestUnaryMethod(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		w := interopWorld(t)
		for _, r := range []*response{
			w.get(interopService + "UnaryCall?response_size=3"),
			w.do(http.MethodPost, interopService+"UnaryCall", `{"responseSize":3}`),
		} {
			events := r.all()
			if len(events) != 2 || !strings.HasPrefix(string(events[0].Data), `{"payload":{"type":"COMPRESSABLE","body":"AAAA"}`) || events[1].Type != "end" || string(events[1].Data) != `{"code":"OK"}` {
				t.Errorf("the stream is %+v", events)
			}
		}
		r := w.get(interopService + "UnaryCall?response_status.code=5&response_status.message=gone")
		if f := r.failure(); r.StatusCode != http.StatusNotFound || f.Message != "gone" {
			t.Errorf("a call that fails is %s: %+v", r.Status, f)
		}
	})
}

// A call that may have done something is not made again for who comes back
// after its run was forgotten.
func TestUnaryMethodIsNotCalledAgain(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		rec := &recorder{}
		w := interopWorld(t, bridge.WithObserver(rec), bridge.WithRuns(run.Config{Retention: time.Second}))
		const path = interopService + "UnaryCall?response_size=1"
		last := w.get(path).next().ID
		back := w.get(path, "Last-Event-ID", last)
		if e := back.next(); e.Type != "end" {
			t.Errorf("who comes back gets %s %s", e.Type, e.Data)
		}
		back.close()
		synctest.Wait()
		time.Sleep(time.Minute)
		if kept := w.bridge.Stats().Finished; kept != 0 {
			t.Fatalf("%d runs are still kept", kept)
		}
		if r := w.get(path, "Last-Event-ID", last); r.StatusCode != http.StatusNoContent {
			t.Errorf("who comes back late gets %s: %s", r.Status, r.text())
		}
		rec.mu.Lock()
		defer rec.mu.Unlock()
		if n := strings.Count(strings.Join(rec.got, "|"), "run grpc.testing.TestService/UnaryCall"); n != 1 {
			t.Errorf("the method was called %d times", n)
		}
	})
}

// What takes a stream of requests says so.
func TestStreamingRequests(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		w := interopWorld(t)
		for _, method := range []string{"StreamingInputCall", "FullDuplexCall", "HalfDuplexCall"} {
			for _, r := range []*response{w.get(interopService + method), w.do(http.MethodPost, interopService+method, "{}")} {
				if f := r.failure(); r.StatusCode != http.StatusNotImplemented || f.Code != "UNIMPLEMENTED" || !strings.Contains(f.Message, method+" takes a stream of requests") {
					t.Errorf("%s is %s: %+v", method, r.Status, f)
				}
			}
		}
	})
}

// The same request in all the ways that there are.
func TestRequests(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		w := newWorld(t, counting)
		const generate = "/sluice.numbers.v1.NumberService/Generate"
		const form = "application/x-www-form-urlencoded"
		for i, send := range []func() *response{
			func() *response { return w.get(generate + "?count=3&min_pause=0.5s") },
			func() *response { return w.get("/sse?count=3&minPause=0.5s") },
			func() *response { return w.get("/sluice.numbers.v1.NumberService%2FGenerate?count=3&min_pause=0.5s") },
			func() *response { return w.do(http.MethodPost, generate, `{"count":3,"min_pause":"0.5s"}`) },
			func() *response {
				return w.do(http.MethodPost, "/sse", `{"count":3,"minPause":"0.5s"}`, "Content-Type", "application/json; charset=utf-8")
			},
			func() *response {
				return w.do(http.MethodPost, generate, "count=3&min_pause=0.5s", "Content-Type", form)
			},
			func() *response {
				return w.do(http.MethodPost, "/sse", "count=3&minPause=0.5s", "Content-Type", form+";charset=UTF-8")
			},
		} {
			start := time.Now()
			checkNumbers(t, send().all(), 1, 3)
			if took := time.Since(start); took != 1500*time.Millisecond {
				t.Errorf("request %d: the stream took %v", i, took)
			}
		}
		// Which of them it was makes no difference to who comes back.
		last := w.do(http.MethodPost, generate, "count=3&min_pause=0.5s", "Content-Type", form).next().ID
		checkNumbers(t, w.get("/sse?count=3&minPause=0.5s", "Last-Event-ID", last).all(), 2, 3)
	})
}

func TestAllowedMethods(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		w := newWorld(t, counting)
		for path, allow := range map[string]string{
			"/sse": "GET, POST, OPTIONS", "/grpc.health.v1.Health/Check": "GET, POST, OPTIONS",
			"/runs/" + run.NewID(): "GET, DELETE, OPTIONS", "/catalog": "GET, HEAD, OPTIONS",
		} {
			if r := w.do(http.MethodOptions, path, ""); r.StatusCode != http.StatusNoContent || r.Header.Get("Allow") != allow {
				t.Errorf("OPTIONS %s is %s and allows %q, want %q", path, r.Status, r.Header.Get("Allow"), allow)
			}
			if r := w.do(http.MethodPatch, path, ""); r.StatusCode != http.StatusMethodNotAllowed || r.Header.Get("Allow") != allow {
				t.Errorf("PATCH %s is %s and allows %q, want %q", path, r.Status, r.Header.Get("Allow"), allow)
			}
		}
	})
}

// Who asks for a message that is larger than may be is not told to ask again,
// whichever bound it is: EventSource least of all, which would do so for ever.
func TestMessageThatIsTooLargeIsFinal(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		for _, config := range []run.Config{{MaxMessageBytes: 10_000}, {JournalBytes: 10_000}} {
			w := newWorld(t, func(_ *numbersv1.GenerateRequest, s numberStream) error {
				return s.Send(&numbersv1.GenerateResponse{ResumeToken: strings.Repeat("x", 20_000)})
			}, bridge.WithRuns(config))
			for _, accept := range []string{"text/event-stream", "*/*", "application/json"} {
				r := w.get("/sse", "Accept", accept)
				if f := r.failure(); r.StatusCode != http.StatusInternalServerError || f.Code != "RESOURCE_EXHAUSTED" || r.Header.Get("Retry-After") != "" {
					t.Errorf("to %s it is %s, to be asked for again after %q: %+v", accept, r.Status, r.Header.Get("Retry-After"), f)
				}
			}
		}
	})
}

// A message that is larger than may be is one error, after all that came
// before it, whether or not it was compressed.
func TestMessageThatIsTooLarge(t *testing.T) {
	t.Parallel()
	for _, compressed := range []string{"false", "true"} {
		t.Run("compressed "+compressed, func(t *testing.T) {
			t.Parallel()
			bubble.Test(t, func(t *testing.T) {
				w := interopWorld(t, bridge.WithRuns(run.Config{MaxMessageBytes: 10_000}))
				body := `{"responseParameters":[{"size":9000,"compressed":{"value":` + compressed + `}},{"size":1},{"size":20000},{"size":1}]}`
				events := w.do(http.MethodPost, interopService+"StreamingOutputCall", body).all()
				if len(events) != 3 {
					t.Fatalf("got %d events", len(events))
				}
				for _, e := range events {
					if !json.Valid(e.Data) {
						t.Errorf("the data of event %s is no JSON: %.100s", e.ID, e.Data)
					}
				}
				if end := events[2]; end.Type != "end" || !strings.HasPrefix(string(end.Data), `{"code":"RESOURCE_EXHAUSTED"`) {
					t.Errorf("the stream ended with %s %s", end.Type, end.Data)
				}
				// Alone it is an answer of its own.
				r := w.do(http.MethodPost, interopService+"UnaryCall", `{"responseSize":20000}`)
				if f := r.failure(); r.StatusCode != http.StatusInternalServerError || f.Code != "RESOURCE_EXHAUSTED" || r.Header.Get("Retry-After") != "" {
					t.Errorf("a unary call is %s, to be made again after %q: %+v", r.Status, r.Header.Get("Retry-After"), f)
				}
			})
		})
	}
}
