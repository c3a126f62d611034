// SPDX-License-Identifier: Apache-2.0

package backend

import (
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
)

// limitListener closes connections beyond a number as soon as they are made.
// Leaving them in the backlog instead would let callers wait without a word.
type limitListener struct {
	net.Listener
	max  int64
	open atomic.Int64
	full atomic.Bool // it was said that there are too many
	log  *slog.Logger
}

func newLimitListener(l net.Listener, maxConns int, log *slog.Logger) *limitListener {
	return &limitListener{Listener: l, max: int64(maxConns), log: log}
}

// Accept is called by one goroutine, the server's.
func (l *limitListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if l.open.Load() < l.max {
			l.open.Add(1)
			return &limitConn{Conn: conn, done: sync.OnceFunc(l.done)}, nil
		}
		_ = conn.Close() // nothing was written to it that could be lost
		if l.full.CompareAndSwap(false, true) {
			l.log.Warn("too many connections: more are closed at once", slog.Int64("max_connections", l.max))
		}
	}
}

// done gives a connection's place back. That there are too many is said again
// only once half of them have gone.
func (l *limitListener) done() {
	if l.open.Add(-1) <= l.max/2 {
		l.full.Store(false)
	}
}

type limitConn struct {
	net.Conn
	done func()
}

func (c *limitConn) Close() error {
	defer c.done()
	return c.Conn.Close()
}
