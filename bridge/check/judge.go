// SPDX-License-Identifier: Apache-2.0

package check

import (
	"fmt"
	"net/http"
)

// judgeReturn judges what a client got that came back, by the events that it
// had, and by a connection that nobody disturbed, if they can be compared.
func judgeReturn(undisturbed *recording, had []*event, back *comeback) (Outcome, string) {
	all := undisturbed.numbered()
	last := had[len(had)-1]
	if refusal := back.refusal(); refusal != "" {
		if back.status == http.StatusNoContent && nothingFollows(undisturbed, had) {
			return Skipped, "the stream had nothing more."
		}
		return Fail, fmt.Sprintf("the request %s; what follows that event is lost.", refusal)
	}
	got := back.rec.numbered()
	if len(got) == 0 {
		return judgeNothing(undisturbed, had, back)
	}
	for _, r := range rulers(all) {
		if !r.fits(had) {
			continue
		}
		if _, ok := r.at(got[0]); ok {
			return r.judge(undisturbed, all, had, back)
		}
	}

	// What came is nowhere in what the undisturbed connection got.
	if r := idIndex(all); r != nil {
		place, ok := r.at(last)
		switch {
		case ok && int(place)+1 == len(all):
			return Skipped, "cannot tell: the undisturbed connection did not come so far."
		case ok:
			if word := back.announcement(undisturbed); word != "" {
				return Warn, fmt.Sprintf("the server could not go on and said so with the event %s; a client has to know what that means.", word)
			}
			return Fail, fmt.Sprintf("there came %s, which the undisturbed connection never got, in place of %s.", quote(got[0].id), quote(all[place+1].id))
		}
	}
	for _, e := range had {
		if e.id == got[0].id {
			return Fail, fmt.Sprintf("there came %s again, which the client had. Go on after the id that comes back.", quote(e.id))
		}
	}
	if len(had) > 1 && len(got) > 1 && had[0].sum == got[0].sum && had[1].sum == got[1].sum && had[0].sum != had[1].sum {
		return Fail, "the stream began anew, with the same data as at first. Go on after the id that comes back."
	}
	return Skipped, "cannot tell: every connection has a stream of its own here, and neither ids nor data show what comes after what."
}

// judgeNothing judges a stream without any event that has an id.
func judgeNothing(undisturbed *recording, had []*event, back *comeback) (Outcome, string) {
	switch word := back.announcement(undisturbed); {
	case word != "":
		return Warn, fmt.Sprintf("the server could not go on and said so with the event %s; a client has to know what that means.", word)
	case nothingFollows(undisturbed, had):
		return Skipped, "the stream had nothing more."
	case len(back.rec.events) > 0:
		return Fail, fmt.Sprintf("there came %s, none of which has an id, so the next loss of the connection could not be mended.", plural(len(back.rec.events), "event"))
	case back.rec.ended == endClean:
		return Fail, "the stream ended at once, without what was to follow."
	case back.missed > 0:
		return Fail, fmt.Sprintf("nothing came, while the undisturbed connection got %s.", plural(back.missed, "event"))
	default:
		return Skipped, "nothing came in time. Give it more."
	}
}

// nothingFollows is whether the events that a client had were all there are.
func nothingFollows(undisturbed *recording, had []*event) bool {
	return undisturbed.ended == endClean && len(had) >= len(undisturbed.withID)
}

// announcement returns, quoted, the name of the event by which the server says
// that the stream does not simply go on: one of a name that it does not use
// otherwise, before any that has an id, or as the first that has.
func (b *comeback) announcement(undisturbed *recording) string {
	usual := map[string]bool{}
	for i := range undisturbed.events {
		usual[undisturbed.events[i].typ] = true
	}
	for i := range b.rec.events {
		e := &b.rec.events[i]
		if !usual[e.typ] {
			return quote(e.typ)
		}
		if e.id != "" {
			break
		}
	}
	return ""
}

// fits is whether the places of events that came one after the other are one
// after the other.
func (r *ruler) fits(events []*event) bool {
	var before int64
	for i, e := range events {
		place, ok := r.at(e)
		if !ok || i > 0 && place != before+1 {
			return false
		}
		before = place
	}
	// Of a single event, that its data is the same may be chance.
	return len(events) > 1 || len(events) == 1 && !r.byData
}

