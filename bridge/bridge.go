// SPDX-License-Identifier: Apache-2.0

// Package bridge serves the methods of gRPC backends to browsers, as
// Server-Sent Events, NDJSON, WebSocket messages or answers to long polls.
//
// A [Bridge] is an [http.Handler]. It learns the backends' methods by
// reflection and serves each of them, with no code written and none generated:
//
//	GET    /package.Service/Method?field=value   a request from query parameters
//	POST   /package.Service/Method               a request from a JSON body or a form
//	GET    /sse                                  where the method has a path of its own
//	GET    /catalog                              what is served, described in JSON
//	GET    /runs/{id}                            a stream that is already running, or has just ended
//	DELETE /runs/{id}                            ends it, for all who read it
//	GET    /healthz, /readyz                     whether it runs, and whether it can serve
//
// A unary method is a stream of one message. What takes a stream of requests is
// answered with 501.
//
// A stream begins with the time after which to reconnect, carries every
// message as ProtoJSON under an id, shows that it is alive with a comment when
// nothing else does, and closes with an `end` event that holds the RPC's
// status. A browser that comes back with the id of the last event that it got
// goes on after it: nothing is lost and nothing comes twice, or a `reset`
// event says what is gone.
//
// By which transport it comes is for the request to say. All of them carry the
// same events under the same ids, and all but the first as JSON objects such as
// {"id":"…","event":"…","data":…}. A stream of those begins with one of type
// open, whose data holds the run and the milliseconds after which to reconnect,
// and shows that it is alive by others of type heartbeat; neither has an id:
//
//	Accept: text/event-stream      Server-Sent Events; also where nothing is said
//	Accept: application/x-ndjson   an object a line
//	Upgrade: websocket             an object a message; over HTTP/1.1
//	Accept: application/json       a long poll, answered as soon as there is an event or,
//	                               with Prefer: wait=n, after n seconds and at most 50; it
//	                               holds the cursor for the next, as Last-Event-ID. Without
//	                               Prefer, a unary method's answer as it is.
//
// How a method meets the browser is said beside it in its .proto file, with
// the option of sluice/stream/v1/options.proto. A method that says nothing is
// served by the bridge's defaults.
package bridge

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"

	"sluice/bridge/catalog"
	"sluice/bridge/run"
)

// RunHeader names the run that a response carries. GET and DELETE of
// /runs/{id} take it.
const RunHeader = "Sluice-Run"

// Bridge carries the streams of backends. It must be made by [New] and closed,
// and may be used by any number of goroutines at once.
type Bridge struct {
	options  options
	backends []*backend // at least one
	runs     *run.Manager
	table    atomic.Pointer[table] // nil while no backend has said what it has
	handler  http.Handler
	stop     context.CancelFunc
	loading  sync.WaitGroup

	publishing sync.Mutex      // held while a table is made
	said       map[string]bool // the problems that the log has; guarded by publishing

	leases leases

	draining    chan struct{} // closed when Drain or Close begins
	drainOnce   sync.Once
	drainWindow time.Duration // set before

	mu       sync.Mutex
	streams  int
	noStream chan struct{} // closed when there is none, made when there is one
}

// New returns a bridge to the backend behind conn, and to those of
// [WithBackend]. Connections stay the caller's to close, after the bridge. It
// does not wait for a backend: each is asked for its methods in the background,
// again and again while it is away, and until they are known the bridge answers
// UNAVAILABLE. It fails on an option that makes no sense, and where two
// backends were given the same method.
func New(conn grpc.ClientConnInterface, opts ...Option) (*Bridge, error) {
	if conn == nil {
		return nil, errors.New("bridge: a connection to the backend is needed, nil was given")
	}
	o := defaultOptions()
	for _, opt := range opts {
		opt.apply(&o)
	}
	if err := o.check(); err != nil {
		return nil, fmt.Errorf("bridge: %w", err)
	}
	backends, err := o.backends(conn)
	if err != nil {
		return nil, fmt.Errorf("bridge: %w", err)
	}
	if err := o.checkGiven(backends); err != nil {
		return nil, fmt.Errorf("bridge: %w", err)
	}
	o.runs.Logger, o.runs.Observer, o.runs.EarlyFor = o.logger, o.observer, o.commitWait
	ctx, stop := context.WithCancel(context.Background())
	b := &Bridge{
		options: o, backends: backends, stop: stop,
		runs:     run.NewManager(conn, o.runs),
		draining: make(chan struct{}),
		said:     make(map[string]bool),
	}
	b.handler = b.crossOrigin(b.checkUpgrade(http.HandlerFunc(b.route)))
	for _, be := range backends {
		if be.given != nil {
			b.learned(be, be.given)
		}
	}
	for _, be := range backends {
		switch {
		case be.source != nil && o.refresh > 0:
			b.loading.Go(func() { b.reload(ctx, be) })
		case be.given == nil:
			b.loading.Go(func() { b.load(ctx, be) })
		}
	}
	return b, nil
}

// ServeHTTP implements [http.Handler].
func (b *Bridge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.boundBody(w, r)
	b.handler.ServeHTTP(w, r)
}

// route finds out what is asked for.
func (b *Bridge) route(w http.ResponseWriter, r *http.Request) {
	path := r.URL.Path
	switch {
	case path == "/healthz":
		b.serveHealth(w, r)
	case path == "/readyz":
		b.serveReady(w, r)
	case path == catalogPath:
		b.serveCatalog(w, r)
	case strings.HasPrefix(path, runsPrefix):
		b.serveRun(w, r, strings.TrimPrefix(path, runsPrefix))
	default:
		b.serveMethod(w, r)
	}
}

// Catalog returns the methods that are served, nil while no backend has said
// what it has.
func (b *Bridge) Catalog() *catalog.Catalog {
	if t := b.table.Load(); t != nil {
		return t.catalog
	}
	return nil
}

// Stats returns how many runs the bridge carries, and in how much memory.
func (b *Bridge) Stats() run.Stats { return b.runs.Stats() }

// Close ends every run with UNAVAILABLE, and every stream with it, for which it
// waits a moment. Streams that could be resumed elsewhere are better closed by
// [Bridge.Drain] before. The bridge serves nothing any more.
func (b *Bridge) Close() {
	b.stop()
	b.loading.Wait()
	b.goAway(closeTimeout)
	b.runs.End()
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	_ = b.awaitNoStream(ctx)
	b.runs.Close()
}
