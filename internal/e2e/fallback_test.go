// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"

	"sluice/internal/rig"
)

// hoarder is a proxy that passes an answer on in pieces of a size, as proxies do
// that buffer, and may not know about upgrades.
type hoarder struct {
	*httputil.ReverseProxy
	sockets bool
	size    int
}

func newHoarder(t *testing.T, target string, size int, sockets bool) *hoarder {
	t.Helper()
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	h := &hoarder{ReverseProxy: httputil.NewSingleHostReverseProxy(u), size: size, sockets: sockets}
	// Connections that the test cuts are nothing to complain of.
	h.ErrorHandler = func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) }
	return h
}

func (h *hoarder) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Upgrade") != "" {
		if !h.sockets {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		h.ReverseProxy.ServeHTTP(w, r)
		return
	}
	hoard := &hoard{ResponseWriter: w, size: h.size}
	defer hoard.release()
	h.ReverseProxy.ServeHTTP(hoard, r)
}

// hoard is a response that is let go when a buffer is full, or at its end. What
// asks for a flush is not heard.
type hoard struct {
	http.ResponseWriter
	size   int
	status int

	mu     sync.Mutex
	buffer []byte
}

func (h *hoard) WriteHeader(status int) { h.status = status }

func (h *hoard) Flush() {}

func (h *hoard) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.buffer = append(h.buffer, p...)
	if len(h.buffer) >= h.size {
		if err := h.pass(); err != nil {
			return 0, err
		}
		if err := http.NewResponseController(h.ResponseWriter).Flush(); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}

func (h *hoard) release() {
	h.mu.Lock()
	defer h.mu.Unlock()
	_ = h.pass()
}

func (h *hoard) pass() error {
	if h.status != 0 {
		h.ResponseWriter.WriteHeader(h.status)
		h.status = 0
	}
	_, err := h.ResponseWriter.Write(h.buffer)
	h.buffer = nil
	return err
}

// The page notices that numbers are held back on their way, says so with the line
// to change, and reads on over what lets them through.
func TestBufferingProxy(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		sockets bool
		query   string
		size    int
		want    string
	}{
		// 4096 bytes are some twenty numbers.
		{"in bursts", true, "?count=200&min_pause=0.05s&max_pause=0.05s", 4 << 10, "WebSocket"},
		{"not at all", true, "?count=30&min_pause=0.5s&max_pause=0.5s", 1 << 20, "WebSocket"},
		{"and no WebSocket", false, "?count=200&min_pause=0.05s&max_pause=0.05s", 4 << 10, "long polling"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := rig.Start(t, rig.Config{})
			front := rig.Serve(t, newHoarder(t, r.URL, tt.size, tt.sockets))
			t.Cleanup(front.Close)
			p := newBrowser(t).newPage()
			p.open(front.URL + "/" + tt.query)
			p.click("Start")
			p.wait("the page says what it has done", `/Reading over `+tt.want+` now/.test(document.querySelector('.notice').innerText)`)
			evaluate[bool](p, `document.querySelector('.notice details').open = true`)
			said := notice(p)
			for _, want := range []string{"by itself", "proxy_buffering off;", "X-Accel-Buffering: no"} {
				if !strings.Contains(said, want) {
					t.Errorf("the notice does not say %q: %s", want, said)
				}
			}
			p.waitState("Finished")
			count := 200
			if strings.Contains(tt.query, "count=30") {
				count = 30
			}
			p.checkPositions(count)
			p.forgive("WebSocket")
			p.forgive("net::ERR_")
		})
	}
}

// A page that reads through no such proxy says nothing.
func TestNoProxyNoNotice(t *testing.T) {
	_, _, p := start(t, rig.Config{}, "?count=300&min_pause=0.05s&max_pause=0.05s")
	p.click("Start")
	p.waitNumber(3)
	p.click("Cut the connection")
	p.waitState("Finished")
	p.checkPositions(300)
	if said := notice(p); said != "" {
		t.Errorf("the page says %q", said)
	}
}
