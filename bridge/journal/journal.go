// SPDX-License-Identifier: Apache-2.0

// Package journal keeps the append-only record of a run: every event of one
// stream, numbered from its beginning, already encoded, and read by any number
// of cursors.
//
// A [Journal] is bounded. It forgets its oldest records to make room for new
// ones, but never one that the cursor given to Release has not passed: rather
// than lose it, Append refuses with [ErrFull], and whoever appends waits. That
// is the whole of backpressure.
//
// What a cursor has passed was written to a connection, which is not to say
// that it arrived. A journal therefore also holds back a reserve behind the
// released cursor, so that a viewer whose connection broke finds what was
// lost on the way, as far as the reserve goes.
package journal

import (
	"errors"
	"fmt"
)

// Kind says what a record is.
type Kind uint8

const (
	// Message is a message of the stream.
	Message Kind = iota + 1
	// End is the last record of a run: its status.
	End
)

// String returns the kind's name in lower case.
func (k Kind) String() string {
	switch k {
	case Message:
		return "message"
	case End:
		return "end"
	}
	return fmt.Sprintf("kind(%d)", uint8(k))
}

// Window is a part of a record's frame: from byte Start up to, and without,
// byte End. The zero value is empty.
type Window struct{ Start, End int }

// Record is one event of a run. Its slices are windows into the journal's own
// memory: they stay as they are for as long as they are held, and must not be
// written to.
type Record struct {
	// Seq is the record's number in its run, from 1.
	Seq uint64
	// Kind says what the record is.
	Kind Kind
	// Frame is the event as a stream carries it.
	Frame []byte
	// ID and Data are the windows of Frame that hold the event's id and its
	// payload, for transports whose framing is another.
	ID, Data []byte
}

// Span is a run of consecutive records as one piece of bytes: their frames,
// joined.
type Span struct {
	// Frames is empty when the cursor stands at the newest record. It is the
	// journal's own memory: it stays as it is for as long as it is held, and
	// must not be written to.
	Frames []byte
	// Last is the number of the last record in Frames, or the cursor that was
	// asked for when Frames is empty.
	Last uint64
	// Ended is whether Last is the run's last record.
	Ended bool
}

// Extent is what a journal holds.
type Extent struct {
	// First and Last are the numbers of the oldest and of the newest record.
	// First is Last+1 when there is none.
	First, Last uint64
	// Ended is whether Last is of kind [End].
	Ended bool
	// Bytes is what the records take, in bytes.
	Bytes int
}

// Journal is the record of one run. Append is called by one goroutine at a
// time; all else may be called by any number of them at once.
type Journal interface {
	// Append adds a record and returns its number. The frame is copied. It
	// fails with [ErrFull] where a record that is not released would have to
	// go, with [ErrTooLarge] where the journal could not hold the frame even
	// if it were empty, and with [ErrClosed] after an End record or Close. A
	// record of kind [End] is always taken, so that no run ends in silence.
	Append(kind Kind, frame []byte, id, data Window) (uint64, error)

	// Read appends to dst the records after the given number, oldest first:
	// as many as there are, but at least one where there is one, and no more
	// once their frames pass maxBytes. It returns dst unchanged where there
	// is none yet, and a [*TrimmedError] where the next one is gone.
	Read(dst []Record, after uint64, maxBytes int) ([]Record, error)

	// Span returns the frames after the given number in one piece, at least
	// one where there is one, and fewer than there are where they do not
	// stand together or pass maxBytes. Its errors are Read's.
	Span(after uint64, maxBytes int) (Span, error)

	// Release says that the record with the given number and all before it
	// may be forgotten, but for the reserve behind it. It replaces what was
	// said before, also by a smaller number. [Everything] releases whatever
	// is appended, too, and gives up the reserve.
	Release(seq uint64)

	// Changed returns a channel that is closed at the next Append or Close.
	// To miss nothing, call it before Read.
	Changed() <-chan struct{}

	// Extent says what the journal holds.
	Extent() Extent

	// Close forgets all records and gives their memory back. Reads then fail
	// with [ErrClosed]. It may be called more than once.
	Close()
}

// Everything, given to Release, lets a journal forget any record.
const Everything = ^uint64(0)

var (
	// ErrFull says that a record could be added only by forgetting one that
	// is not released.
	ErrFull = errors.New("journal: full of records that are still to be read")
	// ErrTooLarge says that a record is larger than the journal.
	ErrTooLarge = errors.New("journal: record is larger than the journal")
	// ErrClosed says that nothing can be added after the end, or that the
	// journal has been closed.
	ErrClosed = errors.New("journal: closed")
)

// TrimmedError says that the record after a cursor has been forgotten.
type TrimmedError struct {
	// After is the cursor that was asked for.
	After uint64
	// First is the oldest record that there still is.
	First uint64
}

// Error implements error.
func (e *TrimmedError) Error() string {
	return fmt.Sprintf("journal: record %d is no longer held, the oldest is %d", e.After+1, e.First)
}
