// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"time"

	"sluice/wasmui/stream"
)

// pollBeyond is how long a poll waits where connections are few: it holds one
// meanwhile.
const pollBeyond = 2 * time.Second

// reading is how the Stream page reads: over fetch where that lets numbers
// through as they are made, and else over what does; and so that every tab gets
// its own where the browser has few connections for all of them.
type reading struct {
	*stream.Tabs

	direct, beyond *stream.Fallback
}

// newReading makes it. onChange is called when something is worth saying.
func newReading(onChange func()) *reading {
	http := stream.NewFetch()
	r := &reading{
		direct: stream.NewFallback(onChange, stream.Way{Name: "fetch", Transport: http}, socketWay(http), pollWay(http, 0)),
		beyond: beyondFetch(http, onChange),
	}
	r.Tabs = stream.NewTabs(r.direct, r.beyond, pageHasFew, onChange)
	return r
}

func socketWay(http stream.Transport) stream.Way {
	return stream.Way{Name: "WebSocket", Transport: stream.NewWebSocket(http, nil)}
}

func pollWay(http stream.Transport, wait time.Duration) stream.Way {
	return stream.Way{Name: "long polling", Transport: stream.NewLongPoll(http, wait)}
}

// beyondFetch reads streams without a connection of their own among the few.
func beyondFetch(http stream.Transport, onChange func()) *stream.Fallback {
	return stream.NewFallback(onChange, socketWay(http), pollWay(http, pollBeyond))
}

// pageHasFew reports whether the browser has few connections to the page's server,
// which it may wait a moment to know.
func pageHasFew() bool { return fewConnections(knownProtocol()) }

// observe takes when n numbers arrived, and when the first and the last of them
// were made. A page that is hidden may be given them late.
func (r *reading) observe(received, from, upTo time.Time, n int) {
	switch {
	case r.Sharing() > stream.Leading:
	case isHidden():
		r.disturbed()
	default:
		r.direct.Observe(received, from, upTo, n)
	}
}

// disturbed notes that the page, its machine or its network was away, or is about
// to be.
func (r *reading) disturbed() {
	if r != nil {
		r.direct.Disturbed()
	}
}

// notice is what there is to say of how the page reads.
func (r *reading) notice() noticeValues {
	if r == nil {
		return noticeValues{}
	}
	sharing := r.Sharing()
	if way, cause := r.direct.Way(); cause != stream.NotLeft && sharing <= stream.Leading {
		return fallenBack(way, cause)
	}
	way, _ := r.beyond.Way()
	return shared(sharing, way)
}
