// SPDX-License-Identifier: Apache-2.0

package bridge_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"sluice/bridge"
	"sluice/bridge/catalog"
	"sluice/bridge/run"
	"sluice/internal/bubble"
	numbersv1 "sluice/proto/gen/sluice/numbers/v1"
)

func TestResume(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		calls := 0
		w := newWorld(t, func(r *numbersv1.GenerateRequest, s numberStream) error {
			calls++
			return counting(r, s)
		})
		const path = "/sse?count=10&min_pause=1s"
		first := w.get(path)
		var id string
		for range 4 {
			id = first.next().ID
		}
		first.close()
		// While the viewer was away the stream went on: three of its numbers
		// are replayed, the others come live.
		time.Sleep(3 * time.Second)
		start := time.Now()
		again := w.get(path, "Last-Event-ID", id)
		if again.Header.Get(bridge.RunHeader) != first.Header.Get(bridge.RunHeader) {
			t.Error("the viewer that came back reads another run")
		}
		checkNumbers(t, again.all(), 5, 10)
		if got := time.Since(start); got != 3*time.Second {
			t.Errorf("the rest took %v, want 3s", got)
		}
		// In the query, for who cannot set headers; the header has precedence.
		checkNumbers(t, w.get(path+"&last_event_id="+id).all(), 5, 10)
		checkNumbers(t, w.get(path+"&last_event_id=x", "Last-Event-ID", id).all(), 5, 10)
		// And of the run itself.
		checkNumbers(t, w.get("/runs/"+first.Header.Get(bridge.RunHeader), "Last-Event-ID", id).all(), 5, 10)
		checkNumbers(t, w.get("/runs/"+first.Header.Get(bridge.RunHeader)).all(), 1, 10)
		if calls != 1 {
			t.Errorf("the method was called %d times", calls)
		}
	})
}

// Who has seen the end is told that there is no more, in the one way that
// EventSource understands; also by a bridge that never saw the run.
func TestAfterTheEnd(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		w := newWorld(t, counting)
		r := w.get("/sse?count=2")
		events := r.all()
		end := events[len(events)-1].ID
		for _, path := range []string{"/sse?count=2", "/runs/" + r.Header.Get(bridge.RunHeader)} {
			if got := w.get(path, "Last-Event-ID", end); got.StatusCode != http.StatusNoContent {
				t.Errorf("GET %s after the end is %s", path, got.Status)
			}
		}
		foreign := run.EventID{Run: run.NewID(), Seq: 7, End: true}.String()
		if got := w.get("/sse?count=2", "Last-Event-ID", foreign); got.StatusCode != http.StatusNoContent {
			t.Errorf("after the end of another bridge's run the answer is %s", got.Status)
		}
	})
}

// A bridge that never saw the run calls the method again from where the viewer
// stands.
func TestResumeElsewhere(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		w := newWorld(t, counting)
		id := run.EventID{Run: run.NewID(), Seq: 4, Position: "at4"}
		r := w.get("/sse?count=10", "Last-Event-ID", id.String())
		events := r.all()
		checkNumbers(t, events, 5, 10)
		if want := id.Run + "-5-tat5"; events[0].ID != want || r.Header.Get(bridge.RunHeader) != id.Run {
			t.Errorf("the first event is %s of run %s, want %s", events[0].ID, r.Header.Get(bridge.RunHeader), want)
		}
	})
}

// What another bridge counted otherwise is found by its position: to go on after
// its number would leave out what has that number here.
func TestCountedOtherwiseElsewhere(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		w := newWorld(t, counting)
		const path = "/sse?count=10"
		first := w.get(path)
		checkNumbers(t, first.all(), 1, 10)
		id := run.EventID{Run: first.Header.Get(bridge.RunHeader), Seq: 6, Position: "at4"}.String()
		next := uint32(5)
		for _, e := range w.get(path, "Last-Event-ID", id).all() {
			if e.Type != "message" {
				continue
			}
			var m struct{ Position uint32 }
			if err := json.Unmarshal(e.Data, &m); err != nil {
				t.Fatal(err)
			}
			if m.Position != next {
				t.Fatalf("number %d came, want %d", m.Position, next)
			}
			next++
		}
		if next != 11 {
			t.Errorf("of ten numbers the last one that came is %d", next-1)
		}
		// The run itself cannot be called again, and says so.
		again := w.get("/runs/"+first.Header.Get(bridge.RunHeader), "Last-Event-ID", id)
		if reason, n := resetOf(t, again); n != 1 || !strings.Contains(reason, "another bridge") {
			t.Errorf("the run goes on at %d, because %s", n, reason)
		}
		checkNumbers(t, again.all(), 1, 10)
	})
}

