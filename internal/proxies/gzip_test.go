// SPDX-License-Identifier: Apache-2.0

package proxies

import (
	"slices"
	"strings"
	"testing"

	"sluice/bridge"
	"sluice/internal/rig"
)

// soon is a stream that is over at once.
const soon = "/sse?count=1&min_pause=0s&max_pause=0s"

// A request asks for a transport that is the body of an answer.
type request struct {
	transport
	header []string
}

var (
	streamRequests = []request{{eventStream, []string{"Accept", "text/event-stream"}}, {lines, []string{"Accept", "application/x-ndjson"}}}
	pollRequest    = request{longPoll(pollWait), []string{"Accept", "application/json", "Prefer", "wait=1"}}
)

// checkCompressed holds that what is asked for comes compressed, or not, for who
// can read that.
func checkCompressed(t testing.TB, f *front, p protocol, r request, want bool) {
	t.Helper()
	res, err := ask(t.Context(), f.client(t, p, r.transport), f.urls[p]+soon, "", r.header...)
	if err != nil {
		t.Fatalf("%s, %s, %s: %v", f.name, p, r.name, err)
	}
	// Go's client asks for gzip, reads it, and takes the header away.
	if res.Body.Close(); res.Uncompressed != want {
		t.Errorf("%s, %s, %s: compressed is %v, want %v: %v", f.name, p, r.name, res.Uncompressed, want, res.Header)
	}
}

// The nginx that is to compress does, so that what other tests find through it
// is true of compressed streams.
func TestGzip(t *testing.T) {
	t.Parallel()
	r := rig.Start(t, rig.Config{})
	f := nginx(t, strings.TrimPrefix(r.URL, "http://"), 0, site{file: "nginx-gzip.conf", speaks: []protocol{http1}})
	for _, one := range append(streamRequests, pollRequest) {
		checkCompressed(t, f, http1, one, true)
	}
}

// Where the bridge compresses, every server passes that on as it is, with
// every event, as it comes. Where it does not, none does by itself but the nginx
// that is told to: also not Caddy with its line "encode". It does not run beside
// the other tests, which are enough for a machine.
func TestCompression(t *testing.T) {
	options := []bridge.Option{bridge.WithHeartbeat(heartbeat), bridge.WithCommitWait(commitWait)}
	plain := rig.Start(t, rig.Config{Bridge: options})
	gzip := rig.Start(t, rig.Config{Bridge: append(options, bridge.WithCompression(true))})
	fronts := append([]*front{direct(t, gzip)}, started(t, gzip, 0)...)
	for _, f := range fronts {
		for p := range f.urls {
			for _, one := range streamRequests {
				checkCompressed(t, f, p, one, true)
			}
		}
	}
	for _, f := range started(t, plain, 0) {
		for p := range f.urls {
			for _, one := range streamRequests {
				checkCompressed(t, f, p, one, f.name == "nginx, gzip")
			}
		}
	}
	// The rest is the matter of TestMatrix.
	shapes := slices.DeleteFunc(shapes(), func(s shape) bool { return s.early || s.name == "failing late" })
	want := references(t, direct(t, plain), shapes)
	readAll(t, fronts, []transport{eventStream, lines}, shapes, want)
}
