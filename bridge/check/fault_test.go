// SPDX-License-Identifier: Apache-2.0

package check

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// found is what a check is to find.
type found = map[string]Outcome

// faulty is a server that does one thing wrong.
type faulty struct {
	name string
	site func(*site)
	want found
	says string // part of the text of one of them
}

// testFaults holds that what each server does wrong is found, and nothing
// else is.
func testFaults(t *testing.T, servers []faulty) {
	t.Parallel()
	for _, test := range servers {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newSite()
			test.site(s)
			r := checked(t, s, Config{})
			expect(t, r, test.want)
			for name := range test.want {
				if strings.Contains(resultOf(r, name).Text, test.says) {
					return
				}
			}
			t.Errorf("none of %v says %q", test.want, test.says)
		})
	}
}

func resultOf(r *Report, name string) Result {
	for _, one := range r.Results {
		if one.Name == name {
			return one
		}
	}
	return Result{}
}

func TestFaultsOfTheStream(t *testing.T) {
	const prettyJSON = "id: %s\nevent: %s\ndata: {\n  \"position\": 1\n}\n\n"
	header := func(name, value string) func(*site) {
		return func(s *site) {
			s.header = func(h http.Header) {
				if h.Set(name, value); value == "" {
					h.Del(name)
				}
			}
		}
	}
	testFaults(t, []faulty{
		// The head.
		{"not found", func(s *site) { s.guard = status(http.StatusNotFound) }, found{"status": Fail, "content type": Fail}, "404 Not Found"},
		{"nothing there", func(s *site) { s.guard = status(http.StatusNoContent) }, found{"status": Fail, "content type": Fail}, "204"},
		{"wrong type", header("Content-Type", "application/json"), found{"content type": Fail}, `"application/json"`},
		{"no type", header("Content-Type", ""), found{"content type": Fail}, `text/event-stream`},
		{"no cache control", header("Cache-Control", ""), found{"cache control": Warn}, "no-transform"},
		{"cached", header("Cache-Control", "max-age=60"), found{"cache control": Warn}, "max-age=60"},
		{"no word to nginx", header("X-Accel-Buffering", ""), found{"proxy buffering": Warn}, "X-Accel-Buffering: no"},
		{"wrong word to nginx", header("X-Accel-Buffering", "yes"), found{"proxy buffering": Fail}, `"yes"`},
		{"a length", func(s *site) { s.guard = withLength }, found{"content length": Fail, "end": Warn}, "made all of the stream beforehand"},
		{"compressed unasked", header("Content-Encoding", "br"), found{"content encoding": Fail, "stream": Skipped}, "Accept-Encoding"},
		{"compressed with gzip unasked", func(s *site) {
			s.guard = func(w http.ResponseWriter, r *http.Request) bool {
				r.Header.Set("Accept-Encoding", "gzip")
				return zipped(s, true)(w, r)
			}
		}, found{"content encoding": Fail}, "Accept-Encoding"},
		{"another answer without vary", func(s *site) {
			s.header = func(h http.Header) { h.Del("Vary") }
			s.guard = func(w http.ResponseWriter, r *http.Request) bool {
				if r.Header.Get("Accept") == "application/json" {
					fmt.Fprint(w, "[]")
					return true
				}
				return guard(w, r)
			}
		}, found{"vary": Warn}, "Vary: Accept"},

		// Time.
		{"a late head", func(s *site) {
			s.lateHead = true
			s.pause = func(n int) time.Duration {
				if n == 1 {
					return 4 * time.Second
				}
				return time.Second
			}
		}, found{"first bytes": Fail}, "after 4.0 s"},
		{"a late first byte", func(s *site) {
			s.preface, s.interval = "", 3*time.Second
			s.frame = withRetry(s.frame)
		}, found{"first bytes": Warn}, "3.0 s later"},
		{"no heartbeat", func(s *site) {
			s.heartbeat = time.Hour
			s.pause = func(n int) time.Duration {
				if n == 10 {
					return 25 * time.Second
				}
				return 500 * time.Millisecond
			}
		}, found{"heartbeat": Fail}, "Nothing at all came for"},
		{"held back to the end", func(s *site) { s.guard = buffered(s, 1<<20) }, found{"buffering": Fail, "first bytes": Fail}, "proxy_buffering off"},
		{"held back in blocks", func(s *site) {
			s.count = 80
			s.guard = buffered(s, 1<<10)
		}, found{"buffering": Fail, "first bytes": Fail}, "proxy_buffering off"},
		{"held back in blocks, and no time told", func(s *site) {
			s.count = 80
			s.data = func(_ string, n int, _ time.Time) string {
				return fmt.Sprintf(`{"position":%d,"x":"yyyyyyyyyyyyyyyyyyyyyyyyyyyyyy"}`, n)
			}
			s.guard = buffered(s, 1<<10)
		}, found{"buffering": Warn, "first bytes": Fail}, "That may be how they are made"},
		{"held back to the end, and no time told", func(s *site) {
			s.data = func(run string, n int, _ time.Time) string { return fmt.Sprintf(`{"position":%d}`, n) }
			s.guard = buffered(s, 1<<20)
		}, found{"buffering": Warn, "first bytes": Fail}, "right before the end"},
		{"held back by compression", func(s *site) { s.guard = zipped(s, false) }, found{"compression": Fail}, "flush it after each"},
		{"compressed in time", func(s *site) { s.guard = zipped(s, true) }, found{"compression": Pass}, "still begins in time"},

		{"nothing but comments", func(s *site) { s.interval = time.Hour }, found{"events": Warn}, `"hello"`},
		{"nothing but a head", func(s *site) { s.interval, s.heartbeat, s.preface = time.Hour, time.Hour, "" }, found{
			"first bytes": Warn, "events": Warn, "heartbeat": Fail,
		}, "not one byte"},
		{"nothing at all", func(s *site) {
			s.guard = func(w http.ResponseWriter, r *http.Request) bool {
				if !guard(w, r) {
					w.Header().Set("Content-Type", "text/event-stream")
					w.Header().Set("Cache-Control", "no-store")
					w.Header().Set("X-Accel-Buffering", "no")
					http.NewResponseController(w).Flush()
				}
				return true
			}
		}, found{"events": Warn, "after the end": Warn}, "empty stream"},
		{"a slow head", func(s *site) {
			s.guard = func(w http.ResponseWriter, r *http.Request) bool {
				time.Sleep(3 * time.Second) // made up
				return guard(w, r)
			}
		}, found{"first bytes": Warn}, "after 3.0 s"},
		{"few connections", func(s *site) {
			var n atomic.Int32
			s.guard = func(w http.ResponseWriter, r *http.Request) bool {
				if r.Method == http.MethodGet && n.Add(1) > 1 {
					w.WriteHeader(http.StatusTooManyRequests)
					return true
				}
				return guard(w, r)
			}
		}, found{"resume early": Skipped, "second reader": Skipped, "compression": Skipped, "after the end": Pass}, "429 Too Many Requests"},

		// The bytes.
		{"no retry", func(s *site) { s.preface = ": hello\n\n" }, found{"retry": Warn}, "retry: 3000"},
		{"retry in seconds", func(s *site) { s.preface = "retry: 3s\n\n" }, found{"retry": Fail}, "milliseconds"},
		{"retry at once", func(s *site) { s.preface = "retry: 0\n\n" }, found{"retry": Warn}, "0 ms"},
		{"retry after an hour", func(s *site) { s.preface = "retry: 3600000\n\n" }, found{"retry": Warn}, "60 min"},
		{"an event beyond all limits", func(s *site) {
			s.data = func(_ string, n int, _ time.Time) string { return strings.Repeat("x", maxLineBytes*(n/12)) }
		}, found{"framing": Fail}, "exceeds the limit"},
		{"never a line", func(s *site) {
			s.preface, s.count, s.frame = "data", 1, func([]byte, string, string, string) []byte { return nil }
		}, found{
			"framing": Fail, "retry": Warn, "events": Warn, "after the end": Warn,
		}, "inside an event"},
		{"pretty JSON", func(s *site) {
			s.id = number
			s.frame = func(dst []byte, id, event, _ string) []byte { return fmt.Appendf(dst, prettyJSON, id, event) }
		}, found{"framing": Fail}, "pretty-printed JSON"},
		{"not UTF-8", func(s *site) { s.preface += ": \xff\n\n" }, found{"framing": Fail}, "UTF-8"},
		{"misspelt", func(s *site) { s.preface += "Data: x\n\n" }, found{"framing": Fail}, "lower case"},
		{"unknown field", func(s *site) { s.preface += "version: 1\n\n" }, found{"framing": Warn}, "no field"},
		{"framed twice", func(s *site) {
			inner := s.frame
			s.frame = func(dst []byte, id, event, data string) []byte { return inner(dst, id, event, "data: "+data) }
		}, found{"framing": Warn}, "framed twice"},
		{"no data", func(s *site) { s.preface += "event: hello\n\n" }, found{"framing": Warn}, "no data line"},
		{"no blank line at the end", func(s *site) {
			inner := s.frame
			s.frame = func(dst []byte, id, event, data string) []byte {
				dst = inner(dst, id, event, data)
				if event == "end" {
					dst = dst[:len(dst)-1]
				}
				return dst
			}
		}, found{"framing": Fail, "end": Warn, "after the end": Warn}, "inside an event"},
		{"an event called error", func(s *site) { s.event = func(n int) string { return map[bool]string{true: "error"}[n == 5] } }, found{"event names": Warn}, "EventSource"},

		// The ids.
		{"no ids", func(s *site) {
			s.id = func(string, int) string { return "" }
			s.data = func(_ string, n int, _ time.Time) string { return fmt.Sprint(n) }
		}, found{"ids": Warn, "end": Warn, "after the end": Fail}, "Not one of 13 events"},
		{"ids not on all", func(s *site) {
			s.id = func(run string, n int) string { return map[bool]string{true: run + "-" + fmt.Sprint(n)}[n%2 == 0] }
			s.guard = func(w http.ResponseWriter, r *http.Request) bool {
				if strings.HasSuffix(r.Header.Get("Last-Event-ID"), "-12") {
					w.WriteHeader(http.StatusNoContent)
					return true
				}
				return guard(w, r)
			}
		}, found{"ids": Warn, "end": Warn}, "have no id and others do"},
		{"long ids", func(s *site) {
			s.id = func(run string, n int) string { return run + strings.Repeat("-", 128) + fmt.Sprint(n) }
		}, found{"ids": Warn}, "128"},
		{"ids that need a preflight", func(s *site) { s.id = func(run string, n int) string { return fmt.Sprintf("%s:%d", run, n) } }, found{"ids": Warn}, `":"`},
		{"ids beyond ASCII", func(s *site) { s.id = func(run string, n int) string { return fmt.Sprintf("é%s-%d", run, n) } }, found{"ids": Warn}, "not ASCII"},
		{"ids with spaces", func(s *site) {
			s.id = func(run string, n int) string { return fmt.Sprintf("%s-%d ", run, n) }
			s.guard = func(w http.ResponseWriter, r *http.Request) bool {
				if id := r.Header.Get("Last-Event-ID"); id != "" {
					r.Header.Set("Last-Event-ID", id+" ")
				}
				return guard(w, r)
			}
		}, found{"ids": Warn}, "space"},
		{"ids with NUL", func(s *site) { s.preface += "id: x\x00\ndata:\n\n" }, found{"ids": Fail}, "NUL"},
		{"the same id twice", func(s *site) {
			s.id = func(run string, n int) string { return fmt.Sprintf("%s-%d", run, n-n/12) }
		}, found{"ids": Fail}, "same id"},
		{"the same ids for other streams", func(s *site) { s.id = number }, found{"ids": Warn, "resume later": Fail, "resume halfway": Fail, "second reader": Fail}, "Two connections"},
	})
}

// status answers everything with a status.
func status(code int) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, _ *http.Request) bool {
		w.WriteHeader(code)
		return true
	}
}

// withLength sends a stream all at once, with its length.
func withLength(w http.ResponseWriter, r *http.Request) bool {
	if guard(w, r) {
		return true
	}
	if r.Header.Get("Last-Event-ID") != "" {
		w.WriteHeader(http.StatusNoContent)
		return true
	}
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-cache")
	h.Set("X-Accel-Buffering", "no")
	body := "retry: 2000\n\nid: 1\nevent: end\ndata:\n\n"
	h.Set("Content-Length", fmt.Sprint(len(body)))
	fmt.Fprint(w, body)
	return true
}

// withRetry puts a retry into each frame.
func withRetry(inner func([]byte, string, string, string) []byte) func([]byte, string, string, string) []byte {
	return func(dst []byte, id, event, data string) []byte {
		return inner(append(dst, "retry: 2000\n\n"...), id, event, data)
	}
}
