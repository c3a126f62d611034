// SPDX-License-Identifier: Apache-2.0

package check

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"sluice/bridge/sse"
)

// site is a server that does everything right, and can be made to do one thing
// wrong. Event n of a run, from 1, is made n intervals after the run began, so
// that whatever was sent can be sent again.
type site struct {
	count    int // events, before the last one; 0 is without end
	interval time.Duration
	pause    func(n int) time.Duration // before event n instead of interval, if not nil

	// shared is whether all connections read the same run, which began with
	// the server, and fresh ones from where it is.
	shared bool
	replay bool          // fresh connections read it from its beginning
	age    time.Duration // how long before it is asked for a run began

	id    func(run string, n int) string
	event func(n int) string
	data  func(run string, n int, made time.Time) string

	heartbeat time.Duration
	preface   string // the first bytes
	last      string // the type of the last event; "" is no such event
	lastID    bool
	lateHead  bool // whether the head comes with the first event

	// until is whether the connection is closed before event n.
	until func(n int) bool
	// from returns the number of the event to go on with after event n.
	from func(run string, n int) int
	// end answers who has had the last event.
	end func(http.ResponseWriter) bool
	// lost answers an id that is not known. It returns whether there is
	// nothing more to do.
	lost func(w http.ResponseWriter, id string) bool
	// guard answers what asks for no stream.
	guard  func(http.ResponseWriter, *http.Request) bool
	header func(http.Header)
	frame  func(dst []byte, id, event, data string) []byte

	*runs
}

// runs are those that have begun.
type runs struct {
	mu   sync.Mutex
	runs map[string]time.Time // when each began
}

// plain returns the same server without its guard.
func (s *site) plain() *site {
	same := *s
	same.guard = func(http.ResponseWriter, *http.Request) bool { return false }
	return &same
}

// newSite has 12 events, one every half second, and an end.
func newSite() *site {
	return &site{
		count: 12, interval: 500 * time.Millisecond, heartbeat: 15 * time.Second,
		preface: "retry: 2000\n\n: hello\n\n", last: "end", lastID: true,
		id:    func(run string, n int) string { return fmt.Sprintf("%s-%d", run, n) },
		event: func(int) string { return "" },
		data: func(run string, n int, made time.Time) string {
			return fmt.Sprintf(`{"position":%d,"run":%q,"createTime":%q}`, n, run, made.Format(time.RFC3339Nano))
		},
		from: func(_ string, n int) int { return n + 1 },
		end: func(w http.ResponseWriter) bool {
			w.WriteHeader(http.StatusNoContent)
			return true
		},
		lost: func(w http.ResponseWriter, _ string) bool {
			fmt.Fprint(w, "event: reset\ndata: {\"reason\":\"unknown id\"}\n\n")
			return false
		},
		guard:  guard,
		header: func(http.Header) {},
		frame: func(dst []byte, id, event, data string) []byte {
			dst, err := sse.AppendEvent(dst, id, event, []byte(data))
			if err != nil {
				panic(err)
			}
			return dst
		},
		runs: &runs{runs: map[string]time.Time{}},
	}
}

func guard(w http.ResponseWriter, r *http.Request) bool {
	switch {
	case r.Method == http.MethodOptions:
		w.WriteHeader(http.StatusNoContent)
	case r.Method != http.MethodGet:
		w.WriteHeader(http.StatusMethodNotAllowed)
	case !strings.Contains(r.Header.Get("Accept"), sse.ContentType):
		w.WriteHeader(http.StatusNotAcceptable)
	default:
		return false
	}
	return true
}

// begin returns a new run, or the one that all share.
func (s *site) begin() (run string, began time.Time) {
	s.runs.mu.Lock()
	defer s.runs.mu.Unlock()
	if s.shared && len(s.runs.runs) > 0 {
		return "r", s.runs.runs["r"]
	}
	run = "r"
	if !s.shared {
		run += strings.Repeat("i", len(s.runs.runs)) + "x"
	}
	s.runs.runs[run] = time.Now().Add(-s.age)
	return run, s.runs.runs[run]
}

// made returns when event n is made.
func (s *site) made(began time.Time, n int) time.Time {
	if s.pause == nil {
		return began.Add(time.Duration(n) * s.interval)
	}
	for i := 1; i <= n; i++ {
		began = began.Add(s.pause(i))
	}
	return began
}

// find returns the run and the number of an id, of the oldest run if several
// have it.
func (s *site) find(id string) (run string, began time.Time, n int, ok bool) {
	s.runs.mu.Lock()
	defer s.runs.mu.Unlock()
	for _, run := range slices.SortedFunc(maps.Keys(s.runs.runs), func(a, b string) int { return len(a) - len(b) }) {
		for n := 1; n <= 200; n++ {
			if s.id(run, n) == id {
				return run, s.runs.runs[run], n, true
			}
		}
	}
	return "", time.Time{}, 0, false
}

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.guard(w, r) {
		return
	}
	h := w.Header()
	h.Set("Content-Type", sse.ContentType)
	h.Set("Cache-Control", "no-cache, no-transform")
	h.Set("X-Accel-Buffering", "no")
	h.Set("Vary", "Accept")
	s.header(h)

	id := r.Header.Get("Last-Event-ID")
	if id == "" {
		id = r.URL.Query().Get("last")
	}
	run, began, n, known := s.find(id)
	if known && s.count > 0 && n > s.count && s.end(w) {
		return
	}
	next := 1
	switch {
	case known:
		next = s.from(run, n)
	default:
		run, began = s.begin()
		for s.shared && !s.replay && s.made(began, next).Before(time.Now()) && (s.count == 0 || next <= s.count) {
			next++
		}
		if id != "" && s.lost(w, id) {
			return
		}
	}
	s.write(w, r, run, began, next)
}

func (s *site) write(w http.ResponseWriter, r *http.Request, run string, began time.Time, next int) {
	flush := http.NewResponseController(w).Flush
	fmt.Fprint(w, s.preface)
	if !s.lateHead {
		flush()
	}
	for n := next; s.count == 0 || n <= s.count; n++ {
		if s.until != nil && s.until(n) && n > next {
			return
		}
		due := time.After(time.Until(s.made(began, n)))
		for waiting := true; waiting; {
			select {
			case <-due:
				waiting = false
			case <-time.After(s.heartbeat):
				fmt.Fprint(w, ":\n\n")
				flush()
			case <-r.Context().Done():
				return
			}
		}
		w.Write(s.frame(nil, s.id(run, n), s.event(n), s.data(run, n, s.made(began, n).UTC())))
		flush()
	}
	if s.last != "" {
		id := ""
		if s.lastID {
			id = s.id(run, s.count+1)
		}
		w.Write(s.frame(nil, id, s.last, `{"code":"OK"}`))
	}
}

// number is the n of an id such as "7".
func number(_ string, n int) string { return strconv.Itoa(n) }
