// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"context"
	"strconv"
	"sync"
	"time"

	"sluice/wasmui/stream"
)

const (
	// slowTrip is what the slow network adds each way.
	slowTrip = 300 * time.Millisecond
	// raceSeconds is how long a run lasts.
	raceSeconds = 30
	// openerPatience is how long the connection that opened the run stays for the
	// lanes to join. After it the run is theirs.
	openerPatience = 5 * time.Second
	// laneConnections is how many connections the lanes hold: all but the WebSocket,
	// which does not count among the few that HTTP/1.1 has.
	laneConnections = int(ways) - 1
)

// rates are how many numbers a second a run may have.
var rates = []int{2, 10, 100}

// rateKnobs is the request for a run at this rate.
func rateKnobs(rate int) Knobs {
	pause := strconv.FormatFloat(1/float64(rate), 'f', -1, 64)
	return Knobs{Count: strconv.Itoa(rate * raceSeconds), MinPause: pause, MaxPause: pause}
}

// race is one run read in every way at a time. It is opened by a connection of
// its own, so that all ways join it alike. Its methods are safe for concurrent
// use.
type race struct {
	http      stream.Transport
	transport func(way, *stream.Network, *stream.Meter) stream.Transport
	network   stream.Network
	onChange  func()
	// reserve takes the connections of the lanes from those of all tabs. ok is false
	// where there are too few. It may block.
	reserve func(ctx context.Context) (release func(), ok bool)

	mu      sync.Mutex
	cancel  context.CancelFunc // of all clients; nil before the first start
	opener  *stream.Client
	opening stream.Snapshot
	crowded bool    // there were too few connections to start
	lanes   []*lane // empty until the run is open
	cuts    int
}

// start begins a run at this rate, where none is under way.
func (r *race) start(rate int) {
	r.mu.Lock()
	if r.running() {
		r.mu.Unlock()
		return
	}
	if r.cancel != nil {
		r.cancel()
	}
	ctx, cancel := context.WithCancel(context.Background())
	sink := &openerSink{race: r, ctx: ctx}
	opener := stream.New(stream.Config{URL: streamURL(rateKnobs(rate)), Transport: r.http, Sink: sink})
	sink.client = opener
	r.cancel, r.opener, r.opening, r.lanes, r.cuts = cancel, opener, stream.Snapshot{Phase: stream.Connecting}, nil, 0
	r.crowded = false
	r.mu.Unlock()
	go r.open(ctx, opener)
	r.onChange()
}

// open has the run opened once there are connections for its lanes, which are held
// until all are done.
func (r *race) open(ctx context.Context, opener *stream.Client) {
	release, ok := r.reserve(ctx)
	if !ok {
		r.mu.Lock()
		if r.opener == opener && !r.opening.Phase.Over() {
			r.opening, r.crowded = stream.Snapshot{Phase: stream.Failed}, true
		}
		r.mu.Unlock()
		r.onChange()
		return
	}
	defer release()
	opener.Start(ctx)
	<-opener.Done()
	r.mu.Lock()
	lanes := r.lanes
	if r.opener != opener {
		lanes = nil // of a race that came after this one had ended
	}
	r.mu.Unlock()
	for _, l := range lanes {
		<-l.client.Done()
	}
}

// openerTransport is how a run is opened: where connections are few, by
// what does not count among them.
type openerTransport struct {
	stream.Transport

	beyond stream.Transport
	few    func() bool
}

// Open implements stream.Transport.
func (o openerTransport) Open(ctx context.Context, req stream.Request) (stream.Response, error) {
	if req.Method == "GET" && o.few() {
		return o.beyond.Open(ctx, req)
	}
	return o.Transport.Open(ctx, req)
}

// openerSink sees the run open, and hands it to the lanes.
type openerSink struct {
	race   *race
	ctx    context.Context
	client *stream.Client
}

// Events implements stream.Sink: the numbers are for the lanes.
func (s *openerSink) Events([]stream.Event) {}

// Changed implements stream.Sink.
func (s *openerSink) Changed(snap stream.Snapshot) {
	r := s.race
	r.mu.Lock()
	if r.opener != s.client {
		r.mu.Unlock()
		return
	}
	r.opening = snap
	join := snap.Phase == stream.Open && snap.Run != "" && len(r.lanes) == 0
	if join {
		for w := range ways {
			l := newLane(w, r.onLane)
			cfg := stream.Config{
				Run: snap.Run, Sink: l,
				Transport: r.transport(w, &r.network, &l.meter),
				// The same for all: what the server asks for reaches only some of them.
				Pause: stream.CutPause,
			}
			if w == wayEventSource {
				cfg.Silence = noSilence
			}
			l.client = stream.New(cfg)
			r.lanes = append(r.lanes, l)
		}
	}
	lanes := r.lanes
	r.mu.Unlock()
	if join {
		for _, l := range lanes {
			l.client.Start(s.ctx)
		}
		time.AfterFunc(openerPatience, s.client.Close)
	}
	r.onChange()
}

