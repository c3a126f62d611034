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
	if n, lost := l.Waiting(); !l.Paused() || n != 2 || lost != 0 || len(shown(&l)) != 1 {
		t.Fatalf("%d wait, %d are lost, %v are shown", n, lost, shown(&l))
	}
	l.Resume()
	if n, _ := l.Waiting(); l.Paused() || n != 0 || fmt.Sprint(shown(&l)) != "[1 2 3]" {
		t.Errorf("%d wait, %v are shown", n, shown(&l))
	}
}

// More than may wait is let go of, and there is a word of it at the place.
func TestPauseIsBounded(t *testing.T) {
	t.Parallel()
	var l Log
	l.Append(event(0))
	l.Pause()
	for i := range MaxEvents + 5 {
		l.Append(event(i + 1))
	}
	if n, lost := l.Waiting(); n != MaxEvents || lost != 5 || len(shown(&l)) != 1 {
		t.Fatalf("%d wait, %d are lost, %v are shown", n, lost, shown(&l))
	}
	l.Resume()
	lo, hi := l.Bounds()
	if first := l.At(lo); first.ID != "6" || first.Lost != 5 || hi-lo != MaxEvents {
		t.Errorf("after that %d to %d are shown, from %+v on", lo, hi, first)
	}
	if l.At(lo+1).Lost != 0 {
		t.Error("what was lost is told twice")
	}
}
