// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"sluice/bridge/sse"
)

// machine is the client's goroutine and what it alone may touch. Its methods
// that stand for a phase return when the phase is over: connect, read, wait.
type machine struct {
	*Client
	cfg  Config // with the run of Join
	snap Snapshot

	parser   sse.Parser
	sequence sequence
	retry    time.Duration // the server's last "retry"
	heard    time.Time     // since when the connection has been silent
	patience time.Duration // how long it may be
	deaf     bool          // nothing is taken in, see Hold
	burst    burst
	over     bool // snap.Phase.Over(), and nothing is delivered any more

	// What the chunk that is being parsed has given so far.
	batch     []Event
	arena     []byte // the data of the batch
	arenaSize int    // what the arena is made for
	now       time.Time

	connections sync.WaitGroup
}

func newMachine(c *Client, cfg Config) *machine {
	m := &machine{Client: c, cfg: cfg}
	m.parser.MaxEventBytes = cfg.MaxEventBytes
	m.snap = Snapshot{
		Run:         cfg.Run,
		Joined:      cfg.Run != "",
		LastEventID: cfg.LastEventID,
		StartedAt:   time.Now(),
	}
	m.sequence.start(cfg.LastEventID)
	return m
}

// fault is why a connection is over though its stream is not.
type fault struct {
	reason string
	err    *Error        // what the server answered, if it did
	least  time.Duration // the least pause
	held   bool          // which the server demanded
	now    bool          // there is to be no pause
}

func (m *machine) run(ctx context.Context) {
	defer close(m.done)
	defer m.connections.Wait()
	if m.cfg.Run != "" && !validRun(m.cfg.Run) {
		m.fail(&Error{Message: "This is not the id of a run."})
		return
	}
	for {
		f := m.connect(ctx)
		if f == nil || !f.now && !m.wait(ctx, f) {
			return
		}
	}
}

// connect asks for the stream and reads it. It returns the fault that ended the
// connection, or nil where the client is over.
func (m *machine) connect(ctx context.Context) *fault {
	if m.left(ctx, m.take(), nil) {
		return nil
	}
	req, id := m.request()
	if id == "" && req.URL == m.runURL(m.snap.Run) {
		m.sequence.begin(m.snap.Run)
	}
	m.snap.Phase = Connecting
	m.snap.RetryAt, m.snap.RetryHeld, m.snap.Err = time.Time{}, false, nil
	m.snap.Attempt++
	m.snap.Requests++
	m.snap.Reason = "Asking for the stream."
	if m.snap.Requests > 1 {
		m.snap.Reason = "Asking for the rest of the stream."
	}
	m.publish()

	c := m.dial(ctx, req)
	defer c.abandon()
	m.heard = time.Now()
	timer := time.NewTimer(m.cfg.ConnectTimeout)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			m.left(ctx, m.take(), c)
			return nil
		case <-m.signal:
			w := m.take()
			if m.left(ctx, w, c) {
				return nil
			}
			if w.wake && req.Method == "GET" && m.silence() >= StaleRequest {
				return &fault{now: true}
			}
		case m.snap.Queued = <-c.queued:
			// The server's time begins when it is sent.
			m.snap.Reason = "The request is sent."
			timer.Reset(m.cfg.ConnectTimeout)
			if m.snap.Queued {
				m.snap.Reason = "Other streams hold the connections that the browser opens to this server. The request is sent as soon as one of them is free."
				timer.Stop()
			}
			m.publish()
		case <-timer.C:
			return &fault{reason: "No answer came within " + words(m.cfg.ConnectTimeout) + "."}
		case h := <-c.head:
			m.snap.Queued = false
			if m.leaving() {
				// The wish is in m.signal; the head goes back for stop to look at.
				c.head <- h
				continue
			}
			f, open := m.judge(h, req, id)
			if !open {
				return f
			}
			return m.read(ctx, c, id)
		}
	}
}

// read takes the body of an open stream, chunk by chunk. It returns as connect
// does.
func (m *machine) read(ctx context.Context, c *connection, id string) *fault {
	m.opened(id)
	m.publish()
	watchdog := time.NewTimer(m.cfg.Silence)
	defer watchdog.Stop()
	for {
		select {
		case <-ctx.Done():
			m.left(ctx, m.take(), c)
			return nil
		case <-m.signal:
			w := m.take()
			if m.left(ctx, w, c) {
				return nil
			}
			if w.cut {
				return &fault{reason: "The connection was cut.", least: CutPause}
			}
			if w.online {
				m.patience = onlinePatience(m.cfg.Silence)
			}
			if w.wake {
				if f := m.watch(watchdog); f != nil {
					return f
				}
			}
		case <-watchdog.C:
			// Set again here and not at every chunk, of which there are many.
			if f := m.watch(watchdog); f != nil {
				return f
			}
		case chunk := <-m.incoming(c):
			if m.leaving() {
				continue // to the wish in m.signal
			}
			m.receive(chunk.bytes)
			switch {
			case m.over:
				return nil
			case m.leaving():
				continue
			case chunk.err != nil:
				return m.broken(chunk.err)
			}
			// Only now is there somebody to hear the next bytes: the time that the
			// sink took is no silence of the server's.
			m.heard, m.patience = time.Now(), m.cfg.Silence
			c.next()
		}
	}
}

