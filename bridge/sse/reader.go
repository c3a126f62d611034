// SPDX-License-Identifier: Apache-2.0

package sse

import (
	"io"
	"time"
)

const (
	// readBufferBytes is how much a Reader reads at once.
	readBufferBytes = 16 << 10
	// maxEmptyReads is how often in a row a source may return nothing at all.
	maxEmptyReads = 100
)

// A Reader reads an event stream from an io.Reader, such as a response body.
// Make one with NewReader; set its fields before the first call of Next.
//
// A Reader is not safe for concurrent use. A Next that waits for the source
// ends when the source's Read does: to stop it, close the body or cancel the
// request.
type Reader struct {
	// MaxLineBytes and MaxEventBytes are those of Parser.
	MaxLineBytes, MaxEventBytes int

	// OnComment, if not nil, is called by Next for each comment that it passes,
	// as Handler.Comment is. A caller that watches for heartbeats sees them here
	// while Next waits for an event.
	OnComment func(text []byte)
	// OnRetry, if not nil, is called by Next for each reconnection time that it
	// passes, as Handler.Retry is.
	OnRetry func(d time.Duration)

	src    io.Reader
	buf    []byte
	parser Parser
	err    error // that the source returned, due once buf is read
}

// NewReader returns a Reader that reads from src.
func NewReader(src io.Reader) *Reader {
	return &Reader{src: src}
}

// Next returns the next event, as soon as the source has delivered its blank
// line; it then reads no further. The event's Data is valid until the next
// call, its strings for ever.
//
// At the stream's end the error is io.EOF, also where the stream breaks off
// inside an event: the standard has a reader discard it, with its id. A
// stream that goes over a limit ends with a *TooLargeError, and every other
// error is the source's own. Once Next has returned an error, it returns the
// same one until Reset.
func (r *Reader) Next() (Event, error) {
	r.parser.MaxLineBytes, r.parser.MaxEventBytes = r.MaxLineBytes, r.MaxEventBytes
	for {
		found, b := r.parser.step()
		switch found {
		case foundEvent:
			return Event{ID: r.parser.lastID, Type: r.parser.eventType, Data: b}, nil
		case foundComment:
			if r.OnComment != nil {
				r.OnComment(b)
			}
		case foundRetry:
			if r.OnRetry != nil {
				r.OnRetry(r.parser.retry)
			}
		default:
			if r.parser.err != nil {
				return Event{}, r.parser.err
			}
			if r.err != nil {
				return Event{}, r.err
			}
			r.fill()
		}
	}
}

// LastEventID returns the id that a reconnect is to send, as that of Parser.
func (r *Reader) LastEventID() string { return r.parser.LastEventID() }

// Reset lets the Reader go on with src, the body of a new connection that was
// asked for with lastEventID, as that of Parser does. The fields stay.
func (r *Reader) Reset(src io.Reader, lastEventID string) {
	r.src, r.err = src, nil
	r.parser.Reset(lastEventID)
}

// fill reads the next chunk. An error that comes with bytes waits for its turn.
func (r *Reader) fill() {
	if r.buf == nil {
		r.buf = make([]byte, readBufferBytes)
	}
	for range maxEmptyReads {
		n, err := r.src.Read(r.buf)
		r.err = err
		if n > 0 {
			r.parser.load(r.buf[:n])
			return
		}
		if err != nil {
			return
		}
	}
	r.err = io.ErrNoProgress
}
