// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestWholeStream(t *testing.T) {
	net := script(stream(
		text("retry: 2000\n\n: hello\n\n", msg(runA, 1)),
		after(time.Second, msgs(runA, 2, 3), "event: progress\n", msg(runA, 4)),
		after(time.Second, end(runA, 5)),
	))
	simulate(t, net, Config{}, func(w *world) {
		if s := w.Snapshot(); s.Phase != Idle {
			t.Fatalf("before Start: %v", s.Phase)
		}
		w.begin()
		s := w.want(Open, "Connected.")
		if s.Run != runA || s.LastEventID != runA+"-1" || s.Resumed || s.Joined || s.Attempt != 0 || s.Requests != 1 {
			t.Errorf("open: %+v", s)
		}
		w.pass(time.Minute)
		s = w.want(Ended, "complete")
		w.wantData("1 2 3 4")
		if got := w.phases(); got != "connecting open ended" {
			t.Errorf("phases: %s", got)
		}
		want := Snapshot{
			Phase: Ended, Reason: s.Reason, Requests: 1, Run: runA, LastEventID: runA + "-5",
			Bytes: s.Bytes, Events: 4, End: `{"code":"OK"}`,
			StartedAt: w.start, OpenedAt: w.start, FirstEventAt: w.start,
			LastEventAt: w.start.Add(time.Second), EndedAt: w.start.Add(2 * time.Second),
		}
		if diff := cmp.Diff(want, s); diff != "" {
			t.Errorf("snapshot (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]int{1, 3}, w.batches); diff != "" {
			t.Errorf("batches (-want +got):\n%s", diff)
		}
		last := w.events[3]
		if last.Type != "progress" || last.ID != runA+"-4" || !last.Received.Equal(w.start.Add(time.Second)) {
			t.Errorf("last event: %+v", last)
		}
		select {
		case <-w.Done():
		default:
			t.Error("an ended client is not done")
		}
		w.wantRequest(0, "GET", "/sse?count=5", "")
	})
}

func TestRequestHeaders(t *testing.T) {
	net := script(stream(text(msg(runA, 1)), cut))
	simulate(t, net, Config{Header: [][2]string{{"Authorization", "Bearer t"}}}, func(w *world) {
		w.begin()
		w.pass(time.Second)
		for i, want := range [][][2]string{
			{{"Authorization", "Bearer t"}, {"Accept", "text/event-stream, application/json"}},
			{{"Authorization", "Bearer t"}, {"Accept", "text/event-stream, application/json"}, {"Last-Event-ID", runA + "-1"}},
		} {
			if diff := cmp.Diff(want, w.net.sent(i).Header); diff != "" {
				t.Errorf("headers of request %d (-want +got):\n%s", i, diff)
			}
		}
	})
}

// TestFaults holds that whatever takes a connection away, the client says so in
// words, waits, and goes on after the last event.
func TestFaults(t *testing.T) {
	first := text(msgs(runA, 1, 2))
	for _, tt := range []struct {
		name   string
		first  reply
		happen func(w *world)
		reason string
		at     time.Duration // when the client begins to wait
		pause  time.Duration
	}{
		{"end of file without end", stream(first), nil, "closed before the stream had ended", 0, 250 * time.Millisecond},
		{"connection cut", stream(first, cut), nil, "connection broke", 0, 250 * time.Millisecond},
		{"an event that is not complete", stream(first, text("id: "+runA+"-3\ndata: 3\n"), cut), nil, "connection broke", 0, 250 * time.Millisecond},
		{"silence", stream(first, hang), nil, "Nothing came for 35 s", 35 * time.Second, 250 * time.Millisecond},
		{
			"silence after heartbeats", stream(first, after(15*time.Second, ": \n\n"), after(15*time.Second, ": \n\n"), hang),
			nil, "Nothing came for 35 s", 65 * time.Second, 250 * time.Millisecond,
		},
		{"cut by hand", stream(first, hang), func(w *world) { w.Cut() }, "was cut", 0, CutPause + 250*time.Millisecond},
		{"retry is the least", stream(first, text("retry: 3000\n\n"), cut), nil, "connection broke", 0, 3250 * time.Millisecond},
	} {
		t.Run(tt.name, func(t *testing.T) {
			net := script(tt.first, stream(text(msgs(runA, 3, 4), end(runA, 5))))
			simulate(t, net, Config{}, func(w *world) {
				w.begin()
				if tt.happen != nil {
					tt.happen(w)
				}
				w.pass(tt.at)
				s := w.want(Waiting, tt.reason)
				if got := s.RetryAt.Sub(w.start); got != tt.at+tt.pause {
					t.Errorf("asks again at %v, want %v", got, tt.at+tt.pause)
				}
				if s.RetryHeld || s.Err != nil || s.Attempt != 0 {
					t.Errorf("waiting: %+v", s)
				}
				w.pass(tt.pause - 1)
				w.want(Waiting, tt.reason)
				w.pass(1)
				s = w.want(Ended, "complete")
				w.wantData("1 2 3 4")
				w.wantRequest(1, "GET", "/sse?count=5", runA+"-2")
				if got := w.phases(); got != "connecting open waiting connecting open ended" {
					t.Errorf("phases: %s", got)
				}
				if !s.Resumed || s.ResumedAfter != runA+"-2" || s.ResumedAfterNumber != 2 || s.Replayed != 2 || s.Reconnects != 1 {
					t.Errorf("resumed: %+v", s)
				}
				if s.Missed != 0 || s.Repeated != 0 {
					t.Errorf("missed %d, repeated %d", s.Missed, s.Repeated)
				}
			})
		})
	}
}

