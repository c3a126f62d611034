// SPDX-License-Identifier: Apache-2.0

package check

import (
	"context"
	"errors"
	"fmt"
	"net/http"
)

// comeBack does what EventSource does when a stream has ended: it asks again,
// with the last id.
func (s *visit) comeBack(ctx context.Context) *comeback {
	id := s.main.rec.lastID()
	if !validValue(id) {
		return nil
	}
	short, stop := context.WithTimeout(ctx, s.patience())
	defer stop()
	back := s.client.comeBack(short, ask{lastEventID: id}, func(r *recording) bool {
		return len(r.withID) > 0 || len(r.events) >= lookForIDs
	})
	return &back
}

// aftermath is what comes after a stream's end.
type aftermath uint8

const (
	afterUnknown aftermath = iota
	afterSilence           // a server that does not answer
	afterStop              // 204
	afterRefused           // another status that stops browsers
	afterError             // 5xx
	afterNothing           // a stream that ends at once
	afterQuiet             // a stream that stays open
	afterRestart           // the stream from its beginning
	afterRepeat            // some of its events
	afterMore              // the events that follow
)

// aftermathOf finds out what came after the end.
func aftermathOf(main *recording, back *comeback) aftermath {
	switch {
	case back == nil:
		return afterUnknown
	case back.err != nil:
		return afterSilence
	case back.status == http.StatusNoContent:
		return afterStop
	case back.status >= http.StatusInternalServerError:
		return afterError
	case !back.stream:
		return afterRefused
	case len(back.rec.events) == 0 && back.rec.ended == endClean:
		return afterNothing
	case len(back.rec.events) == 0:
		return afterQuiet
	case beginsAnew(main, back.rec):
		return afterRestart
	}
	all, got := main.numbered(), back.rec.numbered()
	if len(got) == 0 || len(all) == 0 {
		for i := range main.events {
			if first := &back.rec.events[0]; main.events[i].sum == first.sum && main.events[i].typ == first.typ {
				return afterRepeat
			}
		}
		return afterUnknown
	}
	for _, r := range rulers(all) {
		place, ok := r.at(got[0])
		if !ok {
			continue
		}
		if r.byID || r.byData {
			return afterRepeat
		}
		for i := len(all) - 1; i >= 0; i-- {
			if last, ok := r.at(all[i]); ok {
				if place <= last {
					return afterRepeat
				}
				return afterMore
			}
		}
	}
	return afterUnknown
}

// checkEnd judges whether a client can tell the end from a lost connection.
func checkEnd(main *recording, back *comeback) Result {
	const name = "end"
	switch main.ended {
	case endBroken:
		text := fmt.Sprintf("The connection broke after %s, in the midst of an answer.", span(main.endedAt.Sub(main.headAt)))
		if silent := main.endedAt.Sub(main.lastAt); silent >= minBeat {
			return Result{name, Warn, fmt.Sprintf("%s It had been silent for %s: if that is always so, a proxy on the way cuts what is idle, and needs a longer timeout or more frequent heartbeats.", text, span(silent))}
		}
		return Result{name, Warn, text + " If that is always so, a proxy on the way, or a timeout of the server for writing, cuts it: streams need theirs long, or none."}
	case endClean:
	default:
		return Result{name, Skipped, "The stream did not end while it was watched. To see its end, take one that is shorter, or give it more time."}
	}
	if len(main.events) == 0 {
		return Result{name, Skipped, "The stream ended without an event."}
	}
	last := &main.events[len(main.events)-1]
	own := last.done || len(main.events) > 1
	for i := range main.events[:len(main.events)-1] {
		own = own && (last.done || main.events[i].typ != last.typ)
	}
	switch {
	case own && last.id != "":
		return Result{name, Pass, fmt.Sprintf("The last event, %s, is unlike the others and has an id, so that clients know the end from a lost connection.", quote(last.typ))}
	case own:
		return Result{name, Warn, fmt.Sprintf("The last event, %s, is unlike the others but has no id: who comes back after it cannot be told from one who missed it. Give it an id, and answer that id with 204.", quote(last.typ))}
	case aftermathOf(main, back) == afterMore, aftermathOf(main, back) == afterQuiet:
		return Result{name, Pass, "The connection was closed, and the stream goes on after it."}
	default:
		return Result{name, Warn, "The stream ended with an event like all others, so a client that reads with fetch cannot know the end from a lost connection. Close with an event of its own, such as \"event: end\", with an id."}
	}
}

// checkAfterEnd judges what EventSource gets that comes back after the end, as
// it always does.
func checkAfterEnd(main *recording, back *comeback) Result {
	const name = "after the end"
	if main.ended != endClean {
		return Result{name, Skipped, "The stream did not end by itself while it was watched."}
	}
	with := "without an id"
	if back != nil && back.id != "" {
		with = "with " + quote(back.id)
	}
	result := func(o Outcome, format string, args ...any) Result {
		return Result{name, o, fmt.Sprintf("Who comes back after the end, %s, ", with) + fmt.Sprintf(format, args...)}
	}
	switch aftermathOf(main, back) {
	case afterSilence:
		if errors.Is(back.err, context.DeadlineExceeded) {
			return result(Fail, "gets no answer. Answer with 204, which stops EventSource.")
		}
		return result(Fail, "gets no answer: %v. Answer with 204, which stops EventSource.", back.err)
	case afterStop:
		return result(Pass, "gets 204, which stops EventSource.")
	case afterRefused:
		return result(Pass, "gets %s, which stops EventSource; 204 is what is meant for that.", statusText(back.status))
	case afterError:
		return result(Fail, "gets %s. Answer with 204, which stops EventSource.", statusText(back.status))
	case afterNothing:
		return result(Warn, "gets an empty stream, and EventSource asks again and again. Answer with 204, which stops it.")
	case afterQuiet:
		return result(Pass, "gets a stream that stays open.")
	case afterRestart:
		return result(Fail, "gets the stream from its beginning: EventSource, which always comes back, reads it again and again for ever. Answer the id of the last event with 204.")
	case afterRepeat:
		return result(Fail, "gets events that were sent before: EventSource, which always comes back, gets them again and again for ever. Answer the id of the last event with 204.")
	case afterMore:
		return result(Pass, "gets the events that follow: the connection was closed, and the stream goes on.")
	default:
		return Result{name, Skipped, "Cannot tell whether what comes after the end is the same stream anew or what follows it."}
	}
}
