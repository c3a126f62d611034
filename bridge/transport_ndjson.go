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

// begin implements carrier. The first line also brings the head along: servers
// in front, such as nginx over HTTP/2 and any that compresses, keep a head to
// themselves until something comes behind it.
func (s *lineStream) begin(o opened, retry time.Duration) {
	s.line(appendOpen(nil, o.viewer.Run().ID(), retry))
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

// pending implements carrier.
func (s *lineStream) pending() bool { return s.ready != nil }

// send implements carrier.
func (s *lineStream) send() (int, error) {
	ready := s.ready
	s.ready = nil
	defer ready.put()
	return s.write(ready.bytes)
}
