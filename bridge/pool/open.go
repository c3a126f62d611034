// SPDX-License-Identifier: Apache-2.0

package pool

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/connectivity"
)

// lookEvery is how often a stream looks whether its connection is full. To get a
// place takes no answer from the server, and so no more than microseconds.
const lookEvery = 100 * time.Millisecond

// How long a connection has to be up, at the least, and carry no more streams
// than before, until it counts as full. All of that time the machine must have
// had nothing else to do that keeps a stream waiting.
const (
	// quietPatience is for a time at which no stream gets a place anywhere.
	quietPatience = 2 * lookEvery
	// churnPatience is for one at which places that became free are taken: calls
	// that come and go on a connection that is full keep it so, and on one that is
	// not they keep a stream waiting for longer.
	churnPatience = 5 * lookEvery
	// rushPatience is for one at which a machine is busy, or there are more and more
	// streams: many that begin at once keep one another waiting. Where the server
	// has a limit that does not last, since all of them come to stand before it.
	rushPatience = 5 * time.Second
)

// errFull says that a connection has no place for another stream.
var errFull = errors.New("pool: the connection has no place for another stream")

// stage is how far a stream has come.
type stage uint8

const (
	opening stage = iota // it waits for its place
	open                 // it has it
	refused              // it was not to be had
	done                 // it has ended
)

// place is a stream's place on a connection. Its fields are guarded by the
// pool's mu.
type place struct {
	pool   *Pool
	member *member
	cancel context.CancelCauseFunc
	stage  stage
	// look is when the connection is looked at next, which is due at that time.
	look *time.Timer
	due  time.Time
	// since is when the connection was first seen to be up and to carry no more
	// streams than it does, the zero time where it was not up when it was looked at
	// last. That others get places there says nothing: those may be the places of
	// streams that have ended. Stuck is the same, but without a look that found the
	// machine busy or a rush.
	since, stuck time.Time
	// most is the most streams that had a place on the connection whenever it was
	// looked at, and mostAnywhere on all connections together. Granted is how many
	// had ever got one by the last look.
	most, mostAnywhere, granted int
	// usual is how many streams the connection carries at most looks, as a vote
	// among them says: one that has ended is counted a moment too long, or its place
	// is still to be taken by the next.
	usual, votes int
}

// open opens a stream on a connection where it has been counted in. It fails
// with errFull where the server takes no more there.
func (p *Pool) open(ctx context.Context, m *member, desc *grpc.StreamDesc, method string, opts []grpc.CallOption) (grpc.ClientStream, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	at := &place{pool: p, member: m, cancel: cancel}
	p.mu.Lock()
	at.due = time.Now().Add(lookEvery)
	at.look = time.AfterFunc(lookEvery, at.check)
	p.mu.Unlock()
	stream, err := m.conn.NewStream(ctx, desc, method,
		append(slices.Clip(opts), grpc.OnFinish(func(error) { at.finished() }))...)
	at.look.Stop()
	if err != nil {
		at.finished()
	}
	if at.opened() == refused {
		return nil, errFull
	}
	return stream, err
}

// check is called again and again while a stream has no place yet. A
// connection that is still being made is waited for, with the caller's own
// patience; one that is up is full.
func (at *place) check() {
	// To queue behind all that can run tells a machine that is too busy to open
	// streams from a connection that is full: the look is then late, too.
	runtime.Gosched()
	p := at.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	if at.stage != opening {
		return
	}
	now := time.Now()
	switch {
	case at.member.conn.GetState() != connectivity.Ready:
		at.since, at.most, at.votes = time.Time{}, 0, 0
	case at.since.IsZero() || at.member.open > at.most: // it may have come up just now
		at.since, at.stuck = now, now
	case at.usual == 0: // any server takes one stream
	case now.Sub(at.since) >= rushPatience || !at.hindered(now) && now.Sub(at.stuck) >= at.bears():
		at.refuse()
		return
	case at.hindered(now):
		at.stuck = now
	}
	at.most, at.mostAnywhere = max(at.most, at.member.open), max(at.mostAnywhere, p.placed)
	at.granted = p.granted
	at.vote()
	at.due = now.Add(lookEvery)
	at.look.Reset(lookEvery)
}

// vote counts what a look has seen, by the rule of Boyer and Moore.
func (at *place) vote() {
	switch {
	case at.votes == 0:
		at.usual, at.votes = at.member.open, 1
	case at.usual == at.member.open:
		at.votes++
	default:
		at.votes--
	}
}

// isFull is whether the connection carries what others have found to be all that
// it takes. It is called with the pool's mu held, as all that follow are.
func (at *place) isFull() bool { return at.pool.learned > 0 && at.most >= at.pool.limit() }

// hindered is whether something else than a limit may keep the stream waiting: a
// machine on which this look, too, was kept waiting, or a rush.
func (at *place) hindered(now time.Time) bool {
	return now.Sub(at.due) > lookEvery/10 || at.pool.placed > at.mostAnywhere && !at.isFull()
}

// bears is how long the stream waits where it is not hindered.
func (at *place) bears() time.Duration {
	if at.pool.granted != at.granted && !at.isFull() {
		return churnPatience
	}
	return quietPatience
}

// refuse gives the place up. It is called with the pool's mu held.
func (at *place) refuse() {
	p := at.pool
	at.stage = refused
	at.member.opening--
	p.learn(at.usual)
	p.rest(at.member)
	at.cancel(errFull)
}

// opened is called when the connection has answered, and returns what the
// stream is by then: open, or what became of it before.
func (at *place) opened() stage {
	at.pool.mu.Lock()
	defer at.pool.mu.Unlock()
	if at.stage == opening {
		at.stage = open
		at.member.opening--
		at.member.open++
		at.pool.placed++
		at.pool.granted++
	}
	return at.stage
}

// finished is called when the stream has ended or could not be opened. It may
// be called more than once.
func (at *place) finished() {
	at.cancel(nil)
	at.pool.mu.Lock()
	defer at.pool.mu.Unlock()
	switch at.stage {
	case opening:
		at.member.opening--
	case open:
		at.member.open--
		at.pool.placed--
	default:
		return
	}
	at.stage = done
	at.pool.rest(at.member)
}
