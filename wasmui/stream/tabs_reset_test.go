// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"sluice/internal/bubble"
)

// restartedRun is run A, live, until it is restarted: from then on every request
// is answered by run B, with a reset where it was for the other.
type restartedRun struct {
	*liveRun
	restarted bool
	began     time.Time // run B
}

func newRestartedRun(last int) *restartedRun {
	r := &restartedRun{liveRun: newLiveRun(last)}
	first := r.network.answer
	r.network.answer = func(i int, req Request) reply {
		if !r.restarted {
			return first(i, req)
		}
		body, next := []step{text(": hi\n\n")}, 1
		if run, n, ok := parseEventID(idIn(req)); ok && run == runB {
			next = int(n) + 1
		} else {
			body = append(body, text("id: "+runB+"-0\nevent: reset\ndata: {\"reason\":\"The run is not known.\",\"first\":1}\n\n"))
		}
		made := min(int(time.Since(r.began)/(100*time.Millisecond)), last)
		body = append(body, text(msgs(runB, next, made)))
		for n := max(next, made+1); n <= last; n++ {
			body = append(body, after(100*time.Millisecond, msg(runB, n)))
		}
		answer := stream(append(body, text(end(runB, last+1)))...)
		answer.header = map[string]string{"Content-Type": "text/event-stream", "Sluice-Run": runB}
		return answer
	}
	return r
}

func (r *restartedRun) restart() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.restarted, r.began = true, time.Now()
}

// wantReset holds that a tab read some of run A, was told that it is gone, and
// read all of run B.
func (tab *tab) wantReset(last int) {
	tab.Helper()
	s := tab.want(Ended, "complete")
	if s.Run != runB || s.Reset == nil || s.Reset.Count != 1 || s.Missed != 0 || s.Repeated != 0 {
		tab.Errorf("run %s, reset %+v, %d missed, %d repeated", s.Run, s.Reset, s.Missed, s.Repeated)
	}
	if s.Reset != nil {
		tab.wantData(numbered(1, int(s.Reset.After)) + " " + numbered(1, last))
	}
}

func numbered(from, to int) string {
	var all []string
	for n := from; n <= to; n++ {
		all = append(all, fmt.Sprint(n))
	}
	return strings.Join(all, " ")
}

// Where the server begins another run in place of the one that tabs share, every
// one of them is told, and none hears the numbers of two runs.
func TestTabsWhoseRunIsGone(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		run := newRestartedRun(60)
		openTabs(t, run, nil, newMemoryBrowser(), func(open func(Config) *tab) {
			a, b, c := open(Config{URL: "/sse"}), open(Config{URL: "/sse", Run: runA}), open(Config{URL: "/sse", Run: runA})
			a.begin()
			a.pass(time.Second)
			b.begin()
			c.begin()
			a.pass(2 * time.Second)
			if a.tabs.Sharing() != Leading || b.tabs.Sharing() != Following || c.tabs.Sharing() != Following {
				t.Errorf("the tabs are %d, %d and %d", a.tabs.Sharing(), b.tabs.Sharing(), c.tabs.Sharing())
			}
			run.restart()
			a.Cut()
			a.pass(5 * time.Second)
			// One that asks late for the run that is gone hears nobody read it.
			d := open(Config{URL: "/sse", LastEventID: runA + "-20"})
			d.begin()
			a.pass(10 * time.Second)
			a.wantReset(60)
			b.wantReset(60)
			c.wantReset(60)
			if s := d.want(Ended, "complete"); s.Run != runB || s.Reset == nil || s.Missed != 0 {
				t.Errorf("the late one reads %s, reset %+v, %d missed", s.Run, s.Reset, s.Missed)
			}
			d.wantData(numbered(1, 60))
		})
	})
}

