// SPDX-License-Identifier: Apache-2.0

package bridge_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"sluice/bridge"
	"sluice/bridge/run"
	"sluice/internal/bubble"
	numbersv1 "sluice/proto/gen/sluice/numbers/v1"
)

func TestBadRequests(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		w := newWorld(t, counting, bridge.WithMaxRequestBytes(100))
		const generate = "/sluice.numbers.v1.NumberService/Generate"
		for _, test := range []struct {
			name, method, path, body string
			headers                  []string
			status                   int
			code, field, says        string
		}{
			{"unknown parameter", "GET", "/sse?cuont=5", "", nil, 400, "INVALID_ARGUMENT", "cuont", ""},
			{"wrong type", "GET", "/sse?count=many", "", nil, 400, "INVALID_ARGUMENT", "count", "many"},
			{"negative", "GET", "/sse?count=-1", "", nil, 400, "INVALID_ARGUMENT", "count", "-1"},
			{"unknown enum", "GET", "/sse?sequence=odd", "", nil, 400, "INVALID_ARGUMENT", "sequence", "odd"},
			{"bad duration", "GET", "/sse?min_pause=soon", "", nil, 400, "INVALID_ARGUMENT", "min_pause", "soon"},
			{"query that is none", "GET", "/sse?count=%zz", "", nil, 400, "INVALID_ARGUMENT", "", "%zz"},
			{"twice", "GET", "/sse?count=1&count=2", "", nil, 400, "INVALID_ARGUMENT", "count", ""},
			{"unknown field in JSON", "POST", generate, `{"cuont":5}`, nil, 400, "INVALID_ARGUMENT", "cuont", ""},
			{"wrong type in JSON", "POST", generate, `{"count":"many"}`, nil, 400, "INVALID_ARGUMENT", "count", ""},
			{"not JSON", "POST", generate, `count=5`, nil, 400, "INVALID_ARGUMENT", "", ""},
			{"query of a POST", "POST", generate + "?count=5", `{}`, nil, 400, "INVALID_ARGUMENT", "count", "body"},
			{"not said to be JSON", "POST", generate, `{"count":5}`, []string{"Content-Type", "text/plain"}, 415, "INVALID_ARGUMENT", "", "application/json"},
			{"too large", "POST", generate, `{"resumeToken":"` + strings.Repeat("x", 100) + `"}`, nil, 413, "RESOURCE_EXHAUSTED", "", "100 bytes"},
			{"unknown method", "GET", "/sluice.numbers.v1.NumberService/Degenerate", "", nil, 404, "NOT_FOUND", "", "no backend has a method sluice.numbers.v1.NumberService/Degenerate"},
			{"unknown path", "GET", "/nothing", "", nil, 404, "NOT_FOUND", "", "/nothing"},
			{"wrong HTTP method", "PUT", "/sse", "", nil, 405, "UNIMPLEMENTED", "", "GET, POST"},
			{"HEAD would stay open", "HEAD", "/sse", "", nil, 405, "", "", ""},
			{"wrong Accept", "GET", "/sse", "", []string{"Accept", "text/html"}, 406, "INVALID_ARGUMENT", "", "text/event-stream, application/x-ndjson, application/json, or over WebSocket"},
			{"Accept that refuses", "GET", "/sse", "", []string{"Accept", "*/*, text/event-stream;q=0, application/*;q=0"}, 406, "INVALID_ARGUMENT", "", ""},
			{"metadata that cannot be sent", "GET", "/sse", "", []string{"Grpc-Metadata-Grpc-Timeout", "1S"}, 400, "INVALID_ARGUMENT", "", "Grpc-Metadata-Grpc-Timeout"},
			{"metadata by a name that is none", "GET", "/sse", "", []string{"Grpc-Metadata-Foo!", "x"}, 400, "INVALID_ARGUMENT", "", "Foo!"},
			{"metadata of a connection", "GET", "/sse", "", []string{"Grpc-Metadata-Connection", "close"}, 400, "INVALID_ARGUMENT", "", "Connection"},
			{"form with an unknown field", "POST", generate, `cuont=5`, []string{"Content-Type", "application/x-www-form-urlencoded"}, 400, "INVALID_ARGUMENT", "cuont", ""},
			{"form that is none", "POST", generate, `count=%zz`, []string{"Content-Type", "application/x-www-form-urlencoded"}, 400, "INVALID_ARGUMENT", "", "%zz"},
			{"JSON that says it is a form", "POST", generate, `{"count":1}`, []string{"Content-Type", "application/x-www-form-urlencoded"}, 415, "INVALID_ARGUMENT", "", "application/json"},
			{"form of another site", "POST", generate, `count=1`, []string{"Content-Type", "application/x-www-form-urlencoded", "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate"}, 403, "PERMISSION_DENIED", "", "another site"},
			{"unary method by another site's link", "GET", "/grpc.health.v1.Health/Check", "", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate"}, 403, "PERMISSION_DENIED", "", "another site"},
			{"timeout that is none", "GET", "/sse", "", []string{"Sluice-Timeout", "soon"}, 400, "INVALID_ARGUMENT", "", `such as "30s"`},
			{"timeout that is over", "GET", "/sse", "", []string{"Sluice-Timeout", "-1s"}, 400, "INVALID_ARGUMENT", "", "more than 0"},
			{"gRPC's timeout that is none", "GET", "/sse", "", []string{"Grpc-Timeout", "30s"}, 400, "INVALID_ARGUMENT", "", "H, M, S, m, u and n"},
			{"two timeouts", "GET", "/sse", "", []string{"Grpc-Timeout", "30S", "Sluice-Timeout", "30s"}, 400, "INVALID_ARGUMENT", "", "more than once"},
			{"GET with a body", "GET", "/sse", "{}", nil, 400, "INVALID_ARGUMENT", "", "no body"},
			{"started as an image of another site", "GET", "/sse", "", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors"}, 403, "PERMISSION_DENIED", "", "other origins"},
			{"unknown run", "GET", "/runs/" + run.NewID(), "", nil, 404, "NOT_FOUND", "", "no such run"},
			{"unknown run to cancel", "DELETE", "/runs/" + run.NewID(), "", nil, 404, "NOT_FOUND", "", "no such run"},
			{"POST to a run", "POST", "/runs/" + run.NewID(), "{}", nil, 405, "UNIMPLEMENTED", "", "GET, DELETE"},
		} {
			r := w.do(test.method, test.path, test.body, test.headers...)
			if r.StatusCode != test.status {
				t.Errorf("%s: the answer is %s, want %d: %s", test.name, r.Status, test.status, r.text())
				continue
			}
			if test.status == 405 && r.Header.Get("Allow") == "" {
				t.Errorf("%s: 405 does not say what is allowed", test.name)
			}
			if test.method == "HEAD" {
				continue
			}
			f := r.failure()
			if f.Code != test.code || f.Message == "" {
				t.Errorf("%s: the failure is %+v, want code %s", test.name, f, test.code)
			}
			says := f.Message
			if test.field != "" {
				if len(f.Details) != 1 || len(f.Details[0].FieldViolations) != 1 || f.Details[0].FieldViolations[0].Field != test.field {
					t.Errorf("%s: the failure is %+v, want one of field %s", test.name, f, test.field)
					continue
				}
				says += f.Details[0].FieldViolations[0].Description
			}
			if !strings.Contains(says, test.says) {
				t.Errorf("%s: the failure says %q, want …%s…", test.name, says, test.says)
			}
		}
	})
}

