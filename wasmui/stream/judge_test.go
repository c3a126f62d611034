// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestRetryAfterIsHeld(t *testing.T) {
	for _, tt := range []struct {
		status int
		header map[string]string
		want   time.Duration
	}{
		{429, map[string]string{"Retry-After": "7"}, 7 * time.Second},
		{503, map[string]string{"Retry-After": "120"}, 120 * time.Second},
		{503, map[string]string{"Retry-After": "Sat, 01 Jan 2000 00:00:30 GMT"}, 30 * time.Second},
		{429, map[string]string{"Retry-After": "Mon, 02 Jan 2023 00:01:00 GMT", "Date": "Mon, 02 Jan 2023 00:00:15 GMT"}, 45 * time.Second},
	} {
		t.Run(fmt.Sprintf("%d %s", tt.status, tt.header["Retry-After"]), func(t *testing.T) {
			net := script(
				reply{status: tt.status, header: tt.header, body: []step{text(`{"code":"RESOURCE_EXHAUSTED","message":"Too many streams."}`)}},
				stream(text(msg(runA, 1), end(runA, 2))),
			)
			simulate(t, net, Config{}, func(w *world) {
				w.begin()
				s := w.want(Waiting, "Too many streams.")
				if !s.RetryHeld || s.RetryAt.Sub(w.start) != tt.want+500*time.Millisecond {
					t.Errorf("held %v, again at %v", s.RetryHeld, s.RetryAt.Sub(w.start))
				}
				if s.Err == nil || s.Err.Code != "RESOURCE_EXHAUSTED" || s.Err.HTTPStatus != tt.status || !s.Err.Retryable {
					t.Errorf("error: %+v", s.Err)
				}
				w.Wake() // does not shorten it
				w.pass(tt.want)
				w.want(Waiting, "")
				w.pass(500 * time.Millisecond)
				if s := w.want(Ended, ""); s.Err != nil || s.RetryHeld {
					t.Errorf("ended: %+v", s)
				}
			})
		})
	}
}

// TestAnswers holds what each answer means: asked again, failed, or ended.
func TestAnswers(t *testing.T) {
	html := map[string]string{"Content-Type": "text/html; charset=utf-8"}
	plain := map[string]string{"Content-Type": "text/plain"}
	for _, tt := range []struct {
		name   string
		answer reply
		phase  Phase
		reason string
	}{
		{"400", reply{status: 400, body: []step{text(`{"code":"INVALID_ARGUMENT","message":"Bad count."}`)}}, Failed, "Bad count."},
		{"401", reply{status: 401}, Failed, "The server answered 401 Unauthorized."},
		{"404", reply{status: 404}, Failed, "404 Not Found"},
		{"418", reply{status: 418}, Failed, "The server answered 418."},
		{"204", reply{status: 204}, Failed, "204 No Content"},
		{"206", reply{status: 206, header: map[string]string{"Content-Type": "text/event-stream"}}, Failed, "206 Partial Content"},
		{"304", reply{status: 304}, Failed, "304 Not Modified"},
		{"408", reply{status: 408}, Waiting, "408 Request Timeout"},
		{"425", reply{status: 425}, Waiting, "425 Too Early"},
		{"429", reply{status: 429}, Waiting, "429 Too Many Requests"},
		{"500", reply{status: 500}, Waiting, "500 Internal Server Error"},
		{"500 from the bridge", reply{status: 500, body: []step{text(`{"code":"RESOURCE_EXHAUSTED","message":"Message 1 is too large."}`)}}, Failed, "Message 1 is too large."},
		{"501", reply{status: 501}, Failed, "501 Not Implemented"},
		{"502", reply{status: 502, header: html, body: []step{text("<html>")}}, Waiting, "502 Bad Gateway"},
		{"503 from the bridge", reply{status: 503, body: []step{text(`{"code":"UNAVAILABLE","message":"The backend is away."}`)}}, Waiting, "The backend is away."},
		{"504", reply{status: 504}, Waiting, "504 Gateway Timeout"},
		{"520", reply{status: 520}, Waiting, "The server answered 520."},
		{
			"a page",
			reply{header: html, body: []step{text("<html><head>\n<TITLE>\n Sign in\n</TITLE>")}},
			Failed, "a web page titled “Sign in” in place of an event stream",
		},
		{"a page without a title", reply{header: html, body: []step{text("<p>")}}, Failed, "with a web page in place"},
		{"text", reply{header: plain, body: []step{text("hello\nworld")}}, Failed, "a body of type text/plain that begins “hello world”"},
		{"nothing", reply{}, Failed, "a body without a type that is empty"},
		{"a status with 200", reply{body: []step{text(`{"code":5,"message":"No such method."}`)}}, Failed, "No such method."},
		{"a body that goes on for ever", reply{header: plain, body: []step{text("drip"), hang}}, Failed, "begins “drip”"},
		{"a body that is cut", reply{status: 400, body: []step{text(`{"code":`), cut}}, Failed, "400 Bad Request"},
		{"a type in capitals", reply{header: map[string]string{"Content-Type": "Text/Event-Stream ; x=y"}, body: []step{hang}}, Open, "Connected."},
		{"a type that goes on", reply{header: map[string]string{"Content-Type": "text/event-streams"}}, Failed, "a body of type text/event-streams"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			simulate(t, script(tt.answer), Config{BackoffBase: time.Hour, BackoffMax: time.Hour}, func(w *world) {
				w.begin()
				w.pass(maxErrorTime)
				s := w.want(tt.phase, tt.reason)
				if (s.Err != nil) != (tt.phase != Open) {
					t.Errorf("error: %+v", s.Err)
				}
				if s.Err != nil && s.Err.Retryable != (tt.phase == Waiting) {
					t.Errorf("retryable: %v", s.Err.Retryable)
				}
				if n := w.net.count(); n != 1 {
					t.Errorf("%d requests", n)
				}
			})
		})
	}
}

