// SPDX-License-Identifier: Apache-2.0

package sse

import (
	"bytes"
	"time"
	"unicode/utf8"
)

// Limits of a Parser and a Reader that set none: several times the size of the
// largest message that a gRPC client accepts by default, 4 MiB.
const (
	DefaultMaxLineBytes  = 16 << 20
	DefaultMaxEventBytes = 16 << 20
)

// A Parser reads an event stream from chunks that are pushed into it. How the
// stream is cut into chunks makes no difference to what is found; an event is
// delivered with the byte that completes it, and never waits for another.
//
// The zero value is ready for use. A Parser must not be copied after its first
// use, and is not safe for concurrent use. Its memory is bounded by its
// limits: it holds one unfinished line and one unfinished event, and of those
// only what did not lie in the current chunk.
type Parser struct {
	// MaxLineBytes is the longest line that is accepted, in bytes without its
	// end. Comments and unknown fields count. Zero or less is
	// DefaultMaxLineBytes.
	MaxLineBytes int
	// MaxEventBytes is the most data that an event may have, in bytes as they
	// arrive, with one for each LF that joins two lines. Zero or less is
	// DefaultMaxEventBytes.
	//
	// Where the stream is not UTF-8, the data delivered may be up to three
	// times as long, because U+FFFD takes three bytes.
	MaxEventBytes int

	lines lineSplitter

	// The data of the event that is being read is either one line that still
	// lies where the splitter found it, or is copied to joined, where every
	// line is ended by an LF. Most events are the former and are never copied.
	single    []byte
	hasSingle bool
	joined    []byte

	typ    string // the event type buffer of the standard
	id     string // its last event id buffer, not in force before a dispatch
	lastID string // its last event id string

	eventType string        // of the event that step found
	retry     time.Duration // that step found

	ids   idBlock
	types typeCache
	clean []byte // text that had to be repaired
	err   error
}

// Feed reads the next chunk of the stream and calls h, which must not be nil,
// for what it completes. The chunk is not kept: the caller may reuse it.
//
// The error is nil or a *TooLargeError. Everything before the place that is
// too large has then been delivered, nothing after it is, and Feed returns
// the same error until Reset.
//
// There is no call for the stream's end: an event without its blank line does
// not count, nor does its id, so there is nothing left to deliver.
func (p *Parser) Feed(chunk []byte, h Handler) error {
	p.load(chunk)
	for {
		found, b := p.step()
		switch found {
		case foundEvent:
			h.Event(Event{ID: p.lastID, Type: p.eventType, Data: b})
		case foundComment:
			h.Comment(b)
		case foundRetry:
			h.Retry(p.retry)
		default:
			return p.err
		}
	}
}

// Reset makes the parser ready for a new stream. An unfinished event is
// discarded, as is an error; the limits stay.
//
// The new stream begins with lastEventID in force, which should be the id that
// the request for it carried: p.Reset(p.LastEventID()) for a reconnect, with
// the empty string to start afresh. (By its letter, the standard has every
// stream begin with an empty id, so that an event without one, the first after
// a reconnect, would lose the client its place. Browsers keep the id too.)
func (p *Parser) Reset(lastEventID string) {
	p.clear()
	p.id, p.lastID = lastEventID, lastEventID
	p.err = nil
}

// LastEventID returns the id that a reconnect is to send as Last-Event-ID: that
// of the last complete block with an id, also if the block had no data and so
// was no event. If empty, the header is to be left out.
func (p *Parser) LastEventID() string { return p.lastID }

// finding is what step came upon.
type finding uint8

const (
	foundNothing finding = iota
	foundEvent
	foundComment
	foundRetry
)

// load sets the chunk that step reads. After an error there is no reading on.
func (p *Parser) load(chunk []byte) {
	if p.err == nil {
		p.lines.load(chunk)
	}
}

// step reads lines up to the first that makes something to report, and returns
// what that is, with the data of an event or the text of a comment, valid until
// the next call. At the chunk's end, or after an error, it finds nothing, and
// the chunk may be reused.
func (p *Parser) step() (finding, []byte) {
	for p.err == nil {
		line, ok, err := p.lines.next(orDefault(p.MaxLineBytes, DefaultMaxLineBytes))
		switch {
		case err != nil:
			p.fail(err)
		case !ok:
			p.keep()
			return foundNothing, nil
		case len(line) == 0:
			if data, ok := p.dispatch(); ok {
				return foundEvent, data
			}
		case line[0] == ':':
			return foundComment, p.text(withoutSpace(line[1:]))
		default:
			if p.field(line) {
				return foundRetry, nil
			}
		}
	}
	return foundNothing, nil
}

