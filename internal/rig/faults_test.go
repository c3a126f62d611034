// SPDX-License-Identifier: Apache-2.0

package rig_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"sluice/bridge/sse"
	"sluice/internal/rig"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// soak is whether tests run in their long forms, as `make soak` has them.
var soak = flag.Bool("soak", false, "run the long forms of the tests")

// recordedPath is the stream that is broken in every way: short, so that it
// can be cut at each of its bytes.
func recordedPath() (path string, events int) {
	events = 8
	if *soak {
		events = 40
	}
	return fmt.Sprintf("/sse?count=%d&seed=7&min_pause=0s&max_pause=0s&sequence=SEQUENCE_FIBONACCI", events), events
}

// story is what a viewer of a stream got: the data of its events, in order,
// and how long it waited the longest from one to the next.
type story struct {
	events []string
	end    string
	pause  time.Duration
}

// tell reads a stream through whatever is between.
func tell(ctx context.Context, url string, client *http.Client) (story, *rig.Viewer, error) {
	var s story
	last := time.Now()
	v := &rig.Viewer{URL: url, Client: client, Event: func(e sse.Event) {
		now := time.Now()
		s.pause, last = max(s.pause, now.Sub(last)), now
		s.events = append(s.events, e.Type+" "+string(dropTimes(e.Data)))
	}}
	end, err := v.Read(ctx)
	s.end = end
	return s, v, err
}

// dropTimes takes the one member of a number away that differs between runs.
func dropTimes(data []byte) []byte {
	i := bytes.Index(data, []byte(`"createTime":"`))
	if i < 0 {
		return data
	}
	j := bytes.IndexByte(data[i+14:], '"')
	return append(append([]byte(nil), data[:i]...), data[i+14+j+1:]...)
}

func (s story) diff(want story) error {
	if len(s.events) != len(want.events) || s.end != want.end {
		return fmt.Errorf("got %d events and the end %q, want %d and %q", len(s.events), s.end, len(want.events), want.end)
	}
	for i := range s.events {
		if s.events[i] != want.events[i] {
			return fmt.Errorf("event %d is %s, want %s", i+1, s.events[i], want.events[i])
		}
	}
	return nil
}

// freshClient makes every request on a connection of its own.
func freshClient(t *testing.T) *http.Client {
	transport := &http.Transport{DisableKeepAlives: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// undisturbed reads the stream with nothing between, and returns its story and
// how many bytes the answer has.
func undisturbed(t *testing.T, r *rig.Rig) (story, int) {
	t.Helper()
	path, events := recordedPath()
	s, v, err := tell(t.Context(), r.URL+path, freshClient(t))
	if err != nil || v.Connections != 1 || len(s.events) != events {
		t.Fatalf("undisturbed the stream gave %d events over %d connections: %v", len(s.events), v.Connections, err)
	}
	counter := &countingTransport{}
	if _, _, err := tell(t.Context(), r.URL+path, &http.Client{Transport: counter.transport(t)}); err != nil {
		t.Fatal(err)
	}
	return s, int(counter.bytes.Load())
}

// each calls f for every number below n, several at a time.
func each(n int, f func(i int)) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range 8 * runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				f(i)
			}
		})
	}
	wg.Wait()
}

// The connection between viewer and bridge is cut after every one of its
// bytes, by an orderly end and by a reset: what the viewer gets is the same.
func TestCutAtEveryByteBeforeTheBridge(t *testing.T) {
	t.Parallel()
	path, _ := recordedPath()
	r := rig.Start(t, rig.Config{})
	want, size := undisturbed(t, r)
	var cuts, reconnects, events atomic.Int64
	var toNext gaps
	for _, reset := range []bool{false, true} {
		each(size, func(i int) {
			p := rig.NewProxy(t, r.URL[len("http://"):])
			defer p.Close()
			p.Break(rig.Fault{Cut: true, CutAfter: i, Reset: reset})
			got, v, err := tell(t.Context(), "http://"+p.Addr()+path, freshClient(t))
			if err == nil {
				err = got.diff(want)
			}
			if err != nil {
				t.Errorf("cut after byte %d of %d, reset %v: %v", i, size, reset, err)
			}
			cuts.Add(1)
			reconnects.Add(int64(v.Connections - 1))
			events.Add(int64(len(got.events)))
			toNext.add(v.Gaps...)
		})
	}
	logCuts(t, cuts.Load(), events.Load())
	t.Logf("%d reconnects; from cut to next event, %v before each attempt: %v", reconnects.Load(), rig.ReconnectPause, &toNext)
	if reconnects.Load() < cuts.Load()*9/10 {
		t.Errorf("only %d of %d cuts were felt", reconnects.Load(), cuts.Load())
	}
}

