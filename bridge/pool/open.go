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

// patience is how long a connection has to be up, at the least, without giving
// a stream its place before it counts as full. To get one takes no answer from
// the server, and so no more than microseconds.
const patience = 100 * time.Millisecond

// churnPatience is the same for a time at which other streams get places that
// became free: calls that come and go on a connection that is full keep it so,
// and on one that is not they keep a stream waiting for longer.
const churnPatience = 500 * time.Millisecond

// latePatience is the same for a machine that is busy, and rushPatience for a time
// at which there are more and more streams: many that begin at once keep one
// another waiting. Where the server has a limit that does not last, since all of
// them come to stand before it.
const (
	latePatience = 2 * time.Second
	rushPatience = 10 * time.Second
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
	// stuck is since when the connection has been seen to be up and to carry no
	// more streams than before, the zero time where it was not up when it was looked
	// at last. That others get places there says nothing: those may be the places
	// of streams that have ended.
	stuck time.Time
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
	at.due = time.Now().Add(patience)
	at.look = time.AfterFunc(patience, at.check)
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
		at.stuck, at.most, at.votes = time.Time{}, 0, 0
	case at.stuck.IsZero() || at.member.open > at.most: // it may have come up just now
		at.stuck = now
	case at.usual > 0 && now.Sub(at.stuck) >= at.bears(now): // any server takes one
		at.refuse()
		return
	}
	at.most, at.mostAnywhere = max(at.most, at.member.open), max(at.mostAnywhere, p.placed)
	at.granted = p.granted
	at.vote()
	at.due = now.Add(patience)
	at.look.Reset(patience)
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

// bears is how long the stream waits on a connection that carries no more
// than before. It is called with the pool's mu held.
func (at *place) bears(now time.Time) time.Duration {
	p := at.pool
	full := p.learned > 0 && at.most >= p.limit() // others have found that this is all it takes
	switch {
	case p.placed > at.mostAnywhere && !full:
		return rushPatience
	case now.Sub(at.due) > patience/10: // where this look was kept waiting, so was the stream
		return latePatience
	case p.granted != at.granted && !full:
		return churnPatience
	}
	return patience
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
