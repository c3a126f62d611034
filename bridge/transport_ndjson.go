// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"time"

	"sluice/bridge/run"
)

// lineStream carries a run as lines of JSON, an event each.
type lineStream struct {
	*body
	objects objects
	begun   bool
	ready   *buffer // nil while nothing is
}

var _ carrier = (*lineStream)(nil)

// line makes an object ready.
func (s *lineStream) line(object []byte) {
	if s.ready == nil {
		s.ready = takeBuffer()
	}
	s.ready.bytes = append(append(s.ready.bytes, object...), '\n')
}

// begin implements carrier. There is no line that says when to come back, and
// the run is named in the header.
func (s *lineStream) begin(o opened, _ time.Duration) {
	if o.reset != nil {
		s.line(appendObject(nil, nil, quotedReset, o.reset.data()))
	}
}

// next implements carrier.
func (s *lineStream) next(v *run.Viewer) (ended bool, err error) {
	return s.objects.each(v, func(_, object []byte) { s.line(object) })
}

// heartbeat implements carrier.
func (s *lineStream) heartbeat() { s.line(appendObject(nil, nil, quotedHeartbeat, nil)) }

// goodbye implements carrier. A body that ends without the end says it all.
func (s *lineStream) goodbye(CloseReason, time.Duration) {}

// pending implements carrier. At first there is the header.
func (s *lineStream) pending() bool { return s.ready != nil || !s.begun }

// send implements carrier.
func (s *lineStream) send() (int, error) {
	s.begun = true
	if s.ready == nil {
		return s.write(nil)
	}
	defer func() {
		s.ready.put()
		s.ready = nil
	}()
	return s.write(s.ready.bytes)
}
