// SPDX-License-Identifier: Apache-2.0

package check

import (
	"fmt"
	"time"
)

const (
	// promptly is how soon the head of the answer and the first byte after it
	// are there where nothing holds them back, also on a bad line.
	promptly = 2 * time.Second
	// together is how close two arrivals are that a person would call one.
	together = 50 * time.Millisecond
	// minBeat is the silence after which a comment counts as a heartbeat.
	minBeat = time.Second

	// minRetry and maxRetry enclose what a server would sensibly ask for.
	minRetry = 100 * time.Millisecond
	maxRetry = 2 * time.Minute
)

// silences keeps how long a stream was silent.
type silences struct {
	longest time.Duration // without a byte
	since   time.Time     // when that began
	last    time.Duration // before what came last
	beats   int           // comments that ended a silence

	lastEvent time.Time
	beaten    bool          // there was a heartbeat since
	survived  time.Duration // the longest time without an event, but with heartbeats
}

func (s *silences) byteAfter(gap time.Duration, since time.Time) {
	s.last = gap
	if gap > s.longest {
		s.longest, s.since = gap, since
	}
	if s.lastEvent.IsZero() {
		s.lastEvent = since
	}
}

func (s *silences) comment() {
	if s.last >= minBeat {
		s.beats++
		s.beaten = true
		s.last = 0 // of several comments at once, one counts
	}
}

func (s *silences) eventAfter(at time.Time) {
	if s.beaten {
		s.survived = max(s.survived, at.Sub(s.lastEvent))
	}
	s.beaten = false
	s.lastEvent = at
}

// checkHeartbeat judges whether a quiet stream shows that it is alive.
func checkHeartbeat(rec *recording, silence time.Duration) Result {
	const name = "heartbeat"
	q := &rec.quiet
	watched := rec.endedAt.Sub(rec.headAt)
	switch {
	case q.longest >= silence:
		return Result{name, Fail, fmt.Sprintf("Nothing at all came for %s, %s into the stream. Many proxies cut a connection that is idle for 30 or 60 s, and clients cannot tell it from a dead one. Send a comment, a line \":\" and a blank one, after 15 s of silence.", span(q.longest), span(q.since.Sub(rec.headAt)))}
	case q.beats > 0:
		return Result{name, Pass, fmt.Sprintf("Comments kept the stream alive through %s without an event; the longest silence was %s.", span(q.survived), span(q.longest))}
	case watched < silence:
		return Result{name, Skipped, fmt.Sprintf("The stream was watched for %s, and a heartbeat is asked for after %s of silence. Watch one that goes quiet, for longer.", span(watched), span(silence))}
	default:
		return Result{name, Skipped, fmt.Sprintf("The stream was never silent for longer than %s, so no heartbeat was due before %s. Watch one that goes quiet, or ask for one after a shorter silence.", span(q.longest), span(silence))}
	}
}

// checkFirstBytes judges whether a stream begins at once, also one that has
// nothing to say yet.
func checkFirstBytes(rec *recording) Result {
	const name = "first bytes"
	head := rec.headAt.Sub(rec.askedAt)
	if rec.firstAt.IsZero() {
		if waited := rec.endedAt.Sub(rec.headAt); waited > promptly {
			return Result{name, Warn, fmt.Sprintf("The head came after %s, and then not one byte for %s. Some proxies hold the head back until the first byte: send a comment or a \"retry:\" line with it.", span(head), span(waited))}
		}
		return Result{name, Skipped, fmt.Sprintf("The head came after %s, and the stream ended without a byte.", span(head))}
	}
	body := rec.firstAt.Sub(rec.headAt)
	withEvent := len(rec.events) > 0 && rec.events[0].at.Sub(rec.firstAt) < together
	switch {
	case head > promptly && body < together && withEvent:
		return Result{name, Fail, fmt.Sprintf("The head of the answer came only with the first event, after %s: until then browsers show a stream as connecting, and proxies may give up with a 504. Have the server flush the head at once, with a comment behind it, and whatever is between pass it on.", span(head))}
	case head > promptly:
		return Result{name, Warn, fmt.Sprintf("The head of the answer came after %s. Until then browsers show a stream as connecting, and proxies may give up with a 504. Flush it at once.", span(head))}
	case body > promptly:
		return Result{name, Warn, fmt.Sprintf("The head came after %s, the first byte behind it only %s later. Some proxies hold the head back until then: send a comment or a \"retry:\" line with it.", span(head), span(body))}
	default:
		return Result{name, Pass, fmt.Sprintf("The head came after %s, and the first byte %s later.", span(head), span(body))}
	}
}

// checkEvents says how much there was to judge by.
func checkEvents(rec *recording) Result {
	const name = "events"
	watched := span(rec.endedAt.Sub(rec.headAt))
	if len(rec.events) == 0 {
		said := ""
		if rec.comment != "" {
			said = " The last comment was " + quote(rec.comment) + "."
		}
		return Result{name, Warn, fmt.Sprintf("No event came in %s, so little can be judged.%s Watch for longer, or a URL where more happens.", watched, said)}
	}
	end := "when the time was up"
	switch rec.ended {
	case endClean:
		end = "when the stream ended"
	case endBroken:
		end = "when the connection broke"
	case endFull:
		end = "when enough was seen"
	}
	return Result{name, Pass, fmt.Sprintf("%s came in %s, %s.", plural(len(rec.events), "event"), watched, end)}
}
