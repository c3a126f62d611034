// SPDX-License-Identifier: Apache-2.0

// Package pool spreads the streams of one gRPC backend over as many
// connections as they need.
//
// An HTTP/2 server says how many streams it takes on a connection, and a
// client that wants another waits until one of them has ended. With streams
// that live for hours that is a wait in silence: grpc-go does not tell its
// caller that it waits, nor what the server allows. A [Pool] opens another
// connection instead. It goes by a bound of its own, and lowers it where a
// stream finds no place on a connection that is up.
package pool

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/status"
)

// The defaults of [Config].
const (
	// DefaultStreamsPerConn is how many streams a connection carries: what
	// RFC 9113, section 6.5.2, recommends that a server allows at the least,
	// and what most do.
	DefaultStreamsPerConn = 100
	// DefaultMaxConns is how many connections there may be.
	DefaultMaxConns = 256
	// DefaultIdleTimeout is how long a connection beside the first is kept
	// without a stream.
	DefaultIdleTimeout = time.Minute
)

// relearnAfter is for how long a pool goes by what it has found a server to
// allow: it may be another server, or another configuration, by then.
const relearnAfter = 10 * time.Minute

// Config is what a [Pool] goes by. All but Dial may be zero.
type Config struct {
	// Dial makes a connection to the backend. It must not wait for the backend,
	// as [grpc.NewClient] does not. The pool closes what it made.
	Dial func() (*grpc.ClientConn, error)
	// StreamsPerConn is how many streams a connection carries; 0 for
	// [DefaultStreamsPerConn].
	StreamsPerConn int
	// MaxConns is how many connections there may be; 0 for [DefaultMaxConns].
	// A stream that would need one more fails with RESOURCE_EXHAUSTED.
	MaxConns int
	// IdleTimeout is how long a connection beside the first is kept without a
	// stream; 0 for [DefaultIdleTimeout].
	IdleTimeout time.Duration
	// Logger is told when a server allows less than StreamsPerConn; nil for none.
	Logger *slog.Logger
}

// Pool is a [grpc.ClientConnInterface] over several connections to one backend.
// It must be made by [New] and closed, and may be used by any number of
// goroutines at once.
type Pool struct {
	config Config

	mu     sync.Mutex
	conns  []*member // the first stays as long as the pool
	closed bool
	// learned is how many streams a connection was found to take, at the time
	// learnedAt; 0 while it has not been found to take fewer than configured.
	learned   int
	learnedAt time.Time
	placed    int // how many streams have their place
	granted   int // how many have got one so far
}

var _ grpc.ClientConnInterface = (*Pool)(nil)

// member is a connection of a pool. Its fields are guarded by the pool's mu.
type member struct {
	conn *grpc.ClientConn
	// open counts the streams that have their place, and opening those that are
	// waiting for one.
	open, opening int
	idle          *time.Timer
}

func (m *member) streams() int { return m.open + m.opening }

