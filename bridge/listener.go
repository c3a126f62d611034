// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"context"
	"net"
	"syscall"
	"time"
)

// DefaultSendBuffer is a send buffer, in bytes, for the connections of viewers.
// The kernel doubles it for its own needs, and what it then holds is an eighth
// of what a journal keeps behind its viewers. What the receiver's kernel holds
// comes to that, and is not for this side to bound.
const DefaultSendBuffer = 48 << 10

// ViewerListener prepares the TCP connections that l accepts for streams.
//
// It bounds how much the kernel holds of what was written to them, in bytes,
// unless sendBuffer is 0: what it holds is lost with the connection, and has to
// be in the run's journal for the viewer who comes back. Left to itself the
// kernel lets a send buffer grow to several times a journal.
//
// And it closes a connection whose peer has acknowledged nothing for deadAfter
// of what it was sent, to a quarter of that, unless it is 0, where the system
// tells: what a quiet stream writes fits into the send buffer, so that no write
// would ever fail. (The kernel's own TCP_USER_TIMEOUT is not for this: it counts
// on while a peer with a small window takes what it can.)
//
// The server that serves it should have [ConnContext], too.
func ViewerListener(l net.Listener, sendBuffer int, deadAfter time.Duration) net.Listener {
	return &viewerListener{l, sendBuffer, deadAfter}
}

type viewerListener struct {
	net.Listener
	sendBuffer int
	deadAfter  time.Duration
}

// Accept implements [net.Listener]. A connection that cannot be prepared has
// been reset by its peer, and is passed over.
func (l *viewerListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if tcp, ok := c.(*net.TCPConn); ok && l.prepare(tcp) != nil {
			c.Close()
			continue
		}
		return c, nil
	}
}

func (l *viewerListener) prepare(c *net.TCPConn) error {
	if l.sendBuffer > 0 {
		if err := c.SetWriteBuffer(l.sendBuffer); err != nil {
			return err
		}
	}
	if l.deadAfter > 0 {
		p, err := newPeer(c)
		if err != nil {
			return err
		}
		(&watch{conn: c, peer: p, deadAfter: l.deadAfter}).look()
	}
	return nil
}

// watch closes a connection whose peer is dead.
type watch struct {
	conn      *net.TCPConn
	peer      *peer
	deadAfter time.Duration

	taken uint64
	since time.Time // from when on it has taken nothing
}

// look looks now, and again until the connection is closed.
func (w *watch) look() {
	taken, more, ok := w.peer.taken()
	if !ok {
		return
	}
	switch now := time.Now(); {
	case !more || taken != w.taken || w.since.IsZero():
		w.taken, w.since = taken, now
	case now.Sub(w.since) >= w.deadAfter:
		_ = w.conn.SetLinger(0) // what it did not take is of no use
		_ = w.conn.Close()
		return
	}
	time.AfterFunc(w.deadAfter/looks, w.look)
}

// ConnContext is for [http.Server.ConnContext]. By it a [Bridge] can see how
// much the peer of a TCP connection has taken, also within TLS, so that one that
// reads slowly is not taken for dead: see [WithWriteTimeout].
func ConnContext(ctx context.Context, c net.Conn) context.Context {
	if outer, ok := c.(interface{ NetConn() net.Conn }); ok {
		c = outer.NetConn()
	}
	tcp, ok := c.(*net.TCPConn)
	if !ok {
		return ctx
	}
	p, err := newPeer(tcp)
	if err != nil {
		return ctx
	}
	return context.WithValue(ctx, peerKey{}, p)
}

type peerKey struct{}

// peer is the other side of a viewer's connection.
type peer struct{ raw syscall.RawConn }

func newPeer(c *net.TCPConn) (*peer, error) {
	raw, err := c.SyscallConn()
	return &peer{raw}, err
}

// peerOf returns the peer of a request's connection, nil where it is not known.
func peerOf(ctx context.Context) *peer {
	p, _ := ctx.Value(peerKey{}).(*peer)
	return p
}
