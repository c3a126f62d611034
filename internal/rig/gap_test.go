// SPDX-License-Identifier: Apache-2.0

package rig_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials/insecure"

	"sluice/bridge"
	"sluice/bridge/sse"
	"sluice/internal/rig"
)

// gaps are how long viewers waited for something. It may be used by several
// goroutines at once.
type gaps struct {
	mu  sync.Mutex
	all []time.Duration
}

func (g *gaps) add(d ...time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.all = append(g.all, d...)
}

// String gives the median, the 99th percentile and the worst.
func (g *gaps) String() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.all) == 0 {
		return "there was none"
	}
	return fmt.Sprintf("median %v, 99th percentile %v, worst %v, of %d", g.sorted(50), g.sorted(99), g.sorted(100), len(g.all))
}

// at gives how long at most so many in a hundred waited.
func (g *gaps) at(percent int) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.sorted(percent)
}

// sorted is at, for a caller that holds the lock and knows that there are some.
func (g *gaps) sorted(percent int) time.Duration {
	slices.Sort(g.all)
	return g.all[(len(g.all)-1)*percent/100].Round(100 * time.Microsecond)
}

// One viewer, with nothing beside it, is cut off again and again in the middle
// of a stream of a number every two milliseconds: how long is it without one?
func TestCutToNextEvent(t *testing.T) {
	cuts := 40
	if *soak {
		cuts = 1000
	}
	const perCut = 10 // numbers, about
	r := rig.Start(t, rig.Config{})
	path := fmt.Sprintf("/sse?count=%d&seed=5&min_pause=0.002s&max_pause=0.002s", cuts*perCut*2)
	faults := make([]rig.Fault, cuts)
	rng := rand.New(rand.NewPCG(3, 4))

	t.Run("before the bridge", func(t *testing.T) {
		p := rig.NewProxy(t, r.URL[len("http://"):])
		for i := range faults {
			// An answer begins with some 500 bytes, and a number has some 250.
			faults[i] = rig.Fault{Cut: true, CutAfter: 500 + rng.IntN(2*perCut*250), Reset: i%2 == 0}
		}
		p.Break(faults...)
		v := countedViewer(t, "http://"+p.Addr()+path)
		t.Logf("%d cuts; from cut to next event, with %v before coming back: %v", v.Connections-1, rig.ReconnectPause, &gaps{all: v.Gaps})
		// Two that come before an event are one gap.
		if len(v.Gaps) < cuts*9/10 {
			t.Errorf("only %d of %d cuts were felt", len(v.Gaps), cuts)
		}
	})

	t.Run("behind the bridge", func(t *testing.T) {
		cuts := max(20, cuts/10) // each takes as long as the bridge waits before it calls again
		p := rig.NewProxy(t, r.Backend())
		// As the program connects to a backend.
		conn, err := grpc.NewClient(p.Addr(), grpc.WithTransportCredentials(insecure.NewCredentials()),
			grpc.WithConnectParams(grpc.ConnectParams{Backoff: backoff.Config{BaseDelay: 100 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: 3 * time.Second}, MinConnectTimeout: 5 * time.Second}))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		b, err := bridge.New(conn, bridge.WithCatalog(r.Bridge().Catalog()))
		if err != nil {
			t.Fatal(err)
		}
		defer b.Close()
		front := rig.Serve(t, b)
		defer front.Close()

		var cut time.Time
		var waits gaps
		v := &rig.Viewer{Client: freshClient(t), URL: front.URL + path}
		n := 0
		v.Event = func(e sse.Event) {
			checkPosition(t, e, n+1)
			n++
			if !cut.IsZero() {
				// What was on its way when the connection was cut is no sign of life.
				if wait := time.Since(cut); wait > 20*time.Millisecond {
					waits.add(wait)
					cut = time.Time{}
				}
			} else if n%perCut == 0 && len(waits.all) < cuts {
				p.CutAll()
				cut = time.Now()
			}
		}
		if _, err := v.Read(t.Context()); err != nil || v.Connections != 1 {
			t.Fatalf("over %d connections: %v", v.Connections, err)
		}
		t.Logf("%d cuts; from cut to next event: %v", len(waits.all), &waits)
		if len(waits.all) < cuts {
			t.Errorf("only %d of %d cuts were felt", len(waits.all), cuts)
		}
	})
}

// countedViewer reads a stream to its end and checks that it has every number
// once, from 1.
func countedViewer(t *testing.T, url string) *rig.Viewer {
	t.Helper()
	n := 0
	v := &rig.Viewer{URL: url, Client: freshClient(t), Event: func(e sse.Event) {
		n++
		checkPosition(t, e, n)
	}}
	if _, err := v.Read(t.Context()); err != nil {
		t.Fatal(err)
	}
	return v
}

// checkPosition checks that an event is the number that is due.
func checkPosition(t *testing.T, e sse.Event, due int) {
	t.Helper()
	var m struct{ Position int }
	if err := json.Unmarshal(e.Data, &m); err != nil || m.Position != due {
		t.Errorf("number %d comes where %d is due: %v", m.Position, due, err)
	}
}
