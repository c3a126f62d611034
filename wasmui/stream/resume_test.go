// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestEndedWhileAway holds that 204 in answer to an id is the end.
func TestEndedWhileAway(t *testing.T) {
	net := script(stream(text(msgs(runA, 1, 3)), cut), reply{status: 204})
	simulate(t, net, Config{}, func(w *world) {
		w.begin()
		w.pass(time.Minute)
		s := w.want(Ended, "had ended already")
		w.wantData("1 2 3")
		if s.Requests != 2 || s.Err != nil {
			t.Errorf("ended: %+v", s)
		}
	})
}

// TestEveryCut cuts a stream at every byte, and the rest of it at the same byte
// again: each event comes once and in order.
func TestEveryCut(t *testing.T) {
	const last = 4
	whole := "retry: 10\n\n: hi\n\n" + msgs(runA, 1, last) + end(runA, last+1)
	rest := func(id string) string {
		_, n, _ := parseEventID(id)
		return msgs(runA, int(n)+1, last) + end(runA, last+1)
	}
	for at := range len(whole) + 1 {
		net := &network{}
		net.answer = func(i int, req Request) reply {
			body := whole
			if id := lastEventID(req); id != "" {
				body = rest(id)
			}
			if at < len(body) && i < 6 {
				return stream(text(body[:at]), cut)
			}
			return stream(text(body))
		}
		t.Run(fmt.Sprint(at), func(t *testing.T) {
			simulate(t, net, Config{}, func(w *world) {
				w.begin()
				w.pass(10 * time.Minute)
				s := w.want(Ended, "complete")
				w.wantData("1 2 3 4")
				if s.Missed != 0 || s.Repeated != 0 || s.LastEventID != runA+"-5" {
					t.Errorf("missed %d, repeated %d, at %q", s.Missed, s.Repeated, s.LastEventID)
				}
			})
		})
	}
}

func lastEventID(req Request) string {
	for _, h := range req.Header {
		if h[0] == "Last-Event-ID" {
			return h[1]
		}
	}
	return ""
}

// TestRepeatsAndGaps holds that a server which repeats or leaves out is found
// out.
func TestRepeatsAndGaps(t *testing.T) {
	for _, tt := range []struct {
		name             string
		replies          []reply
		data             string
		missed, repeated uint64
	}{
		{"repeats one", []reply{
			stream(text(msgs(runA, 1, 3)), cut), stream(text(msgs(runA, 3, 5), end(runA, 6))),
		}, "1 2 3 4 5", 0, 1},
		{"starts over", []reply{
			stream(text(msgs(runA, 1, 3)), cut), stream(text(msgs(runA, 1, 4), end(runA, 5))),
		}, "1 2 3 4", 0, 3},
		{"leaves out", []reply{
			stream(text(msgs(runA, 1, 2)), cut), stream(text(msgs(runA, 5, 6), end(runA, 7))),
		}, "1 2 5 6", 2, 0},
		{"leaves out within a connection", []reply{stream(text(msg(runA, 1), msg(runA, 3), end(runA, 4)))}, "1 3", 1, 0},
		{"leaves out the last", []reply{stream(text(msg(runA, 1), end(runA, 4)))}, "1", 2, 0},
		{"another run", []reply{
			stream(text(msgs(runA, 1, 2)), cut), stream(text(msgs(runB, 1, 2), end(runB, 3))),
		}, "1 2 1 2", 0, 0},
		{"a late viewer of a shared run", []reply{stream(text(msgs(runA, 50, 51), end(runA, 52)))}, "50 51", 0, 0},
		{"ids of another kind", []reply{
			stream(text("id: x\ndata: 1\n\nid: x\ndata: 2\n\n"), cut), stream(text("id: a\ndata: 3\n\nevent: end\ndata: {\"code\":\"OK\"}\n\n")),
		}, "1 2 3", 0, 0},
		{"no ids", []reply{stream(text("data: 1\n\ndata: 2\n\nevent: end\ndata: {\"code\":\"OK\"}\n\n"))}, "1 2", 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			simulate(t, script(tt.replies...), Config{}, func(w *world) {
				w.begin()
				w.pass(time.Minute)
				s := w.want(Ended, "")
				w.wantData(tt.data)
				if s.Missed != tt.missed || s.Repeated != tt.repeated {
					t.Errorf("missed %d, repeated %d; want %d and %d", s.Missed, s.Repeated, tt.missed, tt.repeated)
				}
			})
		})
	}
}