// An error before the first message has its own HTTP status, with all that the
// backend said.
func TestEarlyError(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		detailed, err := status.New(codes.InvalidArgument, "two faults").WithDetails(&errdetails.BadRequest{FieldViolations: []*errdetails.BadRequest_FieldViolation{{Field: "count", Description: "too many"}}})
		if err != nil {
			t.Fatal(err)
		}
		var st *status.Status
		w := newWorld(t, func(*numbersv1.GenerateRequest, numberStream) error {
			time.Sleep(100 * time.Millisecond)
			return st.Err()
		})
		st = detailed
		r := w.get("/sse")
		if f := r.failure(); r.StatusCode != 400 || f.Code != "INVALID_ARGUMENT" || f.Message != "two faults" || f.Details[0].FieldViolations[0].Description != "too many" {
			t.Errorf("%s: %+v", r.Status, f)
		}
		for c := codes.Canceled; c <= codes.Unauthenticated; c++ {
			st = status.New(c, "no")
			r := w.get("/sse", "Accept", "text/event-stream, application/json")
			if r.StatusCode != bridge.HTTPStatus(c) {
				t.Errorf("%v is %s, want %d", c, r.Status, bridge.HTTPStatus(c))
			}
			if after := r.Header.Get("Retry-After"); (after != "") != (r.StatusCode == 503 || r.StatusCode == 429) {
				t.Errorf("%v has Retry-After %q", c, after)
			}
		}
		// Nobody can come back to such a run, and none is kept.
		synctest.Wait()
		if got := w.bridge.Stats(); got != (run.Stats{}) {
			t.Errorf("the bridge still carries %+v", got)
		}
	})
}

