// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"context"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"sluice/internal/bubble"
	"sluice/wasmui/store"
	"sluice/wasmui/stream"
)

// comparing gives a page whose ways are all answered by the server.
func comparing(s *server) *Compare {
	c := newCompare(s, func(_ way, n *stream.Network, m *stream.Meter) stream.Transport {
		return n.Over(stream.Metered(s, m))
	})
	c.ready = true
	c.race.onChange = func() {} // nothing draws
	return c
}

func TestCompareHasItsParts(t *testing.T) {
	t.Parallel()
	page := app.HTMLString(comparing(&server{}))
	for _, pattern := range []string{
		`<main[ >]`, `<header[ >]`, `<h2[^>]*>One run, read in four ways.</h2>`,
		`<div [^>]*role="status"`, `<div [^>]*role="alert"`,
		`<button [^>]*>Start</button>`, `<button [^>]*aria-disabled[^>]*>Cut the connections</button>`,
		`<table`, `<caption`, `<th [^>]*scope="col"[^>]*>EventSource</th>`,
	} {
		if !regexp.MustCompile(pattern).MatchString(page) {
			t.Errorf("the page has nothing like %s", pattern)
		}
	}
	for _, bad := range []string{` style="`, `<script`, `<style`, ` onclick="`} {
		if strings.Contains(page, bad) {
			t.Errorf("the page holds %s", bad)
		}
	}
	if n := strings.Count(page, `class="point"`); n != 7 {
		t.Errorf("there are %d points, want seven", n)
	}
}

// One run is opened once, joined by every way, and stopped once.
func TestRaceOfOneRun(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		s := &server{}
		c := comparing(s)
		c.race.start(10)
		synctest.Wait()
		want := "GET /sse?count=300&min_pause=0.1s&max_pause=0.1s" + strings.Repeat("\nGET /runs/"+testRun, int(ways))
		if got := s.seen(); got != want {
			t.Fatalf("the requests are\n%s\nwant\n%s", got, want)
		}
		v := c.race.look(false, false, time.Now())
		if len(v.Lanes) != int(ways) || !v.Running || !v.CanCut {
			t.Fatalf("%+v", v)
		}
		if c.race.opener.Snapshot().Phase != stream.Stopped {
			t.Error("the connection that opened the run is still there")
		}
		s.number(1) // to the lane that was opened last
		s.number(2)
		synctest.Wait()
		c.race.cut()
		time.Sleep(1500 * time.Millisecond)
		synctest.Wait()
		s.number(3)
		synctest.Wait()
		v = c.race.look(false, false, time.Now())
		cut := 0
		for _, l := range v.Lanes {
			if l.Reconnects != 1 || l.Requests != 2 {
				t.Errorf("%s: %d reconnects, %d requests", l.Way.name(), l.Reconnects, l.Requests)
			}
			if l.CutAfter > 0 {
				cut++
				if l.CutAfter != 1500*time.Millisecond {
					t.Errorf("%s: the cut cost %v", l.Way.name(), l.CutAfter)
				}
			}
		}
		if cut != 1 {
			t.Errorf("%d lanes know what the cut cost; one was sent a number", cut)
		}
		c.race.stop()
		synctest.Wait()
		if n := strings.Count(s.seen(), "DELETE /runs/"+testRun); n != 1 {
			t.Errorf("the run was cancelled %d times", n)
		}
		if v = c.race.look(false, false, time.Now()); v.Running {
			t.Errorf("still running: %+v", v.Status)
		}
		c.race.leave()
	})
}

// A race takes the connections of its lanes before it opens a run, and keeps them
// until it is over. Where there are too few it says so, and opens nothing.
func TestRaceTakesItsConnections(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		s := &server{}
		c := comparing(s)
		free, held := false, 0
		c.race.reserve = func(context.Context) (func(), bool) {
			time.Sleep(10 * time.Millisecond) // as a browser needs a moment
			if !free {
				return nil, false
			}
			held++
			return func() { held-- }, true
		}
		c.race.start(2)
		if v := c.race.look(false, true, time.Now()); !v.Running {
			t.Error("it does not say that it begins")
		}
		time.Sleep(time.Second)
		synctest.Wait()
		v := c.race.look(false, true, time.Now())
		if v.Running || v.Problem.Title == "" || v.Status.Tone != toneBad || s.seen() != "" {
			t.Errorf("without connections: %+v; requests %q", v, s.seen())
		}
		free = true
		c.race.start(2)
		time.Sleep(time.Second)
		synctest.Wait()
		v = c.race.look(false, true, time.Now())
		if !v.Running || v.Problem.shown() || held != 1 {
			t.Errorf("with connections: %+v, %d held", v.Status, held)
		}
		c.race.stop()
		time.Sleep(time.Second)
		synctest.Wait()
		if held != 0 {
			t.Error("a race that is over keeps its connections")
		}
		// One that is stopped before it has any opens nothing.
		requests := s.seen()
		c.race.start(2)
		c.race.stop()
		time.Sleep(time.Second)
		synctest.Wait()
		if v := c.race.look(false, true, time.Now()); v.Running || held != 0 || s.seen() != requests {
			t.Errorf("running %v, %d held, requests %q", v.Running, held, s.seen())
		}
		c.race.leave()
	})
}