// logCuts says what a test has found, of which nothing is true if it failed.
func logCuts(t *testing.T, cuts, events int64) {
	t.Helper()
	if !t.Failed() {
		t.Logf("%d cuts, %d events: 0 lost, 0 twice, 0 out of order", cuts, events)
	}
}

// The same cut comes again and again, each time a little later.
func TestCutEveryConnection(t *testing.T) {
	t.Parallel()
	path, _ := recordedPath()
	r := rig.Start(t, rig.Config{})
	want, size := undisturbed(t, r)
	p := rig.NewProxy(t, r.URL[len("http://"):])
	// The head of an answer alone takes some of the first bytes.
	for i := size / 10; i < size; i += 37 {
		p.Break(rig.Fault{Cut: true, CutAfter: i, Reset: i%2 == 0})
	}
	got, v, err := tell(t.Context(), "http://"+p.Addr()+path, freshClient(t))
	if err == nil {
		err = got.diff(want)
	}
	if err != nil {
		t.Errorf("over %d connections: %v", v.Connections, err)
	}
	if v.Connections < 5 {
		t.Errorf("there were only %d connections", v.Connections)
	}
}

// briefly is a stall that begins now and does not last.
func briefly() <-chan struct{} {
	released := make(chan struct{})
	time.AfterFunc(200*time.Millisecond, func() { close(released) })
	return released
}

// A connection that is split, slow, or stops for a while loses nothing, and
// needs no second one.
func TestSlowConnections(t *testing.T) {
	t.Parallel()
	path, _ := recordedPath()
	r := rig.Start(t, rig.Config{})
	want, _ := undisturbed(t, r)
	for _, tt := range []struct {
		name   string
		fault  rig.Fault
		stalls bool
	}{
		{"byte by byte", rig.Fault{Split: 1}, false},
		{"split", rig.Fault{Split: 7}, false},
		{"slow", rig.Fault{Split: 100, Pause: time.Millisecond}, false},
		{"stalled", rig.Fault{CutAfter: 700}, true},
		{"stalled early", rig.Fault{}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.stalls {
				tt.fault.Stall = briefly()
			}
			p := rig.NewProxy(t, r.URL[len("http://"):])
			p.Break(tt.fault)
			got, v, err := tell(t.Context(), "http://"+p.Addr()+path, freshClient(t))
			if err == nil {
				err = got.diff(want)
			}
			if err != nil || v.Connections != 1 {
				t.Errorf("over %d connections: %v", v.Connections, err)
			}
		})
	}
}

// The bridge is killed and comes back knowing nothing, again and again: the
// stream goes on from the position in the viewer's id.
func TestBridgeIsKilled(t *testing.T) {
	t.Parallel()
	r := rig.Start(t, rig.Config{})
	const count = 60
	events := make(chan uint64, count)
	done := make(chan error, 1)
	var got []string
	go func() {
		v := &rig.Viewer{URL: fmt.Sprintf("%s/sse?count=%d&seed=3&min_pause=0.005s&max_pause=0.005s", r.URL, count), Client: freshClient(t), Event: func(e sse.Event) {
			got = append(got, string(e.Data))
			events <- uint64(len(got))
		}}
		_, err := v.Read(t.Context())
		done <- err
		close(events)
	}()
	for n := range events {
		if n%20 == 10 {
			r.KillBridge()
			r.StartBridge()
		}
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if len(got) != count {
		t.Errorf("got %d numbers, want %d", len(got), count)
	}
	for i, data := range got {
		if want := fmt.Sprintf(`{"position":%d,`, i+1); !bytes.HasPrefix([]byte(data), []byte(want)) {
			t.Fatalf("number %d is %s", i+1, data)
		}
	}
}

// The backend is killed and comes back: the viewer sees a pause.
func TestBackendIsKilled(t *testing.T) {
	t.Parallel()
	r := rig.Start(t, rig.Config{})
	const count = 60
	var got []string
	killed := 0
	v := &rig.Viewer{URL: fmt.Sprintf("%s/sse?count=%d&seed=3&min_pause=0.005s&max_pause=0.005s", r.URL, count), Client: freshClient(t), Event: func(e sse.Event) {
		got = append(got, string(e.Data))
		if len(got)%20 == 10 {
			killed++
			r.KillBackend()
			r.StartBackend()
		}
	}}
	if _, err := v.Read(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(got) != count || v.Connections != 1 || killed != 3 {
		t.Errorf("got %d numbers over %d connections, with the backend killed %d times", len(got), v.Connections, killed)
	}
	for i, data := range got {
		if want := fmt.Sprintf(`{"position":%d,`, i+1); !bytes.HasPrefix([]byte(data), []byte(want)) {
			t.Fatalf("number %d is %s", i+1, data)
		}
	}
}
