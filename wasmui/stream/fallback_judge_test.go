// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"testing"
	"time"
)

// socketFirst runs a test of a client whose Fallback has a way over WebSocket and
// one by polls.
func socketFirst(t *testing.T, net *network, scripts [][]line, test func(w *world, f *Fallback)) {
	t.Helper()
	s := &sockets{scripts: scripts}
	f := NewFallback(func() {}, Way{"WebSocket", webSocket{net, nil, s.dial}}, Way{"long polling", NewLongPoll(net, 0)})
	simulate(t, net, Config{Transport: f}, func(w *world) {
		test(w, f)
		if n, c := f.Way(); n == "WebSocket" && c != NotLeft {
			t.Errorf("over %s because of %d", n, c)
		}
	})
}

var (
	noSocket = []line{closes(1006, "")}
	whole    = []line{opens, number(1), ends, closes(1000, "")}
)

// A server that is away for a moment says nothing of the ways to it, and what it
// or a proxy answers meanwhile is what the client is told.
func TestFallbackStaysWhileTheServerIsAway(t *testing.T) {
	for name, away := range map[string]reply{
		"502 of a proxy": {status: 502},
		"429":            {status: 429},
		"nobody":         {err: errCut},
	} {
		t.Run(name, func(t *testing.T) {
			net := &network{}
			start := time.Time{}
			net.answer = func(int, Request) reply {
				if start.IsZero() {
					start = time.Now()
				}
				if time.Since(start) < time.Minute {
					return away
				}
				return poll(0, true, true, 1)
			}
			scripts := [][]line{noSocket, noSocket, noSocket, noSocket, noSocket, whole}
			socketFirst(t, net, scripts, func(w *world, f *Fallback) {
				w.begin()
				s := w.want(Waiting, "")
				if got := s.Err != nil && s.Err.HTTPStatus == away.status; got != (away.status != 0) {
					t.Errorf("told %+v", s.Err)
				}
				w.pass(time.Minute)
				w.want(Ended, "")
				w.wantWay(f, "WebSocket", NotLeft)
			})
		})
	}
}

// A refusal of what was asked for is final over any way.
func TestFallbackTellsOfARefusal(t *testing.T) {
	net := script(reply{status: 400, body: []step{text(`{"code":"INVALID_ARGUMENT","message":"Bad count."}`)}})
	socketFirst(t, net, [][]line{noSocket}, func(w *world, f *Fallback) {
		w.begin()
		w.want(Failed, "Bad count.")
		w.wantWay(f, "WebSocket", NotLeft)
	})
}

// A server that comes back between two requests is read over the way in use.
func TestFallbackStaysWhereTheServerCameBack(t *testing.T) {
	net := script(poll(0, true, true, 1))
	socketFirst(t, net, [][]line{noSocket, whole}, func(w *world, f *Fallback) {
		w.begin()
		if s := w.want(Ended, ""); s.Requests != 1 {
			t.Errorf("%d requests", s.Requests)
		}
		w.wantWay(f, "WebSocket", NotLeft)
	})
}

// A WebSocket that does not come about where all else does is left.
func TestFallbackLeavesASocketThatIsBlocked(t *testing.T) {
	net := script(poll(0, true, true, 1))
	socketFirst(t, net, [][]line{noSocket, noSocket}, func(w *world, f *Fallback) {
		w.begin()
		w.want(Ended, "")
		w.wantWay(f, "long polling", NoConnection)
	})
}

