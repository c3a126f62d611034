// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"slices"
	"testing"
	"time"
)

// source is an EventSource by hand.
type source struct {
	address string
	types   []string
	on      sourceEvents
	closed  bool
}

// overSource runs a test of a client over EventSource; http answers what it
// does not.
func overSource(t *testing.T, http reply, cfg Config, test func(w *world, opened *[]*source)) {
	t.Helper()
	net := script(http, http)
	var opened []*source
	cfg.Transport = eventSource{net, new(Meter), []string{"message", "end", "reset"}, func(address string, types []string, on sourceEvents) (func(), error) {
		s := &source{address: address, types: types, on: on}
		opened = append(opened, s)
		return func() { s.closed = true }, nil
	}}
	simulate(t, net, cfg, func(w *world) { test(w, &opened) })
}

func TestEventSourceReadsAndComesBack(t *testing.T) {
	overSource(t, reply{}, Config{Run: runA, Silence: time.Hour}, func(w *world, opened *[]*source) {
		w.begin()
		w.want(Connecting, "")
		first := (*opened)[0]
		first.on.open()
		first.on.event(runA+"-1", "message", "1")
		first.on.event(runA+"-2", "message", "2")
		w.pass(time.Minute)
		if s := w.want(Open, ""); s.Run != runA || s.Events != 2 {
			t.Errorf("%+v", s)
		}
		first.on.fault(false)
		w.pass(0)
		w.want(Waiting, "")
		if !first.closed {
			t.Error("the EventSource goes on by itself")
		}
		w.pass(time.Second)
		second := (*opened)[1]
		if want := "/runs/" + runA + "?last_event_id=" + runA + "-2"; second.address != want {
			t.Errorf("went on at %s, want %s", second.address, want)
		}
		second.on.open()
		second.on.event(runA+"-3", "message", "3")
		second.on.event(runA+"-4", "end", `{"code":"OK"}`)
		w.pass(0)
		w.want(Ended, "complete")
		w.wantData("1 2 3")
		if !slices.Equal(second.types, []string{"message", "end", "reset"}) {
			t.Errorf("listened to %v", second.types)
		}
	})
}

// EventSource does not say why it gave up; the answer to a fetch does.
func TestEventSourceGivesUp(t *testing.T) {
	for _, tt := range []struct {
		http reply
		want Phase
		say  string
	}{
		{reply{status: 404, body: []step{text(`{"code":"NOT_FOUND","message":"no such run"}`)}}, Failed, "no such run"},
		{reply{status: 204}, Ended, "ended already"},
		{reply{status: 503}, Waiting, "503"},
		{stream(), Waiting, "could not be reached"},
	} {
		t.Run(tt.say, func(t *testing.T) {
			overSource(t, tt.http, Config{Run: runA, LastEventID: runA + "-1"}, func(w *world, opened *[]*source) {
				w.begin()
				(*opened)[0].on.fault(true)
				w.pass(0)
				w.want(tt.want, tt.say)
				if !(*opened)[0].closed {
					t.Error("the EventSource was not closed")
				}
			})
		})
	}
}
