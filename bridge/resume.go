// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"errors"
	"fmt"
	"net/http"

	"google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/grpc/codes"

	"sluice/bridge/catalog"
	"sluice/bridge/journal"
	"sluice/bridge/run"
)

// lastEventIDHeader is what a browser that comes back says it has got.
const lastEventIDHeader = "Last-Event-ID"

// opened is a stream that is ready to be written.
type opened struct {
	viewer *run.Viewer // nil where there is nothing more to read
	// fresh is whether the run was opened for this stream, so that its first
	// word may still be an error with a status of its own.
	fresh bool
	// awaited is whether that word has been waited for already.
	awaited bool
	// reset is nil where the stream goes on where the viewer stands.
	reset *reset
}

// reset is the data of the event that tells a viewer what it does not get.
type reset struct {
	Reason string `json:"reason"`
	// First is the number of the event that comes next, in its run.
	First uint64 `json:"first"`
}

// open finds the stream that a request is for: where the viewer stands if it
// says so, or the beginning.
//
//   - The run is here and goes back far enough: the stream goes on.
//   - It is not, or does not, and the method can resume by itself: it is called
//     again from the position in the id, and the stream goes on, unless the
//     backend refuses the position.
//   - Otherwise the stream begins with a reset that says why and where.
func (b *Bridge) open(r *http.Request, s run.Spec) (opened, *fault) {
	last := lastEventID(r)
	if last == "" {
		return b.openNew(s, nil)
	}
	id, err := run.ParseEventID(last)
	if err != nil {
		return b.openNew(s, &reset{Reason: fmt.Sprintf("the last event id is not one of this bridge (%v), so the stream begins anew", err), First: 1})
	}
	if id.End {
		return opened{}, nil
	}
	known := b.runs.Find(id.Run, s.Owner)
	if known == nil && !s.Method.ServerStreaming() && id.Seq == 0 {
		return opened{}, noSuchRun() // it was still being waited for, and may have been done
	}
	if known == nil && !s.Method.ServerStreaming() {
		// Who has an event of a call that has but one answer has that, which
		// came with the call's success. To call again could do again what it
		// did.
		return opened{}, nil
	}
	resumable := s.Method.CanResume() && id.Position != "" && s.Method.ServerStreaming()
	if known != nil && known.Method().FullName != s.Method.FullName {
		return b.openNew(s, &reset{Reason: "the last event id is of another method's stream, so this one begins anew", First: 1})
	}
	if known != nil && !known.IsFor(s.Request) {
		return b.openNew(s, &reset{Reason: "the last event id is of another request's stream, so this one begins anew", First: 1})
	}
	// One that another bridge took up meanwhile may have been counted otherwise
	// there, as servers may send the same in other portions: its number is then
	// not what the viewer has, but the position is.
	if known != nil && (!resumable || isEventOf(known, id.Seq, last)) {
		o, err := attach(known, id.Seq)
		// A run that ended only since nobody read it is no end to who comes back.
		givenUp := resumable && known.Abandoned()
		switch {
		case err == nil && !givenUp:
			return b.unlessRefused(r, s, o)
		case err == nil && o.viewer != nil:
			o.viewer.Close()
		case err != nil && !resumable && !errors.Is(err, journal.ErrClosed):
			return join(known, err)
		}
		// One that has been forgotten meanwhile is as good as unknown.
	}
	if resumable {
		from := s
		from.ID, from.After, from.Position = id.Run, id.Seq, id.Position
		v, err := b.runs.Open(from)
		if err == nil {
			return b.unlessRefused(r, s, opened{viewer: v, fresh: true})
		}
		var bad *catalog.PositionError
		if !errors.As(err, &bad) {
			return opened{}, faultOf(err)
		}
	}
	return b.openNew(s, &reset{Reason: "the run of the last event id is not known here: it ended too long ago, or was another bridge's; the stream begins anew", First: 1})
}

// unlessRefused returns o, unless its run was called from a position and the
// backend would not go on from there, as where it no longer knows so old a one.
// The stream then begins anew, by the spec s.
func (b *Bridge) unlessRefused(r *http.Request, s run.Spec, o opened) (opened, *fault) {
	if o.viewer == nil || !o.viewer.AtPosition() {
		return o, nil
	}
	if !b.awaitFirst(r, o.viewer) {
		return o, nil // who asked has gone
	}
	o.awaited = true
	f := earlyError(o.viewer)
	if f == nil || !refusesPosition(f.status.Code()) {
		return o, nil
	}
	o.viewer.Close()
	b.runs.Forget(o.viewer.Run())
	return b.openNew(s, &reset{Reason: fmt.Sprintf("the backend does not go on from the last event id (%v: %s); the stream begins anew", code.Code(f.status.Code()), f.status.Message()), First: 1})
}

// refusesPosition is whether a backend that ends a call with c before its first
// message may mean the position that it was given.
func refusesPosition(c codes.Code) bool {
	switch c {
	case codes.InvalidArgument, codes.OutOfRange, codes.FailedPrecondition, codes.NotFound:
		return true
	}
	return false
}

// isEventOf is whether the run's event with the given number has this id here.
func isEventOf(r *run.Run, seq uint64, id string) bool {
	here, held := r.IDOf(seq)
	return held && here == id
}

// openNew opens a run from its beginning, or joins an equal one.
func (b *Bridge) openNew(s run.Spec, why *reset) (opened, *fault) {
	v, err := b.runs.Open(s)
	if err != nil {
		return opened{}, faultOf(err)
	}
	if why != nil {
		why.First = v.Cursor() + 1
	}
	return opened{viewer: v, fresh: true, reset: why}, nil
}

// attach reads a run after the given event; with no viewer, if that was its
// last one.
func attach(r *run.Run, after uint64) (opened, error) {
	v, err := r.Attach(after)
	if err != nil {
		return opened{}, err
	}
	if e := r.Extent(); e.Ended && e.Last == after {
		v.Close()
		return opened{}, nil
	}
	return opened{viewer: v}, nil
}

// errCountedElsewhere is why a viewer cannot go on whose last event has another
// number here.
var errCountedElsewhere = errors.New("the event has another number here")

// join reads a run from the oldest event that it still holds, since it cannot
// be read from where the viewer stands.
func join(r *run.Run, why error) (opened, *fault) {
	for {
		first := r.Extent().First
		v, err := r.Attach(first - 1)
		var trimmed *journal.TrimmedError
		switch {
		case err == nil && errors.Is(why, run.ErrFuture):
			return opened{viewer: v, reset: &reset{Reason: "the run has not come as far as the last event id; it is read again from its oldest event", First: first}}, nil
		case err == nil && errors.Is(why, errCountedElsewhere):
			return opened{viewer: v, reset: &reset{Reason: "the last event id is of this run as another bridge has counted it; it is read again from its oldest event", First: first}}, nil
		case err == nil:
			return opened{viewer: v, reset: &reset{Reason: "the events that follow are no longer held; the stream goes on with the oldest that is", First: first}}, nil
		case !errors.As(err, &trimmed):
			return opened{}, noSuchRun()
		}
	}
}

// lastEventID returns what the browser says it has got: in the header, or in
// the query, for a first request by EventSource, which cannot set headers.
func lastEventID(r *http.Request) string {
	if id := r.Header.Get(lastEventIDHeader); id != "" {
		return id
	}
	return r.URL.Query().Get(catalog.ParamLastEventID)
}

func noSuchRun() *fault {
	return errorf(codes.NotFound, "no such run: it ended too long ago, is another bridge's, or was opened with other credentials")
}