func TestReset(t *testing.T) {
	const lost = "event: reset\ndata: {\"reason\":\"The journal begins later.\",\"first\":7}\n\n"
	net := script(
		stream(text(msgs(runA, 1, 3)), cut),
		stream(text("id: "+runA+"-6\n"+lost, msgs(runA, 7, 8)), cut),
		stream(text(msg(runA, 9), "id: "+runB+"-0\nevent: reset\ndata: {\"reason\":\"The run is not known.\",\"first\":1}\n\n", msgs(runB, 1, 2), end(runB, 3))),
	)
	simulate(t, net, Config{}, func(w *world) {
		var marks []string
		w.onChange = func(s Snapshot) {
			if s.Reset != nil && (len(marks) == 0 || len(marks) < s.Reset.Count) {
				marks = append(marks, fmt.Sprintf("%d events before %d: %s", s.Reset.After, s.Reset.First, s.Reset.Reason))
			}
		}
		w.begin()
		w.pass(time.Minute)
		s := w.want(Ended, "complete")
		w.wantData("1 2 3 7 8 9 1 2")
		want := []string{"3 events before 7: The journal begins later.", "6 events before 1: The run is not known."}
		if diff := cmp.Diff(want, marks); diff != "" {
			t.Errorf("resets (-want +got):\n%s", diff)
		}
		if s.Missed != 3 || s.Repeated != 0 || s.Reset.Count != 2 {
			t.Errorf("missed %d, repeated %d, %d resets", s.Missed, s.Repeated, s.Reset.Count)
		}
		w.wantRequest(2, "GET", "/sse?count=5", runA+"-8")
	})
}

// TestResetIsOfItsConnection holds that a later connection which replays all is
// not said to have lost anything.
func TestResetIsOfItsConnection(t *testing.T) {
	net := script(
		stream(text(msgs(runA, 1, 3)), cut),
		stream(text("event: reset\ndata: {\"reason\":\"The journal begins later.\",\"first\":7}\n\n", msgs(runA, 7, 8)), cut),
		stream(text(msg(runA, 9)), hang),
	)
	simulate(t, net, Config{}, func(w *world) {
		w.begin()
		if w.want(Waiting, "").ResetHere {
			t.Error("a reset before there was any")
		}
		w.pass(400 * time.Millisecond)
		if s := w.want(Waiting, ""); !s.ResetHere || s.Reset == nil {
			t.Errorf("the connection was reset: %+v", s)
		}
		w.pass(time.Second)
		if s := w.want(Open, ""); s.ResetHere || s.Reset == nil || !s.Resumed {
			t.Errorf("the connection after it was not: %+v", s)
		}
	})
}

func TestResetBackwardsIsBelieved(t *testing.T) {
	net := script(
		stream(text(msgs(runA, 1, 5)), cut),
		stream(text("event: reset\ndata: {\"reason\":\"The end of the journal was lost.\",\"first\":4}\n\n", msgs(runA, 4, 6), end(runA, 7))),
	)
	simulate(t, net, Config{}, func(w *world) {
		w.begin()
		w.pass(time.Minute)
		s := w.want(Ended, "")
		w.wantData("1 2 3 4 5 4 5 6")
		if s.Missed != 0 || s.Repeated != 0 {
			t.Errorf("missed %d, repeated %d", s.Missed, s.Repeated)
		}
	})
}

func TestResetWithoutReason(t *testing.T) {
	net := script(stream(text(msg(runA, 1), "event: reset\ndata: oops\n\n", msg(runA, 9), end(runA, 10))))
	simulate(t, net, Config{}, func(w *world) {
		w.begin()
		s := w.want(Ended, "")
		if s.Reset == nil || s.Reset.Reason == "" || s.Reset.First != 0 || s.Missed != 0 {
			t.Errorf("reset %+v, missed %d", s.Reset, s.Missed)
		}
	})
}

