// SPDX-License-Identifier: Apache-2.0

package bridge_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"sluice/bridge"
	"sluice/bridge/catalog"
	"sluice/bridge/run"
	"sluice/internal/bubble"
	numbersv1 "sluice/proto/gen/sluice/numbers/v1"
)

// ask sends one poll and returns its answer.
func ask(w *world, path, cursor string, headers ...string) (*response, answer) {
	w.t.Helper()
	r := w.get(path, withCursor(headers, cursor)...)
	var a answer
	if r.StatusCode == http.StatusOK {
		if err := json.NewDecoder(r.Body).Decode(&a); err != nil {
			w.t.Fatal(err)
		}
	}
	return r, a
}

func TestPollWaits(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		w := newWorld(t, counting)
		const path = "/sse?endless=true&min_pause=100s"
		for _, test := range []struct {
			accept, prefer, applied string
			waits                   time.Duration
		}{
			{"application/json", "wait=5", "wait=5", 5 * time.Second},
			{"*/*", "wait=0", "wait=1", time.Second},
			// Less than proxies wait for an answer, also where they may take 60 s.
			{"application/json", "wait=60", "wait=50", 50 * time.Second},
			{"application/json", "wait=600", "wait=50", 50 * time.Second},
			{"application/json", "", "", 25 * time.Second},
			{"application/json", "wait=soon", "", 25 * time.Second},
		} {
			start := time.Now()
			r, a := ask(w, path, "", "Accept", test.accept, "Prefer", test.prefer)
			if got := time.Since(start); got != test.waits || r.Header.Get("Preference-Applied") != test.applied {
				t.Errorf("Prefer %q: the answer came after %v with %q", test.prefer, got, r.Header.Get("Preference-Applied"))
			}
			if len(a.Events) != 0 || a.Events == nil || *a.End || *a.Cursor != *a.Run+"-0" {
				t.Errorf("Prefer %q: the answer is %+v", test.prefer, a)
			}
			for name, want := range map[string]string{
				"Content-Type": "application/json", "Cache-Control": "no-store", "Etag": "", "X-Content-Type-Options": "nosniff", "Vary": "Prefer, Accept, Origin", bridge.RunHeader: *a.Run,
			} {
				if got := strings.Join(r.Header.Values(name), ", "); got != want {
					t.Errorf("%s is %q, want %q", name, got, want)
				}
			}
			// The cursor of an answer without events is as good as any.
			again, b := ask(w, path, *a.Cursor, "Accept", "application/json", "Prefer", "wait=60")
			if len(b.Events) == 0 {
				again, b = ask(w, path, *b.Cursor, "Accept", "application/json", "Prefer", "wait=60")
			}
			if again.Header.Get(bridge.RunHeader) != *a.Run || len(b.Events) != 1 || !strings.Contains(string(b.Events[0]), `"position":1,`) {
				t.Errorf("the poll after it is of run %s, want %s: %+v", again.Header.Get(bridge.RunHeader), *a.Run, b)
			}
		}
	})
}

// The end comes with the answer that has the last events, and after it there is
// nothing more.
func TestPollEnds(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		w := newWorld(t, counting)
		r, a := ask(w, "/sse?count=3", "", "Prefer", "wait=5")
		synctest.Wait()
		for !*a.End {
			r, a = ask(w, "/runs/"+r.Header.Get(bridge.RunHeader), *a.Cursor, "Prefer", "wait=5")
		}
		if len(a.Events) == 0 || !strings.HasSuffix(*a.Cursor, "-end") {
			t.Errorf("the last answer is %+v", a)
		}
		if r, _ := ask(w, "/sse?count=3", *a.Cursor, "Prefer", "wait=5"); r.StatusCode != http.StatusNoContent {
			t.Errorf("after the end the answer is %s", r.Status)
		}
		// All at once, of a run that has ended.
		if _, a := ask(w, "/runs/"+*a.Run, "", "Prefer", "wait=5"); !*a.End || len(a.Events) != 4 {
			t.Errorf("of a run that has ended the answer is %+v", a)
		}
	})
}

// An answer that never arrives is asked for again, with what it held.
func TestPollIsCut(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		w := newWorld(t, counting, bridge.WithRuns(run.Config{JournalBytes: 16 << 10}), bridge.WithCatalog(numbersWith(t, func(p *catalog.Policy) {
			// So that nothing but the run itself can go on.
			p.OnDisconnect, p.Resume = catalog.OnDisconnectCancel, catalog.ResumeMapping{}
		})))
		_, a := ask(w, "/sse?endless=true", "", "Prefer", "wait=5")
		var want uint32 = 1
		for range 40 {
			// The request of one that is cut is sent, and its answer not read.
			conn, err := w.client.Transport.(*http.Transport).DialContext(t.Context(), "tcp", "")
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(conn, "GET /runs/%s HTTP/1.1\r\nHost: bridge.test\r\nPrefer: wait=5\r\nLast-Event-ID: %s\r\n\r\n", *a.Run, *a.Cursor)
			bufio.NewReaderSize(conn, 16).ReadByte()
			conn.Close()
			synctest.Wait()

			for _, e := range a.Events {
				var m message
				if err := json.Unmarshal([]byte(objectOf(t, e).data), &m); err != nil || m.Position != want {
					t.Fatalf("the event is %s, want number %d", e, want)
				}
				want++
			}
			var r *response
			if r, a = ask(w, "/runs/"+*a.Run, *a.Cursor, "Prefer", "wait=5"); r.StatusCode != http.StatusOK {
				t.Fatalf("after number %d the run is %s", want-1, r.Status)
			}
		}
		if want < 1000 {
			t.Errorf("only %d numbers came", want-1)
		}
	})
}

