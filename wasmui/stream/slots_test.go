// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"io"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"sluice/internal/bubble"
)

func TestReserve(t *testing.T) {
	t.Parallel()
	browser := newMemoryBrowser()
	s := slots{browser}
	two, ok := s.reserve(t.Context(), 2)
	if !ok {
		t.Fatal("two of all are not there")
	}
	if _, ok := s.reserve(t.Context(), streamSlots-1); ok {
		t.Fatal("there are more than there are")
	}
	if n := len(browser.held); n != 2 {
		t.Fatalf("%d are held after that", n)
	}
	rest, ok := s.reserve(t.Context(), streamSlots-2)
	if !ok {
		t.Fatal("the rest is not there")
	}
	two()
	rest()
	rest()
	if n := len(browser.held); n != 0 {
		t.Errorf("%d are held in the end", n)
	}
	if release, ok := Reserve(t.Context(), 100); !ok {
		t.Error("without locks somebody knows")
	} else {
		release()
	}
}

// fullOfStreams opens as many streams as there are connections for.
func fullOfStreams(open func(Config) *tab) (all []*tab) {
	for i := range streamSlots {
		tab := open(Config{URL: "/stream" + strconv.Itoa(i), Silence: time.Hour})
		tab.begin()
		all = append(all, tab)
	}
	return all
}

// eachItsRun answers every request with a run of its own, which says nothing.
func eachItsRun() *network {
	return &network{answer: func(i int, req Request) reply {
		if req.Method == "DELETE" {
			return reply{status: 204}
		}
		run := string(rune('b'+i)) + runA[1:]
		return reply{
			header: map[string]string{"Content-Type": "text/event-stream", "Sluice-Run": run},
			body:   []step{text(msg(run, 1)), hang},
		}
	}}
}

// A request with a body cannot go over a WebSocket: it waits, says so, and is sent
// once.
func TestTabsQueueWhatIsNoGET(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		net := eachItsRun()
		openTabs(t, net, nil, newMemoryBrowser(), func(open func(Config) *tab) {
			all := fullOfStreams(open)
			post := open(Config{URL: "/post", Method: "POST", Body: []byte("{}"), Silence: time.Hour})
			post.begin()
			post.pass(10 * DefaultConnectTimeout)
			post.Wake()
			synctest.Wait()
			if s := post.want(Connecting, "Other streams hold the connections"); !s.Queued {
				t.Errorf("%+v", s)
			}
			sent := 0
			for i := range net.count() {
				if net.sent(i).Method == "POST" {
					sent++
				}
			}
			if sent != 0 {
				t.Errorf("it was sent %d times", sent)
			}
			all[2].Close()
			synctest.Wait()
			if s := post.want(Open, ""); s.Queued || s.Events != 1 || post.tabs.Sharing() != OwnConnection {
				t.Errorf("%+v", s)
			}
		})
	})
}

// The time of the server begins when the request is sent.
func TestTabsQueueAndNoAnswer(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		net := eachItsRun()
		answer := net.answer
		net.answer = func(i int, req Request) reply {
			if req.Method == "POST" {
				return reply{after: time.Hour}
			}
			return answer(i, req)
		}
		openTabs(t, net, nil, newMemoryBrowser(), func(open func(Config) *tab) {
			all := fullOfStreams(open)
			post := open(Config{URL: "/post", Method: "POST", Body: []byte("{}")})
			post.begin()
			post.pass(10 * time.Second)
			all[0].Close()
			post.pass(DefaultConnectTimeout - 1)
			if s := post.want(Connecting, "is sent"); s.Queued {
				t.Error("it still waits for a connection")
			}
			post.pass(1)
			post.want(Failed, "No answer came within 30 s")
		})
	})
}

// What was not sent has begun no run, and leaves no place in the queue.
func TestTabsLeaveTheQueue(t *testing.T) {
	t.Parallel()
	for name, leave := range map[string]func(*tab){
		"stop":    func(tab *tab) { tab.Stop() },
		"close":   func(tab *tab) { tab.Close() },
		"context": func(tab *tab) { tab.cancel() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble.Test(t, func(t *testing.T) {
				net := eachItsRun()
				openTabs(t, net, nil, newMemoryBrowser(), func(open func(Config) *tab) {
					all := fullOfStreams(open)
					post := open(Config{URL: "/post", Method: "POST", Body: []byte("{}")})
					post.begin()
					leave(post)
					synctest.Wait()
					if s := post.want(Stopped, ""); s.Queued || s.Cancel != NotCancelled {
						t.Errorf("%+v", s)
					}
					all[1].Close()
					synctest.Wait()
					next := open(Config{URL: "/next"})
					next.begin()
					next.want(Open, "")
					if n := net.count(); n != streamSlots+1 {
						t.Errorf("%d requests", n)
					}
				})
			})
		})
	}
}

// What is no stream needs no place among them.
func TestTabsLetOtherRequestsBy(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		net := eachItsRun()
		openTabs(t, net, nil, newMemoryBrowser(), func(open func(Config) *tab) {
			all := fullOfStreams(open)
			for _, req := range []Request{
				{Method: "GET", URL: "/catalog", Header: [][2]string{{"Accept", "application/json"}}},
				{Method: "DELETE", URL: "/runs/" + runA},
			} {
				resp, err := all[0].tabs.Open(t.Context(), req)
				if err != nil {
					t.Fatal(err)
				}
				_ = resp.Close()
			}
			if last := net.sent(net.count() - 2); last.URL != "/catalog" {
				t.Errorf("the request for %s was sent", last.URL)
			}
		})
	})
}

// A page may have several streams, and gives them all up when it is put aside.
func TestTabsHideAllStreams(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		net, browser := eachItsRun(), newMemoryBrowser()
		tabs := &Tabs{direct: net, limited: func() bool { return true }, onChange: func() {}, locks: browser, channel: browser.channel}
		var all []Response
		for _, url := range []string{"/a", "/b", "/c"} {
			resp, err := tabs.Open(t.Context(), Request{Method: "GET", URL: url, Header: [][2]string{{"Accept", "text/event-stream"}}})
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, resp)
		}
		_ = all[0].Close()
		tabs.Hide()
		if len(browser.held) > 0 || net.open != 0 {
			t.Errorf("%v is held, %d are open", browser.held, net.open)
		}
		for _, resp := range all {
			for i := 0; i < 2; i++ {
				if _, err := resp.Read(make([]byte, 100)); err != nil && err != io.EOF {
					break
				} else if i == 1 {
					t.Error("what was given up is read on")
				}
			}
			_ = resp.Close()
		}
		synctest.Wait()
	})
}
