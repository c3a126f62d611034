// SPDX-License-Identifier: Apache-2.0

package bridge_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"sluice/bridge"
	"sluice/bridge/catalog"
	"sluice/bridge/run"
	"sluice/internal/bubble"
	numbersv1 "sluice/proto/gen/sluice/numbers/v1"
)

// onEachWay runs a test over every transport, in a bubble of its own.
func onEachWay(t *testing.T, f func(t *testing.T, y way)) {
	t.Parallel()
	for _, y := range ways {
		t.Run(y.name, func(t *testing.T) {
			t.Parallel()
			bubble.Test(t, func(t *testing.T) { f(t, y) })
		})
	}
}

// All transports carry the same events of one run, under the same ids.
func TestSameEvents(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		w := newWorld(t, counting, bridge.WithCatalog(numbersWith(t, func(p *catalog.Policy) { p.Event = `a "number"` })))
		first := ways[0].mustOpen(w, "/sse?count=30&min_pause=0.2s", "")
		got := make([][]event, len(ways))
		var wg sync.WaitGroup
		for i, y := range ways {
			v := y.mustOpen(w, "/runs/"+first.run(), "")
			if v.run() != first.run() {
				t.Errorf("%s reads run %q, want %q", y.name, v.run(), first.run())
			}
			wg.Go(func() {
				all, err := rest(v)
				if !errors.Is(err, io.EOF) {
					t.Errorf("%s: %v", y.name, err)
				}
				got[i] = all
			})
		}
		wg.Wait()
		want, err := rest(first)
		if len(want) != 31 || !errors.Is(err, io.EOF) || want[0].kind != `a "number"` {
			t.Fatalf("got %d events and %v, the first is %+v", len(want), err, want[0])
		}
		for i, y := range ways {
			if !slices.Equal(got[i], want) {
				t.Errorf("%s carries\n%v, want\n%v", y.name, got[i], want)
			}
		}
	})
}

// Each event comes when it is made.
func TestEventsComeAtOnce(t *testing.T) {
	onEachWay(t, func(t *testing.T, y way) {
		w := newWorld(t, counting)
		start := time.Now()
		v := y.mustOpen(w, "/sse?count=5&min_pause=1s", "")
		for i := 1; i <= 5; i++ {
			checkNumber(t, mustNext(t, v), uint32(i))
			if got, want := time.Since(start), time.Duration(i)*time.Second; got != want {
				t.Fatalf("number %d came after %v, want %v", i, got, want)
			}
		}
		checkEnd(t, v, `{"code":"OK"}`)
	})
}

// checkEnd holds that the end is next, and last.
func checkEnd(t *testing.T, v viewing, data string) {
	t.Helper()
	if e := mustNext(t, v); e.kind != "end" || e.data != data {
		t.Errorf("the end is %+v, want %s", e, data)
	}
	if e, err := v.next(); !errors.Is(err, io.EOF) {
		t.Errorf("after the end there is %+v, %v", e, err)
	}
}

func TestResumeByEachTransport(t *testing.T) {
	onEachWay(t, func(t *testing.T, y way) {
		calls := 0
		w := newWorld(t, func(r *numbersv1.GenerateRequest, s numberStream) error {
			calls++
			return counting(r, s)
		})
		const path = "/sse?count=10&min_pause=1s"
		v := y.mustOpen(w, path, "")
		for range 3 {
			mustNext(t, v)
		}
		id := mustNext(t, v).id
		v.leave()
		time.Sleep(3 * time.Second)
		again := y.mustOpen(w, path, id)
		if again.run() != v.run() {
			t.Error("who came back reads another run")
		}
		checkRest(t, again, 5, 10)
		checkRest(t, y.mustOpen(w, "/runs/"+v.run(), id), 5, 10)
		checkRest(t, y.mustOpen(w, "/runs/"+v.run(), ""), 1, 10)
		if calls != 1 {
			t.Errorf("the method was called %d times", calls)
		}
		// A bridge that never saw the run goes on by the position in the id.
		foreign := run.EventID{Run: run.NewID(), Seq: 4, Position: "at4"}
		elsewhere := y.mustOpen(w, path, foreign.String())
		if elsewhere.run() != foreign.Run {
			t.Errorf("the run that goes on here is %s, want %s", elsewhere.run(), foreign.Run)
		}
		checkRest(t, elsewhere, 5, 10)
	})
}

