// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"errors"
	"time"

	"sluice/bridge/run"
)

// carrier is one stream on its way to one viewer, in the form of one transport.
// It makes things ready and sends them; when, and for how long, is the same for
// all transports and the matter of [Bridge.carry]. It is used by one goroutine.
type carrier interface {
	// begin makes ready what the stream begins with: when to come back after
	// it broke, and a reset, if there is one.
	begin(o opened, retry time.Duration)
	// next makes ready the viewer's next events, and says whether the run's
	// last is among them or before them. It fails as reading the viewer does.
	next(v *run.Viewer) (ended bool, err error)
	// heartbeat makes ready what shows that the stream is alive.
	heartbeat()
	// goodbye makes ready what is said to a viewer that is sent away before
	// the end: why, and when to come back.
	goodbye(why CloseReason, retry time.Duration)
	// pending is whether anything is ready.
	pending() bool
	// send sends all that is ready at once, and returns its bytes. It fails
	// when the viewer does not take it in time.
	send() (int, error)
	// gone is closed when the viewer goes away.
	gone() <-chan struct{}
}

// terms are how a transport's streams differ from those of others.
type terms struct {
	transport string
	// silence is after how much of it there is a heartbeat.
	silence time.Duration
	// once is whether whatever is sent first is all that is sent.
	once bool
}

// carry carries a stream until bridge, viewer or run is through with it.
func (b *Bridge) carry(c carrier, o opened, t terms) CloseReason {
	b.options.observer.StreamOpened(t.transport)
	why := (&delivery{bridge: b, carrier: c, terms: t}).run(o)
	b.options.observer.StreamClosed(t.transport, why)
	return why
}

// delivery is a stream that is being carried.
type delivery struct {
	bridge  *Bridge
	carrier carrier
	terms   terms
}

// run is the life of a stream, from its first bytes to why it ended. It waits
// in one place, for whatever comes first; what is ready is sent in one go, and
// nothing is held back for more to come.
func (d *delivery) run(o opened) CloseReason {
	b, c := d.bridge, d.carrier
	c.begin(o, b.jitter(b.options.retry))
	heartbeat := time.NewTimer(d.terms.silence)
	defer heartbeat.Stop()
	draining := b.draining
	var leave, old <-chan time.Time
	if b.options.maxAge > 0 && !d.terms.once {
		age := time.NewTimer(b.options.maxAge - upTo(b.options.maxAge/5))
		defer age.Stop()
		old = age.C
	}
	for {
		// Asked before reading, so that nothing is missed in between.
		changed := o.viewer.Changed()
		ended, err := c.next(o.viewer)
		if err != nil {
			return d.goodbye(readError(err))
		}
		if c.pending() {
			if err := d.send(); err != nil {
				return d.lost(err)
			}
			switch {
			case ended:
				return ClosedEnd
			case d.terms.once:
				return ClosedAnswered
			}
			heartbeat.Reset(d.terms.silence)
			// There may be more by now; but who wants the stream closed is
			// heard also when there always is.
			select {
			case <-leave:
				return d.goodbye(ClosedDrain)
			case <-old:
				return d.goodbye(ClosedAge)
			case <-c.gone():
				return ClosedByViewer
			case <-draining:
				draining, leave = nil, time.After(upTo(b.drainWindow))
			default:
			}
			continue
		}
		if ended {
			return ClosedEnd
		}
		select {
		case <-changed:
		case <-heartbeat.C:
			if c.heartbeat(); c.pending() {
				if err := d.send(); err != nil {
					return d.lost(err)
				}
				if d.terms.once {
					return ClosedAnswered
				}
			}
			heartbeat.Reset(d.terms.silence)
		case <-c.gone():
			return ClosedByViewer
		case <-draining:
			draining, leave = nil, time.After(upTo(b.drainWindow))
		case <-leave:
			return d.goodbye(ClosedDrain)
		case <-old:
			return d.goodbye(ClosedAge)
		}
	}
}

// send sends what is ready.
func (d *delivery) send() error {
	n, err := d.carrier.send()
	if err == nil {
		d.bridge.options.observer.StreamWrote(d.terms.transport, n)
	}
	return err
}

// goodbye closes a stream that is not at its end: with a time to come back
// after that no other stream has, and why, for whoever looks.
func (d *delivery) goodbye(why CloseReason) CloseReason {
	d.carrier.goodbye(why, d.bridge.jitter(d.bridge.options.retry))
	if d.carrier.pending() {
		_ = d.send()
	}
	return why
}

// lost says why something could not be sent.
func (d *delivery) lost(err error) CloseReason {
	if errors.Is(err, errSlow) {
		return ClosedSlow
	}
	return ClosedByViewer
}