// TestRequests holds where the client asks again, which depends on what it was
// asked for and on what has come.
func TestRequests(t *testing.T) {
	gone := reply{status: 404, body: []step{text(`{"code":"NOT_FOUND","message":"No such run."}`)}}
	done := stream(text(msgs(runA, 1, 2), end(runA, 3)))
	for _, tt := range []struct {
		name    string
		cfg     Config
		replies []reply
		want    string
		phase   Phase
	}{
		{"nothing had come", Config{}, []reply{stream(cut), done}, "GET /sse?count=5; GET /runs/" + runA, Ended},
		{"nothing had come, and the run is gone", Config{}, []reply{stream(cut), gone, done}, "GET /sse?count=5; GET /runs/" + runA + "; GET /sse?count=5", Ended},
		{"not found at all", Config{}, []reply{gone}, "GET /sse?count=5", Failed},
		{"a run without a name", Config{}, []reply{{header: map[string]string{"Content-Type": "text/event-stream"}, body: []step{cut}}, done}, "GET /sse?count=5; GET /sse?count=5", Ended},
		{"a reload", Config{URL: "/sse?count=5", Run: runA}, []reply{done}, "GET /runs/" + runA, Ended},
		{"a reload, and the run is gone", Config{URL: "/sse?count=5", Run: runA}, []reply{gone}, "GET /runs/" + runA, Failed},
		{"a reload that knows where", Config{URL: "/sse?count=5", Run: runA, LastEventID: runA + "-1"}, []reply{stream(text(msg(runA, 2), end(runA, 3)))}, "GET /sse?count=5 after 1", Ended},
		{"a link", Config{Run: runA}, []reply{stream(text(msg(runA, 1)), cut), stream(text(msg(runA, 2), end(runA, 3)))}, "GET /runs/" + runA + "; GET /runs/" + runA + " after 1", Ended},
		{"another origin", Config{URL: "https://api.example/v1/sse?a=1"}, []reply{{header: stream().header, body: []step{cut}}, done}, "GET https://api.example/v1/sse?a=1; GET https://api.example/runs/" + runA, Ended},
		{"a mounted bridge", Config{URL: "/api/sse", Runs: "/api/runs/"}, []reply{stream(cut), done}, "GET /api/sse; GET /api/runs/" + runA, Ended},
		{"a run that is no id", Config{Run: "../secret"}, nil, "", Failed},
		{"POST", Config{Method: "POST", Body: []byte("{}")}, []reply{stream(text(msg(runA, 1)), cut), stream(text(msg(runA, 2), end(runA, 3)))}, "POST /sse?count=5 {}; GET /runs/" + runA + " after 1", Ended},
		{"POST of which nothing had come", Config{Method: "POST", Body: []byte("{}")}, []reply{stream(cut), done}, "POST /sse?count=5 {}; GET /runs/" + runA, Ended},
		{"POST that reached nobody", Config{Method: "POST", Body: []byte("{}")}, []reply{{err: errCut}}, "POST /sse?count=5 {}", Failed},
		{"POST that was refused for now", Config{Method: "POST", Body: []byte("{}")}, []reply{{status: 503}}, "POST /sse?count=5 {}", Failed},
		{"POST whose run is gone", Config{Method: "POST", Body: []byte("{}")}, []reply{stream(text(msg(runA, 1)), cut), gone}, "POST /sse?count=5 {}; GET /runs/" + runA + " after 1", Failed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			simulate(t, script(tt.replies...), tt.cfg, func(w *world) {
				w.begin()
				w.pass(time.Minute)
				s := w.want(tt.phase, "")
				var got []string
				for i := range w.net.count() {
					r := w.net.sent(i)
					line := r.Method + " " + r.URL
					if r.Body != nil {
						line += " " + string(r.Body)
					}
					if _, n, ok := parseEventID(lastEventID(r)); ok {
						line += fmt.Sprintf(" after %d", n)
					}
					got = append(got, line)
				}
				if diff := cmp.Diff(tt.want, strings.Join(got, "; ")); diff != "" {
					t.Errorf("requests (-want +got):\n%s", diff)
				}
				if s.Joined != (tt.cfg.Run != "") {
					t.Errorf("joined %v", s.Joined)
				}
				if s.Missed+s.Repeated != 0 {
					t.Errorf("missed %d, repeated %d", s.Missed, s.Repeated)
				}
			})
		})
	}
}

func TestPostFailureSaysWhy(t *testing.T) {
	simulate(t, script(reply{err: errCut}), Config{Method: "POST", Body: []byte("{}"), Header: [][2]string{{"content-type", "application/proto"}}}, func(w *world) {
		w.begin()
		s := w.want(Failed, "might be carried out twice")
		if !s.Err.Retryable {
			t.Error("a person may try again, and is not told so")
		}
		want := [][2]string{{"content-type", "application/proto"}, {"Accept", "text/event-stream, application/json"}}
		if diff := cmp.Diff(want, w.net.sent(0).Header); diff != "" {
			t.Errorf("headers (-want +got):\n%s", diff)
		}
	})
}

