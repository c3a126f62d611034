// SPDX-License-Identifier: Apache-2.0

package check

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestFaultsOfComingBack(t *testing.T) {
	resumes := func(o Outcome) found {
		return found{"resume early": o, "resume later": o, "resume halfway": o, "second reader": o}
	}
	testFaults(t, []faulty{
		// Coming back.
		{"repeats the last event", func(s *site) { s.from = func(_ string, n int) int { return n } }, resumes(Fail), "not after it"},
		{"repeats two", func(s *site) { s.from = func(_ string, n int) int { return max(n-1, 2) } }, found{"resume early": Pass, "resume later": Fail, "resume halfway": Fail, "second reader": Fail}, "2 events came again"},
		{"begins anew", func(s *site) { s.from = func(string, int) int { return 1 } }, resumes(Fail), "began anew"},
		{"leaves one out", func(s *site) { s.from = func(_ string, n int) int { return n + 2 } }, resumes(Fail), "1 event is missing"},
		{"knows of no ids", func(s *site) {
			s.guard = func(w http.ResponseWriter, r *http.Request) bool {
				r.Header.Del("Last-Event-ID")
				return guard(w, r)
			}
		}, found{"resume early": Fail, "resume later": Fail, "resume halfway": Fail, "second reader": Skipped, "unknown id": Warn, "after the end": Fail}, "began anew"},
		{"goes on with what is new", func(s *site) {
			s.shared, s.count = true, 0
			s.guard = func(w http.ResponseWriter, r *http.Request) bool {
				r.Header.Del("Last-Event-ID")
				return guard(w, r)
			}
		}, found{"resume early": Fail, "resume later": Fail, "resume halfway": Fail, "second reader": Fail, "unknown id": Warn}, "missing before"},
		{"counts what is half sent as received", func(s *site) {
			var mu sync.Mutex
			sent := map[string]int{}
			inner := s.data
			s.data = func(run string, n int, made time.Time) string {
				mu.Lock()
				defer mu.Unlock()
				sent[run] = max(sent[run], n)
				return inner(run, n, made)
			}
			s.from = func(run string, _ int) int {
				mu.Lock()
				defer mu.Unlock()
				return sent[run] + 1
			}
		}, found{"resume halfway": Fail, "second reader": Fail}, "1 event is missing"},
		{"refuses who comes back", func(s *site) {
			s.guard = func(w http.ResponseWriter, r *http.Request) bool {
				if r.Header.Get("Last-Event-ID") != "" {
					w.WriteHeader(http.StatusConflict)
					return true
				}
				return guard(w, r)
			}
		}, found{"resume early": Fail, "resume later": Fail, "resume halfway": Fail}, "409 Conflict"},
		{"says that it cannot go on", func(s *site) {
			s.guard = func(w http.ResponseWriter, r *http.Request) bool {
				if r.Header.Get("Last-Event-ID") != "" && !strings.HasSuffix(r.Header.Get("Last-Event-ID"), "13") {
					r.Header.Set("Last-Event-ID", "lost")
				}
				return guard(w, r)
			}
		}, found{"resume early": Warn, "resume later": Warn, "resume halfway": Warn, "second reader": Skipped}, `event "reset"`},
		{"other data on return", func(s *site) {
			s.shared, s.replay = true, true
			s.guard = func(w http.ResponseWriter, r *http.Request) bool {
				if id := r.Header.Get("Last-Event-ID"); id != "" && strings.HasPrefix(id, "r-") {
					again := s.plain()
					again.data = func(string, int, time.Time) string { return "{}" }
					again.ServeHTTP(w, r)
					return true
				}
				return guard(w, r)
			}
		}, resumes(Fail), "other data"},

		// Bad ids.
		{"fails on bad ids", func(s *site) {
			s.lost = func(w http.ResponseWriter, _ string) bool {
				w.WriteHeader(http.StatusInternalServerError)
				return true
			}
		}, found{"malformed id": Fail, "long id": Fail, "unknown id": Fail}, "500 Internal Server Error"},
		{"hangs on bad ids", func(s *site) {
			s.guard = func(w http.ResponseWriter, r *http.Request) bool {
				if strings.HasPrefix(r.Header.Get("Last-Event-ID"), "not") {
					<-r.Context().Done()
					return true
				}
				return guard(w, r)
			}
		}, found{"malformed id": Fail}, "no answer at all"},
		{"breaks on bad ids", func(s *site) {
			s.lost = func(http.ResponseWriter, string) bool { panic(http.ErrAbortHandler) }
		}, found{"malformed id": Fail, "long id": Fail, "unknown id": Fail}, "breaks the connection"},
		{"begins anew in silence", func(s *site) {
			s.lost = func(http.ResponseWriter, string) bool { return false }
		}, found{"unknown id": Warn}, "begins anew without a word"},
		{"refuses bad ids", func(s *site) {
			s.lost = func(w http.ResponseWriter, _ string) bool { w.WriteHeader(http.StatusGone); return true }
		}, found{"unknown id": Pass}, "410 Gone"},

		// The end.
		{"no 204", func(s *site) {
			s.end = func(http.ResponseWriter) bool { return false }
			s.from = func(_ string, n int) int { return n%13 + 1 }
		}, found{"after the end": Fail}, "again and again"},
		{"an empty stream after the end", func(s *site) {
			s.end = func(w http.ResponseWriter) bool {
				w.Header().Set("Content-Type", "text/event-stream")
				return true
			}
		}, found{"after the end": Warn}, "empty stream"},
		{"an error after the end", func(s *site) {
			s.end = func(w http.ResponseWriter) bool { w.WriteHeader(http.StatusBadGateway); return true }
		}, found{"after the end": Fail}, "502"},
		{"the end again", func(s *site) {
			s.end = func(http.ResponseWriter) bool { return false }
			s.from = func(_ string, n int) int { return min(n+1, 13) }
		}, found{"after the end": Fail}, "sent before"},
		{"no answer after the end", func(s *site) {
			s.guard = func(w http.ResponseWriter, r *http.Request) bool {
				if strings.HasSuffix(r.Header.Get("Last-Event-ID"), "-13") {
					<-r.Context().Done()
					return true
				}
				return guard(w, r)
			}
		}, found{"after the end": Fail}, "gets no answer"},
		{"a break after the end", func(s *site) {
			s.end = func(http.ResponseWriter) bool { panic(http.ErrAbortHandler) }
		}, found{"after the end": Fail}, "EOF"},
		{"410 after the end", func(s *site) {
			s.end = func(w http.ResponseWriter) bool { w.WriteHeader(http.StatusGone); return true }
		}, found{"after the end": Pass}, "410 Gone"},
		{"an open stream after the end", func(s *site) {
			s.guard = func(w http.ResponseWriter, r *http.Request) bool {
				if strings.HasSuffix(r.Header.Get("Last-Event-ID"), "-13") {
					w.Header().Set("Content-Type", "text/event-stream")
					http.NewResponseController(w).Flush()
					<-r.Context().Done()
					return true
				}
				return guard(w, r)
			}
		}, found{"after the end": Pass}, "stays open"},
		{"a connection closed in between", func(s *site) {
			s.count, s.last = 0, ""
			s.until = func(n int) bool { return n%10 == 1 }
		}, found{"end": Pass, "after the end": Pass}, "goes on"},
		{"no last event", func(s *site) {
			s.last = ""
			s.end = func(http.ResponseWriter) bool { return false }
			s.guard = func(w http.ResponseWriter, r *http.Request) bool {
				if strings.HasSuffix(r.Header.Get("Last-Event-ID"), "-12") {
					w.WriteHeader(http.StatusNoContent)
					return true
				}
				return guard(w, r)
			}
		}, found{"end": Warn, "after the end": Pass}, "like all others"},
		{"a last event without an id", func(s *site) { s.lastID = false }, found{"end": Warn, "after the end": Fail}, "has no id"},
		{"a broken end", func(s *site) {
			inner := s.data
			s.data = func(run string, n int, made time.Time) string {
				if n == 9 {
					panic(http.ErrAbortHandler)
				}
				return inner(run, n, made)
			}
		}, found{"end": Warn}, "The connection broke after 4.5 s"},
		{"a broken end after silence", func(s *site) {
			s.heartbeat = time.Hour
			s.pause = func(n int) time.Duration {
				if n == 9 {
					return 15 * time.Second
				}
				return 500 * time.Millisecond
			}
			inner := s.data
			s.data = func(run string, n int, made time.Time) string {
				if n == 9 {
					panic(http.ErrAbortHandler)
				}
				return inner(run, n, made)
			}
		}, found{"end": Warn}, "silent for 15 s"},

		// What asks for no stream.
		{"HEAD opens a stream", func(s *site) { s.guard = except(http.MethodHead) }, found{"head": Fail}, "nobody can read"},
		{"HEAD fails", func(s *site) { s.guard = failing(http.MethodHead) }, found{"head": Fail}, "500"},
		{"OPTIONS opens a stream", func(s *site) { s.guard = except(http.MethodOptions) }, found{"options": Fail}, "opens a stream"},
		{"OPTIONS fails", func(s *site) { s.guard = failing(http.MethodOptions) }, found{"options": Fail}, "500"},
		{"HEAD hangs", func(s *site) { s.guard = hanging(http.MethodHead) }, found{"head": Fail}, "not answered"},
		{"OPTIONS hangs", func(s *site) { s.guard = hanging(http.MethodOptions) }, found{"options": Fail}, "not answered"},
		{"fails who wants JSON", func(s *site) {
			s.guard = func(w http.ResponseWriter, r *http.Request) bool {
				if r.Header.Get("Accept") == "application/json" {
					w.WriteHeader(http.StatusInternalServerError)
					return true
				}
				return guard(w, r)
			}
		}, found{"accept": Fail}, "500"},
		{"does not answer who wants JSON", func(s *site) {
			s.guard = func(w http.ResponseWriter, r *http.Request) bool {
				if r.Header.Get("Accept") == "application/json" {
					<-r.Context().Done()
				}
				return guard(w, r)
			}
		}, found{"accept": Fail}, "no answer in time"},
		{"a stream for who wants JSON", func(s *site) {
			s.guard = func(w http.ResponseWriter, r *http.Request) bool {
				r.Header.Set("Accept", "text/event-stream")
				return guard(w, r)
			}
		}, found{"accept": Warn}, "406"},
	})
}

// except lets a method open a stream too.
func except(method string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool { return r.Method != method && guard(w, r) }
}

// failing answers a method with 500.
func failing(method string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method == method {
			w.WriteHeader(http.StatusInternalServerError)
			return true
		}
		return guard(w, r)
	}
}

// hanging never answers a method.
func hanging(method string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method == method {
			<-r.Context().Done()
			return true
		}
		return guard(w, r)
	}
}