func TestResetByEachTransport(t *testing.T) {
	onEachWay(t, func(t *testing.T, y way) {
		w := newWorld(t, counting, bridge.WithRuns(run.Config{JournalBytes: 16 << 10}))
		reset := func(v viewing) (reason string, first uint64) {
			t.Helper()
			e := mustNext(t, v)
			var data struct {
				Reason string
				First  uint64
			}
			if err := json.Unmarshal([]byte(e.data), &data); err != nil || e.kind != "reset" || e.id != "" || data.Reason == "" {
				t.Fatalf("the first event is %+v, want a reset", e)
			}
			return data.Reason, data.First
		}
		const path = "/sse?count=3&min_pause=1s"
		for _, test := range []struct{ id, reason string }{
			{"17", "not one of this bridge"},
			{"\xff\xfe", "not one of this bridge"},
			{run.EventID{Run: run.NewID(), Seq: 2}.String(), "not known here"},
		} {
			v := y.mustOpen(w, path, test.id)
			if reason, first := reset(v); !strings.Contains(reason, test.reason) || first != 1 {
				t.Errorf("after id %q it is reset to %d since %q", test.id, first, reason)
			}
			checkRest(t, v, 1, 3)
		}
		// Of a journal that has let the start go.
		whole := y.mustOpen(w, "/sse?count=1000", "")
		checkRest(t, whole, 1, 1000)
		late := y.mustOpen(w, "/runs/"+whole.run(), "")
		_, first := reset(late)
		if first < 500 {
			t.Fatalf("the journal goes back to %d", first)
		}
		checkRest(t, late, uint32(first), 1000)
	})
}

func TestAfterTheEndByEachTransport(t *testing.T) {
	onEachWay(t, func(t *testing.T, y way) {
		w := newWorld(t, counting)
		v := y.mustOpen(w, "/sse?count=2", "")
		all, _ := rest(v)
		end := all[len(all)-1].id
		for _, path := range []string{"/sse?count=2", "/runs/" + v.run()} {
			again, f := y.open(w, path, end)
			if s, ok := again.(*socketViewing); ok {
				// It opens, and that is all.
				if all, _ := rest(s); len(all) != 0 || s.closed.Code != 1000 || s.closed.Reason == "" || s.run() != v.run() {
					t.Errorf("GET %s after the end is %v of run %s, closed with %+v", path, all, s.run(), s.closed)
				}
			} else if f == nil || f.code != "over" {
				t.Errorf("GET %s after the end is %+v", path, f)
			}
		}
	})
}

// A quiet stream is kept alive, and what comes then comes.
func TestQuietByEachTransport(t *testing.T) {
	onEachWay(t, func(t *testing.T, y way) {
		w := newWorld(t, counting)
		start := time.Now()
		v := y.mustOpen(w, "/sse?count=2&min_pause=50s", "")
		// A poll has waited by then for as long as it said that it would.
		want := bridge.DefaultCommitWait
		if y.name == "poll" {
			want = 20 * time.Second
		}
		if got := time.Since(start); got != want {
			t.Errorf("the stream opened after %v, want %v", got, want)
		}
		checkRest(t, v, 1, 2)
		// 15 s, 30 s and 45 s after the opening, and after the first number;
		// a poll is answered with nothing after 20 s and 40 s.
		beats := 6
		if y.name == "poll" {
			beats = 4
		}
		if v.alive() != beats {
			t.Errorf("there were %d signs of life, want %d", v.alive(), beats)
		}
	})
}

