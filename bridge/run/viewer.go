// SPDX-License-Identifier: Apache-2.0

package run

import (
	"sluice/bridge/catalog"
	"sluice/bridge/journal"
)

// Viewer reads a run from a cursor. It is used by one goroutine, except for
// Close, and must be closed.
type Viewer struct {
	run *Run
	// written is the number of the last event that the reader has passed on,
	// given that of the last one it has got.
	written, given uint64
}

// Run returns the run that is read.
func (v *Viewer) Run() *Run { return v.run }

// Cursor returns the number of the last event that was got.
func (v *Viewer) Cursor() uint64 { return v.given }

// AtPosition is whether the run goes on from a position and the viewer stands
// there, before the first of its events.
func (v *Viewer) AtPosition() bool { return v.run.position != "" && v.given == v.run.after }

// Changed returns a channel that is closed when there may be more to read. To
// miss nothing, call it before reading.
func (v *Viewer) Changed() <-chan struct{} { return v.run.journal.Changed() }

// Span returns the next events as one piece of a stream, about maxBytes of
// them, and moves the cursor past them; its Frames are empty while there are
// none. To read on is to say that what was read before has been written.
//
// It fails with a [*journal.TrimmedError] when the viewer has fallen so far
// behind the others that its next event is gone, and with [journal.ErrClosed]
// when the run has been forgotten.
func (v *Viewer) Span(maxBytes int) (journal.Span, error) {
	v.commit()
	s, err := v.run.journal.Span(v.given, maxBytes)
	if err == nil {
		v.given = s.Last
	}
	return s, err
}

// Read appends the next events to dst one by one, as [Viewer.Span] does in one
// piece.
func (v *Viewer) Read(dst []journal.Record, maxBytes int) ([]journal.Record, error) {
	v.commit()
	n := len(dst)
	dst, err := v.run.journal.Read(dst, v.given, maxBytes)
	if len(dst) > n {
		v.given = dst[len(dst)-1].Seq
	}
	return dst, err
}

// commit counts what was given as written, and lets the upstream go on when
// this is the viewer who has come furthest.
func (v *Viewer) commit() {
	if v.written == v.given {
		return
	}
	r := v.run
	r.mu.Lock()
	v.written = v.given
	if v.written > r.lead {
		r.lead = v.written
		r.settle()
	}
	r.mu.Unlock()
}

// Discard closes the viewer of a run that nobody else can have heard of, and
// ends the run with it, unless its method's policy is to go on without viewers.
func (v *Viewer) Discard() {
	v.Close()
	r := v.run
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.viewers) == 0 && !r.joined && r.policy() != catalog.OnDisconnectDetach {
		r.cancel(errAbandoned)
	}
}

// Close takes the viewer away; the run goes on or ends by its method's policy.
// What was got but not followed by another read does not count as written. It
// may be called more than once.
func (v *Viewer) Close() { v.run.leave(v) }
