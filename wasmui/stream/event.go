// SPDX-License-Identifier: Apache-2.0

package stream

import "time"

// Event is one message of the stream.
type Event struct {
	// ID is the event id in force, "" where the stream has none.
	ID string
	// Type is the event type, "message" where the stream names none.
	Type string
	// Data belongs to the receiver. The events of a batch share one array, so
	// one kept Data keeps the batch's; copy what is kept for long.
	Data []byte
	// Received is when the bytes that completed the event were read.
	Received time.Time
}

// Sink is told what the client receives and does. Its methods are called on
// the client's goroutine, one at a time, and hold up the stream while they run,
// and all that is asked of the client too: one that has no room calls Hold. They
// may call the client's methods.
type Sink interface {
	// Events takes messages in order: all that one read completed. The slice is
	// used again once Events returns; the Data of its events is not. The events
	// "end" and "reset" are the client's own and not among them.
	Events(batch []Event)
	// Changed takes the client's state after every change of it, counters
	// included. It follows the Events that caused the change.
	Changed(Snapshot)
}