// Who goes away before it was told of a run leaves none behind.
func TestPollIsGivenUp(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		w := newWorld(t, counting)
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, host+"/sse?endless=true&min_pause=3600s", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Prefer", "wait=10")
		if res, err := w.client.Do(r); !errors.Is(err, context.DeadlineExceeded) {
			res.Body.Close()
			t.Fatal("there was an answer")
		}
		synctest.Wait()
		if live := w.bridge.Stats().Live; live != 0 {
			t.Errorf("%d runs go on", live)
		}
	})
}

// Whatever polls there are of a run, it is held once, and for no longer than
// after the last of them.
func TestPollsOfOneRun(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		ended := make(chan time.Time, 1)
		w := newWorld(t, func(r *numbersv1.GenerateRequest, s numberStream) error {
			defer func() { ended <- time.Now() }()
			return counting(r, s)
		}, bridge.WithCatalog(numbersWith(t, func(p *catalog.Policy) { p.OnDisconnect = catalog.OnDisconnectCancel })))
		_, first := ask(w, "/sse?endless=true&min_pause=1s", "", "Prefer", "wait=5")
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				at := *first.Cursor
				for range i + 1 {
					r, a := ask(w, "/runs/"+*first.Run, at, "Prefer", "wait=5")
					if r.StatusCode != http.StatusOK || len(a.Events) != 1 {
						t.Errorf("a poll is %s: %+v", r.Status, a)
						return
					}
					at = *a.Cursor
				}
			})
		}
		wg.Wait()
		last := time.Now()
		if got := (<-ended).Sub(last); got != bridge.DefaultPollGrace {
			t.Errorf("the RPC ended %v after the last poll, want %v", got, bridge.DefaultPollGrace)
		}
	})
}

// A bridge that goes away holds no run for who cannot come back to it.
func TestPollsWhenDrained(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		ended := make(chan time.Time, 1)
		w := newWorld(t, func(r *numbersv1.GenerateRequest, s numberStream) error {
			defer func() { ended <- time.Now() }()
			return counting(r, s)
		}, bridge.WithCatalog(numbersWith(t, func(p *catalog.Policy) { p.OnDisconnect = catalog.OnDisconnectCancel })), bridge.WithPollGrace(time.Hour))
		_, a := ask(w, "/sse?endless=true&min_pause=1s", "", "Prefer", "wait=5")
		start := time.Now()
		if err := w.bridge.Drain(t.Context(), time.Minute); err != nil {
			t.Fatal(err)
		}
		if got := (<-ended).Sub(start); got != 0 {
			t.Errorf("the RPC ended %v after the drain began", got)
		}
		r, _ := ask(w, "/sse?endless=true&min_pause=1s", *a.Cursor, "Prefer", "wait=5", "Accept", "application/json")
		if r.StatusCode != http.StatusServiceUnavailable || r.Header.Get("Retry-After") == "" {
			t.Errorf("a poll is %s, to come back after %q s", r.Status, r.Header.Get("Retry-After"))
		}
	})
}

// A poll whose answer is not taken ends like any stream that is not.
func TestPollIsNotRead(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		rec := &recorder{}
		w := newWorld(t, counting, bridge.WithObserver(rec), bridge.WithWriteTimeout(5*time.Second))
		conn, err := w.client.Transport.(*http.Transport).DialContext(t.Context(), "tcp", "")
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprint(conn, "GET /sse?count=5 HTTP/1.1\r\nHost: bridge.test\r\nPrefer: wait=5\r\n\r\n")
		time.Sleep(6 * time.Second)
		synctest.Wait()
		rec.mu.Lock()
		defer rec.mu.Unlock()
		if got := rec.got[len(rec.got)-1]; got != "close poll write_timeout" {
			t.Errorf("the observer was told %v", rec.got)
		}
		if _, err := io.ReadAll(conn); err != nil {
			t.Errorf("the connection was not closed: %v", err)
		}
	})
}

// A POST polls as a GET does.
func TestPollByPost(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		w := newWorld(t, counting)
		const path = "/sluice.numbers.v1.NumberService/Generate"
		cursor, numbers := "", 0
		for {
			r := w.do(http.MethodPost, path, `{"count":5,"minPause":"1s"}`, withCursor(nil, cursor, "Accept", "application/json")...)
			var a answer
			if err := json.NewDecoder(r.Body).Decode(&a); err != nil {
				t.Fatal(err)
			}
			cursor, numbers = *a.Cursor, numbers+len(a.Events)
			if *a.End {
				break
			}
		}
		if numbers != 6 {
			t.Errorf("there were %d events, want 5 numbers and the end", numbers)
		}
	})
}