// Where connections are few, the one that opens a run is none of them.
func TestRaceIsOpenedByTheWay(t *testing.T) {
	t.Parallel()
	http, beyond := &server{answer: func(stream.Request) (int, string) { return 204, "" }}, &server{answer: func(stream.Request) (int, string) { return 204, "" }}
	few := false
	o := openerTransport{Transport: http, beyond: beyond, few: func() bool { return few }}
	for _, req := range []stream.Request{{Method: "GET", URL: "/many"}, {Method: "GET", URL: "/few"}, {Method: "DELETE", URL: "/run"}} {
		few = req.URL != "/many"
		resp, err := o.Open(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Close()
	}
	if http.seen() != "GET /many\nDELETE /run" || beyond.seen() != "GET /few" {
		t.Errorf("over HTTP %q, beyond %q", http.seen(), beyond.seen())
	}
}

func TestRaceThatCannotBeOpened(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		c := comparing(&server{answer: func(stream.Request) (int, string) {
			return 400, `{"code":"INVALID_ARGUMENT","message":"no"}`
		}})
		c.race.start(2)
		synctest.Wait()
		v := c.race.look(false, false, time.Now())
		if v.Running || !v.Problem.shown() || v.Status.Tone != toneBad {
			t.Errorf("%+v", v)
		}
		c.race.leave()
	})
}

// A slow network delays what comes, and nothing is lost by it.
func TestRaceOverASlowNetwork(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		s := &server{}
		c := comparing(s)
		c.race.network.Set(slowTrip)
		c.race.start(10)
		time.Sleep(2*slowTrip + time.Millisecond)
		synctest.Wait()
		s.number(1)
		time.Sleep(slowTrip - 2*time.Millisecond)
		synctest.Wait()
		if n := c.race.look(false, false, time.Now()).Lanes[wayPoll].Count; n != 0 {
			t.Errorf("%d numbers came too early", n)
		}
		time.Sleep(2 * time.Millisecond)
		synctest.Wait()
		total := uint64(0)
		for _, l := range c.race.look(false, false, time.Now()).Lanes {
			total += l.Count
		}
		if total != 1 {
			t.Errorf("%d numbers came", total)
		}
		c.race.stop()
		time.Sleep(time.Second)
		c.race.leave()
	})
}

// While a tab waits for one of few connections it says so.
func TestRaceWithoutAConnection(t *testing.T) {
	t.Parallel()
	r := &race{onChange: func() {}}
	r.lanes = []*lane{newLane(wayFetch, func() {})}
	now := time.Now()
	r.lanes[0].snap = stream.Snapshot{Phase: stream.Connecting, Requests: 1, StartedAt: now}
	for _, tt := range []struct {
		few   bool
		later time.Duration
		want  bool
	}{{true, time.Second, false}, {true, 4 * time.Second, true}, {false, 4 * time.Second, false}} {
		got := strings.Contains(r.look(false, tt.few, now.Add(tt.later)).Lanes[0].Status.Text, "other tabs")
		if got != tt.want {
			t.Errorf("%+v: %v", tt, got)
		}
	}
}

func TestTrackOf(t *testing.T) {
	t.Parallel()
	h := store.New(0)
	for _, ms := range []int64{-1, 0, 6000, 6001, 6002, 12000, 12001} {
		h.Append(store.Number{Position: 1, Received: 1_000_000 + ms})
	}
	// One at the right edge, three together in the middle, one at the left edge;
	// what is older or newer is not there.
	if got, want := trackOf(h, 1_012_000, received), "M600 11L600 21M300 9L300 23M0 11L0 21"; got != want {
		t.Errorf("the track is %s, want %s", got, want)
	}
	if got := trackOf(store.New(0), 0, received); got != "M0 0" {
		t.Errorf("the empty track is %s", got)
	}
}

func TestSevenPointsSayWhatWasMeasured(t *testing.T) {
	t.Parallel()
	v := raceValues{Cuts: 1}
	for w := range ways {
		v.Lanes = append(v.Lanes, laneValues{
			Way: w, Count: 10, Requests: 1, Body: 2000, Median: 5 * time.Millisecond, CutAfter: 1100 * time.Millisecond,
			Messages: 12, Types: 1, TokenBytes: 40, Over: true,
		})
	}
	v.Lanes[wayPoll].Requests, v.Lanes[wayPoll].Heads = 11, 3000
	for i, want := range []string{
		"came over HTTP/2", "Long poll 500 B", "fetch 100\u202fms", "30 bytes", "1 type", "12 messages", "11 requests for 10 numbers",
	} {
		if got := points[i].measured(v, "HTTP/2"); !strings.Contains(got, want) {
			t.Errorf("%s: %q does not say %q", points[i].title, got, want)
		}
	}
	if got := v.verdict(); !strings.Contains(got, "11 requests") || !strings.Contains(got, "1.1\u202fs") {
		t.Errorf("the verdict is %q", got)
	}
	if got := (raceValues{}).verdict(); got != "" {
		t.Errorf("the verdict of nothing is %q", got)
	}
}