// field processes a line that is neither blank nor a comment, and reports
// whether it set a reconnection time.
func (p *Parser) field(line []byte) (isRetry bool) {
	if value, ok := cutField(line, fieldData); ok {
		p.addData(value)
	} else if value, ok := cutField(line, fieldID); ok {
		p.setID(value)
	} else if value, ok := cutField(line, fieldEvent); ok {
		p.typ = p.types.add(p.text(value))
	} else if value, ok := cutField(line, fieldRetry); ok {
		p.retry, isRetry = parseRetry(value)
	}
	return isRetry
}

// cutField returns the value of a line if that is the field with this name.
// The standard cuts a line at its first colon, and takes a line without one to
// be a name without a value; as no name has a colon in it, that is the same.
func cutField(line []byte, name string) (value []byte, ok bool) {
	if len(line) < len(name) || string(line[:len(name)]) != name {
		return nil, false
	}
	value = line[len(name):]
	if len(value) == 0 {
		return value, true
	}
	return withoutSpace(value[1:]), value[0] == ':'
}

// setID sets the id that is in force from the end of the block on.
func (p *Parser) setID(value []byte) {
	if bytes.IndexByte(value, 0) >= 0 {
		return
	}
	if id := p.text(value); string(id) != p.id {
		p.id = p.ids.add(id)
	}
}

// addData adds a line to the event's data.
func (p *Parser) addData(value []byte) {
	size := len(p.joined) + len(value)
	if p.hasSingle {
		size += len(p.single) + 1
	}
	if limit := orDefault(p.MaxEventBytes, DefaultMaxEventBytes); size > limit {
		p.fail(&TooLargeError{Part: "event", Limit: limit})
		return
	}
	if !p.hasSingle && len(p.joined) == 0 {
		p.single, p.hasSingle = value, true
		return
	}
	p.join()
	p.joined = append(p.joined, value...)
	p.joined = append(p.joined, '\n')
}

// join moves a single data line to where lines are joined.
func (p *Parser) join() {
	if !p.hasSingle {
		return
	}
	p.joined = append(p.joined[:0], p.single...)
	p.joined = append(p.joined, '\n')
	p.single, p.hasSingle = nil, false
}

// dispatch completes the block that a blank line ends, and returns the data of
// the event if it is one. The id counts either way.
func (p *Parser) dispatch() (data []byte, ok bool) {
	p.lastID = p.id
	switch {
	case p.hasSingle:
		data = p.single
	case len(p.joined) > 0:
		data = p.joined[:len(p.joined)-1]
	default:
		p.typ = ""
		return nil, false
	}
	p.eventType = p.typ
	if p.eventType == "" {
		p.eventType = DefaultType
	}
	p.typ = ""
	p.single, p.hasSingle = nil, false
	p.joined = p.joined[:0]
	return p.text(data), true
}

// keep copies what the chunk leaves unfinished and lets go of the chunk.
func (p *Parser) keep() {
	p.join() // before the line that it may lie in is overwritten
	p.joined = emptied(p.joined)
	p.clean = emptied(p.clean[:0])
	if err := p.lines.keep(orDefault(p.MaxLineBytes, DefaultMaxLineBytes)); err != nil {
		p.fail(err)
	}
}

// fail ends the stream. Nothing of it is needed any more, and what went over a
// limit should not be held until Reset.
func (p *Parser) fail(err error) {
	p.clear()
	p.err = err
}

// clear lets go of the chunk and of all that is unfinished.
func (p *Parser) clear() {
	p.lines.reset()
	p.single, p.hasSingle = nil, false
	p.joined = emptied(p.joined[:0])
	p.clean = emptied(p.clean[:0])
	p.typ = ""
}

// text returns b decoded, which is b itself if it is valid UTF-8. Its capacity
// is its length, so that an append by the receiver cannot reach the bytes
// behind it, which are still to be read.
func (p *Parser) text(b []byte) []byte {
	if utf8.Valid(b) {
		return b[:len(b):len(b)]
	}
	p.clean = appendText(p.clean[:0], b)
	return p.clean[:len(p.clean):len(p.clean)]
}

// withoutSpace removes one leading space.
func withoutSpace(value []byte) []byte {
	if len(value) > 0 && value[0] == ' ' {
		return value[1:]
	}
	return value
}

// parseRetry reads a reconnection time in milliseconds, of nothing but ASCII
// digits and at least one. However many there are, it does not overflow.
func parseRetry(value []byte) (time.Duration, bool) {
	if len(value) == 0 {
		return 0, false
	}
	var d time.Duration
	for _, c := range value {
		if c < '0' || c > '9' {
			return 0, false
		}
		d = min(d*10+time.Duration(c-'0')*time.Millisecond, MaxRetry)
	}
	return d, true
}

func orDefault(limit, def int) int {
	if limit <= 0 {
		return def
	}
	return limit
}
