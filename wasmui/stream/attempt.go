// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"context"
	"errors"
	"time"
)

// attempt is a request over one of the ways of a Fallback, beside which others may
// be made. Its methods are for one goroutine; nil is an attempt that was never made.
type attempt struct {
	fallback *Fallback
	way      int
	cancel   context.CancelFunc
	done     chan struct{}
	// One of both is nil once done is closed.
	resp Response
	err  error
}

// try makes a request over a way.
func (f *Fallback) try(ctx context.Context, req Request, way int) *attempt {
	ctx, cancel := context.WithCancel(ctx)
	a := &attempt{fallback: f, way: way, cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(a.done)
		if a.resp, a.err = f.ways[way].Transport.Open(ctx, req); a.err != nil {
			cancel()
		}
	}()
	return a
}

// within waits for what comes of it, at most so long.
func (a *attempt) within(patience time.Duration) {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-a.done:
	case <-timer.C:
	}
}

// beside waits for what comes of another attempt, at most so long, and not once this
// one is settled.
func (a *attempt) beside(other *attempt, patience time.Duration) {
	settled := a.done
	if a.failed() {
		settled = nil
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-settled:
		if a.failed() {
			a.beside(other, patience)
		}
	case <-other.done:
	case <-timer.C:
	}
}

// over says that it is known what comes of it.
func (a *attempt) over() bool {
	select {
	case <-a.done:
		return true
	default:
		return false
	}
}

// answered says that there is a response.
func (a *attempt) answered() bool { return a.over() && a.err == nil }

// failed says that the way itself did not come about.
func (a *attempt) failed() bool { return a.over() && errors.Is(a.err, errNoSocket) }

// settled says that no other way is of use: there is a response, or the network
// failed, over which the other ways go too.
func (a *attempt) settled() bool { return a.over() && !a.failed() }

// response gives the response, which ends the request when it is closed.
func (a *attempt) response() *fallbackResponse {
	return &fallbackResponse{Response: a.resp, cancel: a.cancel, fallback: a.fallback, way: a.way}
}

// leave gives the attempt up with whatever comes of it.
func (a *attempt) leave() {
	if a == nil {
		return
	}
	a.cancel()
	<-a.done
	if a.resp != nil {
		_ = a.resp.Close()
	}
}
