// SPDX-License-Identifier: Apache-2.0

package events

import (
	"fmt"
	"testing"
)

func event(n int) Event {
	return Event{ID: fmt.Sprint(n), Type: "message", Data: fmt.Appendf(nil, `{"n":%d}`, n)}
}

// shown gives the ids of what a log shows.
func shown(l *Log) []string {
	var ids []string
	lo, hi := l.Bounds()
	for i := lo; i < hi; i++ {
		ids = append(ids, l.At(i).ID)
	}
	return ids
}

func TestLogKeepsTheLast(t *testing.T) {
	t.Parallel()
	var l Log
	for i := range 3*MaxEvents + 7 {
		l.Append(event(i))
	}
	lo, hi := l.Bounds()
	if hi != 3*MaxEvents+7 || hi-lo != MaxEvents {
		t.Fatalf("the log holds %d to %d", lo, hi)
	}
	for _, i := range []uint64{lo, lo + 5000, hi - 1} {
		if got := l.At(i).ID; got != fmt.Sprint(i) {
			t.Errorf("event %d is %s", i, got)
		}
	}
	if n := cap(l.shown.events); n > 4*MaxEvents {
		t.Errorf("it has room for %d", n)
	}
}

func TestLogIsBoundedInBytes(t *testing.T) {
	t.Parallel()
	var l Log
	big := make([]byte, MaxBytes/4)
	for range 10 {
		l.Append(Event{Data: big})
	}
	if lo, hi := l.Bounds(); hi-lo != 4 || hi != 10 {
		t.Errorf("the log holds %d to %d", lo, hi)
	}
	l.Append(Event{ID: "huge", Data: make([]byte, 2*MaxBytes)})
	if got := shown(&l); len(got) != 1 || got[0] != "huge" {
		t.Errorf("the log holds %v", got)
	}
	l.Append(event(1))
	if got := shown(&l); len(got) != 1 || got[0] != "1" {
		t.Errorf("the log holds %v", got)
	}
}

// What comes while a log is paused waits, and takes nothing away of what is
// shown.
func TestPause(t *testing.T) {
	t.Parallel()
	var l Log
	l.Append(event(1))
	l.Pause()
	l.Append(event(2))
	l.Append(event(3))
	if n := l.Waiting(); !l.Paused() || n != 2 || len(shown(&l)) != 1 {
		t.Fatalf("%d wait, %v are shown", n, shown(&l))
	}
	l.Resume()
	if n := l.Waiting(); l.Paused() || n != 0 || fmt.Sprint(shown(&l)) != "[1 2 3]" {
		t.Errorf("%d wait, %v are shown", n, shown(&l))
	}
}

// What waits is bounded by whoever brings it: the log says when it is full, and
// loses nothing of what comes all the same.
func TestPauseIsBounded(t *testing.T) {
	t.Parallel()
	var l Log
	l.Append(event(0))
	if l.Full() {
		t.Error("a log that is not paused is full")
	}
	l.Pause()
	brought := 0
	for !l.Full() {
		brought++
		l.Append(event(brought))
	}
	if brought != MaxEvents {
		t.Errorf("it is full after %d events", brought)
	}
	const batch = 5 // what was on its way
	for range batch {
		brought++
		l.Append(event(brought))
	}
	if n := l.Waiting(); n != brought || len(shown(&l)) != 1 {
		t.Fatalf("of %d events %d wait, %v are shown", brought, n, shown(&l))
	}
	l.Resume()
	if l.Full() || l.Waiting() != 0 {
		t.Error("it is full when it goes on")
	}
	if got := shown(&l); len(got) != brought || got[0] != "1" || got[brought-1] != fmt.Sprint(brought) {
		t.Errorf("after that %d are shown, from %s to %s", len(got), got[0], got[len(got)-1])
	}
	l.Append(event(brought + 1))
	if got := shown(&l); len(got) != MaxEvents {
		t.Errorf("then it holds %d", len(got))
	}
}

func TestPauseIsBoundedInBytes(t *testing.T) {
	t.Parallel()
	var l Log
	l.Append(event(0))
	l.Pause()
	big := make([]byte, MaxBytes/4)
	brought := 0
	for ; !l.Full(); brought++ {
		l.Append(Event{Data: big})
	}
	l.Append(Event{ID: "huge", Data: make([]byte, 2*MaxBytes)})
	l.Resume()
	if got := shown(&l); brought != 4 || len(got) != 5 || got[4] != "huge" {
		t.Errorf("full after %d, it shows %d events", brought, len(got))
	}
	if lo, hi := l.Bounds(); lo != 1 || hi != 6 {
		t.Errorf("the log holds %d to %d", lo, hi)
	}
}
