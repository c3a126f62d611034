// SPDX-License-Identifier: Apache-2.0

package proxies

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"sluice/bridge"
	"sluice/internal/rig"
)

// watchers counts the connections that a bridge serves.
type watchers struct {
	bridge.NopObserver
	mu             sync.Mutex
	changed        chan struct{} // closed and made anew with every change
	opened, closed int
}

func newWatchers() *watchers { return &watchers{changed: make(chan struct{})} }

func (w *watchers) StreamOpened(string) { w.change(func() { w.opened++ }) }

func (w *watchers) StreamClosed(string, bridge.CloseReason) { w.change(func() { w.closed++ }) }

func (w *watchers) change(f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f()
	close(w.changed)
	w.changed = make(chan struct{})
}

// await waits until there are so many.
func (w *watchers) await(ctx context.Context, opened, closed int) error {
	for {
		w.mu.Lock()
		changed, o, c := w.changed, w.opened, w.closed
		w.mu.Unlock()
		if o == opened && c == closed {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("%d connections were opened and %d closed, want %d and %d", o, c, opened, closed)
		}
	}
}

// Whoever leaves is seen to leave by the bridge, also where a server is
// between that has nothing to say to either: at the latest with the next
// heartbeat.
func TestLeaving(t *testing.T) {
	t.Parallel()
	table := &table{columns: []string{"noticed"}}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for _, s := range append([]server{{"direct", nil}}, servers...) {
		wg.Go(func() {
			t.Run(s.name, func(t *testing.T) {
				w := newWatchers()
				r := rig.Start(t, rig.Config{Bridge: []bridge.Option{bridge.WithHeartbeat(heartbeat), bridge.WithObserver(w)}})
				var f *front
				if s.start == nil {
					f = direct(t, r)
				} else {
					f = s.start(t, strings.TrimPrefix(r.URL, "http://"), 0)
				}
				f.name = s.name
				seen := 0
				for _, p := range protocols {
					for _, tr := range []transport{eventStream, lines, webSocket} {
						if missing(f, p, tr) != "" {
							continue
						}
						took, err := leave(t, f.client(t, p, tr), f.urls[p], tr, w, seen)
						if err != nil {
							t.Errorf("%s, %s: %v", p, tr.name, err)
						}
						seen++
						mu.Lock()
						table.add(s.name, p, tr, "").set("noticed", took)
						mu.Unlock()
					}
				}
			})
		})
	}
	wg.Wait()
	t.Logf("ms until the bridge knew, with a heartbeat every %v:\n%s", heartbeat, table)
}

// leave opens a stream that nothing comes of, leaves it once the bridge knows
// of it, and returns how long the bridge then took to know of that. Seen are
// those who left before.
func leave(t testing.TB, client *http.Client, base string, tr transport, w *watchers, seen int) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	reading, stop := context.WithCancel(ctx)
	defer stop()
	done := make(chan struct{})
	go func() {
		defer close(done)
		// It ends as it is told to.
		_ = tr.read(reading, client, base+"/sse?count=1&min_pause=3600s&max_pause=3600s", "", func(event) bool { return true })
	}()
	if err := w.await(ctx, seen+1, seen); err != nil {
		return 0, err
	}
	stop()
	<-done
	left := time.Now()
	err := w.await(ctx, seen+1, seen+1)
	return time.Since(left), err
}
