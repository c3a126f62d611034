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
	// look is when the connection is looked at next, and ready whether it was
	// up when it was the last time.
	look  *time.Timer
	ready bool
}

// open opens a stream on a connection where it has been counted in. It fails
// with errFull where the server takes no more there.
func (p *Pool) open(ctx context.Context, m *member, desc *grpc.StreamDesc, method string, opts []grpc.CallOption) (grpc.ClientStream, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	at := &place{pool: p, member: m, cancel: cancel}
	p.mu.Lock()
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
	was := at.ready
	at.ready = at.member.conn.GetState() == connectivity.Ready
	if !was || !at.ready { // it may have come up just now
		at.look.Reset(patience)
		return
	}
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
