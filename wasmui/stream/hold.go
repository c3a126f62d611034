// SPDX-License-Identifier: Apache-2.0

package stream

import "time"

// Hold has the client take nothing more in until GoOn, for a sink that has no
// room: what has been read by then is still delivered, the rest waits on its way,
// and where that is full the server waits too. Whatever else is asked of the
// client is done as ever, Stop and Close at once.
//
// A server gives up on a reader that takes nothing for too long. The client then
// comes back with the id of its last event once it goes on, so that nothing is
// lost for as long as the server can take the stream up there; Snapshot says where
// it cannot.
func (c *Client) Hold() { c.setHeld(true) }

// GoOn ends Hold.
func (c *Client) GoOn() { c.setHeld(false) }

func (c *Client) setHeld(held bool) {
	c.mu.Lock()
	c.held = held
	c.mu.Unlock()
	c.wish(wishes{}) // has the goroutine look
}

func (c *Client) isHeld() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.held
}

// incoming is where the bytes of a connection come from: nowhere while the client
// is held. As long as nobody listens there is no silence.
func (m *machine) incoming(c *connection) <-chan chunk {
	held := m.isHeld()
	if held || m.deaf {
		m.heard = time.Now()
	}
	m.deaf = held
	if held {
		return nil
	}
	return c.chunks
}
