// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"fmt"
	"net"
)

// DefaultSendBuffer is a send buffer, in bytes, for the connections of viewers.
// The kernel doubles it for its own needs, and what it then holds is an eighth
// of what a journal keeps behind its viewers.
const DefaultSendBuffer = 48 << 10

// BoundSendBuffer bounds how much the kernel holds of what was written to the
// TCP connections that l accepts, in bytes, or not at all where that is 0.
//
// What it holds is lost with the connection, and has to be in the run's journal
// for the viewer who comes back. Left to itself the kernel lets a send buffer
// grow to several times a journal.
func BoundSendBuffer(l net.Listener, bytes int) net.Listener {
	if bytes <= 0 {
		return l
	}
	return &boundedListener{l, bytes}
}

type boundedListener struct {
	net.Listener
	bytes int
}

// Accept implements [net.Listener].
func (l *boundedListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if tcp, ok := c.(*net.TCPConn); ok {
		if err := tcp.SetWriteBuffer(l.bytes); err != nil {
			c.Close()
			return nil, fmt.Errorf("bounding the send buffer of a connection: %w", err)
		}
	}
	return c, err
}
