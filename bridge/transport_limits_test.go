// SPDX-License-Identifier: Apache-2.0

package bridge_test

import (
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"sluice/bridge"
	"sluice/bridge/run"
)

// A bridge that goes away closes each stream at a moment of its own, without
// an end, and opens no other.
func TestDrainByEachTransport(t *testing.T) {
	onEachWay(t, func(t *testing.T, y way) {
		const viewers, window = 20, 10 * time.Second
		w := newWorld(t, counting)
		closed := make(map[time.Duration]bool)
		var mu sync.Mutex
		var wg sync.WaitGroup
		var start time.Time
		for range viewers {
			wg.Go(func() {
				if all, err := rest(y.mustOpen(w, "/sse?endless=true&min_pause=60s", "")); !errors.Is(err, errCut) || len(all) != 0 {
					t.Errorf("a stream got %v, and stopped by %v", all, err)
				}
				mu.Lock()
				defer mu.Unlock()
				closed[time.Since(start)] = true
			})
		}
		time.Sleep(time.Second)
		start = time.Now()
		if err := w.bridge.Drain(t.Context(), window); err != nil {
			t.Errorf("Drain: %v", err)
		}
		if _, f := y.open(w, "/sse", ""); f == nil || f.code != "UNAVAILABLE" {
			t.Errorf("a new stream is %+v", f)
		}
		wg.Wait()
		// The other side of a WebSocket is waited for.
		if got := time.Since(start); got > window+time.Second || len(closed) < viewers*9/10 {
			t.Errorf("%d streams closed at %d moments within %v", viewers, len(closed), got)
		}
	})
}

// A stream reaches its age and goes on without a loss. A poll has none.
func TestAgeByEachTransport(t *testing.T) {
	onEachWay(t, func(t *testing.T, y way) {
		w := newWorld(t, counting, bridge.WithMaxAge(100*time.Second))
		if y.name == "poll" {
			checkRest(t, y.mustOpen(w, "/sse?count=100&min_pause=3s", ""), 1, 100)
			return
		}
		start := time.Now()
		const path = "/sse?count=100&min_pause=3s"
		all, err := rest(y.mustOpen(w, path, ""))
		if age := time.Since(start); !errors.Is(err, errCut) || age < 80*time.Second || age > 101*time.Second {
			t.Fatalf("the stream stopped by %v after %v", err, age)
		}
		again := y.mustOpen(w, path, all[len(all)-1].id)
		checkNumber(t, mustNext(t, again), uint32(len(all))+1)
	})
}

// Who reads nothing is cut off in time; who reads slowly is not, and loses
// nothing.
func TestSlowByEachTransport(t *testing.T) {
	onEachWay(t, func(t *testing.T, y way) {
		rec := &recorder{}
		w := newWorld(t, counting, bridge.WithObserver(rec), bridge.WithWriteTimeout(5*time.Second))
		v := y.mustOpen(w, "/sse?count=3000", "")
		for n := range uint32(3000) {
			checkNumber(t, mustNext(t, v), n+1)
			if n%500 == 0 {
				time.Sleep(4 * time.Second)
			}
		}
		checkEnd(t, v, `{"code":"OK"}`)
		if y.name == "poll" {
			return // a client that does not read an answer is of the next test
		}
		y.mustOpen(w, "/sse?endless=true", "")
		time.Sleep(20 * time.Second)
		synctest.Wait()
		rec.mu.Lock()
		defer rec.mu.Unlock()
		if want := "close " + y.name + " write_timeout"; !slices.Contains(rec.got, want) {
			t.Errorf("the observer was told %v, want %s", rec.got, want)
		}
	})
}

// Who falls a whole journal behind another viewer is sent away, and told what
// it lost when it comes back.
func TestBehindByEachTransport(t *testing.T) {
	onEachWay(t, func(t *testing.T, y way) {
		rec := &recorder{}
		w := newWorld(t, counting, bridge.WithObserver(rec), bridge.WithRuns(run.Config{JournalBytes: 16 << 10}))
		const path = "/sse?count=1500&min_pause=0.001s"
		slow := y.mustOpen(w, path, "")
		var comments []string
		if s, ok := slow.(*eventViewing); ok {
			s.events.OnComment = func(text []byte) { comments = append(comments, string(text)) }
		}
		first := mustNext(t, slow)
		checkRest(t, ways[0].mustOpen(w, "/runs/"+slow.run(), first.id), 2, 1500)
		all, err := rest(slow)
		if y.name == "poll" {
			// Its next poll is the coming back, and the method can resume.
			if !errors.Is(err, io.EOF) || len(all) != 1500 {
				t.Errorf("after %d events the polls stop by %v", len(all), err)
			}
			return
		}
		if !errors.Is(err, errCut) || len(all) > 1000 {
			t.Errorf("after %d events the stream stopped by %v", len(all), err)
		}
		// NDJSON has nowhere to say it: a body without the end says it all.
		switch s := slow.(type) {
		case *eventViewing:
			if !slices.Contains(comments, "closed: behind") {
				t.Errorf("the comments are %q", comments)
			}
		case *socketViewing:
			if s.closed.Code != 1008 || s.closed.Reason != "behind" {
				t.Errorf("the socket was closed with %+v", s.closed)
			}
		}
		synctest.Wait()
		rec.mu.Lock()
		if want := "close " + y.name + " behind"; !slices.Contains(rec.got, want) {
			t.Errorf("the observer was told %v, want %s", rec.got, want)
		}
		rec.mu.Unlock()
		// It comes back with its id: by the method it catches up, for that can go
		// on by itself; the run says from where on it still can be read.
		got := uint32(len(all)) + 1
		last := first
		if len(all) > 0 {
			last = all[len(all)-1]
		}
		checkNumber(t, last, got)
		checkRest(t, y.mustOpen(w, path, last.id), got+1, 1500)
		again := y.mustOpen(w, "/runs/"+slow.run(), last.id)
		var data struct {
			Reason string
			First  uint32
		}
		if e := mustNext(t, again); json.Unmarshal([]byte(e.data), &data) != nil || e.kind != "reset" || data.Reason == "" || data.First <= got+1 {
			t.Fatalf("who was left behind at %d comes back to %+v", got, e)
		}
		checkRest(t, again, data.First, 1500)
	})
}

// The same is counted for all.
func TestObserverByEachTransport(t *testing.T) {
	onEachWay(t, func(t *testing.T, y way) {
		rec := &recorder{}
		w := newWorld(t, counting, bridge.WithObserver(rec))
		rest(y.mustOpen(w, "/sse?count=2", ""))
		synctest.Wait()
		want := "known|run sluice.numbers.v1.NumberService/Generate|ended OK|open " + y.name + "|close " + y.name + " end"
		got := slices.DeleteFunc(slices.Clone(rec.got), func(s string) bool { return s == "close poll answered" })
		if y.name == "poll" {
			// However many polls that took.
			got = slices.Compact(got)
		}
		slices.SortStableFunc(got, func(a, b string) int {
			// When the run ends beside its being read is nobody's concern.
			rank := func(s string) int {
				return slices.Index([]string{"known", "run", "ended", "open", "close"}, strings.Fields(s)[0])
			}
			return rank(a) - rank(b)
		})
		if strings.Join(slices.Compact(got), "|") != want {
			t.Errorf("the observer was told\n%s, want\n%s", strings.Join(got, "|"), want)
		}
	})
}
