// SPDX-License-Identifier: Apache-2.0

package check

import (
	"fmt"
	"slices"
	"time"
)

// What holds events back is told by the same rule, with the same numbers, as by
// the app: see bursts.go of wasmui/stream. The two share no code, since that one
// watches a stream that goes on and this one judges a recording.
const (
	// burstGap is how close events arrive that something let go together. A
	// server that sends what is ready at once looks the same, so that alone
	// proves nothing.
	burstGap = 20 * time.Millisecond
	// minSpread is over what time events of a burst must have been made to
	// prove that they were held back, and minPause those of the first one: a
	// server may have had a few ready. A silence as long as the latter between
	// bursts is one that somebody would notice, too.
	minSpread = 200 * time.Millisecond
	minPause  = 500 * time.Millisecond
	// minHeld is how many bursts must have been held back. One may be the
	// network, or a machine that was busy.
	minHeld = 2
	// heldShare is of how many events in ten that must be true: what holds
	// events back does so with all of them, and a network now and then.
	heldShare = 8
	// minTold is of how many events in ten the data must say when it was made.
	minTold = 8
)

// remedy is what helps against what holds events back, whichever of those that
// are much used that is.
const remedy = "Something between you and the server, or the server itself, holds events back. " +
	"With nginx, set \"proxy_buffering off;\" and \"proxy_cache off;\" for this location, or have the server send \"X-Accel-Buffering: no\"; " +
	"with HAProxy, " + noDelay + "; with Caddy, take response_buffers, or buffer_responses, out of reverse_proxy; " +
	"with Apache in front of FastCGI, put flushpackets=on behind ProxyPass. " +
	"Leave compression off for text/event-stream, and have the server flush after each event."

// noDelay is the line of HAProxy without which it waits up to 0.2 s for more to
// send.
const noDelay = `"option http-no-delay"`

// burst is a row of events that arrived together.
type burst struct {
	events []event
	pause  time.Duration // before it
	first  bool
}

func (b *burst) arrival() time.Duration {
	return b.events[len(b.events)-1].at.Sub(b.events[0].at)
}

// spread returns over what time its events were made.
func (b *burst) spread() time.Duration {
	var first, last time.Time
	for i := range b.events {
		t := b.events[i].created
		if t.IsZero() {
			continue
		}
		if first.IsZero() || t.Before(first) {
			first = t
		}
		if t.After(last) {
			last = t
		}
	}
	return last.Sub(first)
}

// heldBack is whether its events were made while the connection was there and
// waited for each other. Those that were made over a longer time than it was
// silent before are old ones that are replayed, which a first burst may well
// be of.
func (b *burst) heldBack() bool {
	spread := b.spread()
	if b.first && (spread < minPause || spread > b.pause) {
		return false
	}
	return len(b.events) > 1 && spread >= minSpread && b.arrival() <= spread/4 && spread <= b.pause+minSpread
}

// replayed is whether its events are old ones, which were made before there was
// anybody to wait for them.
func (b *burst) replayed() bool { return b.first && b.spread() > b.pause }

// steady is whether its events took about as long to arrive as to be made: they
// only follow so close on each other that they look like one burst.
func (b *burst) steady() bool {
	spread := b.spread()
	return spread >= minSpread && b.arrival() >= spread/2
}

// burstsOf groups events by their arrival.
func burstsOf(rec *recording) []burst {
	var all []burst
	before := rec.askedAt
	for i := range rec.events {
		gap := rec.events[i].at.Sub(before)
		if i == 0 || gap > burstGap {
			all = append(all, burst{events: rec.events[i:i], pause: gap, first: i == 0})
		}
		b := &all[len(all)-1]
		b.events = b.events[:len(b.events)+1]
		before = rec.events[i].at
	}
	return all
}

