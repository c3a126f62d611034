// SPDX-License-Identifier: Apache-2.0

package proxies

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"sluice/internal/rig"
)

// post sends a request as a page does that came through the same front.
func post(t testing.TB, f *front, p protocol) (status int, body string, err error) {
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, f.urls[p]+"/sluice.numbers.v1.NumberService/Generate", strings.NewReader(`{"count": 1, "max_pause": "0s"}`))
	if err != nil {
		return 0, "", err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Origin", f.urls[p])
	res, err := f.client(t, p, eventStream).Do(r)
	if err != nil {
		return 0, "", err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return res.StatusCode, string(b), err
}

// A page may use the bridge that it came from, by whatever name it knows it:
// every server tells the bridge which name that is.
func TestOrigin(t *testing.T) {
	t.Parallel()
	r := rig.Start(t, rig.Config{})
	for _, f := range append(started(t, r, 0), direct(t, r)) {
		for _, p := range protocols {
			if f.urls[p] == "" {
				continue
			}
			t.Run(fmt.Sprintf("%s/%s", f.name, p), func(t *testing.T) {
				t.Parallel()
				status, body, err := post(t, f, p)
				if err != nil || status != http.StatusOK || !strings.Contains(body, "event: end") {
					t.Errorf("%d %s: %v", status, body, err)
				}
			})
		}
	}
}

// Without the line that hands the name on, nginx keeps it to itself.
func TestOriginNeedsHost(t *testing.T) {
	t.Parallel()
	r := rig.Start(t, rig.Config{})
	f := nginx(t, strings.TrimPrefix(r.URL, "http://"), 0, site{
		file: "nginx.conf", speaks: []protocol{http1},
		changes: []change{{"proxy_set_header Host $http_host;", ""}},
	})
	if status, body, err := post(t, f, http1); err != nil || status != http.StatusForbidden {
		t.Errorf("%d %s: %v", status, body, err)
	}
}

// A WebSocket that cannot be is refused at once, and the same stream can be
// read in another way.
func TestRefusedUpgrade(t *testing.T) {
	t.Parallel()
	r := rig.Start(t, rig.Config{})
	f := nginx(t, strings.TrimPrefix(r.URL, "http://"), 0, site{file: "nginx-unbuffered.conf", speaks: []protocol{http1}})
	url := f.urls[http1] + "/sse?count=1&min_pause=0s&max_pause=0s"
	err := webSocket.read(t.Context(), f.client(t, http1, webSocket), url, "", func(event) bool { return true })
	var refused *refusal
	if !errors.As(err, &refused) || refused.status != http.StatusUpgradeRequired {
		t.Errorf("the WebSocket: %v", err)
	}
	if err := eventStream.read(t.Context(), f.client(t, http1, eventStream), url, "", func(event) bool { return true }); err != nil {
		t.Errorf("the event stream: %v", err)
	}
}
