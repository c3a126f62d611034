// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"sluice/internal/bubble"
)

const (
	runA = "aaaaaaaaaaaaaaaaaaaaaaaaaa"
	runB = "bbbbbbbbbbbbbbbbbbbbbbbbbb"
)

var errCut = errors.New("connection reset")

// reply is what the fake network answers to one request: after a time an error
// or a head, then the steps of a body, then a clean end.
type reply struct {
	after  time.Duration
	err    error
	status int // 200 where it is 0
	header map[string]string
	body   []step
}

// step is a piece of a body. Where err is set the body is cut; where hang is, it
// stays silent for ever.
type step struct {
	after time.Duration
	text  string
	err   error
	hang  bool
}

// stream is a reply of an event stream of run A.
func stream(body ...step) reply {
	return reply{header: map[string]string{"Content-Type": "text/event-stream; charset=utf-8", "Sluice-Run": runA}, body: body}
}

// text is a step that comes at once.
func text(s ...string) step { return step{text: strings.Join(s, "")} }

func after(d time.Duration, s ...string) step { return step{after: d, text: strings.Join(s, "")} }

var (
	cut  = step{err: errCut}
	hang = step{hang: true}
)

// msg is an event of a run whose data is its number.
func msg(run string, n int) string { return fmt.Sprintf("id: %s-%d\ndata: %d\n\n", run, n, n) }

func msgs(run string, from, to int) string {
	var b strings.Builder
	for n := from; n <= to; n++ {
		b.WriteString(msg(run, n))
	}
	return b.String()
}

func end(run string, n int) string {
	return fmt.Sprintf("id: %s-%d\nevent: end\ndata: {\"code\":\"OK\"}\n\n", run, n)
}

// network answers requests by a script and remembers them.
type network struct {
	answer func(i int, req Request) reply

	mu       sync.Mutex
	requests []Request
	times    []time.Time
	open     int // bodies that have not been closed
}

// script answers the i-th request with the i-th reply, and hangs after that.
func script(replies ...reply) *network {
	return &network{answer: func(i int, _ Request) reply {
		if i < len(replies) {
			return replies[i]
		}
		return stream(hang)
	}}
}

func (n *network) Open(ctx context.Context, req Request) (Response, error) {
	n.mu.Lock()
	i := len(n.requests)
	n.requests = append(n.requests, req)
	n.times = append(n.times, time.Now())
	r := n.answer(i, req)
	n.mu.Unlock()
	if !sleep(ctx, r.after) {
		return nil, ctx.Err()
	}
	if r.err != nil {
		return nil, r.err
	}
	n.mu.Lock()
	n.open++
	n.mu.Unlock()
	r.body = slices.Clone(r.body) // a test may give one reply more than once
	ctx, cancel := context.WithCancel(ctx)
	return &fakeResponse{n: n, ctx: ctx, cancel: cancel, reply: r}, nil
}

func (n *network) sent(i int) Request {
	n.mu.Lock()
	defer n.mu.Unlock()
	if i >= len(n.requests) {
		return Request{}
	}
	return n.requests[i]
}

func (n *network) count() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.requests)
}

type fakeResponse struct {
	n      *network
	ctx    context.Context
	cancel context.CancelFunc
	reply  reply
	closed sync.Once
}

func (r *fakeResponse) Status() int {
	if r.reply.status == 0 {
		return 200
	}
	return r.reply.status
}

func (r *fakeResponse) Header(name string) string { return r.reply.header[name] }

func (r *fakeResponse) Read(p []byte) (int, error) {
	if len(r.reply.body) == 0 {
		return 0, io.EOF
	}
	s := &r.reply.body[0]
	if s.hang {
		<-r.ctx.Done()
		return 0, r.ctx.Err()
	}
	if !sleep(r.ctx, s.after) {
		return 0, r.ctx.Err()
	}
	s.after = 0
	n := copy(p, s.text)
	s.text = s.text[n:]
	if s.text != "" {
		return n, nil
	}
	err := s.err
	r.reply.body = r.reply.body[1:]
	return n, err
}

