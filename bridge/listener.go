// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"net"
	"time"
)

// DefaultSendBuffer is a send buffer, in bytes, for the connections of viewers.
// The kernel doubles it for its own needs, and what it then holds is an eighth
// of what a journal keeps behind its viewers.
const DefaultSendBuffer = 48 << 10

// ViewerListener prepares the TCP connections that l accepts for streams.
//
// It bounds how much the kernel holds of what was written to them, in bytes,
// unless sendBuffer is 0: what it holds is lost with the connection, and has to
// be in the run's journal for the viewer who comes back. Left to itself the
// kernel lets a send buffer grow to several times a journal.
//
// And it has the kernel give up on a peer that has acknowledged nothing for
// deadAfter, unless that is 0, where the system can: what a quiet stream writes
// fits into the send buffer, so that no write would ever fail.
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
		return setUserTimeout(c, l.deadAfter)
	}
	return nil
}
