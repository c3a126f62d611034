// SPDX-License-Identifier: Apache-2.0

package check

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

const (
	// missedWhileAway is how many events the stream is to go on for while a
	// client is away: one that only sends what is new would lose them.
	missedWhileAway = 2
	// awayMax is how long a client stays away for that at most. Servers need
	// not keep a stream for much longer.
	awayMax = 3 * time.Second
	// readOn is how many events are read beyond those that were missed, so that
	// the seam between what is replayed and what is live is seen too.
	readOn = 3
	// maxReadAfter bounds what is read after coming back.
	maxReadAfter = 512
	// lookForIDs is after how many events without an id none is awaited.
	lookForIDs = 3
)

// resume cuts a connection, comes back, and sees what it gets.
type resume struct {
	name  string
	where string // the connection is cut, in words
	cut   func(*recording) bool
	query bool // whether it comes back by Config.LastEventIDParam

	skip   string // why it could not be tried
	before *recording
	back   comeback
}

// newResumes returns the places where connections are cut. A server sees
// nothing of a cut but the id that comes back, and perhaps how much it had
// sent: after the first event, when it has just begun; later; and when an
// event is half sent, whose id must not count.
func newResumes(config *Config) []*resume {
	all := []*resume{
		{name: "resume early", where: "after the first event", cut: hasIDs(1)},
		{name: "resume later", where: "after the third event", cut: hasIDs(3)},
		{name: "resume halfway", where: "in the middle of the third event", cut: func(r *recording) bool {
			return len(r.withID) >= 2 && r.block.begun
		}},
	}
	if config.LastEventIDParam != "" {
		all = append(all, &resume{
			name: "resume by query", query: true, cut: hasIDs(2),
			where: fmt.Sprintf("after the second event, with the id in the query parameter %s,", quote(config.LastEventIDParam)),
		})
	}
	return all
}

// awaitIDs waits until a stream shows whether its events have ids, and says
// what is in the way if none have.
func awaitIDs(ctx context.Context, rec *recording) string {
	err := rec.wait(ctx, func(r *recording) bool { return len(r.withID) > 0 || len(r.events) >= lookForIDs })
	switch {
	case rec.ids() > 0:
		return ""
	case err != nil:
		return "No event with an id came in time."
	case rec.silent():
		return "The stream ended without an event."
	default:
		return "Events have no ids, so there is nothing to come back with."
	}
}

func (p *resume) try(ctx context.Context, c *client, main *recording) {
	if p.skip = awaitIDs(ctx, main); p.skip != "" {
		return
	}
	s, skip := openAnother(ctx, c)
	if p.skip = skip; skip != "" {
		return
	}
	err := s.read(ctx, p.cut)
	s.cut()
	p.before = s.rec
	last := s.rec.lastID()
	switch {
	case ctx.Err() != nil:
		p.skip = fmt.Sprintf("Only %s came in time, too few to be cut %s. Give it more time.", plural(len(s.rec.withID), "event"), p.where)
	case err != nil:
		p.skip = fmt.Sprintf("The stream ended with %s, before it could be cut %s.", plural(len(s.rec.withID), "event"), p.where)
	case last == "" || !validValue(last):
		p.skip = fmt.Sprintf("The id %s cannot be sent back in a header.", quote(last))
	}
	if p.skip != "" {
		return
	}
	missed := awaitMore(ctx, main, main.ids()+missedWhileAway)
	p.back = c.comeBack(ctx, ask{lastEventID: last, inQuery: p.query}, hasIDs(min(missed+readOn, maxReadAfter)))
	p.back.missed = missed
}

// silent is whether no event came, while the stream is being read.
func (r *recording) silent() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.events) == 0
}

// openAnother opens the stream once more, or says why not.
func openAnother(ctx context.Context, c *client) (s *stream, skip string) {
	s, err := c.open(ctx, ask{})
	switch {
	case ctx.Err() != nil:
		return nil, "The time was up."
	case err != nil:
		return nil, fmt.Sprintf("A further connection could not be opened: %v.", err)
	case !s.isEventStream():
		s.cut()
		return nil, fmt.Sprintf("A further connection was answered with %s.", statusText(s.StatusCode))
	}
	return s, ""
}

// awaitMore waits until there are n events with ids, but not for long, and
// returns how many more there are than at first.
func awaitMore(ctx context.Context, rec *recording, n int) int {
	before := rec.ids()
	away, stop := context.WithTimeout(ctx, awayMax)
	defer stop()
	if rec.wait(away, hasIDs(n)) == nil {
		// Until those events are what has been, also for a server that is not
		// quite as far.
		select {
		case <-time.After(together):
		case <-ctx.Done():
		}
	}
	return rec.ids() - before // also where there are fewer
}

