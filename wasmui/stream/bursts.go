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
	// heldShare is of how many events in ten that must be true. So must it be of
	// half of the bursts: what holds events back lets none of them through alone,
	// whereas one pause of the page can hold most of them.
	heldShare = 8
	// minWholeSpread is over what time a stream must have been made that one burst is
	// proof for, and wholeMargin how long after the burst it may end: all of it came
	// with its end.
	minWholeSpread = 2 * time.Second
	wholeMargin    = 250 * time.Millisecond
	// disturbMargin is how long before a page is told that it goes on it may have
	// done so.
	disturbMargin = time.Second
)

// bursts tells whether events are held back on their way: made one after the
// other, by the times in their data, and yet arriving together, over and over.
// Only differences of times count, so that clocks may differ. The zero value has
// seen nothing.
//
// It is the rule, with the numbers, by which sluice check judges a recording: see
// bridge/check/buffering.go.
type bursts struct {
	all, here tally // of all connections, and of the one in use

	last  time.Time // when the last event arrived, or the connection was asked for
	first bool      // the burst is the first of its connection
	blind bool      // the next burst says nothing
	whole bool      // the connection has been watched from its start
	burst burstNow
}

// tally counts bursts.
type tally struct {
	bursts, events, held, heldEvents int
	spread                           time.Duration // over which those held back were made
}

func (t tally) with(n burstNow) tally {
	if n.events == 0 || n.blind {
		return t
	}
	t.bursts++
	t.events += n.events
	if n.heldBack() {
		t.held++
		t.heldEvents += n.events
		t.spread += n.upTo.Sub(n.from)
	}
	return t
}

// mostHeld says whether nearly all that came was held back.
func (t tally) mostHeld() bool {
	return t.heldEvents*10 >= t.events*heldShare && t.held*2 >= t.bursts
}

// burstNow is the burst that the last event belongs to.
type burstNow struct {
	events     int
	pause      time.Duration // before it
	since      time.Time     // when it began to arrive
	from, upTo time.Time     // when its events were made
	until      time.Time     // when its last event arrived
	first      bool
	blind      bool // it says nothing
}

// open notes a new connection. No event that it brings was made before since: what
// is older is a replay.
func (b *bursts) open(since time.Time) {
	b.close()
	b.here = tally{}
	b.last, b.first, b.blind, b.whole = since, true, false, true
}

// disturb notes that the page may not have been able to take in what came, until
// now or from now on: what it takes in together may have arrived one by one. That
// may be some of it before the page is told why.
func (b *bursts) disturb(now time.Time) {
	if now.Sub(b.burst.until) <= disturbMargin {
		b.burst.blind = true
	}
	b.blind, b.whole = true, false
}

// arrive notes n events that arrived at a moment, the first and the last of them
// made at these.
func (b *bursts) arrive(received, from, upTo time.Time, n int) {
	if gap := received.Sub(b.last); b.burst.events == 0 || gap > burstGap {
		b.close()
		b.burst = burstNow{pause: gap, since: received, from: from, upTo: upTo, first: b.first, blind: b.blind}
		b.first, b.blind = false, false
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
	b.all, b.here = b.all.with(b.burst), b.here.with(b.burst)
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
	all := b.all.with(b.burst)
	return all.held >= minHeld && all.mostHeld()
}

// provenAtEnd says whether it is certain of a connection that ends now: a short
// stream is one burst, as what holds it back lets it go with its end.
func (b *bursts) provenAtEnd(now time.Time) bool {
	here := b.here.with(b.burst)
	return b.whole && here.held > 0 && here.mostHeld() && here.spread >= minWholeSpread && now.Sub(b.last) <= wholeMargin
}