// opened notes that a connection gives the stream, after the event with this
// id.
func (m *machine) opened(id string) {
	m.heard, m.patience = time.Now(), m.cfg.Silence
	if !m.snap.OpenedAt.IsZero() {
		m.snap.Reconnects++
	}
	m.snap.Phase, m.snap.OpenedAt = Open, m.heard
	m.snap.Resumed, m.snap.ResumedAfter, m.snap.ResumedAfterNumber = id != "", id, 0
	m.snap.Replayed, m.snap.ResetHere = 0, false
	m.snap.Reason = "Connected."
	if id != "" {
		m.snap.Reason = "Connected, and going on after the last event."
		_, m.snap.ResumedAfterNumber, _ = parseEventID(id)
	}
	m.burst.start(m.heard, m.snap.Resumed || m.snap.Joined)
	m.parser.Reset(id)
}

// silence is how long the connection has given no sign of life. A machine that
// sleeps may hold the monotonic clock still, and the other one may be set back,
// so the longer of the two counts.
func (m *machine) silence() time.Duration {
	if m.deaf {
		return 0
	}
	now := time.Now()
	return max(now.Sub(m.heard), now.Round(0).Sub(m.heard.Round(0)))
}

// watch gives the fault of a connection that has been silent for too long, and
// else has the watchdog look again when it would be.
func (m *machine) watch(watchdog *time.Timer) *fault {
	left := m.patience - m.silence()
	if left <= 0 {
		return &fault{reason: "Nothing came for " + words(m.patience) + "."}
	}
	watchdog.Reset(left)
	return nil
}

// onlinePatience is how long a stream may be silent once the network is back:
// where Silence is two heartbeats and a margin, it is one and the margin.
func onlinePatience(silence time.Duration) time.Duration { return silence * 4 / 7 }

// broken is the fault of a body that ended, nil where reading again is of no
// use.
func (m *machine) broken(err error) *fault {
	switch {
	case errors.Is(err, io.EOF):
		return &fault{reason: "The connection closed before the stream had ended."}
	case errors.Is(err, errors.ErrUnsupported):
		m.fail(&Error{Message: err.Error()})
		return nil
	}
	var why brokenError
	if errors.As(err, &why) {
		return &fault{reason: why.Error()}
	}
	return &fault{reason: "The connection broke."}
}

// wait lets a pause go by before the next request and says whether there is to
// be one.
func (m *machine) wait(ctx context.Context, f *fault) bool {
	if m.cfg.Method != "GET" && m.snap.Run == "" {
		err := f.err
		if err == nil {
			err = &Error{Message: f.reason + " The request is not sent again, as it might be carried out twice.", Retryable: true}
		}
		m.fail(err)
		return false
	}
	m.snap.Phase, m.snap.Reason, m.snap.Err = Waiting, f.reason, f.err
	m.snap.RetryHeld = f.held
	pause := m.pause(f.least)
	m.snap.RetryAt = time.Now().Add(pause)
	timer := time.NewTimer(pause)
	defer timer.Stop()
	m.publish()
	for {
		select {
		case <-ctx.Done():
			m.left(ctx, m.take(), nil)
			return false
		case <-m.signal:
			w := m.take()
			if m.left(ctx, w, nil) {
				return false
			}
			if due := !time.Now().Round(0).Before(m.snap.RetryAt.Round(0)); w.wake && (due || !f.held) {
				return true
			}
		case <-timer.C:
			return true
		}
	}
}

// left carries out a wish to be gone, and says whether there was one. c is the
// connection in use, if there is one.
func (m *machine) left(ctx context.Context, w wishes, c *connection) bool {
	switch {
	case w.stop:
		m.stop(ctx, c)
	case w.leave || ctx.Err() != nil:
		if c != nil {
			c.abandon()
		}
		m.finish(Stopped, "Left. What becomes of the run is the server's policy.", nil)
	default:
		return false
	}
	return true
}

// fail ends the client with an error.
func (m *machine) fail(err *Error) { m.finish(Failed, err.Message, err) }

// finish comes to a phase after which there is none.
func (m *machine) finish(p Phase, reason string, err *Error) {
	m.over, m.snap.Queued = true, false
	m.snap.Phase, m.snap.Reason, m.snap.Err = p, reason, err
	m.snap.RetryAt, m.snap.RetryHeld = time.Time{}, false
	m.snap.EndedAt = time.Now()
	m.publish()
}

func (m *machine) publish() {
	m.mu.Lock()
	m.shared = m.snap
	m.mu.Unlock()
	m.cfg.Sink.Changed(m.snap)
}