func TestJoin(t *testing.T) {
	net := script(stream(text(msgs(runA, 1, 40)), after(time.Second, msg(runA, 41)), hang))
	simulate(t, net, Config{URL: "/sse", LastEventID: "x"}, func(w *world) {
		w.Join(w.ctx, runA)
		w.Start(w.ctx) // the second has no effect
		w.pass(time.Second)
		s := w.want(Open, "Connected.")
		w.wantRequest(0, "GET", "/runs/"+runA, "")
		if !s.Joined || s.Resumed || s.Run != runA || s.Replayed != 40 || s.Events != 41 || w.net.count() != 1 {
			t.Errorf("joined: %+v", s)
		}
	})
}

// TestJoinTooLate holds that a viewer who asked for the whole of a run is told how
// much of it is gone.
func TestJoinTooLate(t *testing.T) {
	const late = "event: reset\ndata: {\"reason\":\"The start is no longer held.\",\"first\":500}\n\n"
	for name, start := range map[string]string{"and is told": late, "and is not told": ""} {
		t.Run(name, func(t *testing.T) {
			net := script(stream(text(start, msgs(runA, 500, 502), end(runA, 503))))
			simulate(t, net, Config{Run: runA}, func(w *world) {
				w.begin()
				s := w.want(Ended, "")
				w.wantData("500 501 502")
				if s.Missed != 499 || (s.Reset != nil) != (start != "") {
					t.Errorf("missed %d, reset %+v", s.Missed, s.Reset)
				}
			})
		})
	}
}

// TestReplayed holds what counts as replayed: what comes at once.
func TestReplayed(t *testing.T) {
	for _, tt := range []struct {
		name string
		body []step
		want int
	}{
		{"nothing", []step{hang}, 0},
		{"one burst", []step{text(msgs(runA, 3, 9)), hang}, 7},
		{"a burst in pieces", []step{text(msgs(runA, 3, 5)), after(ReplayGap, msgs(runA, 6, 9)), hang}, 7},
		{"then live", []step{text(msgs(runA, 3, 5)), after(ReplayGap+1, msg(runA, 6)), text(msg(runA, 7)), hang}, 3},
		{"only live", []step{after(ReplayGap+1, msg(runA, 3)), text(msg(runA, 4)), hang}, 0},
		{"without end", endlessBurst(), 2 * int(ReplayLimit/(10*time.Millisecond))},
		{"with the end", []step{text(msgs(runA, 3, 5), end(runA, 6))}, 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			net := script(stream(text(msgs(runA, 1, 2)), cut), stream(tt.body...))
			simulate(t, net, Config{}, func(w *world) {
				w.begin()
				w.pass(10 * time.Second)
				if s := w.Snapshot(); s.Replayed != tt.want || !s.Resumed {
					t.Errorf("replayed %d, want %d; resumed %v", s.Replayed, tt.want, s.Resumed)
				}
			})
		})
	}
}

// endlessBurst gives two events every 10 ms for two seconds.
func endlessBurst() (body []step) {
	for i := range 200 {
		body = append(body, after(10*time.Millisecond, msgs(runA, 3+2*i, 4+2*i)))
	}
	return append(body, hang)
}

// TestIDWithoutData holds that a block of nothing but an id moves the place.
func TestIDWithoutData(t *testing.T) {
	net := script(stream(text(msg(runA, 1), "id: "+runA+"-5\n\n"), cut))
	simulate(t, net, Config{}, func(w *world) {
		w.begin()
		w.pass(time.Second)
		w.wantRequest(1, "GET", "/sse?count=5", runA+"-5")
	})
}

// TestDataIsTheReceivers holds that an event stays as it was while the stream
// goes on.
func TestDataIsTheReceivers(t *testing.T) {
	var body []step
	var want []string
	for n := 1; n <= 50; n++ {
		body = append(body, text(msg(runA, n)), text(fmt.Sprintf("id: %s-%d", runA, n+1000)), text("\n\n"))
		want = append(want, fmt.Sprint(n))
	}
	for i := range body {
		if strings.HasPrefix(body[i].text, "id: ") && !strings.Contains(body[i].text, "data") {
			body[i].text = ": nothing"
		}
	}
	net := script(stream(append(body, hang)...))
	simulate(t, net, Config{}, func(w *world) {
		w.begin()
		synctest.Wait()
		w.wantData(strings.Join(want, " "))
		for i := range w.events {
			_ = append(w.events[i].Data, "overwritten"...)
		}
		w.wantData(strings.Join(want, " "))
	})
}
