// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"testing"
	"time"
)

// fallingBack runs a test of a client whose Fallback has a way over fetch, one
// over WebSocket and one by polls. The network answers polls and fetches alike.
func fallingBack(t *testing.T, net *network, scripts [][]line, test func(w *world, f *Fallback)) {
	t.Helper()
	s := &sockets{scripts: scripts}
	f := NewFallback(func() {},
		Way{"fetch", net},
		Way{"WebSocket", webSocket{net, nil, s.dial}},
		Way{"long polling", NewLongPoll(net, 0)})
	simulate(t, net, Config{Transport: f}, func(w *world) { test(w, f) })
}

func (w *world) wantWay(f *Fallback, name string, cause Cause) {
	w.Helper()
	if n, c := f.Way(); n != name || c != cause {
		w.Fatalf("reads over %s because of %d, want %s because of %d", n, c, name, cause)
	}
}

// polls answers requests for polls by one reply, and all others by another.
func polls(poll, other reply) *network {
	return &network{answer: func(_ int, req Request) reply {
		if prefer(req) != "" {
			return poll
		}
		return other
	}}
}

func TestFallbackStaysWhereAllIsWell(t *testing.T) {
	fallingBack(t, script(stream(text(msgs(runA, 1, 3)), cut), stream(text(end(runA, 4)))), nil, func(w *world, f *Fallback) {
		w.begin()
		w.pass(time.Minute)
		w.want(Ended, "")
		w.wantWay(f, "fetch", NotLeft)
	})
}

// What is held back is left by itself, and nothing is lost or comes twice.
func TestFallbackLeavesWhatHoldsBack(t *testing.T) {
	net := script(stream(after(4*time.Second, msgs(runA, 1, 40)), after(4*time.Second, msgs(runA, 41, 80)), hang))
	fallingBack(t, net, [][]line{{opens, number(81), closes(1000, "")}}, func(w *world, f *Fallback) {
		w.onEvents = func(batch []Event) {
			now := batch[0].Received
			f.Observe(now, now.Add(-4*time.Second), now, len(batch))
		}
		w.begin()
		w.pass(5 * time.Second)
		w.wantWay(f, "fetch", NotLeft)
		w.pass(3 * time.Second)
		w.wantWay(f, "WebSocket", HeldBack)
		w.want(Waiting, "going on over WebSocket")
		w.pass(3 * time.Second)
		if s := w.want(Ended, ""); s.Missed != 0 || s.Repeated != 0 || s.Events != 81 {
			t.Errorf("%+v", s)
		}
	})
}

func TestFallbackLeavesWhatDoesNotAnswer(t *testing.T) {
	silent := reply{after: time.Hour}
	fallingBack(t, polls(poll(0, true, true, 1), silent), [][]line{{opens, number(1), closes(1000, "")}}, func(w *world, f *Fallback) {
		w.begin()
		w.pass(9 * time.Second)
		w.want(Ended, "")
		w.wantWay(f, "WebSocket", NoHead)
		if s := w.Snapshot(); s.Requests != 1 {
			t.Errorf("the client made %d requests", s.Requests)
		}
	})
}

// Where no WebSocket comes through either, polls are left.
func TestFallbackGoesToTheLast(t *testing.T) {
	for name, lines := range map[string][]line{"refused": {closes(1006, "")}, "silent": nil} {
		t.Run(name, func(t *testing.T) {
			fallingBack(t, polls(poll(0, true, true, 1), reply{after: time.Hour}), [][]line{lines}, func(w *world, f *Fallback) {
				w.begin()
				w.pass(14 * time.Second)
				w.want(Ended, "")
				w.wantWay(f, "long polling", NoHead)
			})
		})
	}
}

// A network that is away tells nothing of the ways over it.
func TestFallbackStaysWhereThereIsNoNetwork(t *testing.T) {
	for name, answer := range map[string]reply{"away": {err: errCut}, "a black hole": {after: time.Hour}} {
		t.Run(name, func(t *testing.T) {
			down := make([]line, 0, 1)
			if answer.err != nil {
				down = append(down, closes(1006, ""))
			}
			net := &network{answer: func(int, Request) reply { return answer }}
			fallingBack(t, net, [][]line{down, down, down, down}, func(w *world, f *Fallback) {
				w.begin()
				w.pass(time.Minute)
				w.wantWay(f, "fetch", NotLeft)
				if s := w.Snapshot(); s.Phase.Over() {
					t.Errorf("%v, %s", s.Phase, s.Reason)
				}
			})
		})
	}
}

// An answer that is no stream is an answer.
func TestFallbackTakesAnErrorForAnAnswer(t *testing.T) {
	fallingBack(t, script(reply{status: 400, after: 7 * time.Second}), nil, func(w *world, f *Fallback) {
		w.begin()
		w.pass(7 * time.Second)
		w.want(Failed, "400")
		w.wantWay(f, "fetch", NotLeft)
	})
}
