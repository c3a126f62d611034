// SPDX-License-Identifier: Apache-2.0

// Package stream reads one server stream over HTTP as Server-Sent Events, and
// goes on reading it when the connection does not.
//
// It is a state machine over a [Transport] and knows no page: the same code
// runs in a browser over fetch ([NewFetch]) and natively in tests.
//
//	Idle ──Start, Join──▶ Connecting ──head──▶ Open ──"end" OK, 204──▶ Ended
//	                       ▲      │             │ │
//	          time, Wake() │      │ fault       │ └──"end" of an error, 4xx──▶ Failed
//	                       │      ▼             │
//	                      Waiting ◀──fault, Cut()┘      Stop(), Close() ──▶ Stopped
//
// # What brings it
//
// A [Transport] is all that differs between the ways of reading a stream. Fetch
// gives the bytes of an event stream; [NewWebSocket], [NewLongPoll] and
// [NewEventSource] write what they are given as one, so that there is one reader,
// and what follows holds for all of them. Transports can be put into each other:
// [Fallback] goes on to another where a proxy holds events back, [Tabs] shares
// connections between the tabs of a browser, [Metered] counts, and [Network]
// slows down.
//
// # What ends a stream
//
// Only an event of type "end", or 204 in answer to an id, says that a stream
// is over. A connection that merely closes, cleanly or not, has lost its
// stream, and the client asks for the rest.
//
// # What is asked for again
//
// A GET is repeated at its own address with the id of the last event received
// as Last-Event-ID, which any server of the same method can answer, also one
// that has never seen the run. A run that has not given an event yet is read
// again from its start at /runs/{run}, so that no second run is opened for it;
// where it is no longer known there, nothing is lost by starting over. A POST
// is never sent twice: it goes on at /runs/{run}, or fails. A page being hidden
// is no reason to ask for anything.
//
// # When it is asked for
//
// After a pause drawn evenly from zero to a bound that doubles with every
// attempt, on top of what the server asked for ("retry", Retry-After). Only a
// received event sets the bound back: a connection that opens and breaks
// again, over and over, is not a recovery.
//
// # What may go wrong without an error
//
// Ids of the form <run>-<n> number the events of a run. An event that was
// received before is dropped and counted in [Snapshot.Repeated], one that never
// came is counted in [Snapshot.Missed], and a server that can no longer give
// what was asked says so with an event of type "reset" ([Snapshot.Reset]).
package stream