// EventSource never comes back after a status other than 200.
func TestEarlyErrorForEventSource(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		c := codes.Unavailable
		w := newWorld(t, func(*numbersv1.GenerateRequest, numberStream) error { return status.Error(c, "down") })
		r := w.get("/sse", "Accept", "text/event-stream")
		body := r.text()
		if r.StatusCode != 200 || !strings.HasPrefix(body, "retry: ") || !strings.Contains(body, ": UNAVAILABLE: down\n") || strings.Contains(body, "data:") {
			t.Errorf("a failure that may pass is %s %q", r.Status, body)
		}
		c = codes.PermissionDenied
		if r := w.get("/sse", "Accept", "text/event-stream"); r.StatusCode != 403 {
			t.Errorf("a failure that stays is %s", r.Status)
		}
	})
}

// A late error cannot have a status any more: it is the end.
func TestLateError(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		w := newWorld(t, func(_ *numbersv1.GenerateRequest, s numberStream) error {
			time.Sleep(time.Second)
			return status.Error(codes.PermissionDenied, "not you")
		})
		r := w.get("/sse")
		events := r.all()
		if r.StatusCode != 200 || len(events) != 1 || events[0].Type != "end" || string(events[0].Data) != `{"code":"PERMISSION_DENIED","message":"not you"}` {
			t.Errorf("%s: %+v", r.Status, events)
		}
	})
}

func TestTooManyRuns(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		w := newWorld(t, counting, bridge.WithRuns(run.Config{MaxRuns: 2}))
		for range 2 {
			w.get("/sse?endless=true&min_pause=1s").next()
		}
		r := w.get("/sse")
		if f := r.failure(); r.StatusCode != 429 || r.Header.Get("Retry-After") == "" || f.Code != "RESOURCE_EXHAUSTED" {
			t.Errorf("one too many is %s: %+v", r.Status, f)
		}
	})
}

// A server that hides its connections' Flush is found out at once.
func TestWriterThatCannotFlush(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		w := newWorld(t, counting)
		rec := httptest.NewRecorder()
		w.bridge.ServeHTTP(struct{ http.ResponseWriter }{rec}, httptest.NewRequest("GET", "/sse?count=1", nil))
		if rec.Code != 500 || !strings.Contains(rec.Body.String(), "cannot stream") {
			t.Errorf("the answer is %d: %s", rec.Code, rec.Body)
		}
	})
}

func TestHTTPStatus(t *testing.T) {
	t.Parallel()
	// As google/rpc/code.proto has it.
	want := "200 499 500 400 504 404 409 403 429 400 409 400 501 500 503 500 401 500"
	var got []string
	for c := codes.OK; c <= codes.Unauthenticated+1; c++ {
		got = append(got, fmt.Sprint(bridge.HTTPStatus(c)))
	}
	if strings.Join(got, " ") != want {
		t.Errorf("the statuses are %v, want %s", got, want)
	}
}
