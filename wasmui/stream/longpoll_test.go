// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// poll is the answer to a poll that had to wait, with events of run A.
func poll(waited time.Duration, cursor, end bool, numbers ...int) reply {
	var events []string
	last := 0
	for _, n := range numbers {
		events = append(events, fmt.Sprintf(`{"id":"%s-%d","data":%d}`, runA, n, n))
		last = n
	}
	if end {
		last++
		events = append(events, fmt.Sprintf(`{"id":"%s-%d","event":"end","data":{"code":"OK"}}`, runA, last))
	}
	at := ""
	if cursor {
		at = fmt.Sprintf("%s-%d", runA, last)
	}
	body := fmt.Sprintf(`{"run":"%s","cursor":%q,"events":[%s],"end":%t}`, runA, at, strings.Join(events, ","), end)
	return reply{after: waited, header: map[string]string{"Content-Type": "application/json"}, body: []step{text(body)}}
}

func prefer(req Request) string {
	for _, h := range req.Header {
		if h[0] == "Prefer" {
			return h[1]
		}
	}
	return ""
}

func TestLongPollReadsOnAfterEachAnswer(t *testing.T) {
	net := script(
		poll(time.Second, false, false),                      // nothing yet, and no cursor
		poll(3*time.Second, true, false, 1, 2),               // by the run, so that no other is opened
		poll(time.Second, true, true, 3), reply{err: errCut}, // and no more than these
	)
	simulate(t, net, Config{Transport: NewLongPoll(net, 20*time.Second)}, func(w *world) {
		w.begin()
		w.pass(time.Second)
		if s := w.want(Open, "Connected."); s.Run != runA {
			t.Errorf("the run is %q", s.Run)
		}
		w.pass(3 * time.Second)
		w.wantData("1 2")
		w.pass(time.Second)
		w.want(Ended, "complete")
		w.wantData("1 2 3")
		w.wantRequest(0, "GET", "/sse?count=5", "")
		w.wantRequest(1, "GET", "/runs/"+runA, "")
		w.wantRequest(2, "GET", "/sse?count=5", runA+"-2")
		if n := net.count(); n != 3 {
			t.Errorf("%d requests", n)
		}
		if first, next := prefer(net.sent(0)), prefer(net.sent(1)); first != "wait=1" || next != "wait=20" {
			t.Errorf("asked to wait %q, then %q", first, next)
		}
	})
}

// Empty answers are signs of life: a quiet stream is not asked for anew.
func TestLongPollOfAQuietStreamStaysOpen(t *testing.T) {
	net := &network{answer: func(i int, _ Request) reply { return poll(20*time.Second, true, i == 6, 1) }}
	simulate(t, net, Config{Transport: NewLongPoll(net, 20*time.Second)}, func(w *world) {
		w.begin()
		w.pass(2 * time.Minute)
		if s := w.want(Open, ""); s.Reconnects != 0 {
			t.Errorf("%d reconnects", s.Reconnects)
		}
	})
}

func TestLongPollFaults(t *testing.T) {
	unavailable := reply{status: 503, header: map[string]string{"Content-Type": "application/json", "Retry-After": "7"}, body: []step{text(`{"code":"UNAVAILABLE","message":"draining"}`)}}
	for _, tt := range []struct {
		name   string
		second reply
		third  reply
		want   string
		at     time.Duration // of the third request, at least
	}{
		{"cut", reply{err: errCut}, poll(0, true, true, 2), "broke", 0},
		{"503 is judged when it is asked for again", unavailable, unavailable, "draining", 0},
		{"204 is the end", reply{status: 204}, reply{status: 204}, "ended already", 0},
		{"another's page", reply{header: map[string]string{"Content-Type": "text/html"}, body: []step{text("<title>no</title>")}}, poll(0, true, true, 2), "502", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			net := script(poll(0, true, false, 1), tt.second, tt.third)
			simulate(t, net, Config{Transport: NewLongPoll(net, 0)}, func(w *world) {
				w.begin()
				w.pass(3 * time.Second)
				said := false
				for _, s := range w.changes {
					said = said || strings.Contains(s.Reason, tt.want)
				}
				if !said {
					t.Errorf("nothing was said of %q: %v", tt.want, w.Snapshot().Reason)
				}
				w.wantRequest(2, "GET", "/sse?count=5", runA+"-1")
			})
		})
	}
}

func TestLongPollEarlyErrorIsTheServers(t *testing.T) {
	net := script(reply{status: 400, body: []step{text(`{"code":"INVALID_ARGUMENT","message":"max_pause is too small"}`)}})
	simulate(t, net, Config{Transport: NewLongPoll(net, 0)}, func(w *world) {
		w.begin()
		if s := w.want(Failed, "max_pause"); s.Err.HTTPStatus != 400 {
			t.Errorf("%+v", s.Err)
		}
	})
}

func TestLongPollIsCutAndGoesOn(t *testing.T) {
	net := script(poll(0, true, false, 1, 2), poll(time.Hour, true, false), poll(0, true, true, 3))
	simulate(t, net, Config{Transport: NewLongPoll(net, 0)}, func(w *world) {
		w.begin()
		w.Cut()
		w.pass(3 * time.Second)
		if s := w.want(Ended, ""); s.Reconnects != 1 || s.Missed != 0 {
			t.Errorf("%d reconnects, %d missed", s.Reconnects, s.Missed)
		}
		w.wantData("1 2 3")
	})
}
