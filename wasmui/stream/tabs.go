// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"context"
	"strings"
	"sync"

	"sluice/bridge/sse"
)

// runLock is what the lock and the channel of a run are named by.
const runLock = "sluice-run-"

// tabLocks are locks that the tabs of one origin share, and that a tab which goes
// away no longer holds.
type tabLocks interface {
	// try takes a lock if it is free, and gives nil where it is not.
	try(ctx context.Context, name string) (release func())
	// wait takes a lock once it is free. giveUp ends the waiting, not the lock.
	wait(name string, granted func(release func())) (giveUp func())
}

// tabChannel carries text to the other tabs of the origin that have opened a
// channel of the same name, in order. What comes is given to hear, which must not
// block.
type tabChannel func(name string, hear func(text string)) (post func(text string), closeChannel func())

// Sharing is how a stream is read over HTTP/1.1, where tabs share connections.
type Sharing uint8

// The ways of sharing. The zero value is a connection of this tab's own, that no
// other tab has asked to share.
const (
	OwnConnection Sharing = iota
	// Leading reads for other tabs of the same run too.
	Leading
	// Following hears from another tab what it reads.
	Following
	// Beyond reads over what does not count among the connections, because the
	// other tabs hold them.
	Beyond
)

// Tabs reads streams so that any number of tabs get theirs over HTTP/1.1. Tabs
// that read one run share one connection: the first to take the run's lock reads
// it and passes it on, and when it goes away another goes on after the last event
// that it got. Streams beyond streamSlots are read over a transport that is not
// counted, a WebSocket, but for those that begin with another method than GET: these
// wait for a connection. Requests for anything else than a stream go by at once. Safe
// for concurrent use.
type Tabs struct {
	direct, beyond Transport
	limited        func() bool
	locks          tabLocks // nil where the browser has none: then all are beyond
	channel        tabChannel
	onChange       func()

	mu      sync.Mutex
	sharing Sharing
	opened  map[*tabResponse]bool // and not closed
}

// NewTabs makes a transport that reads over direct while there are connections,
// and over beyond where there are none. It does so where limited says that
// connections are few, and else is direct. onChange is called when Sharing changes;
// it must not block.
func NewTabs(direct, beyond Transport, limited func() bool, onChange func()) *Tabs {
	t := &Tabs{direct: direct, beyond: beyond, limited: limited, onChange: onChange}
	t.locks, t.channel = browserTabs()
	return t
}

// Sharing gives how the last stream that was opened is read.
func (t *Tabs) Sharing() Sharing {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.sharing
}

func (t *Tabs) set(s Sharing) {
	t.mu.Lock()
	changed := t.sharing != s
	t.sharing = s
	t.mu.Unlock()
	if changed {
		t.onChange()
	}
}

// Hide gives up what the streams hold that are open, for a page that is put aside as
// it is: a browser lets it keep its locks, and the other tabs would wait. The clients
// ask again when the page goes on.
func (t *Tabs) Hide() {
	t.mu.Lock()
	opened := t.opened
	t.opened = nil
	t.mu.Unlock()
	for r := range opened {
		_ = r.Response.Close()
	}
}

// Open implements Transport.
func (t *Tabs) Open(ctx context.Context, req Request) (Response, error) {
	if !isForStream(req) || !t.limited() {
		return t.direct.Open(ctx, req)
	}
	resp, err := t.share(ctx, req)
	if err != nil {
		return nil, err
	}
	r := &tabResponse{resp, t}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.opened == nil {
		t.opened = make(map[*tabResponse]bool)
	}
	t.opened[r] = true
	return r, nil
}

// isForStream says whether a request is for what may hold a connection for long.
func isForStream(req Request) bool {
	for _, h := range req.Header {
		if strings.EqualFold(h[0], "Accept") && strings.Contains(h[1], sse.ContentType) {
			return true
		}
	}
	return false
}

// tabResponse is one that Hide can give up.
type tabResponse struct {
	Response
	tabs *Tabs
}

func (r *tabResponse) Close() error {
	r.tabs.mu.Lock()
	delete(r.tabs.opened, r)
	r.tabs.mu.Unlock()
	return r.Response.Close()
}

// share opens a stream where connections are few.
func (t *Tabs) share(ctx context.Context, req Request) (Response, error) {
	if t.locks == nil || t.channel == nil {
		return t.open(ctx, req)
	}
	run := runIn(req)
	if run != "" {
		release := t.locks.try(ctx, runLock+run)
		if release != nil {
			return t.lead(ctx, req, run, release)
		}
		if r := t.follow(ctx, req, run); r != nil {
			return r.begin()
		}
		return t.open(ctx, req)
	}
	resp, err := t.open(ctx, req)
	if err != nil {
		return nil, err
	}
	return t.offer(ctx, resp, req), nil
}

// offer leads the run that a response names, where no other tab does. That need not
// be the run that was asked for, where the server no longer has that.
func (t *Tabs) offer(ctx context.Context, resp Response, req Request) Response {
	run := resp.Header(runHeader)
	if resp.Status() != 200 || !validRun(run) {
		return resp
	}
	if release := t.locks.try(ctx, runLock+run); release != nil {
		return newLeader(t, resp, run, release, idIn(req), false)
	}
	return resp
}

// open reads by a connection of this tab's own.
func (t *Tabs) open(ctx context.Context, req Request) (Response, error) {
	if t.locks == nil && req.Method != "GET" {
		// Nobody knows how many are taken, and nothing else can send it.
		return t.direct.Open(ctx, req)
	}
	if t.locks != nil {
		slots := slots{t.locks}
		release, ok := slots.reserve(ctx, 1)
		if !ok && req.Method != "GET" {
			queued := queuedIn(ctx)
			queued(true)
			var err error
			if release, err = slots.wait(ctx); err != nil {
				return nil, err
			}
			queued(false)
			ok = true
		}
		if ok {
			resp, err := t.direct.Open(ctx, req)
			if err != nil {
				release()
				return nil, err
			}
			t.set(OwnConnection)
			return &held{Response: resp, release: release}, nil
		}
	}
	resp, err := t.beyond.Open(ctx, req)
	if err == nil {
		t.set(Beyond)
	}
	return resp, err
}

// lead opens the stream of a run whose lock this tab has. Where another run comes
// in its place, nobody leads this one.
func (t *Tabs) lead(ctx context.Context, req Request, run string, release func()) (Response, error) {
	resp, err := t.open(ctx, req)
	if err != nil {
		release()
		return nil, err
	}
	if resp.Status() != 200 || resp.Header(runHeader) != run {
		release()
		return t.offer(ctx, resp, req), nil
	}
	return newLeader(t, resp, run, release, idIn(req), false), nil
}

// held is a response that holds a lock until it is closed.
type held struct {
	Response
	release func()
}

func (h *held) Close() error {
	err := h.Response.Close()
	h.release()
	return err
}
