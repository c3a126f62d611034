// SPDX-License-Identifier: Apache-2.0

package events

import "time"

// The bounds of what a Log keeps to be shown and, once more, of what waits while
// it is paused. An event that is larger than all that may be kept is kept alone.
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
	// Lost is how many events before this one came and were let go while the log
	// was paused.
	Lost uint64
}

// Log is the events of one run. The zero value is empty and not paused.
type Log struct {
	shown, waiting queue
	paused         bool
}

// queue is the last events that were pushed.
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
	for q.len() > 1 && (q.len() > MaxEvents || q.bytes > MaxBytes) {
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
// wait.
func (l *Log) Append(e Event) {
	if l.paused {
		l.waiting.push(e)
		return
	}
	l.shown.push(e)
}

// Pause has what comes from now on wait, so that what is shown stays.
func (l *Log) Pause() { l.paused = true }

// Resume shows what has waited, and all that follows.
func (l *Log) Resume() {
	lost := l.waiting.let
	for _, e := range l.waiting.events[l.waiting.head:] {
		e.Lost, lost = lost, 0
		l.shown.push(e)
	}
	l.waiting, l.paused = queue{}, false
}

// Paused reports whether the log is paused.
func (l *Log) Paused() bool { return l.paused }

// Waiting gives how many events wait, and how many before them had to be let go
// as more came than may wait.
func (l *Log) Waiting() (n int, lost uint64) { return l.waiting.len(), l.waiting.let }

// Bounds gives the events that are shown by their index among all that ever
// were: from lo up to but not including hi.
func (l *Log) Bounds() (lo, hi uint64) {
	return l.shown.let, l.shown.let + uint64(l.shown.len())
}

// At gives the event with this index, which has to be within Bounds.
func (l *Log) At(index uint64) Event {
	return l.shown.events[l.shown.head+int(index-l.shown.let)]
}
