// SPDX-License-Identifier: Apache-2.0

package stream

import "time"

// Phase is where a client stands. The zero value is Idle.
type Phase uint8

const (
	// Idle has not been started.
	Idle Phase = iota
	// Connecting has sent a request and has no answer yet.
	Connecting
	// Open receives events as they come.
	Open
	// Waiting has lost its connection and asks again at Snapshot.RetryAt.
	Waiting
	// Ended has received the whole stream. Nothing follows.
	Ended
	// Failed cannot go on; Snapshot.Err says why. Nothing follows.
	Failed
	// Stopped was left by Stop, Close or the context. Nothing follows.
	Stopped
)

// String is the phase in one lower-case word.
func (p Phase) String() string {
	switch p {
	case Idle:
		return "idle"
	case Connecting:
		return "connecting"
	case Open:
		return "open"
	case Waiting:
		return "waiting"
	case Ended:
		return "ended"
	case Failed:
		return "failed"
	case Stopped:
		return "stopped"
	}
	return "unknown"
}

// Over says that no phase follows this one.
func (p Phase) Over() bool { return p >= Ended }

// Cancel is what became of the wish that the server end the run. The zero value
// is NotCancelled.
type Cancel uint8

const (
	// NotCancelled leaves the run to the server: what it does when its viewer
	// leaves is the policy of the method.
	NotCancelled Cancel = iota
	// Cancelling has asked, or is about to, and has no answer yet.
	Cancelling
	// Cancelled has the server's word that the run is over.
	Cancelled
	// CancelFailed could not ask: the run was not known yet, the server was not
	// reached, or it refused. The policy of the method decides.
	CancelFailed
)

// Reset says that the server could not go on where the client stood.
type Reset struct {
	// Reason is the server's, in words.
	Reason string
	// First is the number within the run of the first event that follows, from
	// 1. 0 when the server did not say.
	First uint64
	// After is how many events had been delivered to the Sink before, so that a
	// reader can mark the place.
	After uint64
	// Count is how many resets there have been, from 1.
	Count int
}

// Snapshot is everything there is to know about a client at one moment. It is
// a value: nothing in it changes afterwards.
type Snapshot struct {
	Phase Phase
	// Reason says in a sentence why the client is in this phase. Never empty but
	// in Idle.
	Reason string

	// Attempt numbers the requests since the last event that was new, from 1; 0
	// when nothing has been asked for since. Pauses grow with it.
	Attempt int
	// Requests is how many requests for events were made in all.
	Requests int
	// Reconnects is how many times the stream was opened again after it had been
	// open.
	Reconnects int
	// RetryAt is when the next request is due. Zero but in Waiting.
	RetryAt time.Time
	// RetryHeld says that the server demanded the pause with Retry-After: Wake
	// does not shorten it.
	RetryHeld bool

	// Queued says that the request has not been sent yet: other streams hold the
	// connections that the browser has. False but in Connecting.
	Queued bool

	// Run is the id of the run as the server named it, "" while it is not known.
	Run string
	// LastEventID is the id of the last event received, "" before the first.
	LastEventID string
	// Joined says that this client was given the id of a run and did not open it.
	Joined bool

	// Resumed says that this connection continues an earlier one.
	Resumed bool
	// ResumedAfter is the event id that it continues from, "" when it reads the
	// run from the start.
	ResumedAfter string
	// ResumedAfterNumber is the number of that event within its run, from 1. 0
	// when it is not known.
	ResumedAfterNumber uint64
	// Replayed counts the events that the server had ready when the stream was
	// resumed or joined: those that came before the first pause of ReplayGap, and
	// within ReplayLimit. It is an estimate, as the wire does not tell a replayed
	// event from a new one.
	Replayed int

	// Bytes counts the bytes of all response bodies, Events the events delivered.
	Bytes, Events uint64
	// Missed counts events of a run that never came, by their numbers.
	Missed uint64
	// Repeated counts events that came again and were dropped.
	Repeated uint64
	// Reset is the last reset, nil when there was none.
	Reset *Reset
	// ResetHere says that Reset came on the connection in use, or the last one, and
	// not on one before it.
	ResetHere bool

	// Err is why the stream failed or, in Waiting, what the server answered. Nil
	// otherwise.
	Err *Error
	// End is the data of the "end" event: a google.rpc.Status as JSON, with the
	// trailers that the server lets out. "" while there was none.
	End string
	// Cancel is what became of Stop.
	Cancel Cancel

	// StartedAt is when the client was started, OpenedAt when the connection in
	// use, or the last one, opened.
	StartedAt, OpenedAt time.Time
	// FirstEventAt and LastEventAt are when the first and the last event came.
	FirstEventAt, LastEventAt time.Time
	// EndedAt is when the client came to a phase that is Over.
	EndedAt time.Time
}
