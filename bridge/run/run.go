// SPDX-License-Identifier: Apache-2.0

// Package run carries server streams: a [Run] is one RPC to a backend and the
// journal of what it sent, and a [Viewer] is a cursor into that journal.
//
// A run belongs to no connection. Its upstream side appends each message
// once, already encoded as an event; its viewers read, each at its own pace,
// from wherever they stand. What becomes of the RPC when the last of them
// leaves is the method's policy, and to resume, to join somebody else's run,
// to fall behind and to catch up are one and the same: reading from a cursor.
//
// The upstream is read no faster than the viewer who has read most: when the
// journal is full of what that one has still to read, gRPC's flow control
// holds the backend. So one slow viewer loses nothing and costs no memory, and
// among several the slowest does not hold up the others.
package run

import (
	"context"
	"crypto/sha256"
	"errors"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"sluice/bridge/catalog"
	"sluice/bridge/journal"
)

// Why a run was ended from this side.
var (
	errCancelled = errors.New("the run was cancelled")
	errAbandoned = errors.New("the last viewer left, and the method's policy is to end then")
	errShutdown  = errors.New("the bridge is shutting down")
	errDeadline  = errors.New("the time that the run may take is over")
)

// ErrFuture says that a cursor is past everything that a run has had.
var ErrFuture = errors.New("run: the run has not come as far as that event")

// Run is one stream of a backend. Its methods may be called by any number of
// goroutines at once.
type Run struct {
	manager  *Manager
	id       string
	method   *catalog.Method
	owner    string
	shareKey string
	timeout  time.Duration // 0 for none
	journal  journal.Journal
	observer RunObserver
	opened   time.Time

	// after is the number before the first event's, and request what the
	// run was opened for.
	after    uint64
	position string
	request  [sha256.Size]byte

	ctx    context.Context
	cancel context.CancelCauseFunc
	// space has a value when the upstream may find room in the journal.
	space chan struct{}
	// done is closed when the upstream has ended and the journal with it, and
	// status is set before.
	done   chan struct{}
	status *status.Status
	// oversized is set before done is closed, too.
	oversized bool

	mu       sync.Mutex
	viewers  map[*Viewer]struct{}
	attached bool   // whether there has been a viewer
	joined   bool   // whether there has been a viewer beside the first
	lead     uint64 // how far the viewer who has read most has come
	idle     *time.Timer
}

// ID returns the run's id, the secret by which it is read and cancelled.
func (r *Run) ID() string { return r.id }

// Method returns the method that the run calls.
func (r *Run) Method() *catalog.Method { return r.method }

// Timeout returns how long the run may take from its opening on, 0 for as long
// as its method does. Whoever joins it later does not change that.
func (r *Run) Timeout() time.Duration { return r.timeout }

// Extent says which events can be read.
func (r *Run) Extent() journal.Extent { return r.journal.Extent() }

// IDOf returns the id of the event with the given number, and false where the run
// does not hold it.
func (r *Run) IDOf(seq uint64) (id string, ok bool) {
	if seq == r.after && r.position != "" {
		return EventID{Run: r.id, Seq: seq, Position: r.position}.String(), true
	}
	if seq == 0 {
		return "", false
	}
	records, err := r.journal.Read(nil, seq-1, 1)
	if err != nil || len(records) == 0 {
		return "", false
	}
	return string(records[0].ID), true
}

// Done returns a channel that is closed when the run has ended and its last
// event can be read.
func (r *Run) Done() <-chan struct{} { return r.done }

// Status returns what the run ended with, once Done is closed.
func (r *Run) Status() *status.Status {
	<-r.done
	return r.status
}

// Oversized is whether the run ended at a message that is larger than the
// bridge takes, once Done is closed: its code, RESOURCE_EXHAUSTED, stands for what
// passes too, and this does not.
func (r *Run) Oversized() bool {
	<-r.done
	return r.oversized && r.status.Code() == codes.ResourceExhausted
}

// Cancel ends the run at once, whoever reads it: viewers get an end with
// CANCELLED. It does nothing to a run that has ended.
func (r *Run) Cancel() { r.cancel(errCancelled) }

// Abandoned is whether the run was ended for want of viewers, or with the bridge:
// not by its backend, and not by anyone's wish. While it has a viewer it is not
// ended for want of one: who attaches first and asks then knows.
func (r *Run) Abandoned() bool {
	cause := context.Cause(r.ctx)
	return errors.Is(cause, errAbandoned) || errors.Is(cause, errShutdown)
}

// Stillborn is whether the run ended without a single message.
func (r *Run) Stillborn() bool {
	e := r.journal.Extent()
	return e.Ended && e.Last == r.after+1
}

