// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"context"
	"errors"
	"sync"
	"time"
)

const (
	// headPatience is how long the first way may take to answer. The bridge says
	// something within half a second; what has not come by then is being held
	// back, or will not come at all.
	headPatience = 8 * time.Second
	// wayPatience is how long any further way may take.
	wayPatience = 5 * time.Second
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
	// NoHead is that not even the head of an answer came.
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
	if f.at > 0 || len(f.ways) < 2 {
		f.mu.Unlock()
		return
	}
	f.bursts.arrive(received, from, upTo, n)
	if !f.bursts.proven() {
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

// Open implements Transport. Where a way does not answer, later ones are tried at
// once; where none does, nothing was learned and the error is that of the first.
func (f *Fallback) Open(ctx context.Context, req Request) (Response, error) {
	if req.Method != "GET" {
		return f.ways[0].Transport.Open(ctx, req)
	}
	f.mu.Lock()
	at := f.at
	f.mu.Unlock()
	var first error
	for i := at; i < len(f.ways); i++ {
		resp, err := f.try(ctx, req, i)
		if err == nil {
			cause := NoConnection
			if errors.Is(first, errNoHead) {
				cause = NoHead
			}
			return f.opened(resp, i, cause), nil
		}
		if first == nil {
			first = err
		}
		if ctx.Err() != nil || i == at && !errors.Is(err, errNoHead) && !errors.Is(err, errNoSocket) {
			// The network itself: other ways go over the same one.
			return nil, err
		}
	}
	return nil, first
}

var errNoHead = brokenError("No answer came, not even its beginning.")

// try opens one way, within its time.
func (f *Fallback) try(ctx context.Context, req Request, i int) (Response, error) {
	patience := wayPatience
	if i == 0 {
		patience = headPatience
	}
	ctx, cancel := context.WithCancel(ctx)
	late := false
	var mu sync.Mutex
	timer := time.AfterFunc(patience, func() {
		mu.Lock()
		defer mu.Unlock()
		late = true
		cancel()
	})
	resp, err := f.ways[i].Transport.Open(ctx, req)
	timer.Stop()
	mu.Lock()
	defer mu.Unlock()
	switch {
	case late && err == nil:
		_ = resp.Close()
		return nil, errNoHead
	case late:
		return nil, errNoHead
	case err != nil:
		cancel()
		return nil, err
	}
	return &fallbackResponse{Response: resp, cancel: cancel, fallback: f, way: i}, nil
}

// opened notes that a way lets a stream through.
func (f *Fallback) opened(resp Response, i int, cause Cause) Response {
	r := resp.(*fallbackResponse)
	f.mu.Lock()
	moved := i > f.at
	if moved {
		f.at = i
		if f.cause == NotLeft {
			f.cause = cause
		}
	}
	f.open = r
	f.bursts.open(time.Now())
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
	r.fallback.mu.Lock()
	if r.fallback.open == r {
		r.fallback.open = nil
	}
	r.fallback.mu.Unlock()
	return r.Response.Close()
}