// comeback is what a client gets that comes back.
type comeback struct {
	id     string
	err    error // why there was no answer
	status int
	stream bool
	rec    *recording // if it is a stream
	missed int        // how many events came elsewhere while it was away
}

// comeBack asks for what follows an id and reads until it is enough.
func (c *client) comeBack(ctx context.Context, a ask, enough func(*recording) bool) comeback {
	s, err := c.open(ctx, a)
	if err != nil {
		return comeback{id: a.lastEventID, err: err}
	}
	defer s.cut()
	b := comeback{id: a.lastEventID, status: s.StatusCode, stream: s.isEventStream(), rec: s.rec}
	if b.stream {
		_ = s.read(ctx, enough) // the recording has it
	}
	return b
}

// refusal says what is wrong if there is no stream to judge, or "".
func (b *comeback) refusal() string {
	switch {
	case errors.Is(b.err, context.DeadlineExceeded):
		return "was not answered while the stream was watched"
	case b.err != nil:
		return fmt.Sprintf("was not answered: %v", b.err)
	case b.status == http.StatusNoContent:
		return "was answered with 204, which tells browsers that there is no more"
	case !b.stream:
		return fmt.Sprintf("was answered with %s, after which browsers never try again", statusText(b.status))
	}
	return ""
}

// contradiction returns an event that the undisturbed connection got too, by
// its id, with other data.
func (p *resume) contradiction(main *recording) *event {
	if p.before == nil {
		return nil
	}
	index := map[string]*event{}
	for _, e := range main.numbered() {
		index[e.id] = e
	}
	for _, e := range p.before.numbered() {
		if same := index[e.id]; same != nil && same.sum != e.sum {
			return e
		}
	}
	return nil
}

func (p *resume) judge(main *recording) Result {
	if p.skip != "" {
		return Result{p.name, Skipped, p.skip}
	}
	outcome, text := judgeReturn(main, p.before.numbered(), &p.back)
	return Result{p.name, outcome, fmt.Sprintf("Cut %s and come back with %s: %s", p.where, quote(p.back.id), text)}
}

// beside comes back to a stream that still has its reader: where that is
// allowed, it is compared event by event also if every connection otherwise
// has a stream of its own.
type beside struct {
	skip  string
	first *recording
	had   int // how many events with ids it comes back after
	back  comeback
}

func (b *beside) try(ctx context.Context, c *client, main *recording) {
	const after = 2
	if b.skip = awaitIDs(ctx, main); b.skip != "" {
		return
	}
	s, skip := openAnother(ctx, c)
	if b.skip = skip; skip != "" {
		return
	}
	defer s.cut()
	life, stop := context.WithCancel(ctx)
	reading := make(chan struct{})
	go func() {
		defer close(reading)
		_ = s.read(life, nil) // the recording has it
	}()
	defer func() { stop(); <-reading }()

	b.first, b.had = s.rec, after
	if _ = s.rec.wait(ctx, hasIDs(after)); s.rec.ids() < after {
		b.skip = "Too few events came in time."
		return
	}
	id := s.rec.nthID(after - 1)
	if !validValue(id) {
		b.skip = fmt.Sprintf("The id %s cannot be sent back in a header.", quote(id))
		return
	}
	missed := awaitMore(ctx, s.rec, after+missedWhileAway)
	b.back = c.comeBack(ctx, ask{lastEventID: id}, hasIDs(min(missed+readOn, maxReadAfter)))
	b.back.missed = missed
	// The first reader may be behind the second.
	awaitMore(ctx, s.rec, after+b.back.ids())
}

// nthID returns the n-th id, from 0, while the stream is being read.
func (r *recording) nthID(n int) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.events[r.withID[n]].id
}

// ids returns how many events with ids came back.
func (b *comeback) ids() int {
	if b.rec == nil {
		return 0
	}
	return len(b.rec.withID)
}

func (b *beside) judge() Result {
	const name = "second reader"
	if b.skip != "" {
		return Result{name, Skipped, b.skip}
	}
	text := fmt.Sprintf("Come back with %s while another still reads that stream: ", quote(b.back.id))
	had := b.first.numbered()[:b.had]
	if refusal := b.back.refusal(); refusal != "" && b.back.status != http.StatusNoContent && b.back.status < 500 {
		return Result{name, Skipped, text + "it " + refusal + ", so there is nothing to compare with."}
	}
	if r := idIndex(b.first.numbered()); r != nil && b.back.ids() > 0 {
		if _, ok := r.at(b.back.rec.numbered()[0]); !ok {
			return Result{name, Skipped, text + "it was given another stream, as a server may do that has one for each connection."}
		}
	}
	outcome, rest := judgeReturn(b.first, had, &b.back)
	return Result{name, outcome, text + rest}
}
