// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"encoding/json"
	"time"

	"sluice/bridge/sse"
)

// The types of the events that are the client's own. None is named "error",
// which EventSource would take for a fault of the connection.
const (
	typeEnd   = "end"
	typeReset = "reset"
)

// handler is the machine as the parser's handler.
type handler machine

var _ sse.Handler = (*handler)(nil)

// receive parses a chunk and delivers what it completes.
func (m *machine) receive(chunk []byte) {
	m.now = time.Now()
	m.snap.Bytes += uint64(len(chunk))
	m.arena, m.arenaSize = nil, len(chunk)
	err := m.parser.Feed(chunk, (*handler)(m))
	if m.over {
		return // published with the end
	}
	m.deliver()
	if m.leaving() {
		return // what was not delivered was not received
	}
	m.snap.LastEventID = m.parser.LastEventID()
	if err != nil {
		// Asked for again, it would be as large.
		m.fail(&Error{Message: "The stream cannot be read on: " + err.Error() + "."})
		return
	}
	m.publish()
}

func (h *handler) Comment([]byte) {}

func (h *handler) Retry(d time.Duration) { h.retry = d }

func (h *handler) Event(ev sse.Event) {
	m := (*machine)(h)
	if m.over {
		return
	}
	if ev.Type != typeEnd && ev.Type != typeReset {
		m.message(ev)
		return
	}
	m.deliver()
	switch {
	case m.leaving(): // perhaps because of what was delivered
	case ev.Type == typeEnd:
		m.end(ev)
	default:
		m.reset(ev)
	}
}

// message adds an event to the batch. Its data is copied into memory that the
// whole batch shares.
func (m *machine) message(ev sse.Event) {
	fresh, missed := m.sequence.accept(ev.ID)
	if !fresh {
		m.snap.Repeated++
		return
	}
	m.snap.Missed += missed
	if m.arena == nil {
		m.arena = make([]byte, 0, max(len(ev.Data), m.arenaSize))
	}
	start := len(m.arena)
	m.arena = append(m.arena, ev.Data...)
	m.batch = append(m.batch, Event{
		ID: ev.ID, Type: ev.Type, Received: m.now,
		Data: m.arena[start:len(m.arena):len(m.arena)],
	})
}

// deliver hands the batch to the sink, unless the client has been left.
func (m *machine) deliver() {
	if len(m.batch) == 0 {
		return
	}
	if !m.leaving() {
		if m.snap.FirstEventAt.IsZero() {
			m.snap.FirstEventAt = m.now
		}
		m.snap.LastEventAt = m.now
		m.snap.Events += uint64(len(m.batch))
		m.snap.Attempt = 0
		m.snap.LastEventID = m.batch[len(m.batch)-1].ID
		m.cfg.Sink.Events(m.batch)
		m.snap.Replayed += m.burst.count(len(m.batch), m.now)
	}
	clear(m.batch) // lets go of the data
	m.batch = m.batch[:0]
}

// end takes the last event, which holds the status of the whole.
func (m *machine) end(ev sse.Event) {
	_, missed := m.sequence.accept(ev.ID)
	m.snap.Missed += missed
	m.snap.LastEventID = ev.ID
	m.snap.End = string(ev.Data)
	err, ok := parseStatus(ev.Data)
	switch {
	case !ok:
		m.fail(&Error{Message: "The stream ended with a status that cannot be read.", Status: m.snap.End})
	case err != nil:
		m.fail(err)
	default:
		m.finish(Ended, "The stream is complete.", nil)
	}
}

// reset notes that the server goes on elsewhere than where the client stood.
func (m *machine) reset(ev sse.Event) {
	var data struct {
		Reason string `json:"reason"`
		First  uint64 `json:"first"`
	}
	if json.Unmarshal(ev.Data, &data) != nil || data.Reason == "" {
		data.Reason = "The server did not say why."
	}
	r := &Reset{Reason: data.Reason, First: data.First, After: m.snap.Events, Count: 1}
	if m.snap.Reset != nil {
		r.Count += m.snap.Reset.Count
	}
	m.snap.Reset, m.snap.ResetHere = r, true
	m.snap.Missed += m.sequence.reset(m.snap.Run, data.First)
	m.snap.LastEventID = ev.ID
	m.publish()
}

// burst counts the events that a server has ready when a stream is taken up.
type burst struct {
	on            bool
	opened, since time.Time
}

func (b *burst) start(now time.Time, on bool) { *b = burst{on: on, opened: now, since: now} }

// count gives how many of n events that came at this moment belong to the burst.
func (b *burst) count(n int, came time.Time) int {
	if !b.on {
		return 0
	}
	if came.Sub(b.since) > ReplayGap || came.Sub(b.opened) > ReplayLimit {
		b.on = false
		return 0
	}
	// The time that the sink took is no pause of the server's.
	b.since = time.Now()
	return n
}
