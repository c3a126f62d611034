// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"net/http"
	"time"

	"sluice/bridge/sse"
)

// transportSSE is the name of the transport for an [Observer].
const transportSSE = "sse"

// streamHeader sets the header of an event stream. Caches and proxies are
// asked not to keep, change or hold back any of it.
func streamHeader(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", sse.ContentType)
	h.Set("Cache-Control", "no-cache, no-transform")
	h.Set("X-Accel-Buffering", "no")
	h.Set("X-Content-Type-Options", "nosniff")
	addVary(h)
	if r.ProtoMajor == 1 {
		h.Set("Connection", "keep-alive") // not allowed in HTTP/2
	}
}

// eventStream is the writing side of one connection.
type eventStream struct {
	w       http.ResponseWriter
	control *http.ResponseController
	b       *Bridge
}

// write sends p at once. The time that it may take is counted anew for each
// piece of it, so that who reads slowly is not taken for dead.
func (s *eventStream) write(p []byte) error {
	total := len(p)
	for len(p) > 0 {
		piece := p[:min(len(p), pieceBytes)]
		p = p[len(piece):]
		// A writer without deadlines has other means against a dead peer.
		_ = s.control.SetWriteDeadline(time.Now().Add(s.b.options.writeTimeout))
		if _, err := s.w.Write(piece); err != nil {
			return err
		}
	}
	if err := s.control.Flush(); err != nil {
		return err
	}
	// Over HTTP/2 a deadline falls due also when there is nothing to write.
	_ = s.control.SetWriteDeadline(time.Time{})
	s.b.options.observer.StreamWrote(transportSSE, total)
	return nil
}

// writeEvents writes the viewer's run to the browser until one of them is
// through with the other.
func (b *Bridge) writeEvents(w http.ResponseWriter, r *http.Request, o opened) {
	streamHeader(w, r)
	w.Header().Set(RunHeader, o.viewer.Run().ID())
	w.WriteHeader(http.StatusOK)

	b.options.observer.StreamOpened(transportSSE)
	s := &eventStream{w: w, control: http.NewResponseController(w), b: b}
	b.options.observer.StreamClosed(transportSSE, s.run(r, o))
}

// run is the life of a stream, from its first bytes to why it ended. It waits
// in one place, for whatever comes first; what is ready is written in one go,
// and nothing is held back for more to come.
func (s *eventStream) run(r *http.Request, o opened) CloseReason {
	options := &s.b.options
	head := sse.AppendRetry(nil, s.b.jitter(options.retry))
	head = sse.AppendComment(head, "run "+o.viewer.Run().ID())
	if o.reset != nil {
		var err error
		if head, err = sse.AppendEvent(head, "", resetEvent, o.reset.data()); err != nil {
			panic("a reset has no id and a fixed type: " + err.Error())
		}
	}
	// What there is already goes with it.
	span, err := o.viewer.Span(spanBytes)
	if err != nil {
		return s.goodbye(readError(err))
	}
	if err := s.write(append(head, span.Frames...)); err != nil {
		return s.lost(r)
	}

	heartbeat := time.NewTimer(options.heartbeat)
	defer heartbeat.Stop()
	draining := s.b.draining
	var leave, old <-chan time.Time
	if options.maxAge > 0 {
		age := time.NewTimer(options.maxAge - upTo(options.maxAge/5))
		defer age.Stop()
		old = age.C
	}
	for !span.Ended {
		// Asked before reading, so that nothing is missed in between.
		changed := o.viewer.Changed()
		if span, err = o.viewer.Span(spanBytes); err != nil {
			return s.goodbye(readError(err))
		}
		if len(span.Frames) > 0 {
			if err := s.write(span.Frames); err != nil {
				return s.lost(r)
			}
			heartbeat.Reset(options.heartbeat)
			// There may be more by now; but who wants the stream closed is
			// heard also when there always is.
			select {
			case <-leave:
				return s.goodbye(ClosedDrain)
			case <-old:
				return s.goodbye(ClosedAge)
			case <-r.Context().Done():
				return ClosedByViewer
			case <-draining:
				draining, leave = nil, time.After(upTo(s.b.drainWindow))
			default:
			}
			continue
		}
		select {
		case <-changed:
		case <-heartbeat.C:
			if err := s.write(heartbeatComment); err != nil {
				return s.lost(r)
			}
			heartbeat.Reset(options.heartbeat)
		case <-r.Context().Done():
			return ClosedByViewer
		case <-draining:
			draining, leave = nil, time.After(upTo(s.b.drainWindow))
		case <-leave:
			return s.goodbye(ClosedDrain)
		case <-old:
			return s.goodbye(ClosedAge)
		}
	}
	return ClosedEnd
}

var heartbeatComment = sse.AppendComment(nil, "")

// goodbye closes a stream that is not at its end: with a time to come back
// after that no other stream has, and why, for whoever looks.
func (s *eventStream) goodbye(why CloseReason) CloseReason {
	p := sse.AppendRetry(nil, s.b.jitter(s.b.options.retry))
	_ = s.write(sse.AppendComment(p, "closed: "+string(why)))
	return why
}

// lost says why a write failed.
func (s *eventStream) lost(r *http.Request) CloseReason {
	if r.Context().Err() != nil {
		return ClosedByViewer
	}
	return ClosedSlow
}
