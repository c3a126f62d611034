// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"bufio"
	"encoding/binary"
	"net"
	"net/http"
	"sync"
	"time"
)

// The first bytes of whole frames, as a server sends them: RFC 6455, section
// 5.2.
const (
	frameText = 0x81
	framePing = 0x89
	framePong = 0x8a
)

// appendFrame appends a frame that is not masked, as those of a server are not.
func appendFrame(dst []byte, first byte, payload []byte) []byte {
	dst = append(dst, first)
	switch n := len(payload); {
	case n < 126:
		dst = append(dst, byte(n))
	case n < 1<<16:
		dst = binary.BigEndian.AppendUint16(append(dst, 126), uint16(n))
	default:
		dst = binary.BigEndian.AppendUint64(append(dst, 127), uint64(n))
	}
	return append(dst, payload...)
}

// socketConn is a WebSocket's connection. The library that speaks the protocol
// flushes each message by itself, and so writes nothing here but a close; what
// is said besides is given to sendFrames, many frames at a time.
//
// A viewer that does not read must not keep its pings from being read, behind
// which there may be its goodbye. They are answered as soon as there is room:
// the last of them, which RFC 6455 has enough, so that any number of them takes
// no memory.
type socketConn struct {
	net.Conn

	sending  chan struct{} // takes one, while anything is written
	deadline *deadline

	mu      sync.Mutex
	pong    []byte // a frame that is still to be sent, empty for none
	ponging bool   // whether somebody sends it
}

func newSocketConn(c net.Conn, timeout time.Duration, p *peer) *socketConn {
	return &socketConn{Conn: c, sending: make(chan struct{}, 1), deadline: newDeadline(timeout, c.SetWriteDeadline, p)}
}

// Write implements [net.Conn], for whole frames.
func (c *socketConn) Write(p []byte) (int, error) { return len(p), c.sendFrames(p) }

// sendFrames sends whole frames. The time that they may take is counted anew
// for each piece of them.
func (c *socketConn) sendFrames(p []byte) error {
	c.sending <- struct{}{}
	defer func() { <-c.sending }()
	return c.send(p)
}

func (c *socketConn) send(p []byte) error {
	c.deadline.begin()
	defer c.deadline.end()
	return c.deadline.write(c.Conn, p)
}

// answer answers a ping. It does not wait for that, as it is called by who
// reads.
func (c *socketConn) answer(payload []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pong = appendFrame(c.pong[:0], framePong, payload)
	if !c.ponging {
		c.ponging = true
		go c.sendPongs()
	}
}

// sendPongs sends the pong that there is by the time that there is room for it,
// until there is none.
func (c *socketConn) sendPongs() {
	for {
		c.sending <- struct{}{}
		c.mu.Lock()
		frame := append([]byte(nil), c.pong...)
		c.pong = c.pong[:0]
		c.ponging = len(frame) > 0
		c.mu.Unlock()
		var err error
		if len(frame) > 0 {
			err = c.send(frame)
		}
		<-c.sending
		switch {
		case err != nil:
			_ = c.Close() // which ends the reading, too
			return
		case len(frame) == 0:
			return
		}
	}
}

// socketHijacker is a response whose connection, once it is taken over, is a
// [socketConn].
type socketHijacker struct {
	http.ResponseWriter
	timeout time.Duration
	peer    *peer
	conn    *socketConn // set by Hijack
}

var _ http.Hijacker = (*socketHijacker)(nil)

// Hijack implements [http.Hijacker].
func (h *socketHijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffered, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	h.conn = newSocketConn(conn, h.timeout, h.peer)
	// Closes are short.
	return h.conn, bufio.NewReadWriter(buffered.Reader, bufio.NewWriterSize(h.conn, maxControlFrame)), nil
}

// maxControlFrame is how long a frame can be that is no message: RFC 6455,
// section 5.5.
const maxControlFrame = 2 + 125

// canHijack is whether the connection under w can be taken over.
func canHijack(w http.ResponseWriter) bool {
	for {
		switch t := w.(type) {
		case http.Hijacker:
			return true
		case interface{ Unwrap() http.ResponseWriter }:
			w = t.Unwrap()
		default:
			return false
		}
	}
}