// TestHeartbeatsKeepAStreamOpen holds that any byte is a sign of life.
func TestHeartbeatsKeepAStreamOpen(t *testing.T) {
	var body []step
	for range 100 {
		body = append(body, after(34*time.Second, ":"))
	}
	net := script(stream(append(body, hang)...))
	simulate(t, net, Config{}, func(w *world) {
		w.begin()
		w.pass(100 * 34 * time.Second)
		if s := w.want(Open, ""); s.Requests != 1 || s.Bytes != 100 {
			t.Errorf("after 100 heartbeats: %d requests, %d bytes", s.Requests, s.Bytes)
		}
	})
}

// TestSlowSinkIsNoSilence holds that the time a sink takes does not count against
// the server.
func TestSlowSinkIsNoSilence(t *testing.T) {
	net := script(stream(text(msg(runA, 1)), text(msg(runA, 2)), after(34*time.Second, msg(runA, 3)), hang))
	simulate(t, net, Config{}, func(w *world) {
		w.onEvents = func([]Event) { time.Sleep(time.Minute) }
		w.begin()
		w.pass(2*time.Minute + 34*time.Second)
		w.wantData("1 2 3")
		if n := w.net.count(); n != 1 {
			t.Errorf("%d requests", n)
		}
	})
}

func TestConnectFaults(t *testing.T) {
	for _, tt := range []struct {
		name   string
		first  reply
		reason string
		at     time.Duration
	}{
		{"no server", reply{err: errCut}, "could not be reached", 0},
		{"no answer", reply{after: time.Hour}, "No answer came within 30 s", 30 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			net := script(tt.first, stream(text(msg(runA, 1), end(runA, 2))))
			simulate(t, net, Config{}, func(w *world) {
				w.begin()
				w.pass(tt.at)
				s := w.want(Waiting, tt.reason)
				// One request has failed, so the bound has doubled once.
				if s.Attempt != 1 || s.RetryAt.Sub(w.start) != tt.at+500*time.Millisecond {
					t.Errorf("attempt %d, again at %v", s.Attempt, s.RetryAt.Sub(w.start))
				}
				w.pass(time.Second)
				s = w.want(Ended, "")
				if s.Resumed || s.Reconnects != 0 || s.Requests != 2 {
					t.Errorf("ended: %+v", s)
				}
				w.wantRequest(1, "GET", "/sse?count=5", "")
			})
		})
	}
}