// resetOf reads the first event, which has to be a reset.
func resetOf(t *testing.T, r *response) (reason string, first uint64) {
	t.Helper()
	e := r.next()
	var data struct {
		Reason string
		First  uint64
	}
	if err := json.Unmarshal(e.Data, &data); err != nil || e.Type != "reset" || data.Reason == "" {
		t.Fatalf("the first event is %s %s, want a reset", e.Type, e.Data)
	}
	return data.Reason, data.First
}

// What cannot go on says so, and never fails.
func TestReset(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		w := newWorld(t, counting)
		const path = "/sse?count=3"
		done := w.get(path)
		done.all()
		known := done.Header.Get(bridge.RunHeader)
		health := w.get("/grpc.health.v1.Health/Watch")
		for _, test := range []struct{ name, id, reason string }{
			{"malformed", "17", "not one of this bridge"},
			{"bytes that are no text", "\xff\xfe", "not one of this bridge"},
			{"too long", strings.Repeat("x", 5000), "not one of this bridge"},
			{"unknown run", run.EventID{Run: run.NewID(), Seq: 2}.String(), "not known here"},
			{"the future", run.EventID{Run: known, Seq: 99}.String(), "has not come as far"},
			{"another method's", health.next().ID, "another method"},
		} {
			r := w.get(path, "Last-Event-ID", test.id)
			if r.StatusCode != 200 {
				t.Errorf("%s: %s", test.name, r.Status)
				continue
			}
			reason, first := resetOf(t, r)
			if !strings.Contains(reason, test.reason) || first != 1 {
				t.Errorf("%s: reset to %d since %q", test.name, first, reason)
			}
			checkNumbers(t, r.all(), 1, 3)
		}
	})
}

// Of a journal that has let the start go, who joins late is told where it
// begins.
func TestResetToWhatIsHeld(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		w := newWorld(t, counting, bridge.WithRuns(run.Config{JournalBytes: 16 << 10}))
		r := w.get("/sse?count=1000")
		r.all()
		id := r.Header.Get(bridge.RunHeader)
		late := w.get("/runs/" + id)
		_, first := resetOf(t, late)
		if first < 500 {
			t.Fatalf("the journal goes back to %d", first)
		}
		checkNumbers(t, late.all(), uint32(first), 1000)
		behind := w.get("/runs/"+id, "Last-Event-ID", run.EventID{Run: id, Seq: 3}.String())
		if _, got := resetOf(t, behind); got != first {
			t.Errorf("who comes back from event 3 goes on with %d, want %d", got, first)
		}
		// With a position in the id, and on the method's own path, nothing is
		// lost: the method goes on by itself.
		whole := w.get("/sse?count=1000", "Last-Event-ID", run.EventID{Run: id, Seq: 3, Position: "at3"}.String())
		checkNumbers(t, whole.all(), 4, 1000)
	})
}

func TestCancelRun(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		ended := false
		w := newWorld(t, func(r *numbersv1.GenerateRequest, s numberStream) error {
			defer func() { ended = true }()
			return counting(r, s)
		})
		one := w.get("/sse?endless=true&min_pause=1s")
		one.next()
		id := one.Header.Get(bridge.RunHeader)
		two := w.get("/runs/" + id)
		two.next()
		start := time.Now()
		if r := w.do(http.MethodDelete, "/runs/"+id, ""); r.StatusCode != http.StatusNoContent {
			t.Fatalf("DELETE is %s", r.Status)
		}
		for _, r := range []*response{one, two} {
			events := r.all()
			if len(events) != 1 || events[0].Type != "end" || !strings.HasPrefix(string(events[0].Data), `{"code":"CANCELLED"`) {
				t.Errorf("a viewer of a cancelled run gets %v", events)
			}
		}
		synctest.Wait()
		if !ended || time.Since(start) != 0 {
			t.Errorf("after %v the RPC has ended: %v", time.Since(start), ended)
		}
	})
}

