// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"sluice/internal/bubble"
)

// memoryBrowser is the locks and the channels of a browser, in memory.
type memoryBrowser struct {
	mu       sync.Mutex
	held     map[string]bool
	waiting  map[string][]*waiter
	channels map[string][]*ear
	deaf     bool // channels carry nothing
}

type waiter struct {
	granted func(release func())
	gone    bool
}

type ear struct {
	heard chan string
	done  chan struct{}
}

func newMemoryBrowser() *memoryBrowser {
	return &memoryBrowser{held: map[string]bool{}, waiting: map[string][]*waiter{}, channels: map[string][]*ear{}}
}

func (b *memoryBrowser) try(_ context.Context, name string) func() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.held[name] {
		return nil
	}
	b.held[name] = true
	return sync.OnceFunc(func() { b.release(name) })
}

func (b *memoryBrowser) release(name string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, w := range b.waiting[name] {
		b.waiting[name] = b.waiting[name][1:]
		if !w.gone {
			w.granted(sync.OnceFunc(func() { b.release(name) }))
			return
		}
	}
	delete(b.held, name)
}

func (b *memoryBrowser) wait(name string, granted func(release func())) func() {
	b.mu.Lock()
	defer b.mu.Unlock()
	w := &waiter{granted: granted}
	if !b.held[name] {
		b.held[name] = true
		granted(sync.OnceFunc(func() { b.release(name) }))
		return func() {}
	}
	b.waiting[name] = append(b.waiting[name], w)
	return func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		w.gone = true
	}
}

func (b *memoryBrowser) channel(name string, hear func(string)) (post func(string), closeChannel func()) {
	e := &ear{heard: make(chan string, 1000), done: make(chan struct{})}
	b.mu.Lock()
	b.channels[name] = append(b.channels[name], e)
	b.mu.Unlock()
	go func() {
		for {
			select {
			case text := <-e.heard:
				hear(text)
			case <-e.done:
				return
			}
		}
	}()
	post = func(text string) {
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, other := range b.channels[name] {
			if other != e && !b.deaf {
				other.heard <- text
			}
		}
	}
	return post, sync.OnceFunc(func() {
		close(e.done)
		b.mu.Lock()
		defer b.mu.Unlock()
		b.channels[name] = slices.DeleteFunc(b.channels[name], func(o *ear) bool { return o == e })
	})
}

// liveRun answers every request for run A with its events from the place that is
// asked for on: those that are there at once, the others each after 100 ms.
type liveRun struct {
	start time.Time
	last  int
	network
}

func newLiveRun(last int) *liveRun {
	l := &liveRun{start: time.Now(), last: last}
	l.network.answer = func(_ int, req Request) reply {
		next := 1
		for _, h := range req.Header {
			if h[0] == "Last-Event-ID" {
				_, n, _ := parseEventID(h[1])
				next = int(n) + 1
			}
		}
		if next > l.last+1 {
			return reply{status: 204}
		}
		made := min(int(time.Since(l.start)/(100*time.Millisecond)), l.last)
		body := []step{text(": hi\n\n")}
		if next <= made {
			body = append(body, text(msgs(runA, next, made)))
			next = made + 1
		}
		for n := next; n <= l.last; n++ {
			// In two pieces, so that what is cut is often not whole.
			m := msg(runA, n)
			body = append(body, after(100*time.Millisecond, m[:9]), text(m[9:]))
		}
		return stream(append(body, text(end(runA, l.last+1)))...)
	}
	return l
}

// connections is how many are open.
func (l *liveRun) connections() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.open
}

// tab is a tab of a browser that reads a run.
type tab struct {
	*world
	tabs *Tabs
}

