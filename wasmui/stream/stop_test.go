// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// deletes answers requests for events by a script, and DELETE by another.
func deletes(gets, answers []reply) *network {
	g, d := 0, 0
	n := &network{}
	n.answer = func(_ int, req Request) reply {
		if req.Method == "DELETE" {
			d++
			return answers[min(d, len(answers))-1]
		}
		g++
		if g > len(gets) {
			return stream(hang)
		}
		return gets[g-1]
	}
	return n
}

func TestStop(t *testing.T) {
	ok := []reply{{after: time.Second, status: 204}}
	net := deletes([]reply{stream(text(msg(runA, 1)), after(time.Second, msg(runA, 2)), hang)}, ok)
	simulate(t, net, Config{Header: [][2]string{{"Authorization", "Bearer t"}}}, func(w *world) {
		w.begin()
		w.Stop()
		w.Stop()
		synctest.Wait()
		if s := w.want(Stopped, "asked to cancel"); s.Cancel != Cancelling || s.EndedAt != w.start {
			t.Errorf("at once: %+v", s)
		}
		w.pass(time.Second)
		if s := w.want(Stopped, "is cancelled"); s.Cancel != Cancelled {
			t.Errorf("after the answer: %+v", s)
		}
		w.pass(time.Hour)
		w.wantData("1")
		want := Request{
			Method: "DELETE", URL: "/runs/" + runA, Keepalive: true,
			Header: [][2]string{{"Authorization", "Bearer t"}, {"Accept", "application/json"}},
		}
		if diff := cmp.Diff(want, w.net.sent(1)); diff != "" {
			t.Errorf("request (-want +got):\n%s", diff)
		}
		if n := w.net.count(); n != 2 {
			t.Errorf("%d requests", n)
		}
		<-w.Done()
	})
}

func TestStopAnswers(t *testing.T) {
	for _, tt := range []struct {
		name     string
		answers  []reply
		want     Cancel
		reason   string
		requests int
	}{
		{"200", []reply{{}}, Cancelled, "is cancelled", 1},
		{"404", []reply{{status: 404}}, CancelFailed, "no longer knows the run", 1},
		{"403", []reply{{status: 403}}, CancelFailed, "did not cancel the run: 403 Forbidden", 1},
		{"503, then 204", []reply{{status: 503}, {status: 204}}, Cancelled, "is cancelled", 2},
		{"503 always", []reply{{status: 503}}, CancelFailed, "could not cancel the run: 503 Service Unavailable", CancelTries},
		{"no network, then 204", []reply{{err: errCut}, {err: errCut}, {status: 204}}, Cancelled, "is cancelled", 3},
		{"no network", []reply{{err: errCut}}, CancelFailed, "could not be reached", CancelTries},
		{"no answer", []reply{{after: time.Hour}}, CancelFailed, "could not be reached", 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			net := deletes([]reply{stream(text(msg(runA, 1)), hang)}, tt.answers)
			simulate(t, net, Config{}, func(w *world) {
				w.begin()
				w.Stop()
				w.pass(CancelTimeout)
				if s := w.want(Stopped, tt.reason); s.Cancel != tt.want {
					t.Errorf("cancel %d, want %d", s.Cancel, tt.want)
				}
				if n := w.net.count() - 1; n != tt.requests {
					t.Errorf("%d requests to cancel, want %d", n, tt.requests)
				}
				<-w.Done()
			})
		})
	}
}

// TestStopInEveryPhase holds that the run is cancelled where it is known, learnt
// where it is about to be, and that nothing is asked where there is none.
func TestStopInEveryPhase(t *testing.T) {
	for _, tt := range []struct {
		name   string
		gets   []reply
		before time.Duration // after start
		phase  Phase
		wait   time.Duration
		cancel Cancel
		reason string
	}{
		{"waiting", []reply{stream(text(msg(runA, 1)), cut)}, 0, Waiting, 0, Cancelled, "is cancelled"},
		{"waiting, and there never was a run", []reply{{err: errCut}}, 0, Waiting, 0, NotCancelled, "No run had begun"},
		{"connecting again", []reply{stream(text(msg(runA, 1)), cut), {after: time.Hour}}, time.Second, Connecting, 0, Cancelled, "is cancelled"},
		{"connecting, and the answer comes", []reply{{after: time.Second, header: stream().header, body: []step{text(msg(runA, 1)), hang}}}, 0, Connecting, time.Second, Cancelled, "is cancelled"},
		{"connecting, and no answer comes", []reply{{after: time.Hour}}, 0, Connecting, StopPatience, CancelFailed, "had not named the run"},
		{"connecting, and nobody is there", []reply{{after: time.Second, err: errCut}}, 0, Connecting, time.Second, CancelFailed, "had not named the run"},
		{"open, and the run has no name", []reply{{header: map[string]string{"Content-Type": "text/event-stream"}, body: []step{hang}}}, 0, Open, 0, CancelFailed, "had not named the run"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			net := deletes(tt.gets, []reply{{status: 204}})
			simulate(t, net, Config{}, func(w *world) {
				w.begin()
				w.pass(tt.before)
				w.want(tt.phase, "")
				before := w.data()
				w.Stop()
				synctest.Wait()
				w.want(Stopped, "")
				w.pass(tt.wait)
				if s := w.want(Stopped, tt.reason); s.Cancel != tt.cancel {
					t.Errorf("cancel %d, want %d", s.Cancel, tt.cancel)
				}
				w.wantData(before)
				<-w.Done()
			})
		})
	}
}

