// SPDX-License-Identifier: Apache-2.0

package pool

import (
	"context"
	"errors"
	"slices"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/connectivity"
)

// patience is how long a connection has to be up, at the least, without giving
// a stream its place before it counts as full. To get one takes no answer from
// the server, and so no more than microseconds.
const patience = 100 * time.Millisecond

// rushPatience is the same for a time at which other streams do get their places:
// many that begin at once keep one another waiting.
const rushPatience = 2 * time.Second

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
	// stuck is since when the connection has been seen to be up and to give nobody
	// a place, the zero time where it was not when it was looked at last. Granted
	// is how many had got a place there by then, and among all in the pool.
	stuck             time.Time
	granted, anywhere int
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
	p := at.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	if at.stage != opening {
		return
	}
	now := time.Now()
	// Where this look was kept waiting, so was the stream.
	rush := now.Sub(at.due) > patience/10 || p.granted != at.anywhere
	switch {
	case at.member.conn.GetState() != connectivity.Ready:
		at.stuck = time.Time{}
	case at.stuck.IsZero() || at.member.granted != at.granted: // it may have come up just now
		at.stuck = now
	case !rush || now.Sub(at.stuck) >= rushPatience:
		at.refuse()
		return
	}
	at.granted, at.anywhere = at.member.granted, p.granted
	at.due = now.Add(patience)
	at.look.Reset(patience)
}

// refuse gives the place up. It is called with the pool's mu held.
func (at *place) refuse() {
	p := at.pool
	at.stage = refused
	at.member.opening--
	p.learn(max(1, at.member.open))
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
		at.member.granted++
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
	default:
		return
	}
	at.stage = done
	at.pool.rest(at.member)
}