// TestBackoff holds that pauses double up to a bound, and that nothing but a new
// event sets them back: not a connection that opens, not a comment, not an event
// that came before.
func TestBackoff(t *testing.T) {
	useless := []reply{
		{err: errCut},
		stream(text(": comment\n\n"), cut),
		stream(text(msg(runA, 1)), cut), // again
		stream(cut),
		{status: 503},
		{err: errCut},
		{err: errCut},
		{err: errCut},
		{err: errCut},
	}
	net := &network{answer: func(i int, _ Request) reply {
		switch {
		case i == 0:
			return stream(text(msg(runA, 1)), cut)
		case i <= len(useless):
			return useless[i-1]
		}
		return stream(text(msg(runA, 2)), cut)
	}}
	simulate(t, net, Config{}, func(w *world) {
		w.begin()
		w.pass(2 * time.Minute)
		var got []time.Duration
		for i := 1; i <= len(useless)+3; i++ {
			got = append(got, w.net.times[i].Sub(w.net.times[i-1]))
		}
		const ms, s = time.Millisecond, time.Second
		want := []time.Duration{250 * ms, 500 * ms, s, 2 * s, 4 * s, 8 * s, 15 * s, 15 * s, 15 * s, 15 * s, 250 * ms, 500 * ms}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("pauses (-want +got):\n%s", diff)
		}
		if s := w.Snapshot(); s.Repeated < 1 {
			t.Errorf("repeated %d", s.Repeated)
		}
		if got := w.data(); got != "1 2" {
			t.Errorf("received %q", got)
		}
	})
}

// TestFullJitter holds that a pause lies anywhere between what the server asks
// for and the bound above it.
func TestFullJitter(t *testing.T) {
	for _, tt := range []struct {
		rand float64
		want time.Duration
	}{{0, 2 * time.Second}, {0.25, 2125 * time.Millisecond}, {1 - 1e-12, 2500*time.Millisecond - 1}} {
		t.Run(fmt.Sprint(tt.rand), func(t *testing.T) {
			net := script(stream(text("retry: 2000\n\n", msg(runA, 1)), cut))
			simulate(t, net, Config{Rand: func() float64 { return tt.rand }}, func(w *world) {
				w.begin()
				if got := w.want(Waiting, "").RetryAt.Sub(w.start); got != tt.want {
					t.Errorf("pause %v, want %v", got, tt.want)
				}
			})
		})
	}
}

func TestWakeEndsAPause(t *testing.T) {
	net := script(reply{err: errCut}, reply{err: errCut}, stream(text(msg(runA, 1)), hang))
	simulate(t, net, Config{BackoffBase: time.Hour, BackoffMax: time.Hour}, func(w *world) {
		w.begin()
		w.want(Waiting, "")
		for range 2 {
			w.Wake()
			synctest.Wait()
		}
		if s := w.want(Open, ""); w.at() != 0 || s.Requests != 3 {
			t.Errorf("open after %v and %d requests", w.at(), s.Requests)
		}
	})
}

// TestWakeLeavesAGoodStreamAlone holds that a page that was hidden and is visible
// again is no reason to ask for anything.
func TestWakeLeavesAGoodStreamAlone(t *testing.T) {
	net := script(stream(text(msg(runA, 1)), after(20*time.Second, msg(runA, 2)), hang))
	simulate(t, net, Config{}, func(w *world) {
		w.begin()
		for range 54 {
			w.Wake()
			w.pass(time.Second)
		}
		w.want(Open, "")
		if n := w.net.count(); n != 1 {
			t.Errorf("%d requests", n)
		}
	})
}

// TestWakeFindsAStreamStale holds that a stream which the watchdog has not been
// able to watch, as the machine slept, is asked for again at once.
func TestWakeFindsAStreamStale(t *testing.T) {
	m := newMachine(New(Config{URL: "/", Transport: script(), Sink: &recorder{}}), Config{URL: "/"}.withDefaults())
	now := time.Now()
	m.heard = now
	if s := m.silence(); s >= time.Second {
		t.Errorf("just heard, silent for %v", s)
	}
	// A clock on the wall that is 40 s on while the monotonic one stood still.
	m.heard = now.Add(-40 * time.Second).Round(0)
	if s := m.silence(); s < 40*time.Second {
		t.Errorf("heard 40 s ago, silent for %v", s)
	}
}

func TestWakeWhileOpenAndStale(t *testing.T) {
	// A watchdog that would be late by an hour stands for a timer that slept.
	net := script(stream(text(msg(runA, 1)), hang), stream(hang))
	simulate(t, net, Config{Silence: time.Hour}, func(w *world) {
		w.onChange = func(s Snapshot) {
			if s.Phase == Waiting {
				w.Wake()
			}
		}
		w.begin()
		w.pass(time.Hour - 1)
		w.Wake()
		synctest.Wait()
		w.want(Open, "")
		w.pass(1)
		s := w.want(Open, "going on")
		if s.Reconnects != 1 || w.at() != time.Hour {
			t.Errorf("%d reconnects after %v", s.Reconnects, w.at())
		}
	})
}

