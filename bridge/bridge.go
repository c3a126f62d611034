// SPDX-License-Identifier: Apache-2.0

// Package bridge serves the server-streaming methods of a gRPC backend to
// browsers, as Server-Sent Events over HTTP.
//
// A [Bridge] is an [http.Handler]. It learns the backend's methods by
// reflection and serves each of them, with no code written and none generated:
//
//	GET    /package.Service/Method?field=value   a request from query parameters
//	POST   /package.Service/Method               a request from a JSON body
//	GET    /sse                                  where the method has a path of its own
//	GET    /runs/{id}                            a stream that is already running, or has just ended
//	DELETE /runs/{id}                            ends it, for all who read it
//	GET    /healthz, /readyz                     whether it runs, and whether it can serve
//
// A stream begins with the time after which to reconnect, carries every
// message as ProtoJSON under an id, shows that it is alive with a comment when
// nothing else does, and closes with an `end` event that holds the RPC's
// status. A browser that comes back with the id of the last event that it got
// goes on after it: nothing is lost and nothing comes twice, or a `reset`
// event says what is gone.
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

// Bridge carries the streams of one backend. It must be made by [New] and
// closed, and may be used by any number of goroutines at once.
type Bridge struct {
	options options
	conn    grpc.ClientConnInterface
	runs    *run.Manager
	catalog atomic.Pointer[catalog.Catalog]
	handler http.Handler
	stop    context.CancelFunc
	loading sync.WaitGroup

	draining    chan struct{} // closed when Drain or Close begins
	drainOnce   sync.Once
	drainWindow time.Duration // set before

	mu       sync.Mutex
	loadErr  error
	streams  int
	noStream chan struct{} // closed when there is none, made when there is one
}

// New returns a bridge to the backend behind conn, which stays the caller's to
// close, after the bridge. It does not wait for the backend: its methods are
// asked for in the background, again and again while it is away, and until
// they are known the bridge answers UNAVAILABLE. It fails on an option that
// makes no sense.
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
	o.runs.Logger, o.runs.Observer = o.logger, o.observer
	ctx, stop := context.WithCancel(context.Background())
	b := &Bridge{
		options: o, conn: conn, stop: stop,
		runs:     run.NewManager(conn, o.runs),
		draining: make(chan struct{}),
		loadErr:  errors.New("the backend has not been asked for its methods yet"),
	}
	b.handler = b.crossOrigin(http.HandlerFunc(b.route))
	if o.catalog != nil {
		b.setCatalog(o.catalog)
	} else {
		b.loading.Go(func() { b.load(ctx) })
	}
	return b, nil
}

// ServeHTTP implements [http.Handler].
func (b *Bridge) ServeHTTP(w http.ResponseWriter, r *http.Request) { b.handler.ServeHTTP(w, r) }

// route finds out what is asked for.
func (b *Bridge) route(w http.ResponseWriter, r *http.Request) {
	path := r.URL.Path
	switch {
	case path == "/healthz":
		b.serveHealth(w, r)
	case path == "/readyz":
		b.serveReady(w, r)
	case strings.HasPrefix(path, runsPrefix):
		b.serveRun(w, r, strings.TrimPrefix(path, runsPrefix))
	default:
		b.serveMethod(w, r)
	}
}

// Catalog returns the methods that are served, nil while the backend has not
// said.
func (b *Bridge) Catalog() *catalog.Catalog { return b.catalog.Load() }

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
