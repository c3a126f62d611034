// SPDX-License-Identifier: Apache-2.0

package check

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// longIDBytes is the length of the id that is too long: more than any that
// browsers send unasked, and less than what servers refuse as a header.
const longIDBytes = 4 << 10

// badID comes with an id that the server cannot have given out.
type badID struct {
	name string
	id   func(main *recording) string
	skip string
	back comeback
	// silence is whether a client that comes with it has lost events if it is
	// not told.
	lost bool
}

func newBadIDs() []*badID {
	return []*badID{
		{name: "malformed id", id: func(*recording) string { return `not an "id", (or is it?) %00 {` }},
		{name: "long id", id: func(*recording) string { return strings.Repeat("x", longIDBytes) }},
		{name: "unknown id", lost: true, id: func(main *recording) string { return strangeID(main.nthID(0)) }},
	}
}

// tryBadIDs comes with one after the other.
func (s *visit) tryBadIDs(ctx context.Context) {
	for _, b := range s.badIDs {
		b.try(ctx, s)
	}
}

func (b *badID) try(ctx context.Context, s *visit) {
	if b.skip = awaitIDs(ctx, s.main.rec); b.skip != "" {
		return
	}
	id := b.id(s.main.rec)
	if !validValue(id) {
		b.skip = "Ids of this stream cannot be sent back in a header."
		return
	}
	short, stop := context.WithTimeout(ctx, s.patience())
	defer stop()
	b.back = s.client.comeBack(short, ask{lastEventID: id}, func(r *recording) bool {
		return len(r.withID) > 0 || len(r.events) >= lookForIDs
	})
	if ctx.Err() != nil && (b.back.err != nil || b.back.rec == nil) {
		b.skip = "The time was up before it was answered."
	}
}

// strangeID returns an id of the same form that is another: with other letters
// or, if it has none, with more digits.
func strangeID(id string) string {
	strange := strings.Map(func(c rune) rune {
		switch {
		case c == 'f' || c == 'z':
			return 'a' // stays within both hexadecimal digits and letters
		case c == 'F' || c == 'Z':
			return 'A'
		case c >= 'a' && c < 'z' || c >= 'A' && c < 'Z':
			return c + 1
		default:
			return c
		}
	}, id)
	if strange != id {
		return strange
	}
	return "9" + id + "99"
}

func (b *badID) judge(main *recording) Result {
	result := func(o Outcome, format string, args ...any) Result {
		return Result{b.name, o, fmt.Sprintf("Coming with the id %s ", quote(b.back.id)) + fmt.Sprintf(format, args...)}
	}
	switch {
	case b.skip != "":
		return Result{b.name, Skipped, b.skip}
	case errors.Is(b.back.err, context.DeadlineExceeded):
		return result(Fail, "gets no answer at all. Answer with a stream that begins with an event such as \"reset\", or with 204 or 400.")
	case b.back.err != nil:
		return result(Fail, "breaks the connection: %v.", b.back.err)
	case b.back.status >= http.StatusInternalServerError:
		return result(Fail, "gets %s, which anybody can cause, and after which browsers never come back. Take an id for no more than text that may be wrong.", statusText(b.back.status))
	case b.back.status == http.StatusNoContent:
		return result(Pass, "gets 204, so a browser stops.")
	case !b.back.stream:
		return result(Pass, "gets %s, so a browser stops.", statusText(b.back.status))
	case len(b.back.rec.events) == 0 && b.back.rec.ended == endClean:
		return result(Pass, "gets a stream that ends at once, so a browser comes back again and again.")
	case len(b.back.rec.events) == 0:
		return result(Pass, "opens a stream, on which nothing came for the next %s.", span(b.back.rec.endedAt.Sub(b.back.rec.headAt)))
	}
	if word := b.back.announcement(main); word != "" {
		return result(Pass, "gets a stream that says so first, with the event %s.", word)
	}
	what := "goes on with what is new"
	if beginsAnew(main, b.back.rec) {
		what = "begins anew"
	}
	if b.lost {
		return result(Warn, "gets a stream that %s without a word: whoever comes back after a restart of the server cannot know that events are missing, or repeated. Send an event such as \"reset\" first.", what)
	}
	return result(Pass, "gets a stream that %s.", what)
}

// beginsAnew is whether a stream begins as the undisturbed one did.
func beginsAnew(main, rec *recording) bool {
	all, got := main.numbered(), rec.numbered()
	if len(got) == 0 || len(all) == 0 {
		return len(rec.events) > 0 && len(main.events) > 0 && rec.events[0].sum == main.events[0].sum && rec.events[0].typ == main.events[0].typ
	}
	for _, r := range rulers(all) {
		begin, ok := r.at(all[0])
		if place, found := r.at(got[0]); ok && found {
			return place <= begin
		}
	}
	return got[0].sum == all[0].sum
}
