// SPDX-License-Identifier: Apache-2.0

package events

import "time"

// The bounds of what a Log keeps to be shown, and of what waits while it is paused
// before the log is Full. An event that is larger than all that may be kept is
// kept alone.
const (
	MaxEvents = 10_000
	MaxBytes  = 8 << 20
)

// Event is one message of a run.
type Event struct {
	// ID is the event's id, "" for none, and Type its type.
	ID, Type string
	// Data is JSON. Nothing changes it.
	Data []byte
	// Received is when it came.
	Received time.Time
}

// Log is the events of one run. The zero value is empty and not paused.
type Log struct {
	shown, waiting queue
	paused         bool
}

// queue is events in order, of which the first are let go of.
type queue struct {
	events []Event // those from head on
	head   int
	bytes  int
	let    uint64 // how many were let go
}

func (q *queue) len() int { return len(q.events) - q.head }

func (q *queue) push(e Event) {
	q.events = append(q.events, e)
	q.bytes += len(e.Data)
}

// full reports whether the queue holds as much as is kept.
func (q *queue) full() bool { return q.len() >= MaxEvents || q.bytes >= MaxBytes }

// trim lets go of the first, down to the bounds but not of the last so many.
func (q *queue) trim(last int) {
	for q.len() > last && (q.len() > MaxEvents || q.bytes > MaxBytes) {
		first := &q.events[q.head]
		q.bytes -= len(first.Data)
		*first = Event{} // lets go of the data
		q.head++
		q.let++
	}
	if q.head > 64 && q.head > len(q.events)/2 {
		n := copy(q.events, q.events[q.head:])
		clear(q.events[n:])
		q.events, q.head = q.events[:n], 0
	}
}

// Append adds an event at the end or, while the log is paused, to those that
// wait, of which none is let go: that they are no more than can be kept is for
// whoever brings them, by Full.
func (l *Log) Append(e Event) {
	if l.paused {
		l.waiting.push(e)
		return
	}
	l.shown.push(e)
	l.shown.trim(1)
}

// Full reports whether no more should be brought until Resume.
func (l *Log) Full() bool { return l.paused && l.waiting.full() }

// Pause has what comes from now on wait, so that what is shown stays.
func (l *Log) Pause() { l.paused = true }

// Resume shows all that has waited, in the place of what was shown before where
// there is no room for both, and all that follows.
func (l *Log) Resume() {
	for _, e := range l.waiting.events {
		l.shown.push(e)
	}
	l.shown.trim(max(l.waiting.len(), 1))
	l.waiting, l.paused = queue{}, false
}

// Paused reports whether the log is paused.
func (l *Log) Paused() bool { return l.paused }

// Waiting gives how many events wait.
func (l *Log) Waiting() int { return l.waiting.len() }

// Bounds gives the events that are shown by their index among all that ever
// were: from lo up to but not including hi.
func (l *Log) Bounds() (lo, hi uint64) {
	return l.shown.let, l.shown.let + uint64(l.shown.len())
}

// At gives the event with this index, which has to be within Bounds.
func (l *Log) At(index uint64) Event {
	return l.shown.events[l.shown.head+int(index-l.shown.let)]
}
