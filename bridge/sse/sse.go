// SPDX-License-Identifier: Apache-2.0

// Package sse reads and writes the Server-Sent Events wire format, the body
// of a text/event-stream response.
//
// [AppendEvent], [AppendRetry] and [AppendComment] write it; [AppendHead] and
// [AppendTail] stand around data that is made in place. [Parser] reads it from chunks
// that are pushed into it, however the bytes happen to be cut, and [Reader]
// reads it from an [io.Reader], one event at a time.
//
// The rules are those of the WHATWG HTML standard, section 9.2 "Server-sent
// events" (https://html.spec.whatwg.org/multipage/server-sent-events.html),
// with its UTF-8 decoding from the Encoding standard. What the standard leaves
// open is bounded here: the length of a line, the size of an event and the
// reconnection time.
//
// The package depends on nothing but the standard library, and not on
// net/http, so that a browser program compiled to WebAssembly stays small.
package sse

import "time"

// ContentType is the media type of an event stream. It needs no charset
// parameter: an event stream is always UTF-8.
const ContentType = "text/event-stream"

// DefaultType is the type of an event whose type is absent or empty.
const DefaultType = "message"

// MaxRetry is the longest reconnection time that is reported when reading. A
// server may write any number of digits; a longer time is read as this one.
const MaxRetry = 24 * time.Hour

// An Event is one event of a stream, as a reader gets it.
type Event struct {
	// ID is the last event id in force, which is what a client sends as
	// Last-Event-ID. An event without an id of its own has that of the event
	// before it. Empty if there is none.
	ID string
	// Type is the event's type, DefaultType if the stream gave none.
	Type string
	// Data is the event's data, its lines joined by LF. It is always valid
	// UTF-8. It is borrowed: see Handler and Reader.Next for how long.
	Data []byte
}

// A Handler receives what a Parser finds, in the order of the stream.
//
// Byte slices are borrowed: they may point into the chunk that is being fed,
// and a handler that keeps or changes one must copy it. Strings may be kept. A
// handler must not call the Parser's Feed or Reset.
type Handler interface {
	// Event is called for every event, at the blank line that completes it.
	Event(ev Event)
	// Comment is called for every comment line, without the colon and one
	// space after it. A comment is not part of any event. Servers send them to
	// keep a quiet connection alive.
	Comment(text []byte)
	// Retry is called for every valid retry field with the reconnection time
	// that is to be used from now on, at most MaxRetry.
	Retry(d time.Duration)
}
