// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"time"

	"sluice/wasmui/stream"
)

// way is one of the ways in which a browser can read a stream.
type way uint8

// The ways, in the order of the page.
const (
	wayFetch way = iota
	wayEventSource
	waySocket
	wayPoll
	ways // how many there are
)

// name is the way as the page calls it.
func (w way) name() string {
	return [...]string{"fetch", "EventSource", "WebSocket", "Long poll"}[w]
}

// explanation says what the way is to somebody who has never heard of it.
func (w way) explanation() string {
	return [...]string{
		"One question; the answer stays open, and the page reads each number as it comes.",
		"The same open answer, read by the browser itself.",
		"A line of its own, on which both sides may speak.",
		"Ask, wait for an answer, ask again.",
	}[w]
}

// id is the way in the ids of elements.
func (w way) id() string {
	return [...]string{"fetch", "eventsource", "websocket", "poll"}[w]
}

// noSilence is longer than any stream: where heartbeats cannot be seen, silence
// means nothing.
const noSilence = 24 * time.Hour

// transport gives the transport of the way over a network that may be slow, and
// has the meter count what comes.
func (w way) transport(network *stream.Network, meter *stream.Meter) stream.Transport {
	http := stream.NewFetch()
	switch w {
	case wayEventSource:
		return network.Over(stream.NewEventSource(http, meter))
	case waySocket:
		return network.Over(stream.NewWebSocket(http, meter))
	case wayPoll:
		// Each poll of its own goes over the network and back.
		return stream.NewLongPoll(network.Over(stream.Metered(http, meter)), 0)
	}
	return network.Over(stream.Metered(http, meter))
}
