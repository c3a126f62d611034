// SPDX-License-Identifier: Apache-2.0

package rig_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sluice/bridge/sse"
	"sluice/internal/rig"
)

// trickle asks for a path and reads a byte of the answer each second, until the
// connection ends or stop is closed. It returns why the connection ended, nil if
// it did not.
func trickle(t *testing.T, addr, path string, stop <-chan struct{}) error {
	t.Helper()
	slow, err := net.Dial("tcp", addr)
	if err != nil {
		t.Error(err)
		return nil
	}
	defer slow.Close()
	slow.(*net.TCPConn).SetReadBuffer(4096)
	fmt.Fprintf(slow, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", path)
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		if _, err := slow.Read(make([]byte, 1)); err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-stop:
			return nil
		}
	}
}

// metrics asks a bridge for its metrics: values by name with labels, as they are
// written.
func (p *pair) metrics(t *testing.T) map[string]float64 {
	t.Helper()
	res, err := http.Get("http://" + p.bridge.Addr + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	all := make(map[string]float64)
	for lines := bufio.NewScanner(res.Body); lines.Scan(); {
		if name, value, ok := strings.Cut(lines.Text(), " "); ok {
			if v, err := strconv.ParseFloat(value, 64); err == nil {
				all[name] = v
			}
		}
	}
	return all
}

// closedEarly are the streams that were closed for other reasons than the end of
// their run.
func closedEarly(metrics map[string]float64) map[string]float64 {
	closed := make(map[string]float64)
	for name, n := range metrics {
		if strings.HasPrefix(name, "sluice_streams_closed_total{") && !strings.Contains(name, `reason="end"`) {
			closed[name] = n
		}
	}
	return closed
}

// One viewer of an unthrottled stream reads a byte now and then, a hundred
// others read at once: they are not held up, and the bridge stays small.
func TestOneSlowViewerBesideMany(t *testing.T) {
	t.Parallel()
	p := startPair(t)
	const many, count = 100, 2000
	stop := make(chan struct{})
	var slow sync.WaitGroup
	slow.Go(func() {
		if err := trickle(t, p.bridge.Addr, "/sse?endless=true&min_pause=0s&max_pause=0s", stop); err != nil {
			t.Errorf("the slow viewer lost its connection: %v", err)
		}
	})
	var wg sync.WaitGroup
	for range many {
		wg.Go(func() {
			n := 0
			v := &rig.Viewer{URL: p.url(fmt.Sprintf("count=%d&min_pause=0s&max_pause=0s", count)), Client: freshClient(t), Event: func(sse.Event) { n++ }}
			if _, err := v.Read(t.Context()); err != nil || n != count || v.Connections != 1 {
				t.Errorf("a viewer got %d numbers over %d connections: %v", n, v.Connections, err)
			}
		})
	}
	wg.Wait()
	close(stop)
	slow.Wait()
	rss := p.bridge.RSS()
	t.Logf("the bridge has %d MiB", rss>>20)
	if limit := 200 << 20; rss > limit {
		t.Errorf("the bridge has %d MiB, more than %d", rss>>20, limit>>20)
	}
}

// One viewer reads a byte a second of a run that a hundred others read at once. It
// holds none of them up and takes no memory: it is let go after the time that a
// connection may take nothing, by which the bridge's own metrics know it.
func TestOneSlowViewerOfASharedRun(t *testing.T) {
	t.Parallel()
	const many, patience = 100, 5 * time.Second
	after := 100 // numbers that come once the slow one is gone
	if *soak {
		after = 4_000
	}
	p := startPair(t, "--write-timeout="+patience.String())
	defer http.DefaultClient.CloseIdleConnections()
	before := p.bridge.RSS()

	// since is from when on numbers count that are made, in nanoseconds: what was
	// made before the last viewer has joined has waited for it.
	var joined, since, latest atomic.Int64
	var latency gaps
	read := func(path string, run chan<- string) {
		due := 0
		v := &rig.Viewer{URL: "http://" + p.bridge.Addr + path, Client: freshClient(t)}
		v.Event = func(e sse.Event) {
			var m struct {
				Position   int
				CreateTime time.Time
			}
			if err := json.Unmarshal(e.Data, &m); err != nil || e.Type != "message" || m.Position != due+1 {
				t.Errorf("a viewer got %s %s where number %d is due: %v", e.Type, e.Data, due+1, err)
			}
			due = m.Position
			if due == 1 {
				joined.Add(1)
				if run != nil {
					id, _, _ := strings.Cut(e.ID, "-")
					run <- id
				}
			}
			if from := since.Load(); from != 0 && m.CreateTime.UnixNano() > from {
				latency.add(time.Since(m.CreateTime))
			}
			latest.Store(int64(due))
		}
		end, err := v.Read(t.Context())
		if err != nil || v.Connections != 1 || !strings.Contains(end, "CANCELLED") {
			t.Errorf("a viewer read to number %d and the end %s over %d connections: %v", due, end, v.Connections, err)
		}
	}
	eventually := func(what string, is func() bool) {
		t.Helper()
		for deadline := time.Now().Add(90*time.Second + time.Duration(after)*150*time.Millisecond); !is(); time.Sleep(5 * time.Millisecond) {
			if time.Now().After(deadline) || t.Failed() {
				t.Fatalf("it never came to be that %s", what)
			}
		}
	}
	run := make(chan string, 1)
	var wg sync.WaitGroup
	wg.Go(func() { read("/sse?endless=true&min_pause=0.05s&max_pause=0.05s", run) })
	path := "/runs/" + <-run
	for range many - 1 {
		wg.Go(func() { read(path, nil) })
	}
	eventually("all have joined", func() bool { return joined.Load() == many })
	stop := make(chan struct{})
	var slow sync.WaitGroup
	slow.Go(func() { trickle(t, p.bridge.Addr, path, stop) })
	since.Store(time.Now().UnixNano())

	// What its buffers hold it goes on reading, and does not know. Which of the
	// limits it meets first is for the kernel to say: that of a write, that of its
	// peer's acknowledgements, or that of the journal.
	var letGo map[string]float64
	eventually("the slow viewer is let go", func() bool {
		letGo = closedEarly(p.metrics(t))
		return len(letGo) > 0
	})
	then := latest.Load()
	eventually("numbers go on", func() bool { return latest.Load() >= then+int64(after) })
	now := p.metrics(t)
	rss := p.bridge.RSS()
	request, _ := http.NewRequest(http.MethodDelete, "http://"+p.bridge.Addr+path, nil)
	res, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	wg.Wait()
	close(stop)
	slow.Wait()

	if live, open := now["sluice_runs_live"], now[`sluice_streams_open{transport="sse"}`]; live != 1 || open != many {
		t.Errorf("%v runs are live over %v streams", live, open)
	}
	if after := closedEarly(p.metrics(t)); len(after) != 1 || !maps.Equal(after, letGo) {
		t.Errorf("beside the end of the run, streams were closed by %v", after)
	}
	t.Logf("let go: %v; the bridge had %.1f MiB before and has %.1f MiB then, %.0f KiB of it the journal; from the backend to a viewer, beside the slow one: %v", letGo,
		float64(before)/(1<<20), float64(rss)/(1<<20), now["sluice_journal_bytes"]/(1<<10), &latency)
	if worst := latency.at(99); worst > patience/2 {
		t.Errorf("one number in a hundred took more than %v to a viewer that reads at once", worst)
	}
	if limit := before + 32<<20; rss > limit {
		t.Errorf("the bridge has %d MiB, more than %d", rss>>20, limit>>20)
	}
}