// The id is the secret, and of no use with other credentials.
func TestRunsAreTheirOwners(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		w := newWorld(t, counting)
		r := w.get("/sse?count=2", "Authorization", "Bearer one")
		events := r.all()
		path := "/runs/" + r.Header.Get(bridge.RunHeader)
		for _, headers := range [][]string{nil, {"Authorization", "Bearer two"}} {
			if got := w.get(path, headers...); got.StatusCode != 404 {
				t.Errorf("with %v the run is %s", headers, got.Status)
			}
			if got := w.do(http.MethodDelete, path, "", headers...); got.StatusCode != 404 {
				t.Errorf("with %v the run is cancelled: %s", headers, got.Status)
			}
		}
		checkNumbers(t, w.get(path, "Authorization", "Bearer one", "Last-Event-ID", events[0].ID).all(), 2, 2)
	})
}

// A backend that breaks and comes back is a pause.
func TestBackendBreaks(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		calls := 0
		w := newWorld(t, func(r *numbersv1.GenerateRequest, s numberStream) error {
			if calls++; calls == 1 {
				r.Count = 4
				counting(r, s)
			} else if calls > 4 {
				r.Count = 10
				return counting(r, s)
			}
			return status.Error(codes.Unavailable, "gone")
		})
		r := w.get("/sse?count=10")
		checkNumbers(t, r.all(), 1, 10)
	})
}

// Who comes back after the run was given up for want of viewers goes on all
// the same, where the method can; to cancel it was a wish, and stays an end.
func TestBackAfterTheRunWasGivenUp(t *testing.T) {
	t.Parallel()
	for _, policy := range []catalog.OnDisconnect{catalog.OnDisconnectLinger, catalog.OnDisconnectCancel} {
		for _, away := range []time.Duration{time.Second, time.Minute, time.Hour} {
			bubble.Test(t, func(t *testing.T) {
				w := newWorld(t, counting, bridge.WithCatalog(numbersWith(t, func(p *catalog.Policy) { p.OnDisconnect = policy })))
				const path = "/sse?count=1000&min_pause=1s"
				r := w.get(path)
				r.next()
				id := r.next().ID
				r.close()
				time.Sleep(away)
				again := w.get(path, "Last-Event-ID", id)
				var m message
				if e := again.next(); json.Unmarshal(e.Data, &m) != nil || m.Position != 3 {
					t.Errorf("%v, after %v: the stream goes on with %s %s", policy, away, e.Type, e.Data)
				}
				w.do(http.MethodDelete, "/runs/"+again.Header.Get(bridge.RunHeader), "")
				again.all()
				ended := w.get(path, "Last-Event-ID", id)
				for _, e := range ended.all() {
					if e.Type == "end" && !strings.Contains(string(e.Data), "CANCELLED") && policy == catalog.OnDisconnectLinger && away == time.Second {
						t.Errorf("after it was cancelled the stream ends with %s", e.Data)
					}
				}
			})
		}
	}
}

// An id of another request's stream is not taken for this one's.
func TestIDOfAnotherRequest(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		w := newWorld(t, counting)
		id := w.get("/sse?count=3").next().ID
		r := w.get("/sse?count=5", "Last-Event-ID", id)
		if reason, first := resetOf(t, r); !strings.Contains(reason, "another request") || first != 1 {
			t.Errorf("reset to %d since %q", first, reason)
		}
		checkNumbers(t, r.all(), 1, 5)
	})
}

// Whatever the backend is told of a caller may be what it trusts it by.
func TestSharedRunsAreNotShownToOthers(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		w := newWorld(t, counting, bridge.WithCatalog(numbersWith(t, func(p *catalog.Policy) { p.Share = true })))
		const path = "/sse?endless=true&min_pause=1s"
		one := w.get(path, "Grpc-Metadata-X-Tenant", "acme")
		run := func(headers ...string) string { return w.get(path, headers...).Header.Get(bridge.RunHeader) }
		mine := one.Header.Get(bridge.RunHeader)
		if got := run("Grpc-Metadata-X-Tenant", "acme", "Traceparent", "00-1"); got != mine {
			t.Error("equal callers do not share a run")
		}
		for _, headers := range [][]string{nil, {"Grpc-Metadata-X-Tenant", "other"}, {"Authorization", "Bearer x"}} {
			if run(headers...) == mine {
				t.Errorf("with %v the run of another is shown", headers)
			}
			if r := w.get("/runs/"+mine, headers...); r.StatusCode != 404 {
				t.Errorf("with %v the run of another is %s", headers, r.Status)
			}
		}
	})
}
