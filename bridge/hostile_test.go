// SPDX-License-Identifier: Apache-2.0

package bridge_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"sluice/bridge"
	"sluice/bridge/catalog"
	"sluice/bridge/run"
	"sluice/internal/bubble"
	numbersv1 "sluice/proto/gen/sluice/numbers/v1"
)

// A method of HTTP that nobody knows is refused, also where its name is part of
// one that is known.
func TestUnknownVerbs(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		w := newWorld(t, counting)
		for _, path := range []string{"/sse?count=1", "/runs/" + run.NewID()} {
			for _, verb := range []string{"E", "POS", "GE", "PUT"} {
				r, err := http.NewRequestWithContext(t.Context(), verb, host+path, nil)
				if err != nil {
					t.Fatal(err)
				}
				res, err := w.client.Do(r)
				if err != nil {
					t.Errorf("%s %s: %v", verb, path, err)
					continue
				}
				res.Body.Close()
				if res.StatusCode != http.StatusMethodNotAllowed || res.Header.Get("Allow") == "" {
					t.Errorf("%s %s is answered %s, allowed is %q", verb, path, res.Status, res.Header.Get("Allow"))
				}
			}
		}
	})
}

// What may change something is not called by the page of another origin that
// nobody was asked about: by an image, a link or a form.
func TestOtherPagesCallNothing(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		routes, err := catalog.ParseRoutes("routes.yaml", []byte("routes:\n  - {method: grpc.testing.TestService/UnaryCall, path: /orders/delete}\n"))
		if err != nil {
			t.Fatal(err)
		}
		w := interopWorld(t, bridge.WithRoutes(routes))
		for _, path := range []string{interopService + "UnaryCall?response_size=3", "/orders/delete?response_size=3"} {
			for name, header := range map[string][]string{
				"image of another site":      {"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors"},
				"link of another site":       {"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate"},
				"image of another port":      {"Sec-Fetch-Site", "same-site", "Sec-Fetch-Mode", "no-cors"},
				"link of another port":       {"Sec-Fetch-Site", "same-site", "Sec-Fetch-Mode", "navigate"},
				"browser that does not tell": {"User-Agent", "Mozilla/5.0", "Referer", "http://other.test/"},
			} {
				if r := w.get(path, header...); r.StatusCode != http.StatusForbidden {
					t.Errorf("%s: GET %s is answered %s", name, path, r.Status)
				}
			}
			for name, header := range map[string][]string{
				"page of this origin": {"Sec-Fetch-Site", "same-origin", "Sec-Fetch-Mode", "cors", "User-Agent", "Mozilla/5.0"},
				"program":             {"User-Agent", "curl/8.0"},
			} {
				if r := w.get(path, header...); r.StatusCode != http.StatusOK {
					t.Errorf("%s: GET %s is answered %s", name, path, r.Status)
				}
			}
		}
	})
}

// Who leaves before anything has come does not end a run that another viewer may
// come back to.
func TestLeavingEarlyEndsNobodysRun(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		c := numbersWith(t, func(p *catalog.Policy) {
			p.Share, p.JoinAt, p.OnDisconnect = true, catalog.JoinAtLive, catalog.OnDisconnectLinger
		})
		w := newWorld(t, counting, bridge.WithCatalog(c))
		const path = "/sse?endless=true&min_pause=5s"
		first := w.get(path)
		id := first.next().ID
		first.close()
		time.Sleep(time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, host+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if res, err := w.client.Do(r); err == nil {
			res.Body.Close()
			t.Fatal("the second viewer was answered before it left")
		}
		time.Sleep(time.Second)
		runID, _, _ := strings.Cut(id, "-")
		if e := w.get("/runs/"+runID, "Last-Event-ID", id).next(); e.Type == "end" {
			t.Errorf("the run was ended by a viewer that left: %s", e.Data)
		}
	})
}

// Polls of a stream that was taken up from elsewhere and is quiet read one run.
func TestPollsOfAResumedStreamReadOneRun(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		w := newWorld(t, func(r *numbersv1.GenerateRequest, s numberStream) error {
			calls.Add(1)
			return counting(r, s)
		})
		cursor := run.EventID{Run: run.NewID(), Seq: 4, Position: "at4"}.String()
		for range 10 {
			_, a := ask(w, "/sse?endless=true&min_pause=1000s", cursor, "Accept", "application/json", "Prefer", "wait=2")
			cursor = *a.Cursor
		}
		if n := calls.Load(); n != 1 {
			t.Errorf("10 polls made %d calls", n)
		}
	})
}

// Who has got nothing of a call with one answer is not told to have all.
func TestForgottenCallIsNotAnswered(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		w := interopWorld(t)
		r := w.get(interopService+"UnaryCall?response_size=3", "Accept", "application/json", "Prefer", "wait=5",
			"Last-Event-ID", run.EventID{Run: run.NewID()}.String())
		if r.StatusCode != http.StatusNotFound {
			t.Errorf("a poll of a call that nobody knows is answered %s", r.Status)
		}
	})
}

// A backend that begins with the same event each time it is called again does
// not keep a stream going for ever.
func TestResumeThatGetsNowhere(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		w := newWorld(t, func(_ *numbersv1.GenerateRequest, s numberStream) error {
			if err := s.Send(&numbersv1.GenerateResponse{Position: 1, ResumeToken: "at1"}); err != nil {
				return err
			}
			return status.Error(codes.Unavailable, "broken")
		})
		start := time.Now()
		events := w.get("/sse?endless=true").all()
		last := events[len(events)-1]
		var end struct{ Code string }
		if err := json.Unmarshal(last.Data, &end); err != nil || last.Type != "end" || end.Code != "UNAVAILABLE" {
			t.Errorf("the stream closed with %s %s", last.Type, last.Data)
		}
		if took := time.Since(start); took > 2*run.DefaultReopenFor {
			t.Errorf("it went on for %v", took)
		}
	})
}