func (r *fakeResponse) Close() error {
	r.closed.Do(func() {
		r.cancel()
		r.n.mu.Lock()
		r.n.open--
		r.n.mu.Unlock()
	})
	return nil
}

// recorder is a sink that keeps everything.
type recorder struct {
	mu       sync.Mutex
	events   []Event
	batches  []int
	changes  []Snapshot
	onEvents func(batch []Event)
	onChange func(Snapshot)
}

func (r *recorder) Events(batch []Event) {
	r.mu.Lock()
	r.events = append(r.events, batch...)
	r.batches = append(r.batches, len(batch))
	r.mu.Unlock()
	if r.onEvents != nil {
		r.onEvents(batch)
	}
}

func (r *recorder) Changed(s Snapshot) {
	r.mu.Lock()
	r.changes = append(r.changes, s)
	r.mu.Unlock()
	if r.onChange != nil {
		r.onChange(s)
	}
}

// data is the data of all events, with a space between.
func (r *recorder) data() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var parts []string
	for _, e := range r.events {
		parts = append(parts, string(e.Data))
	}
	return strings.Join(parts, " ")
}

// phases is the phases in order, each once, with a space between.
func (r *recorder) phases() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var parts []string
	for i, s := range r.changes {
		if i == 0 || s.Phase != r.changes[i-1].Phase {
			parts = append(parts, s.Phase.String())
		}
	}
	return strings.Join(parts, " ")
}

// counter is a sink that only counts.
type counter struct{ events int }

func (c *counter) Events(batch []Event) { c.events += len(batch) }
func (c *counter) Changed(Snapshot)     {}

// world is a client on a fake network, in a bubble where time stands still but
// for sleeps.
type world struct {
	*testing.T
	*recorder
	*Client
	net    *network
	start  time.Time
	ctx    context.Context
	cancel context.CancelFunc
}

// simulate runs a test in a bubble. The random part of every pause is half of
// its bound. At the end everything that was opened must be closed.
func simulate(t *testing.T, net *network, cfg Config, test func(w *world)) {
	t.Helper()
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		w := &world{T: t, recorder: &recorder{}, net: net, start: time.Now()}
		cfg.Sink = w.recorder
		if cfg.Transport == nil {
			cfg.Transport = net
		}
		if cfg.URL == "" && cfg.Run == "" {
			cfg.URL = "/sse?count=5"
		}
		if cfg.Rand == nil {
			cfg.Rand = func() float64 { return 0.5 }
		}
		w.Client = New(cfg)
		w.ctx, w.cancel = context.WithCancel(t.Context())
		defer func() {
			w.cancel()
			if w.started {
				<-w.Done()
			}
			if net.open != 0 {
				t.Errorf("%d responses were not closed", net.open)
			}
		}()
		test(w)
	})
}

// begin starts the client and lets it come to rest.
func (w *world) begin() {
	w.Helper()
	w.Start(w.ctx)
	synctest.Wait()
}

// pass lets time go by.
func (w *world) pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// at is the time since the bubble began.
func (w *world) at() time.Duration { return time.Since(w.start) }

func (w *world) want(p Phase, reason string) Snapshot {
	w.Helper()
	s := w.Snapshot()
	if s.Phase != p || !strings.Contains(s.Reason, reason) {
		w.Fatalf("%v after start: %v, %q; want %v, %q", w.at(), s.Phase, s.Reason, p, reason)
	}
	return s
}

func (w *world) wantData(want string) {
	w.Helper()
	if got := w.data(); got != want {
		w.Fatalf("received %q, want %q", got, want)
	}
}

func (w *world) wantRequest(i int, method, url, lastEventID string) {
	w.Helper()
	r := w.net.sent(i)
	id := ""
	for _, h := range r.Header {
		if h[0] == "Last-Event-ID" {
			id = h[1]
		}
	}
	if r.Method != method || r.URL != url || id != lastEventID {
		w.Fatalf("request %d: %s %s after %q; want %s %s after %q", i, r.Method, r.URL, id, method, url, lastEventID)
	}
}
