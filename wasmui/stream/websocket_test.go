// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

// sockets are WebSockets by a script: each takes its lines, after a time, and
// ends with a close.
type sockets struct {
	mu        sync.Mutex
	scripts   [][]line
	addresses []string
	open      int
}

// line is a message, or where code is not 0 a close.
type line struct {
	after  time.Duration
	text   string
	code   int
	reason string
}

func (s *sockets) dial(address, protocol string, on socketEvents) (func(), error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if protocol != "sluice.v1" {
		return nil, fmt.Errorf("the protocol is %q", protocol)
	}
	var lines []line
	if len(s.addresses) < len(s.scripts) {
		lines = s.scripts[len(s.addresses)]
	}
	s.addresses = append(s.addresses, address)
	s.open++
	gone := make(chan struct{})
	go func() {
		for _, l := range lines {
			select {
			case <-time.After(l.after):
			case <-gone:
				return
			}
			if l.code != 0 {
				on.closed(l.code, l.reason)
				return
			}
			on.message([]byte(l.text))
		}
	}()
	return sync.OnceFunc(func() {
		close(gone)
		s.mu.Lock()
		s.open--
		s.mu.Unlock()
	}), nil
}

func number(n int) line { return line{text: fmt.Sprintf(`{"id":"%s-%d","data":%d}`, runA, n, n)} }

var (
	opens = line{text: `{"event":"open","data":{"run":"` + runA + `","retry":4000}}`}
	ends  = line{text: `{"id":"` + runA + `-4","event":"end","data":{"code":"OK"}}`}
)

func closes(code int, reason string) line { return line{code: code, reason: reason} }

// overSockets runs a test of a client over sockets.
func overSockets(t *testing.T, cfg Config, test func(w *world, s *sockets), scripts ...[]line) {
	t.Helper()
	net := script(reply{status: 204})
	s := &sockets{scripts: scripts}
	cfg.Transport = webSocket{net, nil, s.dial}
	simulate(t, net, cfg, func(w *world) {
		defer func() {
			w.cancel()
			<-w.Done()
			if s.open != 0 {
				t.Errorf("%d sockets were left open", s.open)
			}
		}()
		test(w, s)
	})
}

func TestWebSocketReadsToTheEnd(t *testing.T) {
	overSockets(t, Config{}, func(w *world, s *sockets) {
		w.begin()
		snap := w.want(Ended, "complete")
		w.wantData("1 2 3")
		if snap.Run != runA || snap.Requests != 1 {
			t.Errorf("run %q, %d requests", snap.Run, snap.Requests)
		}
	}, []line{opens, number(1), number(2), number(3), ends, closes(1000, "")})
}

func TestWebSocketComesBackWithItsID(t *testing.T) {
	for _, tt := range []struct {
		name   string
		close  line
		reason string
	}{
		{"cut", closes(1006, ""), "broke"},
		{"closed without an end", closes(1001, ""), "broke"},
		{"the server restarts", closes(1012, "shutting down"), "shutting down"},
		{"no event", line{text: "hello"}, "no event"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			overSockets(t, Config{}, func(w *world, s *sockets) {
				w.begin()
				w.want(Waiting, tt.reason)
				w.pass(3 * time.Second)
				w.want(Waiting, "") // retry is 4 s
				w.pass(3 * time.Second)
				w.want(Ended, "complete")
				w.wantData("1 2 3")
				if want := "/sse?count=5&last_event_id=" + runA + "-2"; s.addresses[1] != want {
					t.Errorf("went on at %s, want %s", s.addresses[1], want)
				}
			}, []line{opens, number(1), number(2), tt.close}, []line{opens, number(3), ends, closes(1000, "")})
		})
	}
}

// A close says by its code how a stream ended of which all events had come.
func TestWebSocketThatWasOverAlready(t *testing.T) {
	for code, want := range map[int]Phase{1000: Ended, 4005: Failed} {
		t.Run(want.String(), func(t *testing.T) {
			overSockets(t, Config{LastEventID: runA + "-3"}, func(w *world, _ *sockets) {
				w.begin()
				s := w.want(want, "")
				if want == Failed && (s.Err.Code != "NOT_FOUND" || s.Err.Message != "no such thing") {
					t.Errorf("%+v", s.Err)
				}
			}, []line{opens, closes(code, "NOT_FOUND: no such thing")})
		})
	}
}

func TestWebSocketRefused(t *testing.T) {
	refused := func(code string) line {
		return line{text: `{"event":"end","data":{"code":"` + code + `","message":"so it is"}}`}
	}
	for code, want := range map[string]Phase{"INVALID_ARGUMENT": Failed, "UNAVAILABLE": Waiting, "UNIMPLEMENTED": Failed} {
		t.Run(code, func(t *testing.T) {
			overSockets(t, Config{}, func(w *world, _ *sockets) {
				w.begin()
				s := w.want(want, "so it is")
				if s.Err == nil || s.Err.Code != code {
					t.Errorf("%+v", s.Err)
				}
			}, []line{refused(code), closes(4014, "")})
		})
	}
}

func TestWebSocketHeartbeatsAreSignsOfLife(t *testing.T) {
	beats := []line{opens}
	for range 10 {
		beats = append(beats, line{after: 15 * time.Second, text: `{"event":"heartbeat"}`})
	}
	overSockets(t, Config{}, func(w *world, _ *sockets) {
		w.begin()
		w.pass(3 * time.Minute)
		w.want(Open, "")
		w.pass(6 * time.Second)
		w.want(Waiting, "Nothing came")
	}, beats)
}

func TestWebSocketCannotSayEverything(t *testing.T) {
	for name, cfg := range map[string]Config{
		"POST":   {Method: "POST", URL: "/x", Body: []byte("{}")},
		"header": {URL: "/x", Header: [][2]string{{"Authorization", "Bearer x"}}},
	} {
		t.Run(name, func(t *testing.T) {
			overSockets(t, cfg, func(w *world, _ *sockets) {
				w.begin()
				if s := w.want(Failed, "WebSocket cannot send"); strings.Contains(s.Reason, "Bearer") {
					t.Error("the value of the header is told")
				}
			})
		})
	}
}

func TestWebSocketThatIsNotTakenInIsBounded(t *testing.T) {
	big := line{text: `{"id":"` + runA + `-1","data":"` + strings.Repeat("x", maxQueued) + `"}`}
	overSockets(t, Config{}, func(w *world, _ *sockets) {
		w.begin()
		w.want(Waiting, "More came")
	}, []line{opens, big})
}
