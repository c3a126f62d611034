// SPDX-License-Identifier: Apache-2.0

package check

import (
	"fmt"
	"slices"
	"time"
)

const (
	// burstGap is how close events arrive that something let go together. A
	// server that sends what is ready at once looks the same, so that alone
	// proves nothing.
	burstGap = 10 * time.Millisecond
	// minSpread is how far apart in time events of a burst must have been made
	// to prove that they were held back.
	minSpread = 200 * time.Millisecond
	// minPause is a silence between bursts that somebody would notice.
	minPause = 500 * time.Millisecond
	// minTold is of how many events in ten the data must say when it was made.
	minTold = 8
)

// remedy is what helps against what holds events back.
const remedy = "Something between you and the server, or the server itself, holds events back. With nginx, set \"proxy_buffering off;\" and \"proxy_cache off;\" for this location, or have the server send \"X-Accel-Buffering: no\"; leave compression off for text/event-stream; and have the server flush after each event."

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
		held, events := 0, 0
		for i := range bursts {
			if bursts[i].heldBack() {
				held++
				events += len(bursts[i].events)
			}
		}
		switch {
		case held > 1 || held == 1 && atEnd:
			return Result{name, Fail, fmt.Sprintf("%d of %s arrived in %s, though by the times in their data they were made one after the other, over up to %s. %s", events, plural(n, "event"), plural(held, "burst"), span(longestSpread(bursts)), remedy)}
		case held == 1:
			return Result{name, Warn, fmt.Sprintf("%s arrived together, though by the times in their data they were made over %s. Once may be the network; watch for longer.", plural(events, "event"), span(longestSpread(bursts)))}
		case len(bursts) > 1:
			return Result{name, Pass, fmt.Sprintf("Events arrive as they are made, by the times in their data; %s came in %s.", plural(n, "event"), plural(len(bursts), "arrival"))}
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
