// SPDX-License-Identifier: Apache-2.0

package stream

import "time"

const (
	// burstGap is how close together events arrive that something let go at once.
	burstGap = 20 * time.Millisecond
	// minSpread is over what time the events of a burst must have been made, and
	// minFirstSpread those of the first one: a server may have had a few ready.
	minSpread      = 200 * time.Millisecond
	minFirstSpread = 500 * time.Millisecond
	// minHeld is how many bursts must have been held back. One may be the network,
	// or a machine that was busy.
	minHeld = 2
	// heldShare is of how many events in ten that must be true.
	heldShare = 8
)

// bursts tells whether events are held back on their way: made one after the
// other, by the times in their data, and yet arriving together, over and over.
// Only differences of times count, so that clocks may differ. The zero value has
// seen nothing.
type bursts struct {
	events, held, heldEvents int

	last  time.Time // when the last event arrived, or the connection opened
	first bool      // the burst is the first of its connection
	burst burstNow
}

// burstNow is the burst that the last event belongs to.
type burstNow struct {
	events     int
	pause      time.Duration // before it
	since      time.Time     // when it began to arrive
	from, upTo time.Time     // when its events were made
	until      time.Time     // when its last event arrived
	first      bool
}

// open notes a new connection. What it brings first may be a replay.
func (b *bursts) open(now time.Time) {
	b.close()
	b.last, b.first = now, true
}

// arrive notes n events that arrived at a moment, the first and the last of them
// made at these.
func (b *bursts) arrive(received, from, upTo time.Time, n int) {
	if gap := received.Sub(b.last); b.burst.events == 0 || gap > burstGap {
		b.close()
		b.burst = burstNow{pause: gap, since: received, from: from, upTo: upTo, first: b.first}
		b.first = false
	}
	now := &b.burst
	now.events += n
	now.until = received
	if from.Before(now.from) {
		now.from = from
	}
	if upTo.After(now.upTo) {
		now.upTo = upTo
	}
	b.last = received
}

// close counts the burst that is over.
func (b *bursts) close() {
	b.events += b.burst.events
	if b.burst.heldBack() {
		b.held++
		b.heldEvents += b.burst.events
	}
	b.burst = burstNow{}
}

// heldBack says whether the events of a burst were made while the connection was
// there, and waited for each other. Events that were made over a longer time than
// it was silent before are old ones that are replayed.
func (n burstNow) heldBack() bool {
	least := minSpread
	if n.first {
		least = minFirstSpread
	}
	spread := n.upTo.Sub(n.from)
	return n.events > 1 && spread >= least && n.until.Sub(n.since) <= spread/4 && spread <= n.pause+minSpread
}

// proven says whether it is certain by now.
func (b *bursts) proven() bool {
	held, heldEvents, events := b.held, b.heldEvents, b.events+b.burst.events
	if b.burst.heldBack() {
		held++
		heldEvents += b.burst.events
	}
	return held >= minHeld && heldEvents*10 >= events*heldShare
}
