// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"sync"
	"time"

	"sluice/wasmui/store"
	"sluice/wasmui/stream"
)

// laneDelays is how many of the last delays are looked at.
const laneDelays = 1000

// lane is one way of reading the run, and what came of it. It is the sink of its
// client. Safe for concurrent use.
type lane struct {
	way      way
	meter    stream.Meter
	client   *stream.Client
	onChange func()

	mu      sync.Mutex
	snap    stream.Snapshot
	history *store.History
	// delays holds the numbers whose delay counts: all but those that waited for
	// the lane to join.
	delays *store.History
	types  map[string]uint64 // events by type
	cut    cutCost
}

// cutCost is what the last cut cost a lane.
type cutCost struct {
	at        time.Time // when it was made; zero for never
	after     time.Duration
	replayed  int
	pending   bool // no number has come since
	replaying bool // all that have come since were made meanwhile
}

func newLane(w way, onChange func()) *lane {
	return &lane{
		way: w, onChange: onChange,
		history: store.New(0), delays: store.New(laneDelays), types: make(map[string]uint64),
	}
}

// Events implements stream.Sink.
func (l *lane) Events(batch []stream.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	first := l.history.Total() == 0
	if l.cut.pending {
		l.cut.pending = false
		l.cut.after = batch[0].Received.Sub(l.cut.at)
		l.cut.replaying = true
	}
	for _, e := range batch {
		l.types[e.Type]++
		if l.history.AppendJSON(e.Data, e.Received) != nil {
			continue
		}
		n := l.history.At(l.history.Len() - 1)
		if !first {
			l.delays.Append(n)
		}
		l.replay(n)
	}
}

// replay counts a number that was made while the lane was cut off. The caller
// holds the lock.
func (l *lane) replay(n store.Number) {
	if !l.cut.replaying {
		return
	}
	// By the clock here, as far as the quickest number tells.
	made := n.Created + l.history.Delays().Least.Milliseconds()
	if l.cut.replaying = made < l.snap.OpenedAt.UnixMilli(); l.cut.replaying {
		l.cut.replayed++
	}
}

// Changed implements stream.Sink.
func (l *lane) Changed(snap stream.Snapshot) {
	l.mu.Lock()
	last := l.snap
	l.snap = snap
	l.mu.Unlock()
	if worthDrawing(last, snap) {
		l.onChange()
	}
}

// cutNow breaks the connection of the lane, if it has one.
func (l *lane) cutNow(now time.Time) {
	l.mu.Lock()
	open := l.snap.Phase == stream.Open
	if open {
		l.cut = cutCost{at: now, pending: true}
	}
	l.mu.Unlock()
	if open {
		l.client.Cut()
	}
}

// laneValues is what the page shows of a lane at one moment.
type laneValues struct {
	Way      way
	Status   status
	Over     bool
	Waits    time.Duration // for the first connection
	Complete bool          // every number came, once and in order, to the end
	Count    uint64
	Latest   string

	First, Median, Worst time.Duration // less than 0 where not measured
	Requests             uint64
	Body, Heads          uint64
	Reconnects           int
	Lost, Twice          uint64
	CutAfter             time.Duration // less than 0 where not measured
	CutPending           bool
	Replayed             int
	Messages, Types      uint64
	TokenBytes           int
}

// look gives the values of the lane.
func (l *lane) look(offline bool, now time.Time) laneValues {
	l.mu.Lock()
	defer l.mu.Unlock()
	sum := l.history.Summary()
	traffic := l.meter.Traffic()
	v := laneValues{
		Way:      l.way,
		Status:   describe(situation{snap: l.snap, count: sum.Count, offline: offline, now: now}),
		Over:     l.snap.Phase.Over(),
		Count:    sum.Count,
		Latest:   none,
		First:    -1,
		Median:   -1,
		Worst:    -1,
		CutAfter: -1,
		Requests: traffic.Requests, Body: traffic.Body, Heads: traffic.Heads, Messages: traffic.Messages,
		Reconnects: l.snap.Reconnects,
		Lost:       max(l.snap.Missed, sum.Skipped), Twice: sum.Repeated,
		Replayed: l.cut.replayed, CutPending: l.cut.pending,
		Types:      uint64(len(l.types)),
		TokenBytes: len(l.history.ResumeToken()),
	}
	if l.snap.Phase == stream.Connecting && l.snap.OpenedAt.IsZero() && l.snap.Requests > 0 {
		v.Waits = now.Sub(l.snap.StartedAt)
	}
	v.Complete = l.snap.Phase == stream.Ended && v.Lost == 0 && v.Twice == 0
	if sum.Count > 0 {
		v.Latest = store.FormatValue(sum.Last.Value)
		v.First = l.snap.FirstEventAt.Sub(l.snap.StartedAt)
	}
	if d := l.delays.Delays(); d.Count > 0 {
		if d.Skewed() {
			d = d.Above()
		}
		v.Median, v.Worst = d.Median, d.Worst
	}
	if !l.cut.at.IsZero() && !l.cut.pending {
		v.CutAfter = l.cut.after
	}
	return v
}
