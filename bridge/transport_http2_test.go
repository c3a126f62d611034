// SPDX-License-Identifier: Apache-2.0

package bridge_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"sluice/bridge"
	"sluice/internal/bubble"
)

// overHTTP2 reaches the same bridge by HTTP/2, in the clear.
func (w *world) overHTTP2() *world {
	w.t.Helper()
	var only http.Protocols
	only.SetUnencryptedHTTP2(true)
	front := newPipes()
	web := &http.Server{Handler: w.bridge, Protocols: &only}
	var wg sync.WaitGroup
	wg.Go(func() { web.Serve(front) })
	transport := &http.Transport{Protocols: &only, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return front.dial(ctx) }}
	w.t.Cleanup(func() {
		transport.CloseIdleConnections()
		web.Close()
		wg.Wait()
	})
	return &world{t: w.t, bridge: w.bridge, client: &http.Client{Transport: transport}}
}

// By HTTP/2 it is the same. Only WebSocket is not carried over it: a browser
// opens a connection of HTTP/1.1 for that.
func TestOverHTTP2(t *testing.T) {
	onEachWay(t, func(t *testing.T, y way) {
		rec := &recorder{}
		w := newWorld(t, counting, bridge.WithObserver(rec), bridge.WithWriteTimeout(5*time.Second))
		two := w.overHTTP2()
		if y.name == "websocket" {
			r := two.get("/sse", "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version", "13")
			if f := r.failure(); r.StatusCode != http.StatusNotImplemented || !strings.Contains(f.Message, "HTTP/1.1") {
				t.Errorf("the answer is %s: %+v", r.Status, f)
			}
			return
		}
		v := y.mustOpen(two, "/sse?count=5&min_pause=1s", "")
		id := mustNext(t, v).id
		checkRest(t, v, 2, 5)
		checkRest(t, y.mustOpen(two, "/runs/"+v.run(), id), 2, 5)
		if _, f := y.open(two, "/sse?cuont=1", ""); f == nil || f.http != http.StatusBadRequest {
			t.Errorf("a bad request is %+v", f)
		}
		if y.name == "poll" {
			return
		}
		// Who reads nothing fills its window, and is cut off as by HTTP/1.1.
		y.mustOpen(two, "/sse?count=1000000", "")
		time.Sleep(20 * time.Second)
		synctest.Wait()
		rec.mu.Lock()
		defer rec.mu.Unlock()
		if want := "close " + y.name + " write_timeout"; !slices.Contains(rec.got, want) {
			t.Errorf("the observer was told %v, want %s", rec.got, want)
		}
	})
}

// What a server in between leaves of its connections is enough, or it is said
// what is not.
func TestServersThatHideConnections(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		w := newWorld(t, counting)
		for _, test := range []struct {
			headers []string
			status  int
			says    string
		}{
			{[]string{"Accept", "application/x-ndjson"}, 500, "cannot stream"},
			{handshake(), 500, "cannot upgrade"},
			{[]string{"Accept", "application/json"}, 200, `"position":1,`},
		} {
			rec := httptest.NewRecorder()
			r := httptest.NewRequest(http.MethodGet, "/sse?count=1", nil)
			for i := 0; i < len(test.headers); i += 2 {
				r.Header.Set(test.headers[i], test.headers[i+1])
			}
			w.bridge.ServeHTTP(struct{ http.ResponseWriter }{rec}, r)
			if body, _ := io.ReadAll(rec.Body); rec.Code != test.status || !strings.Contains(string(body), test.says) {
				t.Errorf("%v: the answer is %d %s", test.headers, rec.Code, body)
			}
		}
	})
}