// checkBuffering finds events that were made one after the other and arrive
// together.
func checkBuffering(rec *recording) Result {
	const name = "buffering"
	n := len(rec.events)
	if n < 3 {
		return Result{name, Skipped, fmt.Sprintf("%s came: too few to see whether something holds them back.", plural(n, "event"))}
	}
	bursts := burstsOf(rec)
	told := 0
	for i := range rec.events[:min(n, maxStudied)] {
		if !rec.events[i].created.IsZero() {
			told++
		}
	}
	largest := slices.MaxFunc(bursts, func(a, b burst) int { return len(a.events) - len(b.events) })
	atEnd := len(bursts) == 1 && rec.ended == endClean && rec.endedAt.Sub(rec.events[n-1].at) < minPause

	if told*10 >= min(n, maxStudied)*minTold {
		held, events, all := 0, 0, 0
		for i := range bursts {
			if bursts[i].heldBack() {
				held++
				events += len(bursts[i].events)
			}
			if !bursts[i].replayed() {
				all += len(bursts[i].events)
			}
		}
		late := latenessOf(rec)
		switch {
		case (held >= minHeld || held == 1 && atEnd) && events*10 >= all*heldShare:
			return Result{name, Fail, fmt.Sprintf("%d of %s arrived in %s, though by the times in their data they were made one after the other, over up to %s. %s", events, plural(n, "event"), plural(held, "burst"), span(longestSpread(bursts)), remedy)}
		case held >= minHeld:
			return Result{name, Warn, fmt.Sprintf("%d of %s arrived in %s, though by the times in their data they were made one after the other, over up to %s; the others came as they were made. That may be the network, or a machine that was busy: watch for longer. Or: %s", events, plural(n, "event"), plural(held, "burst"), span(longestSpread(bursts)), remedy)}
		case held == 1:
			return Result{name, Warn, fmt.Sprintf("%s arrived together, though by the times in their data they were made over %s. Once may be the network; watch for longer.", plural(events, "event"), span(longestSpread(bursts)))}
		case late.wait >= minLate+late.grain:
			return Result{name, Warn, fmt.Sprintf("By the times in their data, half of %s took longer to arrive than the quickest, by %s or more. That may be the network, or how they are made. Or something on the way waits a little for more to pass on: HAProxy does, for up to 0.2 s, without %s.", plural(late.events, "event"), span(late.wait), noDelay)}
		case len(bursts) > 1:
			return Result{name, Pass, fmt.Sprintf("Events arrive as they are made, by the times in their data; %s came in %s.", plural(n, "event"), plural(len(bursts), "arrival"))}
		case bursts[0].steady():
			return Result{name, Pass, fmt.Sprintf("Events arrive as they are made, by the times in their data; %s came without a pause, over %s.", plural(n, "event"), span(bursts[0].arrival()))}
		}
	}

	gathered := 0 // events that did not come alone
	var pauses []time.Duration
	for i := range bursts {
		if len(bursts[i].events) > 1 {
			gathered += len(bursts[i].events)
		}
		if i > 0 {
			pauses = append(pauses, bursts[i].pause)
		}
	}
	slices.Sort(pauses)
	switch {
	case atEnd && bursts[0].pause > promptly:
		return Result{name, Warn, fmt.Sprintf("All %d events came together, %s after the request and right before the end. That may be how they are made; or: %s", n, span(bursts[0].pause), remedy)}
	case len(bursts) >= 3 && gathered*10 >= n*minTold && pauses[len(pauses)/2] >= minPause:
		return Result{name, Warn, fmt.Sprintf("Events come in bursts, of up to %d at once, with silences of about %s between them. That may be how they are made; or: %s", len(largest.events), span(pauses[len(pauses)/2]), remedy)}
	case len(bursts) == 1:
		return Result{name, Skipped, fmt.Sprintf("Cannot tell: all %d events came together, within %s, and nothing shows when they were made. Take a stream with pauses.", n, span(bursts[0].arrival()))}
	default:
		return Result{name, Pass, fmt.Sprintf("%s came in %s, at most %d of them together.", plural(n, "event"), plural(len(bursts), "arrival"), len(largest.events))}
	}
}

// longestSpread is over what time the events of a burst that was held back were
// made.
func longestSpread(bursts []burst) time.Duration {
	var longest time.Duration
	for i := range bursts {
		if bursts[i].heldBack() {
			longest = max(longest, bursts[i].spread())
		}
	}
	return longest
}