// That a viewer goes away reaches the backend, by the method's policy. Between
// two polls nobody has gone.
func TestPoliciesByEachTransport(t *testing.T) {
	onEachWay(t, func(t *testing.T, y way) {
		for _, test := range []struct {
			policy catalog.OnDisconnect
			after  time.Duration
		}{
			{catalog.OnDisconnectCancel, 0},
			{catalog.OnDisconnectLinger, 30 * time.Second},
		} {
			ended := make(chan time.Time, 1)
			w := newWorld(t, func(r *numbersv1.GenerateRequest, s numberStream) error {
				defer func() { ended <- time.Now() }()
				return counting(r, s)
			}, bridge.WithCatalog(numbersWith(t, func(p *catalog.Policy) { p.OnDisconnect = test.policy })), bridge.WithPollGrace(7*time.Second))
			v := y.mustOpen(w, "/sse?endless=true&min_pause=1s", "")
			for n := range uint32(20) {
				checkNumber(t, mustNext(t, v), n+1)
			}
			left := time.Now()
			v.leave()
			want := test.after
			if y.name == "poll" {
				want += 7 * time.Second
			}
			if got := (<-ended).Sub(left); got != want {
				t.Errorf("%v: the RPC ended %v after the viewer left, want %v", test.policy, got, want)
			}
		}
	})
}

// A run that is cancelled ends for all who read it.
func TestCancelByEachTransport(t *testing.T) {
	onEachWay(t, func(t *testing.T, y way) {
		w := newWorld(t, counting)
		v := y.mustOpen(w, "/sse?endless=true&min_pause=1s", "")
		mustNext(t, v)
		if r := w.do(http.MethodDelete, "/runs/"+v.run(), ""); r.StatusCode != http.StatusNoContent {
			t.Fatalf("DELETE is %s", r.Status)
		}
		checkEnd(t, v, `{"code":"CANCELLED","message":"the run was cancelled"}`)
	})
}

// What cannot be a stream is told with the status that it has.
func TestRefusalsByEachTransport(t *testing.T) {
	onEachWay(t, func(t *testing.T, y way) {
		called := false
		w := newWorld(t, func(r *numbersv1.GenerateRequest, _ numberStream) error {
			called = true
			time.Sleep(100 * time.Millisecond)
			return status.Error(codes.Code(r.Count), "early")
		})
		for _, test := range []struct {
			path, cursor string
			headers      []string
			code         string
			http         int
		}{
			{"/sse?cuont=5", "", nil, "INVALID_ARGUMENT", 400},
			{"/nothing", "", nil, "NOT_FOUND", 404},
			{"/runs/" + run.NewID(), "", nil, "NOT_FOUND", 404},
			{"/sse", "", []string{"Grpc-Metadata-Te", "x"}, "INVALID_ARGUMENT", 400},
			{"/sse", "", []string{"Origin", "https://elsewhere.test"}, "PERMISSION_DENIED", 403},
		} {
			v, f := y.open(w, test.path, test.cursor, test.headers...)
			if f == nil {
				t.Errorf("GET %s %v is run %s", test.path, test.headers, v.run())
				continue
			}
			if f.code != test.code || f.message == "" {
				t.Errorf("GET %s %v is %+v, want %s", test.path, test.headers, *f, test.code)
			}
			// Only another site's page is shown the status of a WebSocket's
			// opening, so that it is none.
			if want := test.http; (y.name != "websocket" || want == 403) && f.http != want {
				t.Errorf("GET %s %v is %+v, want %d", test.path, test.headers, *f, want)
			}
		}
		if called {
			t.Error("the method was called")
		}
		for c := codes.Canceled; c <= codes.Unauthenticated; c++ {
			_, f := y.open(w, fmt.Sprintf("/sse?count=%d", c), "")
			if f == nil || f.message != "early" || f.http != 0 && f.http != bridge.HTTPStatus(c) {
				t.Errorf("%v is %+v", c, f)
			}
		}
		synctest.Wait()
		if got := w.bridge.Stats(); got != (run.Stats{}) {
			t.Errorf("the bridge still carries %+v", got)
		}
	})
}

// An error that comes late is the end.
func TestLateErrorByEachTransport(t *testing.T) {
	onEachWay(t, func(t *testing.T, y way) {
		w := newWorld(t, func(r *numbersv1.GenerateRequest, s numberStream) error {
			if err := counting(r, s); err != nil {
				return err
			}
			return status.Error(codes.ResourceExhausted, "no more")
		})
		v := y.mustOpen(w, "/sse?count=2&min_pause=1s", "")
		mustNext(t, v)
		mustNext(t, v)
		checkEnd(t, v, `{"code":"RESOURCE_EXHAUSTED","message":"no more"}`)
	})
}
