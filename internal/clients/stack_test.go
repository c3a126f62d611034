// SPDX-License-Identifier: Apache-2.0

package clients

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"sluice/bridge"
	"sluice/bridge/run"
	"sluice/internal/rig"
)

// count is how many numbers the streams have.
const count = 30

// path is a stream of them. They come slowly enough for connections to break
// in between.
var path = fmt.Sprintf("/sse?count=%d&seed=1&min_pause=0.01s&max_pause=0.01s", count)

// A trouble is what happens to the connections of a stream.
type trouble struct {
	name    string
	options []bridge.Option
	faults  []rig.Fault
}

var troubles = []trouble{
	{name: "none"},
	{name: "broken", faults: []rig.Fault{
		{Cut: true, CutAfter: 1500}, {Cut: true, CutAfter: 1037, Reset: true}, {Cut: true, CutAfter: 2001}, {Cut: true, CutAfter: 700},
	}},
	// The bridge closes them, as it does before it goes away. To HTTP that is
	// an orderly end.
	{name: "closed", options: []bridge.Option{bridge.WithMaxAge(100 * time.Millisecond)}},
}

// stack is a backend, a bridge that counts, and a way to it.
type stack struct {
	*rig.Rig
	counter
	proxy *rig.Proxy
	url   string
}

// counter counts what a bridge does.
type counter struct {
	bridge.NopObserver
	runs, streams atomic.Int64
}

func (c *counter) StreamOpened(string) { c.streams.Add(1) }

func (c *counter) RunOpened(string) run.RunObserver {
	c.runs.Add(1)
	return run.NopObserver{}
}

func newStack(t testing.TB, tr trouble) *stack {
	t.Helper()
	s := &stack{}
	options := append([]bridge.Option{bridge.WithObserver(&s.counter), bridge.WithRetry(5 * time.Millisecond)}, tr.options...)
	s.Rig = rig.Start(t, rig.Config{Bridge: options})
	s.proxy = rig.NewProxy(t, strings.TrimPrefix(s.URL, "http://"))
	s.proxy.Break(tr.faults...)
	s.url = "http://" + s.proxy.Addr()
	return s
}

// heard is what a client says that it got.
type heard struct {
	Stream         int
	ID, Type, Data string
}

// check checks that a client got every number once, in order, then the end, and
// nothing else.
func check(t testing.TB, got []heard, count int) {
	t.Helper()
	if err := diff(got, count); err != nil {
		t.Error(err)
	}
}

func diff(got []heard, count int) error {
	for i, e := range got {
		if i == count {
			if e.Type != "end" || e.Data != `{"code":"OK"}` {
				return fmt.Errorf("after %d numbers comes %+v, want the end", count, e)
			}
			continue
		}
		if want := fmt.Sprintf(`{"position":%d,`, i+1); e.Type != "message" || !strings.HasPrefix(e.Data, want) || !strings.HasSuffix(e.Data, "}") {
			return fmt.Errorf("number %d is %+v", i+1, e)
		}
	}
	if len(got) != count+1 {
		return fmt.Errorf("%d events came, want %d numbers and the end", len(got), count)
	}
	return nil
}

// checkRuns checks that however often the client came, the backend was called
// once: a client that comes back goes on, and starts nothing anew.
func (s *stack) checkRuns(t testing.TB, tr trouble, want int64) {
	t.Helper()
	if got := s.runs.Load(); got != want {
		t.Errorf("the backend was called %d times, want %d", got, want)
	}
	if streams := s.streams.Load(); tr.name != "none" && streams < 2 {
		t.Errorf("the client connected only %d times", streams)
	}
}

// data are those of what a client got that have any.
func data(got []heard) (full []heard, empty int) {
	for _, e := range got {
		if e.Data == "" {
			empty++
			continue
		}
		full = append(full, e)
	}
	return full, empty
}