// openTabs lets a test open tabs, and holds that nothing is left of them.
func openTabs(t *testing.T, direct, beyond Transport, browser *memoryBrowser, test func(open func(cfg Config) *tab)) {
	t.Helper()
	var all []*tab
	open := func(cfg Config) *tab {
		w := &world{T: t, recorder: &recorder{}, start: time.Now()}
		tabs := &Tabs{direct: direct, beyond: beyond, limited: func() bool { return true }, onChange: func() {}}
		if browser != nil {
			tabs.locks, tabs.channel = browser, browser.channel
		}
		cfg.Transport, cfg.Sink, cfg.Rand = tabs, w.recorder, func() float64 { return 0.5 }
		w.Client = New(cfg)
		w.ctx, w.cancel = context.WithCancel(t.Context())
		all = append(all, &tab{w, tabs})
		return all[len(all)-1]
	}
	defer func() {
		for _, tab := range all {
			tab.cancel()
			if tab.started {
				<-tab.Done()
			}
		}
		synctest.Wait()
		if browser != nil {
			if left := slices.Sorted(maps.Keys(browser.held)); len(left) > 0 {
				t.Errorf("locks are still held: %v", left)
			}
			for name, ears := range browser.channels {
				if len(ears) > 0 {
					t.Errorf("%d channels of %s are still open", len(ears), name)
				}
			}
		}
	}()
	test(open)
}

func (tab *tab) wantAll(last int) {
	tab.Helper()
	s := tab.want(Ended, "complete")
	if s.Missed != 0 {
		tab.Errorf("%d were missed", s.Missed)
	}
	var want []string
	for n := 1; n <= last; n++ {
		want = append(want, fmt.Sprint(n))
	}
	tab.wantData(strings.Join(want, " "))
}

// Ten tabs of one run need one connection, from wherever each begins.
func TestTabsOfOneRunShareAConnection(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		run := newLiveRun(100)
		openTabs(t, run, nil, newMemoryBrowser(), func(open func(Config) *tab) {
			first := open(Config{URL: "/sse"})
			first.begin()
			tabs := []*tab{first}
			for range 9 {
				first.pass(330 * time.Millisecond)
				next := open(Config{URL: "/sse", Run: runA})
				next.begin()
				tabs = append(tabs, next)
			}
			first.pass(time.Second)
			if run.connections() != 1 {
				t.Errorf("%d connections are open", run.connections())
			}
			if first.tabs.Sharing() != Leading || tabs[9].tabs.Sharing() != Following {
				t.Errorf("the first is %d, the last %d", first.tabs.Sharing(), tabs[9].tabs.Sharing())
			}
			first.pass(10 * time.Second)
			for _, tab := range tabs {
				tab.wantAll(100)
			}
		})
	})
}

// The tab that reads goes away, again and again, at any moment.
func TestTabsTakeOver(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		run := newLiveRun(100)
		openTabs(t, run, nil, newMemoryBrowser(), func(open func(Config) *tab) {
			var tabs []*tab
			for range 5 {
				tab := open(Config{URL: "/sse", Run: runA})
				tab.begin()
				tabs = append(tabs, tab)
			}
			for i := range 4 {
				tabs[i].pass(1370 * time.Millisecond)
				if i%2 == 0 {
					tabs[i].Close()
				} else {
					tabs[i].cancel()
				}
				synctest.Wait()
				if run.connections() > 1 {
					t.Errorf("%d connections are open", run.connections())
				}
				// All that are left go on at once, and not when they miss something.
				made := uint64(time.Since(run.start) / (100 * time.Millisecond))
				tabs[i].pass(500 * time.Millisecond)
				for j, tab := range tabs[i+1:] {
					if got := tab.Snapshot().Events; got < min(made+4, 100) {
						t.Errorf("after tab %d went, tab %d has %d events of %d", i, i+1+j, got, made)
					}
				}
			}
			tabs[4].pass(10 * time.Second)
			tabs[4].wantAll(100)
			if s := tabs[4].Snapshot(); s.Reconnects != 0 {
				t.Errorf("it was opened again %d times", s.Reconnects)
			}
		})
	})
}

// A cut of the connection that all share is one for one of them to mend.
func TestTabsGoOnAfterACut(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		run := newLiveRun(60)
		openTabs(t, run, nil, newMemoryBrowser(), func(open func(Config) *tab) {
			a, b := open(Config{URL: "/sse"}), open(Config{Run: runA})
			a.begin()
			a.pass(time.Second)
			b.begin()
			a.pass(time.Second)
			a.Cut()
			a.pass(500 * time.Millisecond)
			a.want(Waiting, "cut")
			b.want(Open, "")
			if b.tabs.Sharing() == Following {
				t.Error("nobody reads")
			}
			a.pass(2 * time.Second)
			if a.tabs.Sharing() != Following {
				t.Errorf("the tab that was cut is %d", a.tabs.Sharing())
			}
			a.pass(10 * time.Second)
			a.wantAll(60)
			b.wantAll(60)
		})
	})
}