// IsFor is whether the run was opened for an equal request.
func (r *Run) IsFor(request *catalog.Request) bool { return r.request == sha256.Sum256(request.Wire) }

// watched is whether anyone reads the run.
func (r *Run) watched() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.viewers) > 0
}

// Attach adds a viewer that has read everything up to the event with the given
// number. It fails with [ErrFuture] where there is no such event yet, with a
// [*journal.TrimmedError] where the one after it is no longer held, and with
// [journal.ErrClosed] where the run has been forgotten.
func (r *Run) Attach(after uint64) (*Viewer, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.attachAfter(after)
}

// attachAfter is Attach. It is called with mu held.
func (r *Run) attachAfter(after uint64) (*Viewer, error) {
	if after > r.journal.Extent().Last {
		return nil, ErrFuture
	}
	if len(r.viewers) == 0 {
		// Nothing that comes next may be forgotten from here on, also where
		// the run goes on without viewers; a read then finds out whether it
		// has been already.
		r.journal.Release(after)
	}
	if _, err := r.journal.Span(after, 1); err != nil {
		r.settle()
		return nil, err
	}
	return r.attach(after), nil
}

// attach is called with mu held.
func (r *Run) attach(after uint64) *Viewer {
	v := &Viewer{run: r, written: after, given: after}
	r.joined = r.joined || r.attached
	r.attached = true
	r.viewers[v] = struct{}{}
	if r.idle != nil {
		r.idle.Stop()
		r.idle = nil
	}
	if len(r.viewers) == 1 {
		// Where it stands is from now on how far has been read, though one
		// before it may have come further.
		r.lead = after
	} else {
		r.lead = max(r.lead, after)
	}
	r.settle()
	return v
}

// settle tells the journal what may be forgotten and the upstream that it may
// be more than before. It is called with mu held.
func (r *Run) settle() {
	if len(r.viewers) == 0 && r.policy() == catalog.OnDisconnectDetach {
		r.journal.Release(journal.Everything)
	} else {
		r.journal.Release(r.lead)
	}
	select {
	case r.space <- struct{}{}:
	default:
	}
}

// leave takes a viewer away and, if it was the last one, does what the
// method's policy says.
func (r *Run) leave(v *Viewer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.viewers[v]; !ok {
		return
	}
	delete(r.viewers, v)
	if len(r.viewers) > 0 {
		if v.written == r.lead {
			r.lead = 0
			for other := range r.viewers {
				r.lead = max(r.lead, other.written)
			}
		}
		r.settle()
		return
	}
	r.settle()
	if r.ctx.Err() != nil {
		return // it has ended, or is about to
	}
	switch r.policy() {
	case catalog.OnDisconnectDetach:
	case catalog.OnDisconnectCancel:
		r.cancel(errAbandoned)
	default:
		var idle *time.Timer
		idle = time.AfterFunc(r.linger(), func() {
			r.mu.Lock()
			defer r.mu.Unlock()
			// It may have waited here for a viewer that came and left again.
			if r.idle == idle {
				r.cancel(errAbandoned)
			}
		})
		r.idle = idle
	}
}

func (r *Run) policy() catalog.OnDisconnect {
	if p := r.method.Policy.OnDisconnect; p != catalog.OnDisconnectDefault {
		return p
	}
	return r.manager.config.OnDisconnect
}

func (r *Run) linger() time.Duration {
	if d := r.method.Policy.Linger; d > 0 {
		return d
	}
	return r.manager.config.Linger
}

// finished is called when the upstream has ended.
func (r *Run) finished(st *status.Status) {
	r.mu.Lock()
	if r.idle != nil {
		r.idle.Stop()
		r.idle = nil
	}
	r.mu.Unlock()
	r.cancel(nil)
	r.observer.Ended(st.Code())
	r.status = st
	r.manager.retain(r)
	close(r.done)
}

// Spec says which run is to be opened.
type Spec struct {
	// Method is called with Request.
	Method  *catalog.Method
	Request *catalog.Request
	// Conn is what the method is called on; nil for the manager's.
	Conn grpc.ClientConnInterface
	// Timeout is how long the run may take, with all its attempts to go on
	// where the backend broke; 0 for as long as the method does. A run whose
	// time is over ends with DEADLINE_EXCEEDED. The backend is told of it.
	Timeout time.Duration
	// Metadata is sent to the backend.
	Metadata metadata.MD
	// Owner is whoever may read the run: opaque, and empty for anyone who
	// knows its id.
	Owner string
	// Position is where the stream goes on, in a method that can resume;
	// empty for its beginning.
	Position string
	// After is the number before the first event's. Where it is so large that
	// the run might run out of numbers, they begin anew, under a new id.
	After uint64
	// ID is the id that the run takes, if no other run has it: where a run
	// that another bridge began is taken up here. Empty for a new one.
	ID string
}
