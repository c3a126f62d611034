// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"time"

	"sluice/bridge/run"
	"sluice/bridge/sse"
)

// eventStream carries a run as Server-Sent Events. What the journal holds is in
// that form, and is sent as it stands there.
type eventStream struct {
	*body
	ready []byte
}

var _ carrier = (*eventStream)(nil)

var heartbeatComment = sse.AppendComment(nil, "")

// begin implements carrier.
func (s *eventStream) begin(o opened, retry time.Duration) {
	s.ready = sse.AppendRetry(nil, retry)
	s.ready = sse.AppendComment(s.ready, "run "+o.viewer.Run().ID())
	if o.reset != nil {
		var err error
		if s.ready, err = sse.AppendEvent(s.ready, "", resetEvent, o.reset.data()); err != nil {
			panic("a reset has no id and a fixed type: " + err.Error())
		}
	}
}

// next implements carrier.
func (s *eventStream) next(v *run.Viewer) (ended bool, err error) {
	span, err := v.Span(spanBytes)
	if len(s.ready) == 0 {
		s.ready = span.Frames
	} else {
		// What there is already goes with what the stream begins with.
		s.ready = append(s.ready, span.Frames...)
	}
	return span.Ended, err
}

// heartbeat implements carrier.
func (s *eventStream) heartbeat() { s.ready = heartbeatComment }

// goodbye implements carrier.
func (s *eventStream) goodbye(why CloseReason, retry time.Duration) {
	p := sse.AppendRetry(nil, retry)
	s.ready = sse.AppendComment(p, "closed: "+string(why))
}

// pending implements carrier.
func (s *eventStream) pending() bool { return len(s.ready) > 0 }

// send implements carrier.
func (s *eventStream) send() (int, error) {
	p := s.ready
	s.ready = nil
	return s.write(p)
}