func TestStopBeforeStart(t *testing.T) {
	simulate(t, script(), Config{}, func(w *world) {
		w.Stop()
		w.begin()
		w.want(Stopped, "No run had begun")
		if n := w.net.count(); n != 0 {
			t.Errorf("%d requests", n)
		}
	})
}

func TestStopAfterTheEnd(t *testing.T) {
	simulate(t, script(stream(text(msg(runA, 1), end(runA, 2)))), Config{}, func(w *world) {
		w.begin()
		w.Stop()
		w.Cut()
		w.Wake()
		w.Close()
		synctest.Wait()
		w.want(Ended, "complete")
		if n := w.net.count(); n != 1 {
			t.Errorf("%d requests", n)
		}
	})
}

// TestLeave holds that Close and the end of the context end everything and ask
// the server for nothing.
func TestLeave(t *testing.T) {
	for phase, first := range map[Phase]reply{
		Connecting: {after: time.Hour},
		Open:       stream(text(msg(runA, 1)), hang),
		Waiting:    {err: errCut},
	} {
		for how, leave := range map[string]func(w *world){
			"Close":   func(w *world) { w.Close() },
			"context": func(w *world) { w.cancel() },
		} {
			t.Run(how+" while "+phase.String(), func(t *testing.T) {
				simulate(t, script(first), Config{}, func(w *world) {
					w.begin()
					w.want(phase, "")
					leave(w)
					synctest.Wait()
					if s := w.want(Stopped, "Left."); s.Cancel != NotCancelled || s.Err != nil || !s.RetryAt.IsZero() {
						t.Errorf("left: %+v", s)
					}
					<-w.Done()
					if n := w.net.count(); n != 1 || w.at() != 0 {
						t.Errorf("%d requests, %v", n, w.at())
					}
				})
			})
		}
	}
}

// TestStopThenLeave holds that a page which stops and then goes away still
// cancels the run.
func TestStopThenLeave(t *testing.T) {
	net := deletes([]reply{stream(text(msg(runA, 1)), hang)}, []reply{{after: time.Second, status: 204}})
	simulate(t, net, Config{}, func(w *world) {
		w.begin()
		w.Stop()
		w.Close()
		w.cancel()
		w.pass(time.Second)
		if s := w.want(Stopped, ""); s.Cancel != Cancelled {
			t.Errorf("stopped: %+v", s)
		}
	})
}

// TestNothingAfterStop holds that no event is delivered once Stop or Close was
// called in the sink, and that the place stays at the last one that was.
func TestNothingAfterStop(t *testing.T) {
	for name, stop := range map[string]func(w *world){
		"Stop":  func(w *world) { w.Stop() },
		"Close": func(w *world) { w.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			const reset = "event: reset\ndata: {\"reason\":\"x\",\"first\":3}\n\n"
			net := deletes([]reply{stream(text(msgs(runA, 1, 2), reset, msgs(runA, 3, 4), end(runA, 5)))}, []reply{{status: 204}})
			simulate(t, net, Config{}, func(w *world) {
				w.onEvents = func([]Event) { stop(w) }
				w.begin()
				s := w.want(Stopped, "")
				w.wantData("1 2")
				if got := w.phases(); got != "connecting open stopped" {
					t.Errorf("phases: %s", got)
				}
				if s.LastEventID != runA+"-2" || s.Events != 2 {
					t.Errorf("at %q after %d events", s.LastEventID, s.Events)
				}
			})
		})
	}
}

// TestStopAtTheLastByte holds that a stream which breaks just when it is stopped
// is stopped, and not waited for first.
func TestStopAtTheLastByte(t *testing.T) {
	net := deletes([]reply{stream(step{text: msg(runA, 1), err: errCut})}, []reply{{status: 204}})
	simulate(t, net, Config{}, func(w *world) {
		w.onEvents = func([]Event) { w.Stop() }
		w.begin()
		if s := w.want(Stopped, "is cancelled"); s.Cancel != Cancelled {
			t.Errorf("stopped: %+v", s)
		}
		if got := w.phases(); got != "connecting open stopped" {
			t.Errorf("phases: %s", got)
		}
	})
}

func TestCutWhereThereIsNoConnection(t *testing.T) {
	net := script(reply{after: 10 * time.Second, header: stream().header, body: []step{text(msg(runA, 1)), hang}})
	simulate(t, net, Config{}, func(w *world) {
		w.begin()
		w.Cut()
		w.pass(10 * time.Second)
		if s := w.want(Open, ""); s.Requests != 1 {
			t.Errorf("%d requests", s.Requests)
		}
	})
}

func TestMisuse(t *testing.T) {
	t.Parallel()
	panics := func(name string, f func()) {
		defer func() {
			if recover() == nil {
				t.Errorf("%s does not panic", name)
			}
		}()
		f()
	}
	panics("New without a sink", func() { New(Config{URL: "/", Transport: script()}) })
	panics("New without a transport", func() { New(Config{URL: "/", Sink: &recorder{}}) })
	panics("Start with nothing to read", func() { New(Config{Transport: script(), Sink: &recorder{}}).Start(context.Background()) })
}