// A slow network is no proxy: its answer is taken where it comes first, whatever
// has been tried beside.
func TestFallbackWaitsForASlowNetwork(t *testing.T) {
	slow := stream(text(msg(runA, 1), end(runA, 2)))
	slow.after = 6 * time.Second
	t.Run("all is slow", func(t *testing.T) {
		late := opens
		late.after = 4 * time.Second
		fallingBack(t, script(slow), [][]line{{late, number(1)}}, func(w *world, f *Fallback) {
			w.begin()
			w.pass(7 * time.Second)
			if s := w.want(Ended, ""); s.Requests != 1 {
				t.Errorf("%d requests", s.Requests)
			}
			w.wantWay(f, "fetch", NotLeft)
		})
	})
	t.Run("a stall ends", func(t *testing.T) {
		// The socket needs more ways there and back; what was asked for first comes
		// before the poll that would have shown that something is held back.
		late := opens
		late.after = 2300 * time.Millisecond
		fallingBack(t, polls(reply{after: time.Second}, slow), [][]line{{late, number(1)}}, func(w *world, f *Fallback) {
			w.begin()
			w.pass(7 * time.Second)
			w.want(Ended, "")
			w.wantWay(f, "fetch", NotLeft)
		})
	})
	t.Run("after all else was tried", func(t *testing.T) {
		slower := slow
		slower.after = 25 * time.Second
		fallingBack(t, polls(reply{after: time.Hour}, slower), nil, func(w *world, f *Fallback) {
			w.begin()
			w.pass(26 * time.Second)
			if s := w.want(Ended, ""); s.Requests != 1 {
				t.Errorf("%d requests", s.Requests)
			}
			w.wantWay(f, "fetch", NotLeft)
		})
	})
}

// Where no request of HTTP is answered, as the browser has no connection left for
// one, the stream is read over what does come through, and nothing is accused.
func TestFallbackWithoutAConnection(t *testing.T) {
	net := &network{answer: func(int, Request) reply { return reply{after: time.Hour} }}
	fallingBack(t, net, [][]line{whole}, func(w *world, f *Fallback) {
		w.begin()
		w.pass(headPatience + shortPatience)
		w.want(Ended, "")
		w.wantWay(f, "fetch", NotLeft)
	})
}

// heldWhole is a stream of 15 numbers that came together, with its end.
func heldWhole(f *Fallback) func(batch []Event) {
	return func(batch []Event) {
		now := batch[0].Received
		f.Observe(now, now.Add(-6500*time.Millisecond), now, len(batch))
	}
}

// A stream that is over when its first number comes is enough to say why, and the
// next one is read over another way.
func TestFallbackLeavesWhatHoldsAShortStreamBack(t *testing.T) {
	all := text(msgs(runA, 1, 15), end(runA, 16))
	whole := stream(all)
	whole.after = 7 * time.Second
	headFirst := stream(text(": run\n\n"), after(7*time.Second, all.text))
	for name, answer := range map[string]reply{"with its head": whole, "after its head": headFirst} {
		t.Run(name, func(t *testing.T) {
			fallingBack(t, script(answer), nil, func(w *world, f *Fallback) {
				w.onEvents = heldWhole(f)
				w.begin()
				w.pass(10 * time.Second)
				if s := w.want(Ended, ""); s.Requests != 1 || s.Events != 15 {
					t.Errorf("%d requests, %d events", s.Requests, s.Events)
				}
				w.wantWay(f, "WebSocket", HeldBack)
			})
		})
	}
}

// A page that was away may have found together what came one by one.
func TestFallbackOfAPageThatWasAway(t *testing.T) {
	net := script(stream(text(": run\n\n"), after(7*time.Second, msgs(runA, 1, 15), end(runA, 16))))
	fallingBack(t, net, nil, func(w *world, f *Fallback) {
		w.onEvents = heldWhole(f)
		w.begin()
		w.pass(time.Second)
		f.Disturbed()
		w.pass(9 * time.Second)
		w.want(Ended, "")
		w.wantWay(f, "fetch", NotLeft)
	})
}

// What a run has ready for one who takes it up again is a replay, however long the
// answer took.
func TestFallbackTakesAReplayForOne(t *testing.T) {
	late := stream(text(msgs(runA, 4, 15), end(runA, 16)))
	late.after = 7 * time.Second
	fallingBack(t, script(stream(text(msgs(runA, 1, 3)), cut), late), nil, func(w *world, f *Fallback) {
		w.onEvents = func(batch []Event) {
			if batch[0].ID != runA+"-1" {
				heldWhole(f)(batch)
			}
		}
		w.begin()
		w.pass(10 * time.Second)
		w.want(Ended, "")
		w.wantWay(f, "fetch", NotLeft)
	})
}