// TestWakeSendsAHungRequestAgain holds that a request which went into a network
// that is gone does not keep a stream waiting, and that one which may still be
// answered is left alone.
func TestWakeSendsAHungRequestAgain(t *testing.T) {
	for name, wake := range map[string]func(*world){"wake": func(w *world) { w.Wake() }, "online": func(w *world) { w.Online() }} {
		t.Run(name, func(t *testing.T) {
			net := script(stream(text(msg(runA, 1)), cut), reply{after: time.Hour}, stream(text(msg(runA, 2)), hang))
			simulate(t, net, Config{}, func(w *world) {
				w.begin()
				w.pass(250 * time.Millisecond)
				w.want(Connecting, "")
				w.pass(StaleRequest - 1)
				wake(w)
				synctest.Wait()
				if s := w.want(Connecting, ""); s.Requests != 2 {
					t.Errorf("%d requests", s.Requests)
				}
				w.pass(1)
				wake(w)
				synctest.Wait()
				if s := w.want(Open, ""); s.Requests != 3 || w.at() != 250*time.Millisecond+StaleRequest {
					t.Errorf("open after %v and %d requests", w.at(), s.Requests)
				}
				w.wantRequest(2, "GET", "/sse?count=5", runA+"-1")
			})
		})
	}
}

// TestWakeSendsNoPostTwice holds that what may change something is not sent again.
func TestWakeSendsNoPostTwice(t *testing.T) {
	net := script(reply{after: 20 * time.Second, header: stream().header, body: []step{text(msg(runA, 1)), hang}})
	simulate(t, net, Config{Method: "POST", Body: []byte("{}")}, func(w *world) {
		w.begin()
		for range 19 {
			w.pass(time.Second)
			w.Wake()
			w.Online()
		}
		w.want(Connecting, "")
		w.pass(time.Second)
		if s := w.want(Open, ""); s.Requests != 1 || net.count() != 1 {
			t.Errorf("%d requests", net.count())
		}
	})
}

// TestOnlineIsLessPatient holds that a stream which stays silent after the network
// changed is given up earlier, and one that does not is left alone.
func TestOnlineIsLessPatient(t *testing.T) {
	heartbeat := func(n int) (body []step) {
		for range n {
			body = append(body, after(15*time.Second, ": \n\n"))
		}
		return body
	}
	t.Run("it has been silent for long", func(t *testing.T) {
		simulate(t, script(stream(text(msg(runA, 1)), hang), stream(hang)), Config{}, func(w *world) {
			w.begin()
			w.pass(21 * time.Second)
			w.Wake()
			synctest.Wait()
			w.want(Open, "")
			w.Online()
			synctest.Wait()
			w.want(Waiting, "Nothing came for 20 s.")
		})
	})
	t.Run("it stays silent", func(t *testing.T) {
		simulate(t, script(stream(text(msg(runA, 1)), hang), stream(hang)), Config{}, func(w *world) {
			w.begin()
			w.pass(5 * time.Second)
			w.Online()
			w.pass(15*time.Second - 1)
			w.want(Open, "")
			w.pass(1)
			w.want(Waiting, "Nothing came for 20 s.")
		})
	})
	t.Run("it lives", func(t *testing.T) {
		simulate(t, script(stream(append(heartbeat(2), hang)...)), Config{}, func(w *world) {
			w.begin()
			w.pass(10 * time.Second)
			w.Online()
			w.pass(20*time.Second + 34*time.Second) // the network did not change after the last
			if s := w.want(Open, ""); s.Requests != 1 {
				t.Errorf("%d requests", s.Requests)
			}
			w.pass(time.Second)
			w.want(Waiting, "Nothing came for 35 s.")
		})
	})
}

func TestNativeFetch(t *testing.T) {
	if _, err := NewFetch().Open(context.Background(), Request{Method: "GET", URL: "http://127.0.0.1:1/"}); err == nil {
		t.Error("a request to a port that nothing listens on succeeded")
	}
}

func TestPhaseWords(t *testing.T) {
	t.Parallel()
	var words []string
	for p := Idle; p <= Stopped+1; p++ {
		words = append(words, p.String())
		if over := p == Ended || p == Failed || p == Stopped; p <= Stopped && p.Over() != over {
			t.Errorf("%v: over %v", p, p.Over())
		}
	}
	if got := strings.Join(words, " "); got != "idle connecting open waiting ended failed stopped unknown" {
		t.Errorf("phases: %s", got)
	}
}