// A page that is put aside keeps nothing from the others, and goes on when it is
// taken up again.
func TestTabsThatArePutAside(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		run := newLiveRun(100)
		openTabs(t, run, nil, newMemoryBrowser(), func(open func(Config) *tab) {
			a, b := open(Config{URL: "/sse"}), open(Config{Run: runA})
			a.begin()
			a.pass(time.Second)
			b.begin()
			a.pass(time.Second)
			a.tabs.Hide()
			synctest.Wait()
			a.want(Waiting, "")
			b.pass(300 * time.Millisecond)
			if s := b.want(Open, ""); s.Events < 22 || b.tabs.Sharing() == Following {
				t.Errorf("%d events, sharing %d", s.Events, b.tabs.Sharing())
			}
			a.Wake()
			a.pass(time.Minute)
			a.wantAll(100)
			b.wantAll(100)
		})
	})
}

// A leader that does not answer is no reason to wait.
func TestTabsReadForThemselvesWhereNobodyAnswers(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		run, browser := newLiveRun(50), newMemoryBrowser()
		browser.deaf = true
		openTabs(t, run, nil, browser, func(open func(Config) *tab) {
			a, b := open(Config{Run: runA}), open(Config{Run: runA})
			a.begin()
			b.begin()
			a.pass(3 * time.Second)
			if b.tabs.Sharing() != OwnConnection {
				t.Errorf("the second is %d", b.tabs.Sharing())
			}
			a.pass(10 * time.Second)
			a.wantAll(50)
			b.wantAll(50)
		})
	})
}

// Different runs cannot be shared: those that find no connection left are read
// over what is not counted.
func TestTabsOfManyRuns(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		direct, beyond := newLiveRun(30), newLiveRun(30)
		openTabs(t, direct, beyond, newMemoryBrowser(), func(open func(Config) *tab) {
			var tabs []*tab
			for range 10 {
				tab := open(Config{URL: "/own"})
				// A run of its own: it is not known before it is opened.
				tab.tabs.channel = func(string, func(string)) (func(string), func()) { return func(string) {}, func() {} }
				tab.begin()
				tabs = append(tabs, tab)
			}
			tabs[0].pass(time.Second)
			if direct.connections() != streamSlots || beyond.connections() != 10-streamSlots {
				t.Errorf("%d connections and %d beyond", direct.connections(), beyond.connections())
			}
			if tabs[9].tabs.Sharing() != Beyond {
				t.Errorf("the last is %d", tabs[9].tabs.Sharing())
			}
			// A connection that becomes free is taken by the next stream.
			tabs[0].Close()
			synctest.Wait()
			next := open(Config{URL: "/own"})
			next.begin()
			if next.tabs.Sharing() != OwnConnection {
				t.Errorf("the next is %d", next.tabs.Sharing())
			}
			next.pass(10 * time.Second)
			for _, tab := range tabs[1:] {
				tab.wantAll(30)
			}
		})
	})
}

// Without locks nobody knows how many connections are taken.
func TestTabsWithoutLocks(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		beyond := newLiveRun(10)
		openTabs(t, nil, beyond, nil, func(open func(Config) *tab) {
			a := open(Config{URL: "/sse"})
			a.begin()
			a.pass(3 * time.Second)
			a.wantAll(10)
			if a.tabs.Sharing() != Beyond {
				t.Errorf("it is %d", a.tabs.Sharing())
			}
		})
	})
}

func TestTabsWithConnectionsEnough(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		direct := newLiveRun(10)
		openTabs(t, direct, nil, newMemoryBrowser(), func(open func(Config) *tab) {
			for range 10 {
				a := open(Config{URL: "/sse"})
				a.tabs.limited = func() bool { return false }
				a.begin()
			}
			if direct.connections() != 10 {
				t.Errorf("%d connections", direct.connections())
			}
		})
	})
}
