// SPDX-License-Identifier: Apache-2.0

package proxies

import (
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"sluice/bridge"
	"sluice/internal/rig"
)

// A server is one that people put in front of a bridge.
type server struct {
	name string
	// start starts it in front of the bridge at an address, for the test. It
	// cuts what is silent for longer than the timeout, or than it does by
	// itself if that is 0.
	start func(t testing.TB, to string, timeout time.Duration) *front
}

var servers = []server{
	{"nginx", func(t testing.TB, to string, timeout time.Duration) *front {
		return nginx(t, to, timeout, site{file: "nginx.conf", speaks: []protocol{http1, http2c}}, site{file: "nginx-tls.conf", speaks: []protocol{http2s}})
	}},
	{"nginx, unbuffered", func(t testing.TB, to string, timeout time.Duration) *front {
		return nginx(t, to, timeout, site{file: "nginx-unbuffered.conf", speaks: []protocol{http1, http2c}})
	}},
	{"nginx, gzip", func(t testing.TB, to string, timeout time.Duration) *front {
		return nginx(t, to, timeout, site{file: "nginx-gzip.conf", speaks: []protocol{http1, http2c}})
	}},
	{"Caddy", func(t testing.TB, to string, timeout time.Duration) *front { return caddy(t, to, timeout) }},
	{"HAProxy", func(t testing.TB, to string, timeout time.Duration) *front { return haproxy(t, to, timeout) }},
	{"Apache", apache},
}

// started starts all servers in front of the bridge of r.
func started(t testing.TB, r *rig.Rig, timeout time.Duration) []*front {
	t.Helper()
	fronts := make([]*front, len(servers))
	for i, s := range servers {
		fronts[i] = s.start(t, strings.TrimPrefix(r.URL, "http://"), timeout)
		fronts[i].name = s.name
	}
	return fronts
}

// missing says why a transport is not read over a protocol of a server. Where
// it says nothing it is read.
func missing(f *front, p protocol, tr transport) string {
	switch {
	case f.urls[p] == "":
		return "the configuration has no TLS; nginx-tls.conf has it"
	case tr.name == webSocket.name && p == http2c:
		return "no browser speaks it, and a WebSocket over HTTP/2 (RFC 8441) is nothing that Go's server knows"
	case tr.name == webSocket.name && f.name == "nginx, unbuffered":
		return "the configuration takes the request's Upgrade away; TestRefusedUpgrade has what comes instead"
	}
	return ""
}

// TestMatrix reads streams of every shape, in every way, over every protocol,
// through every server: what is read is always the same.
func TestMatrix(t *testing.T) {
	t.Parallel()
	r := rig.Start(t, rig.Config{Bridge: []bridge.Option{bridge.WithHeartbeat(heartbeat), bridge.WithCommitWait(commitWait)}})
	fronts := append([]*front{direct(t, r)}, started(t, r, idle)...)
	shapes := shapes()
	readAll(t, fronts, transports(pollWait), shapes, references(t, fronts[0], shapes))
}

// readAll reads streams of every shape in these ways, over every protocol of
// every front, and compares each with the one wanted.
func readAll(t *testing.T, fronts []*front, transports []transport, shapes []shape, want []*story) {
	t.Helper()
	table := &table{}
	for _, s := range shapes {
		table.columns = append(table.columns, s.name)
	}
	// Quiet streams take time and nothing else, and are read all at once.
	busy := make(chan struct{}, 2*runtime.GOMAXPROCS(0))
	var wg sync.WaitGroup
	for _, f := range fronts {
		for _, p := range protocols {
			for _, tr := range transports {
				row := table.add(f.name, p, tr, missing(f, p, tr))
				if row.why != "" {
					continue
				}
				for i, s := range shapes {
					wg.Go(func() {
						if !s.quiet {
							busy <- struct{}{}
							defer func() { <-busy }()
						}
						t.Run(strings.Join([]string{f.name, string(p), tr.name, s.name}, "/"), func(t *testing.T) {
							got, err := s.read(t.Context(), tr, f.urls[p], func() *http.Client { return f.client(t, p, tr) }, want[i])
							if err != nil {
								t.Fatal(err)
							}
							row.set(s.name, got.first)
						})
					})
				}
			}
		}
	}
	wg.Wait()
	t.Logf("time to the first number in ms, or to the refusal:\n%s", table)
}

// references reads each shape with nothing in front of the bridge.
func references(t *testing.T, f *front, shapes []shape) []*story {
	t.Helper()
	want := make([]*story, len(shapes))
	var wg sync.WaitGroup
	for i, s := range shapes {
		s.cuts = nil
		wg.Go(func() {
			got, err := s.read(t.Context(), eventStream, f.urls[http1], func() *http.Client { return f.client(t, http1, eventStream) }, nil)
			if err != nil {
				t.Errorf("%s: %v", s.name, err)
			}
			want[i] = got
		})
	}
	wg.Wait()
	if t.Failed() {
		t.FailNow()
	}
	return want
}
