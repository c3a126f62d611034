// SPDX-License-Identifier: Apache-2.0

package proxies

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"sluice/bridge"
	"sluice/bridge/sse"
	"sluice/internal/rig"
)

// A stream that is silent for longer than anything in front of the bridge
// allows goes on: with the bridge's own heartbeat, and the servers' own
// timeouts. `make soak` has the real length of it; a short form here shows that
// the configurations do as they are. What is between is in TestMatrix, whose
// servers have shorter timeouts.
func TestSilence(t *testing.T) {
	t.Parallel()
	silence, pollWait := time.Second, 2*time.Second
	if *soak {
		// A poll asks for more than there is, and gets as much as goes through.
		silence, pollWait = 95*time.Second, time.Minute
	}
	r := rig.Start(t, rig.Config{})
	path := fmt.Sprintf("/sse?count=1&min_pause=%[1]gs&max_pause=%[1]gs", silence.Seconds())
	var wg sync.WaitGroup
	for _, f := range started(t, r, 0) {
		for _, p := range protocols {
			for _, tr := range transports(pollWait) {
				if missing(f, p, tr) != "" {
					continue
				}
				wg.Go(func() {
					ctx, cancel := context.WithTimeout(t.Context(), silence+patience)
					defer cancel()
					began, numbers := time.Now(), 0
					err := tr.read(ctx, f.client(t, p, tr), f.urls[p]+path, "", func(e event) bool {
						if e.kind == "message" {
							numbers++
						}
						return true
					})
					if err != nil || numbers != 1 {
						t.Errorf("%s, %s, %s: %d numbers after %v: %v", f.name, p, tr.name, numbers, time.Since(began).Round(time.Millisecond), err)
					}
				})
			}
		}
	}
	wg.Wait()
}

// Without heartbeats the servers do cut a silent stream, so that the other tests
// are not in vain; and a reader that comes back loses nothing even then.
//
// With this seed the first number comes soon, and gives the reader an id to come
// back with, and the second more than two seconds after it.
func TestSilenceWithoutHeartbeats(t *testing.T) {
	t.Parallel()
	const timeout = time.Second
	r := rig.Start(t, rig.Config{Bridge: []bridge.Option{bridge.WithHeartbeat(time.Hour)}})
	const path = "/sse?count=2&seed=3&min_pause=0s&max_pause=3s"
	var wg sync.WaitGroup
	for _, f := range started(t, r, timeout) {
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			var places []string
			v := &rig.Viewer{URL: f.urls[http1] + path, Client: f.client(t, http1, eventStream), Event: func(e sse.Event) {
				places = append(places, strings.Split(e.ID, "-")[1])
			}}
			_, err := v.Read(ctx)
			if got := strings.Join(places, " "); err != nil || got != "1 2" {
				t.Errorf("%s: got the numbers %s: %v", f.name, got, err)
			}
			if v.Connections == 1 {
				t.Errorf("%s let more than two seconds of silence pass with a timeout of %v", f.name, timeout)
			}
		})
	}
	wg.Wait()
}
