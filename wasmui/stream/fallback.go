// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"context"
	"strings"
	"sync"
	"time"
)

const (
	// headPatience is how long the first way has the field to itself. The bridge
	// says something within half a second; what has not come by then is held back,
	// or the network is slow, or there is none.
	headPatience = 3500 * time.Millisecond
	// wayPatience is how long any further way may take.
	wayPatience = 5 * time.Second
	// shortPatience is how long the answer to a poll may take that shows that answers
	// do come: more than firstPollWait.
	shortPatience = 2500 * time.Millisecond
)

// Way is one of several transports, with a name for people.
type Way struct {
	Name      string
	Transport Transport
}

// Cause is why a Fallback left its first way.
type Cause uint8

// The causes. The zero value is that it has not been left.
const (
	NotLeft Cause = iota
	// HeldBack is that events came in bursts though they were made apart.
	HeldBack
	// NoHead is that not even the head of an answer came, where a short answer to
	// the same browser did.
	NoHead
	// NoConnection is that a way does not come about at all, where a later one does.
	NoConnection
)

// Fallback reads streams by the first of its ways that lets them through as they
// are made. It begins with the first way and never goes back by itself. Safe for
// concurrent use.
type Fallback struct {
	ways     []Way
	onChange func()

	mu     sync.Mutex
	at     int
	cause  Cause
	bursts bursts
	open   *fallbackResponse
}

// NewFallback makes a transport of several, at least one. onChange is called
// when it has gone on to another; it must not block.
func NewFallback(onChange func(), ways ...Way) *Fallback {
	return &Fallback{ways: ways, onChange: onChange}
}

// Way gives the name of the way in use and why it is not the first.
func (f *Fallback) Way() (name string, cause Cause) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.ways[f.at].Name, f.cause
}

// Observe takes when n events arrived together, and when the first and the last of
// them were made, by any clock, as only their data can tell. It leaves the first
// way where events are held back on it.
func (f *Fallback) Observe(received, from, upTo time.Time, n int) {
	f.mu.Lock()
	if f.at > 0 || len(f.ways) < 2 || f.open != nil && f.open.way > 0 {
		f.mu.Unlock()
		return
	}
	f.bursts.arrive(received, from, upTo, n)
	// The events of a response that is closed may be told of after that.
	if !f.bursts.proven() && (f.open != nil || !f.bursts.provenAtEnd(received)) {
		f.mu.Unlock()
		return
	}
	f.at, f.cause = 1, HeldBack
	open := f.open
	f.mu.Unlock()
	if open != nil {
		_ = open.Close()
	}
	f.onChange()
}

// Disturbed says that the page has been, or may be from now on, held up itself:
// hidden, frozen, or on a machine that slept. What arrives together because of that
// is not held back on its way.
func (f *Fallback) Disturbed() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.bursts.disturb(time.Now())
}

// Open implements Transport. Where the way in use does not answer, later ones are
// tried beside it, and one is taken that lets the stream through before it does.
// Where none does, nothing was learned, and what came of the way in use is given.
func (f *Fallback) Open(ctx context.Context, req Request) (Response, error) {
	if req.Method != "GET" {
		return f.ways[0].Transport.Open(ctx, req)
	}
	f.mu.Lock()
	at := f.at
	f.mu.Unlock()
	asked := time.Now()
	first := f.try(ctx, req, at)
	patience := wayPatience
	if at == 0 {
		patience = headPatience
	}
	first.within(patience)
	var refused *attempt // an answer of a later way that is no stream
	for i := at + 1; i < len(f.ways) && !first.settled(); i++ {
		next := f.try(ctx, req, i)
		first.beside(next, wayPatience)
		switch {
		case first.settled() || !next.answered():
			next.leave()
		case next.resp.Status() != 200 && refused == nil:
			refused = next
		case next.resp.Status() != 200:
			next.leave()
		default:
			return f.choose(ctx, req, first, next, refused, asked)
		}
	}
	// Perhaps the network is slow. The context ends the waiting.
	<-first.done
	if first.failed() && refused != nil {
		// It says more than that there was no connection.
		return refused.response(), nil
	}
	refused.leave()
	return f.settle(first, req, asked)
}

// choose takes a later way that lets a stream through, or the one in use where it
// does so after all. The one in use is left for good only where it is at fault.
func (f *Fallback) choose(ctx context.Context, req Request, first, next, refused *attempt, asked time.Time) (Response, error) {
	refused.leave()
	cause := NotLeft
	switch {
	case first.failed():
		// The server may have come back between the two.
		again := f.try(ctx, req, first.way)
		again.within(wayPatience)
		if again.answered() {
			next.leave()
			return f.settle(again, req, asked)
		}
		again.leave()
		cause = NoConnection
	case next.way == len(f.ways)-1:
		cause = NoHead
	default:
		// There may be no connection to be had, or only a dead one: then a short
		// answer does not come either.
		short := f.try(ctx, shortOf(req, next.resp), len(f.ways)-1)
		first.beside(short, shortPatience)
		if short.answered() {
			cause = NoHead
		}
		short.leave()
	}
	if first.settled() {
		next.leave()
		return f.settle(first, req, asked)
	}
	first.leave()
	return f.opened(next, asked, cause), nil
}

// shortOf is a request for what there is of the run of a response.
func shortOf(req Request, resp Response) Request {
	short := Request{Method: "GET", URL: origin(req.URL) + "/runs/" + resp.Header(runHeader)}
	for _, h := range req.Header {
		if !strings.EqualFold(h[0], "Last-Event-ID") {
			short.Header = append(short.Header, h)
		}
	}
	return short
}

// settle gives what came of the way in use.
func (f *Fallback) settle(a *attempt, req Request, asked time.Time) (Response, error) {
	if a.err != nil {
		return nil, a.err
	}
	since := time.Now()
	if runIn(req) == "" {
		// The events of a new run are all made after it was asked for.
		since = asked
	}
	return f.opened(a, since, NotLeft), nil
}

// opened notes that a way is read, for good where there is a cause to leave the one
// in use. No event that it brings was made before since, but for those that are
// replayed.
func (f *Fallback) opened(a *attempt, since time.Time, cause Cause) Response {
	r := a.response()
	f.mu.Lock()
	moved := cause != NotLeft && r.way > f.at
	if moved {
		f.at = r.way
		if f.cause == NotLeft {
			f.cause = cause
		}
	}
	f.open = r
	f.bursts.open(since)
	f.mu.Unlock()
	if moved {
		f.onChange()
	}
	return r
}

// fallbackResponse is closed when its way is left.
type fallbackResponse struct {
	Response
	cancel   context.CancelFunc
	fallback *Fallback
	way      int
}

func (r *fallbackResponse) Read(p []byte) (int, error) {
	n, err := r.Response.Read(p)
	if err != nil {
		r.fallback.mu.Lock()
		left := r.fallback.at > r.way
		name := r.fallback.ways[r.fallback.at].Name
		r.fallback.mu.Unlock()
		if left {
			return n, brokenError("What comes is held back on its way; going on over " + name + ".")
		}
	}
	return n, err
}

func (r *fallbackResponse) Close() error {
	defer r.cancel()
	f := r.fallback
	f.mu.Lock()
	left := false
	if f.open == r {
		f.open = nil
		left = f.at == 0 && r.way == 0 && len(f.ways) > 1 && f.bursts.provenAtEnd(time.Now())
		if left {
			// For the next stream.
			f.at, f.cause = 1, HeldBack
		}
	}
	f.mu.Unlock()
	err := r.Response.Close()
	if left {
		f.onChange()
	}
	return err
}