// Stop ends the run that is read, and not the one that was asked for.
func TestTabsStopTheRunThatTheyRead(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		run := newRestartedRun(60)
		openTabs(t, run, nil, newMemoryBrowser(), func(open func(Config) *tab) {
			a, b := open(Config{URL: "/sse"}), open(Config{URL: "/sse", Run: runA})
			a.begin()
			a.pass(time.Second)
			b.begin()
			a.pass(time.Second)
			run.restart()
			a.Close()
			a.pass(3 * time.Second)
			b.Stop()
			a.pass(time.Second)
			if last := run.sent(run.count() - 1); last.Method != "DELETE" || last.URL != "/runs/"+runB {
				t.Errorf("the last request is %s %s", last.Method, last.URL)
			}
		})
	})
}

// What a tab has to read for itself may come from a server that no longer has the
// run, while another tab still reads it from one that does.
func TestTabsThatCannotCatchUp(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		run := newRestartedRun(60)
		openTabs(t, run, nil, newMemoryBrowser(), func(open func(Config) *tab) {
			a, b := open(Config{URL: "/sse"}), open(Config{URL: "/sse", LastEventID: runA + "-5"})
			a.begin()
			a.pass(2 * time.Second)
			run.restart()
			b.begin()
			a.pass(10 * time.Second)
			a.wantAll(60)
			if s := b.want(Ended, "complete"); s.Run != runB || s.Reset == nil || s.Missed != 0 {
				t.Errorf("it reads %s, reset %+v, %d missed", s.Run, s.Reset, s.Missed)
			}
			b.wantData(numbered(1, 60))
		})
	})
}

// A tab that goes on after an event leads from there, also before anything new has
// come: one that is further behind reads for itself what lies between.
func TestTabsGoOnFromDifferentPlaces(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		run := newLiveRun(60)
		time.Sleep(3 * time.Second)
		openTabs(t, run, nil, newMemoryBrowser(), func(open func(Config) *tab) {
			a, b := open(Config{URL: "/sse", LastEventID: runA + "-30"}), open(Config{URL: "/sse", LastEventID: runA + "-10"})
			a.begin()
			b.begin()
			if b.tabs.Sharing() != Following {
				t.Errorf("the second is %d", b.tabs.Sharing())
			}
			a.pass(10 * time.Second)
			if s := b.want(Ended, ""); s.Missed != 0 || s.Repeated != 0 {
				t.Errorf("%d missed, %d repeated", s.Missed, s.Repeated)
			}
			a.wantData(numbered(31, 60))
			b.wantData(numbered(11, 60))
		})
	})
}

// A reset that a tab has read for itself is not heard again, with all that
// followed it.
func TestTabsHearAResetOnce(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		net := &network{}
		net.answer = func(_ int, req Request) reply {
			if _, n, _ := parseEventID(idIn(req)); n >= 50 {
				return stream(text(msgs(runA, int(n)+1, 60), end(runA, 61)))
			}
			const lost = "event: reset\ndata: {\"reason\":\"The journal begins later.\",\"first\":50}\n\n"
			body := []step{text(": hi\n\n"), after(200*time.Millisecond, "id: "+runA+"-49\n"+lost, msgs(runA, 50, 54))}
			for n := 55; n <= 60; n++ {
				body = append(body, after(100*time.Millisecond, msg(runA, n)))
			}
			return stream(append(body, text(end(runA, 61)))...)
		}
		openTabs(t, net, nil, newMemoryBrowser(), func(open func(Config) *tab) {
			a, b := open(Config{URL: "/sse", LastEventID: runA + "-10"}), open(Config{URL: "/sse", LastEventID: runA + "-5"})
			a.begin()
			b.begin()
			a.pass(600 * time.Millisecond)
			if b.tabs.Sharing() != Following {
				t.Errorf("the second is %d", b.tabs.Sharing())
			}
			a.pass(10 * time.Second)
			for name, tab := range map[string]*tab{"the first": a, "the second": b} {
				if s := tab.want(Ended, ""); s.Reset == nil || s.Reset.Count != 1 {
					t.Errorf("%s was reset %+v", name, s.Reset)
				}
				tab.wantData(numbered(50, 60))
			}
		})
	})
}