func TestErrorBodyIsBounded(t *testing.T) {
	net := script(reply{status: 400, body: []step{text(strings.Repeat("x", 10*maxErrorBytes)), hang}})
	simulate(t, net, Config{}, func(w *world) {
		w.begin()
		if s := w.want(Failed, "400"); w.at() != 0 {
			t.Errorf("failed after %v: %+v", w.at(), s)
		}
	})
}

func TestEndWithAnError(t *testing.T) {
	const status = `{"code":"INVALID_ARGUMENT","message":"Two fields are wrong.","details":[` +
		`{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"X"},` +
		`{"@type":"type.googleapis.com/google.rpc.BadRequest","fieldViolations":[` +
		`{"field":"min_pause","description":"at most 1h"},{"field":"count","description":"not with endless"}]}]}`
	want := &Error{
		Code: "INVALID_ARGUMENT", Message: "Two fields are wrong.", Status: status,
		Violations: []Violation{{"min_pause", "at most 1h"}, {"count", "not with endless"}},
	}
	t.Run("late", func(t *testing.T) {
		net := script(stream(text(msg(runA, 1), "id: "+runA+"-2\nevent: end\ndata: "+status+"\n\n", msg(runA, 3))))
		simulate(t, net, Config{}, func(w *world) {
			w.begin()
			s := w.want(Failed, "Two fields are wrong.")
			if diff := cmp.Diff(want, s.Err); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
			w.wantData("1")
			if s.End != status || s.LastEventID != runA+"-2" {
				t.Errorf("end %q after %q", s.End, s.LastEventID)
			}
		})
	})
	t.Run("early", func(t *testing.T) {
		net := script(reply{status: 400, header: map[string]string{"Content-Type": "application/json"}, body: []step{text(status)}})
		simulate(t, net, Config{}, func(w *world) {
			w.begin()
			early := *want
			early.HTTPStatus = 400
			if diff := cmp.Diff(&early, w.want(Failed, "").Err); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
		})
	})
	t.Run("unreadable", func(t *testing.T) {
		net := script(stream(text(msg(runA, 1), "event: end\ndata: goodbye\n\n")))
		simulate(t, net, Config{}, func(w *world) {
			w.begin()
			if s := w.want(Failed, "a status that cannot be read"); s.Err.Status != "goodbye" {
				t.Errorf("error: %+v", s.Err)
			}
		})
	})
	t.Run("retryable", func(t *testing.T) {
		net := script(stream(text("event: end\ndata: {\"code\":\"UNAVAILABLE\"}\n\n")))
		simulate(t, net, Config{}, func(w *world) {
			w.begin()
			if s := w.want(Failed, "gave no reason"); !s.Err.Retryable || s.Err.Error() != "UNAVAILABLE: The server gave no reason." {
				t.Errorf("error: %+v", s.Err)
			}
		})
	})
}

func TestEventTooLarge(t *testing.T) {
	net := script(stream(text(msg(runA, 1), "id: "+runA+"-2\ndata: "+strings.Repeat("x", 2000)+"\n\n")))
	simulate(t, net, Config{MaxEventBytes: 1000}, func(w *world) {
		w.begin()
		s := w.want(Failed, "exceeds the limit of 1000 bytes")
		w.wantData("1")
		if s.LastEventID != runA+"-1" || s.Err.Retryable {
			t.Errorf("failed: %+v", s)
		}
	})
}

func TestUnsupportedBrowser(t *testing.T) {
	for name, first := range map[string]reply{
		"no fetch":   {err: fmt.Errorf("no fetch here: %w", errors.ErrUnsupported)},
		"no streams": stream(step{err: fmt.Errorf("no streams here: %w", errors.ErrUnsupported)}),
	} {
		t.Run(name, func(t *testing.T) {
			simulate(t, script(first), Config{}, func(w *world) {
				w.begin()
				w.want(Failed, name+" here")
			})
		})
	}
}