// judge judges by the places of the events.
func (r *ruler) judge(undisturbed *recording, all, had []*event, back *comeback) (Outcome, string) {
	got := back.rec.numbered()
	start, _ := r.at(had[0])
	last, _ := r.at(had[len(had)-1])
	comparable := r.byID
	// foreign is whether, so far, the data that the client had is not that of
	// the undisturbed connection, but what it came back to is.
	foreign := r.byID && len(had) > 1
	for _, e := range had {
		place, _ := r.at(e)
		same := r.byID && all[place].sum == e.sum
		comparable, foreign = comparable && same, foreign && !same
	}
	due := last + 1
	for i, e := range got {
		place, ok := r.at(e)
		switch {
		case !ok && (r.byID || r.byData) && due < int64(len(all)):
			return Fail, fmt.Sprintf("after %s there came %s, which the undisturbed connection never got, in place of %s.", plural(i, "right event"), quote(e.id), quote(all[due].id))
		case !ok:
			// The undisturbed connection did not come so far, or this event,
			// such as the last, stands outside the count.
			return r.followed(got[:i], comparable, foreign, back)
		case place != due:
			text := r.disorder(i, place, due, last, start, e)
			if word := back.announcement(undisturbed); i == 0 && word != "" {
				return Warn, fmt.Sprintf("the server could not go on and said so with the event %s, then %s A client has to know what that means.", word, text)
			}
			return Fail, text
		case comparable && all[place].sum != e.sum:
			return Fail, fmt.Sprintf("the event %s came with other data than on the undisturbed connection.", quote(e.id))
		}
		foreign = foreign && all[place].sum == e.sum
		due++
	}
	return r.followed(got, comparable, foreign, back)
}

// disorder says how the i-th event is out of place.
func (r *ruler) disorder(i int, place, due, last, start int64, e *event) string {
	switch {
	case i == 0 && place == last && last == start:
		return fmt.Sprintf("the first event came again, %s: the stream either begins anew or goes on with the event that the client had, not after it.", quote(e.id))
	case i == 0 && place == last:
		return fmt.Sprintf("the last event came again, %s: replay what comes after the id, not from it on.", quote(e.id))
	case i == 0 && place <= start:
		return fmt.Sprintf("the stream began anew, with %s. Go on after the id that comes back as Last-Event-ID.", quote(e.id))
	case place < due && i == 0:
		return fmt.Sprintf("%s came again, from %s on. Go on right after the id that comes back.", plural(int(due-place), "event"), quote(e.id))
	case place < due:
		return fmt.Sprintf("after %s there came %s again. Where replayed events meet live ones, send each once.", plural(i, "event"), quote(e.id))
	case i == 0:
		return fmt.Sprintf("%s missing before %s. Keep what was sent for a while, and begin with what follows the id that comes back as Last-Event-ID.", areMissing(place-due), quote(e.id))
	default:
		return fmt.Sprintf("after %s, %s missing before %s. Where replayed events meet live ones, leave none out.", plural(i, "event"), areMissing(place-due), quote(e.id))
	}
}

func areMissing(n int64) string {
	if n == 1 {
		return "1 event is"
	}
	return fmt.Sprintf("%d events are", n)
}

// followed is the result of events in order.
func (r *ruler) followed(got []*event, comparable, foreign bool, back *comeback) (Outcome, string) {
	n := len(got)
	switch {
	case n == 0:
		return Skipped, "cannot tell: the undisturbed connection did not come so far."
	case foreign:
		return Fail, fmt.Sprintf("the next %s are of another connection's stream, which has the same ids and other data. Put something into the id that differs from stream to stream.", plural(n, "event"))
	}
	away := ""
	if back.missed > 0 && r.byID { // otherwise they were those of another stream
		away = fmt.Sprintf(", of which %s made meanwhile", wereMade(min(back.missed, n)))
	}
	if comparable {
		return Pass, fmt.Sprintf("the next %s%s, just as on the undisturbed connection.", plural(n, "event"), away)
	}
	return Pass, fmt.Sprintf("the next %s%s, with no gap and no repeat by %s.", plural(n, "event"), away, r.by)
}

func wereMade(n int) string {
	if n == 1 {
		return "1 was"
	}
	return fmt.Sprintf("%d were", n)
}
