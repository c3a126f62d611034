// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"context"
	"strconv"
	"sync"
	"time"

	"sluice/wasmui/store"
	"sluice/wasmui/stream"
)

// session is the stream that the page shows: the client that reads it and what
// has come. It outlives its clients; starting again empties it. Its methods are
// safe for concurrent use: the client calls it from a goroutine of its own.
type session struct {
	transport stream.Transport
	// onNumbers is told that numbers have come, onState that something else is
	// worth drawing at once. Both are called without the lock and must not block.
	onNumbers, onState func()
	// observe, where it is not nil, is told when numbers arrived together, when
	// the first and the last of them were made, and how many they are.
	observe func(received, from, upTo time.Time, n int)

	mu      sync.Mutex
	client  *stream.Client // nil before the first start
	history *store.History
	snap    stream.Snapshot
	marks   []mark
	garbled uint64 // messages that were no numbers
	fault   string // why the last one of them was not
}

// mark is a place in the stream where something happened to the connection: in
// front of the number that has this index among all.
type mark struct {
	before uint64
	// gap says that something is missing there; otherwise the stream was resumed.
	gap bool
	// first is the event that a gap ends with, 0 where that is not known.
	first uint64
}

// text is the mark in words, of which none are the server's.
func (m mark) text() string {
	switch {
	case !m.gap:
		return "resumed"
	case m.first == 0:
		return "gap"
	}
	return "gap: goes on at event " + strconv.FormatUint(m.first, 10)
}

// maxMarks bounds what an endless stream over a bad network can pile up.
const maxMarks = 200

func newSession(transport stream.Transport, onNumbers, onState func()) *session {
	return &session{
		transport: transport,
		onNumbers: onNumbers,
		onState:   onState,
		history:   store.New(0),
	}
}

// start leaves the stream before and reads the one at url. With a run it reads
// that run from its start instead, whoever opened it; where a bridge has
// forgotten the run later on, url is where the stream is taken up again.
func (s *session) start(ctx context.Context, url, run string) {
	reader := &reader{session: s}
	client := stream.New(stream.Config{URL: url, Run: run, Transport: s.transport, Sink: reader})

	s.mu.Lock()
	before := s.client
	s.client = client
	reader.client = client
	s.empty()
	s.mu.Unlock()

	if before != nil {
		before.Close()
	}
	client.Start(ctx)
	s.onState()
}

// empty forgets what has come. The caller holds the lock.
func (s *session) empty() {
	s.history.Clear()
	s.snap = stream.Snapshot{}
	s.marks = s.marks[:0]
	s.garbled, s.fault = 0, ""
}

// clear goes back to the empty page. It does nothing while a stream runs.
func (s *session) clear() {
	s.mu.Lock()
	if s.running() {
		s.mu.Unlock()
		return
	}
	s.client = nil
	s.empty()
	s.mu.Unlock()
	s.onState()
}

// running reports whether a stream was started and is not over. The caller
// holds the lock.
func (s *session) running() bool {
	return s.client != nil && !s.snap.Phase.Over()
}

// with runs f on the client, if there is one, without the lock: the client calls
// back.
func (s *session) with(f func(*stream.Client)) {
	s.mu.Lock()
	client := s.client
	s.mu.Unlock()
	if client != nil {
		f(client)
	}
}

func (s *session) stop()  { s.with((*stream.Client).Stop) }
func (s *session) cut()   { s.with((*stream.Client).Cut) }
func (s *session) wake()  { s.with((*stream.Client).Wake) }
func (s *session) leave() { s.with((*stream.Client).Close) }

// read runs f on what has come, which f may not keep.
func (s *session) read(f func(h *store.History, marks []mark)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(s.history, s.marks)
}

// reader is the sink of one client. What an earlier client still has to say is
// of a stream that the page has left.
type reader struct {
	session *session
	client  *stream.Client
}

// Events implements stream.Sink.
func (r *reader) Events(batch []stream.Event) {
	s := r.session
	s.mu.Lock()
	if r.client != s.client {
		s.mu.Unlock()
		return
	}
	garbled, before := s.garbled, s.history.Total()
	for _, e := range batch {
		if err := s.history.AppendJSON(e.Data, e.Received); err != nil {
			s.garbled++
			s.fault = err.Error()
		}
	}
	garbled = s.garbled - garbled
	n := int(s.history.Total() - before)
	from, upTo := s.made(n)
	s.mu.Unlock()
	if s.observe != nil && !from.IsZero() {
		s.observe(batch[0].Received, from, upTo, n)
	}
	s.onNumbers()
	if garbled > 0 {
		s.onState()
	}
}

// made gives when the first and the last of the last n numbers were made, zero
// where that is not known. The caller holds the lock.
func (s *session) made(n int) (from, upTo time.Time) {
	kept := s.history.Len()
	if n = min(n, kept); n == 0 {
		return from, upTo
	}
	first, last := s.history.At(kept-n).Created, s.history.At(kept-1).Created
	if first == 0 || last == 0 {
		return from, upTo
	}
	return time.UnixMilli(first), time.UnixMilli(last)
}

// Changed implements stream.Sink.
func (r *reader) Changed(snap stream.Snapshot) {
	s := r.session
	s.mu.Lock()
	if r.client != s.client {
		s.mu.Unlock()
		return
	}
	last := s.snap
	s.snap = snap
	s.note(last, snap)
	s.mu.Unlock()
	if worthDrawing(last, snap) {
		s.onState()
	}
}

// worthDrawing reports whether the page should not wait for its next regular
// drawing, as it does for counters.
func worthDrawing(last, snap stream.Snapshot) bool {
	return last.Phase != snap.Phase || last.Reason != snap.Reason || last.Run != snap.Run ||
		last.Cancel != snap.Cancel || last.Err != snap.Err || last.Reset != snap.Reset ||
		(last.Events == 0) != (snap.Events == 0)
}

// note marks the places where the stream was resumed, and where it was reset.
// The caller holds the lock.
func (s *session) note(last, snap stream.Snapshot) {
	if snap.Phase == stream.Open && snap.Reconnects > last.Reconnects {
		s.addMark(mark{})
	}
	if snap.Reset != nil && (last.Reset == nil || snap.Reset.Count > last.Reset.Count) {
		s.addMark(mark{gap: true, first: snap.Reset.First})
	}
}

// addMark puts a mark in front of the next number.
func (s *session) addMark(m mark) {
	if len(s.marks) == maxMarks {
		s.marks = append(s.marks[:0], s.marks[1:]...)
	}
	m.before = s.history.Total()
	s.marks = append(s.marks, m)
}