// New returns a pool with its first connection, which connects when it is
// needed. It fails where Dial does, and on a Config that makes no sense.
func New(c Config) (*Pool, error) {
	if c.Dial == nil {
		return nil, errors.New("pool: Dial is needed to make connections, and is nil")
	}
	for _, f := range []struct {
		name  string
		value int64
	}{
		{"number of streams per connection", int64(c.StreamsPerConn)},
		{"number of connections", int64(c.MaxConns)},
		{"idle timeout", int64(c.IdleTimeout)},
	} {
		if f.value < 0 {
			return nil, fmt.Errorf("pool: the %s may not be less than 0, as %d is", f.name, f.value)
		}
	}
	if c.StreamsPerConn == 0 {
		c.StreamsPerConn = DefaultStreamsPerConn
	}
	if c.MaxConns == 0 {
		c.MaxConns = DefaultMaxConns
	}
	if c.IdleTimeout == 0 {
		c.IdleTimeout = DefaultIdleTimeout
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	first, err := c.Dial()
	if err != nil {
		return nil, err
	}
	return &Pool{config: c, conns: []*member{{conn: first}}}, nil
}

// NewStream implements [grpc.ClientConnInterface]. It fails with
// RESOURCE_EXHAUSTED where every connection that there may be is full.
func (p *Pool) NewStream(ctx context.Context, desc *grpc.StreamDesc, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	for {
		m, err := p.take()
		if err != nil {
			return nil, err
		}
		stream, err := p.open(ctx, m, desc, method, opts)
		if !errors.Is(err, errFull) {
			return stream, err
		}
	}
}

// Invoke implements [grpc.ClientConnInterface] by a stream, so that what
// intercepts it is a stream's interceptor.
func (p *Pool) Invoke(ctx context.Context, method string, args, reply any, opts ...grpc.CallOption) error {
	stream, err := p.NewStream(ctx, &grpc.StreamDesc{}, method, opts...)
	if err != nil {
		return err
	}
	if err := stream.SendMsg(args); err != nil {
		return err
	}
	return stream.RecvMsg(reply)
}

// take counts a stream in on the first connection that has room for it, a new
// one if none has. Streams gather on the connections that have been there
// longest, so that those that a rush has opened become idle after it.
func (p *Pool) take() (*member, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, status.Error(codes.Canceled, "the connections to the backend are closed")
	}
	limit := p.limit()
	var m *member
	for _, each := range p.conns {
		if each.streams() >= limit {
			continue
		}
		// One that cannot connect is left alone while another can.
		if each.conn.GetState() != connectivity.TransientFailure {
			m = each
			break
		}
		if m == nil {
			m = each
		}
	}
	if m == nil {
		if len(p.conns) >= p.config.MaxConns {
			return nil, status.Errorf(codes.ResourceExhausted, "all %d connections to the backend carry the %d streams that each may", len(p.conns), limit)
		}
		conn, err := p.config.Dial()
		if err != nil {
			return nil, status.Errorf(codes.Internal, "another connection to the backend cannot be made: %v", err)
		}
		m = &member{conn: conn}
		p.conns = append(p.conns, m)
	}
	if m.idle != nil {
		m.idle.Stop()
		m.idle = nil
	}
	m.opening++
	return m, nil
}

// limit returns how many streams a connection may carry. It is called with mu
// held.
func (p *Pool) limit() int {
	if p.learned > 0 && time.Since(p.learnedAt) < relearnAfter {
		return min(p.learned, p.config.StreamsPerConn)
	}
	return p.config.StreamsPerConn
}

// learn remembers that the server takes no more than n streams on a connection.
// It is called with mu held.
func (p *Pool) learn(n int) {
	if n < p.limit() {
		p.config.Logger.Info("the backend takes fewer streams on a connection than configured: opening more connections",
			"streams", n, "configured", p.config.StreamsPerConn)
	}
	p.learned, p.learnedAt = n, time.Now()
}

// rest has a connection that carries no stream closed in a while, unless it is
// the first. It is called with mu held.
func (p *Pool) rest(m *member) {
	if m.streams() > 0 || p.closed || m == p.conns[0] {
		return
	}
	var idle *time.Timer
	idle = time.AfterFunc(p.config.IdleTimeout, func() {
		p.mu.Lock()
		// It may have waited here while a stream came and went again.
		if p.closed || m.idle != idle {
			p.mu.Unlock()
			return
		}
		p.conns = slices.DeleteFunc(p.conns, func(each *member) bool { return each == m })
		p.mu.Unlock()
		m.conn.Close()
	})
	m.idle = idle
}

// GetState returns the state of the first connection, which stands for the
// backend's: all of them go to the same place.
func (p *Pool) GetState() connectivity.State { return p.first().GetState() }

// WaitForStateChange waits until that state is no longer s, and returns false
// when ctx is done before.
func (p *Pool) WaitForStateChange(ctx context.Context, s connectivity.State) bool {
	return p.first().WaitForStateChange(ctx, s)
}

// Connect makes the first connection connect, if it is idle.
func (p *Pool) Connect() { p.first().Connect() }

func (p *Pool) first() *grpc.ClientConn {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.conns[0].conn
}

// Stats is how much a pool carries.
type Stats struct {
	Conns, Streams int
}

// Stats returns how much the pool carries now.
func (p *Pool) Stats() Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := Stats{Conns: len(p.conns)}
	for _, m := range p.conns {
		s.Streams += m.streams()
	}
	return s
}

// Close closes all connections, and with them all streams. It may be called
// more than once.
func (p *Pool) Close() error {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil
	}
	p.closed = true
	conns := slices.Clone(p.conns)
	for _, m := range conns {
		if m.idle != nil {
			m.idle.Stop()
		}
	}
	p.mu.Unlock()
	var errs []error
	// Streams that end by it are counted out, for which mu must be free.
	for _, m := range conns {
		errs = append(errs, m.conn.Close())
	}
	return errors.Join(errs...)
}