// onLane lets the connection that opened the run go once all lanes have theirs.
func (r *race) onLane() {
	r.mu.Lock()
	opener, joined := r.opener, true
	for _, l := range r.lanes {
		l.mu.Lock()
		joined = joined && l.snap.Phase >= stream.Open
		l.mu.Unlock()
	}
	r.mu.Unlock()
	if joined {
		opener.Close()
	}
	r.onChange()
}

// running reports whether a run is being opened or read. The caller holds the
// lock.
func (r *race) running() bool {
	if r.cancel == nil {
		return false
	}
	if len(r.lanes) == 0 {
		return !r.opening.Phase.Over()
	}
	for _, l := range r.lanes {
		l.mu.Lock()
		over := l.snap.Phase.Over()
		l.mu.Unlock()
		if !over {
			return true
		}
	}
	return false
}

// each runs f on every client of a lane, without the lock.
func (r *race) each(f func(*lane)) {
	r.mu.Lock()
	lanes := r.lanes
	r.mu.Unlock()
	for _, l := range lanes {
		f(l)
	}
}

// stop cancels the run, which ends it for all lanes.
func (r *race) stop() {
	r.mu.Lock()
	opener, lanes := r.opener, r.lanes
	r.mu.Unlock()
	if len(lanes) == 0 {
		if opener != nil {
			opener.Stop()
		}
		return
	}
	for i, l := range lanes {
		if i == 0 {
			l.client.Stop() // asks for the end of the run, once
			continue
		}
		l.client.Close()
	}
}

// cut breaks all connections at one moment.
func (r *race) cut() {
	now := time.Now()
	r.mu.Lock()
	r.cuts++
	r.mu.Unlock()
	r.each(func(l *lane) { l.cutNow(now) })
}

func (r *race) wake(client func(*stream.Client)) { r.each(func(l *lane) { client(l.client) }) }

// leave lets go of everything.
func (r *race) leave() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.cancel != nil {
		r.cancel()
	}
}

// raceValues is what the page shows of a race at one moment.
type raceValues struct {
	Status  status
	Running bool
	CanCut  bool
	Cuts    int
	Lanes   []laneValues // of every way; zero before the first run
	Problem problemValues
}

// started reports whether there is anything to show.
func (v raceValues) started() bool { return len(v.Lanes) > 0 }

// freeConnection is how long a lane may wait for a connection before the page
// says what it waits for.
const freeConnection = 3 * time.Second

// look gives the values. few says that the browser has few connections for all
// its tabs.
func (r *race) look(offline, few bool, now time.Time) raceValues {
	r.mu.Lock()
	defer r.mu.Unlock()
	v := raceValues{Running: r.running(), Cuts: r.cuts}
	v.Status = describe(situation{snap: r.opening, offline: offline, now: now})
	if r.crowded {
		v.Status.Detail = "Too few connections are free."
		v.Problem = problemValues{
			Title:   "Other tabs hold the connections",
			Message: "Over HTTP/1.1 a browser opens six connections to a host for all its tabs, and this page cannot count on more. Three of the four ways need one each.",
			Advice:  "Stop or close what other tabs of this site read, and start again.",
		}
		return v
	}
	if len(r.lanes) == 0 {
		v.Problem = problemOf(r.opening, Knobs{}, 0, "")
		return v
	}
	open, over, complete := 0, 0, 0
	for _, l := range r.lanes {
		lane := l.look(offline, now)
		if few && lane.Waits > freeConnection {
			lane.Status.Text = "No answer yet: other tabs may hold the six connections that HTTP/1.1 has"
		}
		v.Lanes = append(v.Lanes, lane)
		switch {
		case lane.Complete:
			complete++
			over++
		case lane.Over:
			over++
		case lane.Status.Phase == stream.Open.String():
			open++
		}
	}
	v.CanCut = open > 0
	all := len(r.lanes)
	switch {
	case complete == all:
		v.Status = status{Phase: stream.Ended.String(), Tone: toneDone, Text: "Finished", Detail: "Every way brought every number, once and in order."}
	case over == all:
		v.Status = v.Lanes[0].Status
	case open == all:
		v.Status = status{Phase: stream.Open.String(), Tone: toneLive, Text: "Receiving", Detail: "The same run, four times."}
	case open+over == 0 && r.cuts > 0:
		v.Status = status{Phase: stream.Waiting.String(), Tone: toneWait, Text: "Connection lost", Detail: "In a moment each way asks for the rest."}
	default:
		v.Status = status{Phase: stream.Connecting.String(), Tone: toneBusy, Text: "Connecting", Detail: strconv.Itoa(open) + " of " + strconv.Itoa(all) + " ways are open."}
	}
	return v
}
