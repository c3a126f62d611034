// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"errors"
	"io"
	"net"
	"sync"
	"time"
)

// errSlow says that a viewer took nothing of what was sent.
var errSlow = errors.New("nothing was taken of what was written for the write timeout")

const (
	// lookSoon is after what time it is first looked what a peer has taken:
	// hardly any write takes as long.
	lookSoon = 50 * time.Millisecond
	// looks is how often it is looked within a write timeout.
	looks = 4
)

// deadline is the time that a viewer has to take what is sent. It is counted
// anew for each piece that the connection takes, and, while one does not go,
// whenever the viewer is seen to take something of those before: a connection
// tells that there is room again only when a large part of its buffer is free,
// and who reads slowly is not to be taken for dead.
//
// It is used by one goroutine, between begin and end.
type deadline struct {
	within time.Duration
	set    func(time.Time) error
	peer   *peer // nil where nothing is known of it

	mu     sync.Mutex
	at     time.Time // when it falls due
	open   bool      // whether something is being sent
	looked bool      // whether taken says how much the peer had taken of it
	taken  uint64
	timer  *time.Timer // for the next look
}

func newDeadline(within time.Duration, set func(time.Time) error, p *peer) *deadline {
	return &deadline{within: within, set: set, peer: p}
}

// begin begins the time for something that is sent.
func (d *deadline) begin() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.open, d.looked = true, false
	d.renew()
	if d.peer == nil {
		return
	}
	if soon := min(lookSoon, d.within/looks); d.timer == nil {
		d.timer = time.AfterFunc(soon, d.look)
	} else {
		d.timer.Reset(soon)
	}
}

// end says that nothing is being sent any more. The deadline is left as it is.
func (d *deadline) end() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.open = false
	if d.timer != nil {
		d.timer.Stop()
	}
}

// renew is called with mu held.
func (d *deadline) renew() {
	d.at = time.Now().Add(d.within)
	_ = d.set(d.at)
}

// look gives a peer more time that has taken something since the last look.
func (d *deadline) look() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.open {
		return
	}
	if taken, more, ok := d.peer.taken(); ok {
		// Of a connection that has nothing left to send something else is
		// wanted: that the viewer of this one among its streams reads.
		if d.looked && more && taken != d.taken {
			d.renew()
		}
		d.looked, d.taken = true, taken
	}
	d.timer.Reset(d.within / looks)
}

// write writes p.
func (d *deadline) write(w io.Writer, p []byte) error {
	for first := true; len(p) > 0; first = false {
		piece := p[:min(len(p), pieceBytes)]
		p = p[len(piece):]
		if !first {
			d.mu.Lock()
			d.renew()
			d.mu.Unlock()
		}
		if _, err := w.Write(piece); err != nil {
			return d.because(err)
		}
	}
	return nil
}

// because says why a write failed. A connection that was closed on this side
// was one whose peer is dead; over HTTP/2 only the time tells.
func (d *deadline) because(err error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	slow := !time.Now().Before(d.at)
	var n net.Error
	if errors.As(err, &n) {
		slow = n.Timeout() || errors.Is(err, net.ErrClosed)
	}
	if slow {
		return errSlow
	}
	return err
}
