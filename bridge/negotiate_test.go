// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"net/http"
	"testing"
	"time"
)

func request(headers ...string) *http.Request {
	r := &http.Request{Method: http.MethodGet, ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{}}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	return r
}

func TestNegotiate(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		accept, prefer string
		want           string
	}{
		{"", "", transportSSE},
		{"*/*", "", transportSSE},
		{"text/event-stream", "", transportSSE},
		{"Text/Event-Stream; charset=utf-8", "", transportSSE},
		{"text/*", "", transportSSE},
		{"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8", "", transportSSE},
		{"text/event-stream, application/json", "", transportSSE},
		{"application/json, text/event-stream", "", transportSSE},
		{"application/x-ndjson", "", transportNDJSON},
		{"application/x-ndjson, */*", "", transportNDJSON},
		{"application/*", "", transportNDJSON},
		{"application/json", "", transportPoll},
		{"application/json, text/plain, */*", "", transportPoll},

		// The best liked is chosen, whatever its place.
		{"text/event-stream;q=0.5, application/x-ndjson;q=0.9", "", transportNDJSON},
		{"application/json;q=0.9, application/x-ndjson;q=0.1", "", transportPoll},
		{"application/json;q=0.2, */*;q=0.1", "", transportPoll},
		{"text/event-stream;q=0.2, */*", "", transportNDJSON},
		// What is named most closely decides, also against.
		{"*/*, text/event-stream;q=0", "", transportNDJSON},
		{"*/*, text/event-stream;q=0, application/*;q=0", "", ""},
		{"application/*;q=0, application/json", "", transportPoll},
		// What cannot be read is passed over.
		{"application/json;q=many", "", transportPoll},
		{"application/json;q=7", "", transportPoll},
		{",;, application/x-ndjson ,", "", transportNDJSON},
		{"text/html", "", ""},
		{"text/event-stream;q=0", "", ""},

		// Who would wait polls, unless a stream is named.
		{"", "wait=5", transportPoll},
		{"*/*", "wait=5", transportPoll},
		{"application/json", "wait=5", transportPoll},
		{"application/*", "respond-async, wait=5", transportPoll},
		{"application/json, */*", "wait=5", transportPoll},
		{"text/event-stream, application/json", "wait=5", transportSSE},
		{"application/x-ndjson, */*", "wait=5", transportNDJSON},
		{"text/event-stream", "wait=5", transportSSE},
		{"text/html", "wait=5", ""},
		{"*/*", "respond-async", transportSSE},
		{"*/*", "wait=soon", transportSSE},
	} {
		r := request()
		if test.accept != "" {
			r.Header.Set("Accept", test.accept)
		}
		if test.prefer != "" {
			r.Header.Set("Prefer", test.prefer)
		}
		if got := negotiate(r); got != test.want {
			t.Errorf("Accept %q and Prefer %q get %q, want %q", test.accept, test.prefer, got, test.want)
		}
	}
	// In two headers it is the same as in one.
	if got := negotiate(request("Accept", "text/event-stream;q=0.1", "Accept", "application/x-ndjson")); got != transportNDJSON {
		t.Errorf("Accept in two headers gets %q", got)
	}
}

func TestPrefersWait(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		prefer []string
		want   time.Duration
		ok     bool
	}{
		{nil, 0, false},
		{[]string{"wait=10"}, 10 * time.Second, true},
		{[]string{"respond-async", "Wait = 10"}, 10 * time.Second, true},
		{[]string{`return=minimal; foo="some parameter", wait="30"; x=y`}, 30 * time.Second, true},
		{[]string{"wait=3, wait=7"}, 3 * time.Second, true},
		{[]string{"wait=0"}, time.Second, true},
		{[]string{"wait=3600"}, 50 * time.Second, true},
		{[]string{"wait=2147483647"}, 50 * time.Second, true},
		{[]string{"wait=99999999999999999999"}, 0, false},
		{[]string{"wait=-1"}, 0, false},
		{[]string{"wait"}, 0, false},
		{[]string{"waiting=5"}, 0, false},
	} {
		r := request()
		r.Header["Prefer"] = test.prefer
		if got, ok := prefersWait(r); got != test.want || ok != test.ok {
			t.Errorf("Prefer %q is to wait %v, %v, want %v, %v", test.prefer, got, ok, test.want, test.ok)
		}
	}
}

func TestAsksSocket(t *testing.T) {
	t.Parallel()
	upgrade := []string{"Connection", "keep-alive, Upgrade", "Upgrade", "h2c, WebSocket"}
	if !asksSocket(request(upgrade...)) {
		t.Error("an upgrade is none")
	}
	for name, r := range map[string]*http.Request{
		"no Connection": request("Upgrade", "websocket"),
		"no Upgrade":    request("Connection", "upgrade"),
		"another":       request("Connection", "upgrade", "Upgrade", "h2c"),
	} {
		if asksSocket(r) {
			t.Errorf("%s: it is an upgrade", name)
		}
	}
	for name, change := range map[string]func(*http.Request){
		"POST":     func(r *http.Request) { r.Method = http.MethodPost },
		"HTTP/1.0": func(r *http.Request) { r.ProtoMinor = 0 },
		"HTTP/2":   func(r *http.Request) { r.ProtoMajor, r.ProtoMinor = 2, 0 },
	} {
		r := request(upgrade...)
		if change(r); asksSocket(r) {
			t.Errorf("%s: it is an upgrade", name)
		}
	}
}

func TestAcceptsGzip(t *testing.T) {
	t.Parallel()
	for accept, want := range map[string]bool{
		"": false, "identity": false, "br, zstd": false,
		"gzip": true, "gzip, deflate, br, zstd": true, "GZIP;q=0.5": true, "x-gzip": true, "*": true,
		"gzip;q=0": false, "*, gzip;q=0": false, "identity, gzip;q=0.5": false, "identity;q=0.5, gzip": true, "br;q=1, gzip;q=0.8, *;q=0.1": true,
	} {
		if got := acceptsGzip(request("Accept-Encoding", accept)); got != want {
			t.Errorf("Accept-Encoding %q allows gzip: %v, want %v", accept, got, want)
		}
	}
}
