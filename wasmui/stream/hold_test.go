// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"testing"
	"testing/synctest"
	"time"
)

// What is held is not read, for however long, and then comes whole; the time is no
// silence of the server's.
func TestHold(t *testing.T) {
	net := script(stream(text(msg(runA, 1)), after(time.Second, msg(runA, 2)), after(time.Second, msg(runA, 3)), after(time.Second, msg(runA, 4), end(runA, 5))))
	simulate(t, net, Config{}, func(w *world) {
		w.begin()
		w.Hold()
		w.pass(time.Hour)
		w.Wake()
		synctest.Wait()
		w.wantData("1")
		if s := w.want(Open, "Connected"); s.Events != 1 || s.Requests != 1 {
			t.Errorf("held, the client has %d events over %d requests", s.Events, s.Requests)
		}
		w.GoOn()
		w.pass(0)
		w.wantData("1 2")
		w.pass(10 * time.Second)
		w.wantData("1 2 3 4")
		if s := w.want(Ended, ""); s.Requests != 1 || s.Missed != 0 {
			t.Errorf("it ended over %d requests, with %d missed", s.Requests, s.Missed)
		}
	})
}

// A sink may hold the stream from within Events: nothing follows that batch.
func TestHoldFromTheSink(t *testing.T) {
	net := script(stream(text(msg(runA, 1)), text(msg(runA, 2)), text(msg(runA, 3), end(runA, 4))))
	simulate(t, net, Config{}, func(w *world) {
		w.onEvents = func([]Event) { w.Hold() }
		w.begin()
		for _, want := range []string{"1", "1 2", "1 2 3"} {
			w.pass(time.Minute)
			w.wantData(want)
			w.GoOn()
			synctest.Wait()
		}
		w.want(Ended, "")
	})
}

// The server's patience is silence once the client listens again, and not before.
func TestSilenceAfterHold(t *testing.T) {
	net := script(stream(text(msg(runA, 1)), hang))
	simulate(t, net, Config{}, func(w *world) {
		w.begin()
		w.Hold()
		w.pass(10 * DefaultSilence)
		w.GoOn()
		w.pass(DefaultSilence - time.Millisecond)
		w.want(Open, "Connected")
		w.pass(DefaultSilence)
		if s := w.Snapshot(); s.Reconnects+s.Attempt == 0 {
			t.Errorf("a server that is silent is still trusted: %+v", s)
		}
	})
}

// A connection that broke meanwhile is found broken when the client goes on, and
// the rest asked for after the last event.
func TestHoldOverABrokenConnection(t *testing.T) {
	net := script(stream(text(msg(runA, 1)), text(msg(runA, 2)), cut), stream(text(msg(runA, 3), end(runA, 4))))
	simulate(t, net, Config{}, func(w *world) {
		w.onEvents = func([]Event) { w.Hold() }
		w.begin()
		w.pass(time.Hour)
		w.onEvents = nil
		w.GoOn()
		w.pass(time.Minute)
		w.wantData("1 2 3")
		w.wantRequest(1, "GET", "/sse?count=5", runA+"-2")
		w.want(Ended, "")
	})
}

// A client that comes back while it is held stays held.
func TestHoldOutlivesAConnection(t *testing.T) {
	net := script(stream(text(msg(runA, 1)), hang), stream(text(msg(runA, 2)), hang))
	simulate(t, net, Config{}, func(w *world) {
		w.begin()
		w.Hold()
		w.Cut()
		w.pass(time.Minute)
		w.wantData("1")
		w.wantRequest(1, "GET", "/sse?count=5", runA+"-1")
		w.GoOn()
		synctest.Wait()
		w.wantData("1 2")
	})
}

// Stop and Close do not wait for a client that is held.
func TestStopWhileHeld(t *testing.T) {
	net := deletes([]reply{stream(text(msg(runA, 1)), text(msg(runA, 2)), hang)}, []reply{{status: 204}})
	simulate(t, net, Config{}, func(w *world) {
		w.onEvents = func([]Event) { w.Hold() }
		w.begin()
		w.Stop()
		synctest.Wait()
		if s := w.want(Stopped, "is cancelled"); s.EndedAt != w.start {
			t.Errorf("it ended %v after it was asked to", s.EndedAt.Sub(w.start))
		}
		w.wantData("1")
		<-w.Done()
	})
}

func TestCloseWhileHeld(t *testing.T) {
	net := script(stream(text(msg(runA, 1)), text(msg(runA, 2)), hang))
	simulate(t, net, Config{}, func(w *world) {
		w.onEvents = func([]Event) { w.Hold() }
		w.begin()
		w.Close()
		synctest.Wait()
		w.want(Stopped, "Left")
		w.wantData("1")
		<-w.Done()
	})
}
