// SPDX-License-Identifier: Apache-2.0

package rig_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"sluice/bridge/sse"
	"sluice/internal/rig"
)

// pair is a backend and a bridge, each a process.
type pair struct {
	programs rig.Programs
	backend  *rig.Process
	bridge   *rig.Process
}

func startPair(t *testing.T, bridgeArgs ...string) *pair {
	t.Helper()
	p := &pair{programs: rig.Build(t)}
	host := rig.Loopback()
	p.backend = p.programs.Start(t, "numbersd", "--listen="+host+":0")
	p.startBridge(t, host+":0", bridgeArgs...)
	return p
}

func (p *pair) startBridge(t *testing.T, addr string, args ...string) {
	t.Helper()
	p.bridge = p.programs.Start(t, "sluice", append([]string{"--listen=" + addr, "--backend=" + p.backend.Addr}, args...)...)
	p.awaitReady(t)
}

func (p *pair) awaitReady(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for {
		r, _ := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.bridge.Addr+"/readyz", nil)
		res, err := http.DefaultClient.Do(r)
		if err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return
			}
		}
		if ctx.Err() != nil {
			t.Fatalf("the bridge is not ready:\n%s", p.bridge.Log())
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func (p *pair) url(query string) string { return "http://" + p.bridge.Addr + "/sse?" + query }

// `kill -9` of the bridge, and of the backend, in the middle of a stream costs
// no number and repeats none.
func TestKilledPrograms(t *testing.T) {
	t.Parallel()
	kills := 3
	if *soak {
		kills = 60
	}
	const between = 30 // numbers
	count := between * (kills + 1)
	p := startPair(t)
	defer http.DefaultClient.CloseIdleConnections()
	var got []string
	var pauses []time.Duration
	last := time.Now()
	events := make(chan int, count)
	done := make(chan error, 1)
	go func() {
		v := &rig.Viewer{URL: p.url(fmt.Sprintf("count=%d&seed=11&min_pause=0.01s&max_pause=0.01s", count)), Client: freshClient(t), Event: func(e sse.Event) {
			got = append(got, string(e.Data))
			pauses = append(pauses, time.Since(last))
			last = time.Now()
			events <- len(got)
		}}
		_, err := v.Read(t.Context())
		done <- err
		close(events)
	}()
	var bridges, backends gaps
	for n := range events {
		if n%between != 0 || n == count {
			continue
		}
		if n/between%3 == 2 {
			addr := p.backend.Addr
			p.backend.Kill()
			p.backend = p.programs.Start(t, "numbersd", "--listen="+addr)
		} else {
			addr := p.bridge.Addr
			p.bridge.Kill()
			p.startBridge(t, addr)
		}
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if len(got) != count {
		t.Fatalf("got %d numbers, want %d", len(got), count)
	}
	for i, data := range got {
		if want := fmt.Sprintf(`{"position":%d,`, i+1); !bytes.HasPrefix([]byte(data), []byte(want)) {
			t.Fatalf("number %d is %s", i+1, data)
		}
	}
	for kill := 1; kill <= kills; kill++ {
		// The number after the one at which the program was killed, unless that
		// had been sent before.
		pause := max(pauses[kill*between], pauses[kill*between+1], pauses[kill*between+2])
		if kill%3 == 2 {
			backends.add(pause)
		} else {
			bridges.add(pause)
		}
	}
	logCuts(t, int64(kills), int64(count))
	t.Logf("without a number, with the program's start: bridge killed: %v; backend killed: %v", &bridges, &backends)
}

// A viewer that has stopped to read an endless stream at full speed costs the
// bridge what a run may hold, and no more, however long it waits.
func TestStalledViewerOfThePrograms(t *testing.T) {
	waits, looks := 3*time.Second, 30
	if *soak {
		waits, looks = 60*time.Second, 600
	}
	p := startPair(t)
	// What is made once is there before.
	v := &rig.Viewer{URL: p.url("count=20000&min_pause=0s&max_pause=0s"), Client: freshClient(t)}
	if _, err := v.Read(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := p.bridge.RSS()
	c, err := net.Dial("tcp", p.bridge.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "GET /sse?endless=true&min_pause=0s&max_pause=0s HTTP/1.1\r\nHost: x\r\n\r\n")
	most, now := 0, 0
	tick := time.NewTicker(waits / time.Duration(looks))
	defer tick.Stop()
	for range looks {
		<-tick.C
		now = p.bridge.RSS()
		most = max(most, now)
	}
	t.Logf("the bridge had %.1f MiB before, %.1f MiB at most within %v, and %.1f MiB then",
		float64(before)/(1<<20), float64(most)/(1<<20), waits, float64(now)/(1<<20))
	if limit := before + 24<<20; most > limit {
		t.Errorf("the bridge grew to %d MiB", most>>20)
	}
}

// SIGTERM under 1,000 viewers closes their streams over the window, each with
// a time of its own to come back, and the program ends well.
func TestSIGTERMUnderLoad(t *testing.T) {
	t.Parallel()
	const viewers, window = 1000, 3 * time.Second
	p := startPair(t, "--drain="+window.String())
	client := &http.Client{Transport: &http.Transport{MaxConnsPerHost: 0, DisableKeepAlives: true}}
	var open, ended atomic.Int64
	var mu sync.Mutex
	var closed []time.Time
	retries := make(map[time.Duration]int)
	var wg sync.WaitGroup
	for range viewers {
		wg.Go(func() {
			res, err := client.Get(p.url("endless=true&min_pause=0.5s&max_pause=1s"))
			if err != nil {
				t.Error(err)
				return
			}
			defer res.Body.Close()
			events := sse.NewReader(res.Body)
			var retry time.Duration
			events.OnRetry = func(d time.Duration) { retry = d }
			first := true
			for {
				e, err := events.Next()
				if err == io.EOF {
					break
				}
				if err != nil {
					t.Error(err)
					return
				}
				if first {
					first = false
					open.Add(1)
				}
				if e.Type == "end" {
					ended.Add(1)
				}
			}
			mu.Lock()
			closed = append(closed, time.Now())
			retries[retry]++
			mu.Unlock()
		})
	}
	deadline := time.Now().Add(60 * time.Second)
	for open.Load() < viewers {
		if time.Now().After(deadline) || t.Failed() {
			t.Fatalf("only %d streams are open", open.Load())
		}
		time.Sleep(10 * time.Millisecond)
	}
	start := time.Now()
	p.bridge.Signal(syscall.SIGTERM)
	wg.Wait()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if code, err := p.bridge.Wait(ctx); code != 0 || err != nil {
		t.Errorf("the bridge ended with %d, %v:\n%s", code, err, p.bridge.Log())
	}
	if ended.Load() != 0 {
		t.Errorf("%d streams were ended, that could go on elsewhere", ended.Load())
	}
	if len(retries) < 300 {
		t.Errorf("%d viewers were told %d different times to come back", viewers, len(retries))
	}
	// No tenth of the window may have more than a quarter of the streams.
	tenths := make([]int, 11)
	for _, c := range closed {
		tenths[min(10, int(c.Sub(start)*10/window))]++
	}
	for i, n := range tenths {
		if n > viewers/4 {
			t.Errorf("%d of %d streams closed in tenth %d of the window: %v", n, viewers, i, tenths)
		}
	}
	t.Logf("%d streams closed within %v, in each tenth of %v: %v", len(closed), time.Since(start).Round(time.Millisecond), window, tenths)
}

// A second signal does not wait.
func TestSecondSignal(t *testing.T) {
	t.Parallel()
	p := startPair(t, "--drain=1h")
	res, err := http.Get(p.url("endless=true&min_pause=0.1s&max_pause=0.1s"))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if _, err := sse.NewReader(res.Body).Next(); err != nil {
		t.Fatal(err)
	}
	p.bridge.Signal(syscall.SIGTERM)
	for !strings.Contains(p.bridge.Log(), "closing the streams") {
		time.Sleep(time.Millisecond)
	}
	p.bridge.Signal(syscall.SIGTERM)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if code, err := p.bridge.Wait(ctx); err != nil || code == 0 {
		t.Errorf("the bridge ended with %d, %v", code, err)
	}
}
