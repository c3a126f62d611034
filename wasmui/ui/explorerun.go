// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"bytes"
	"context"
	"sync"
	"time"

	"sluice/wasmui/events"
	"sluice/wasmui/form"
	"sluice/wasmui/stream"
)

// exploreRun is one call of a method and what has come of it. Its methods are
// safe for concurrent use: the client calls it from a goroutine of its own.
type exploreRun struct {
	number  int // among the runs of the page, from 1
	method  *form.Method
	request string // in ProtoJSON
	started time.Time
	// onEvents is told that events have come, onState that something else is worth
	// drawing. Both are called without the lock and must not block.
	onEvents, onState func()

	client *stream.Client

	mu       sync.Mutex
	snap     stream.Snapshot
	log      events.Log
	bytes    uint64 // of the data of all events
	filter   string // as it was typed
	fault    string // why that is no filter
	found    events.View
	only     bool // only what the filter takes is shown
	all      events.View
	expanded map[uint64]bool // the events that are opened, by their index
	at       uint64          // the index of the event that was found last
	hasAt    bool
	marked   bool // the fields at fault were marked
}

// newExploreRun calls a method, and goes on until it is left.
func newExploreRun(t stream.Transport, m *form.Method, request, url string) *exploreRun {
	r := &exploreRun{method: m, request: request, started: time.Now(), expanded: make(map[uint64]bool)}
	cfg := stream.Config{URL: url, Transport: t, Sink: r}
	if url == m.Post() {
		cfg.Method, cfg.Body = "POST", []byte(request)
	}
	r.client = stream.New(cfg)
	return r
}

func (r *exploreRun) start() { r.client.Start(context.Background()) }

// maxGetBytes bounds the addresses of requests that are made by GET: browsers
// and proxies cut off longer ones.
const maxGetBytes = 2000

// exploreURL is the address that a call goes to. A stream that any bridge can
// take up again is asked for by GET, which alone may be repeated where the bridge
// has lost the run; all else by POST, which is never sent twice.
func exploreURL(m *form.Method, query string) string {
	if path := m.Get(); path != "" && m.Streams() && m.Policy.Resume != nil && len(path)+len(query) < maxGetBytes {
		return withQuery(path, query)
	}
	return m.Post()
}

// Events implements stream.Sink. While the run is paused and its log is full it
// has the client take no more in: the events that follow wait where they are, and
// in the end at the backend.
func (r *exploreRun) Events(batch []stream.Event) {
	r.mu.Lock()
	for _, e := range batch {
		r.bytes += uint64(len(e.Data))
		r.log.Append(events.Event{ID: e.ID, Type: e.Type, Data: e.Data, Received: e.Received})
	}
	// Under the lock, so that it cannot come after the GoOn of a pause that ends.
	if r.log.Full() {
		r.client.Hold()
	}
	r.mu.Unlock()
	r.onEvents()
}

// Changed implements stream.Sink.
func (r *exploreRun) Changed(snap stream.Snapshot) {
	r.mu.Lock()
	last := r.snap
	r.snap = snap
	r.mu.Unlock()
	if worthDrawing(last, snap) {
		r.onState()
	}
}

// running reports whether more may come.
func (r *exploreRun) running() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return !r.snap.Phase.Over()
}

// setPaused holds what is shown as it is, or goes on.
func (r *exploreRun) setPaused(paused bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if paused {
		r.log.Pause()
		return
	}
	r.log.Resume()
	r.client.GoOn()
}

// setFilter looks for something else.
func (r *exploreRun) setFilter(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f, err := events.ParseFilter(text)
	r.filter, r.fault, r.hasAt = text, "", false
	if err != nil {
		r.fault = sentence(err.Error())
		f = events.Filter{}
	}
	r.found = events.NewView(f)
}

// view is what is shown. The caller holds the lock, under which alone it may be
// used.
func (r *exploreRun) view() *events.View {
	r.found.Sync(&r.log)
	r.all.Sync(&r.log)
	if r.only {
		return &r.found
	}
	return &r.all
}

// find gives the place of the next event that the filter takes, or the one
// before, from the one that was found last; the first time from the end.
func (r *exploreRun) find(step int) (place uint64, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	shown := r.view()
	lo, hi := r.found.Bounds()
	if lo == hi {
		return 0, false
	}
	next := hi - 1
	if r.hasAt {
		next = r.found.After(r.at)
		if step < 0 || next < hi && r.found.Index(next) == r.at {
			next += uint64(step)
		}
		// Around the ends, also below zero.
		if next >= hi || next < lo {
			next = lo
			if step < 0 {
				next = hi - 1
			}
		}
	}
	r.at, r.hasAt = r.found.Index(next), true
	return shown.After(r.at), true
}

// export gives the events that are kept, one object a line, as NDJSON.
func (r *exploreRun) export() []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out bytes.Buffer
	lo, hi := r.log.Bounds()
	for i := lo; i < hi; i++ {
		out.Write(r.log.At(i).Data)
		out.WriteByte('\n')
	}
	return out.Bytes()
}
