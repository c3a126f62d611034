// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"google.golang.org/grpc"

	"sluice/bridge/catalog"
	"sluice/bridge/run"
)

// The defaults of the options, and the bounds that have none.
const (
	// DefaultHeartbeat is the longest silence on a stream. Proxies give up on
	// a quiet connection after 30 s or more.
	DefaultHeartbeat = 15 * time.Second

	// DefaultCommitWait is how long a stream waits for the backend's first
	// word before it commits to 200. An error by then has its own HTTP status.
	DefaultCommitWait = 500 * time.Millisecond

	// DefaultRetry is the time after which a browser is told to reconnect.
	// What it is told is drawn between that and half as much again, so that
	// browsers that lost their streams together do not come back together.
	DefaultRetry = time.Second

	// DefaultWriteTimeout is how long a connection may take nothing of what is
	// written to it before it counts as dead.
	DefaultWriteTimeout = time.Minute

	// DefaultMaxRequestBytes bounds the body of a request.
	DefaultMaxRequestBytes = 1 << 20

	// DefaultRefresh is how often a backend is asked whether its methods have
	// changed.
	DefaultRefresh = time.Minute

	// bodyTimeout is how long a request's body may take to come.
	bodyTimeout = 30 * time.Second

	// closeTimeout is how long Close waits for streams to be told of the end.
	closeTimeout = time.Second

	// spanBytes is about how much is written at once, and pieceBytes how much
	// of it goes within a write timeout that is counted by itself.
	spanBytes  = 64 << 10
	pieceBytes = 16 << 10
)

// Option changes how a [Bridge] works, for [New].
type Option interface{ apply(*options) }

type optionFunc func(*options)

func (f optionFunc) apply(o *options) { f(o) }

type options struct {
	name            string
	catalog         *catalog.Catalog
	more            []namedConn
	given           map[string]*catalog.Catalog
	sources         map[string]func() (*catalog.Catalog, error)
	exposure        catalog.Exposure
	routes          *catalog.Routes
	reserved        []string
	refresh         time.Duration
	timeout         time.Duration
	maxTimeout      time.Duration
	runs            run.Config
	heartbeat       time.Duration
	commitWait      time.Duration
	retry           time.Duration
	writeTimeout    time.Duration
	maxAge          time.Duration
	maxRequestBytes int64
	bodyTimeout     time.Duration
	pollGrace       time.Duration
	compression     bool
	origins         []string
	logger          *slog.Logger
	observer        Observer
}

// namedConn is a connection to a further backend.
type namedConn struct {
	name string
	conn grpc.ClientConnInterface
}

func defaultOptions() options {
	return options{
		refresh:         DefaultRefresh,
		heartbeat:       DefaultHeartbeat,
		commitWait:      DefaultCommitWait,
		retry:           DefaultRetry,
		writeTimeout:    DefaultWriteTimeout,
		maxRequestBytes: DefaultMaxRequestBytes,
		bodyTimeout:     bodyTimeout,
		pollGrace:       DefaultPollGrace,
		logger:          slog.New(slog.DiscardHandler),
		observer:        NopObserver{},
	}
}

func (o *options) check() error {
	for _, d := range []struct {
		name  string
		value time.Duration
		least time.Duration
	}{
		{"heartbeat", o.heartbeat, time.Millisecond},
		{"commit wait", o.commitWait, 0},
		{"retry", o.retry, time.Millisecond},
		{"write timeout", o.writeTimeout, time.Millisecond},
		{"maximum age", o.maxAge, 0},
		{"poll grace", o.pollGrace, time.Millisecond},
		{"refresh", o.refresh, 0},
		{"timeout", o.timeout, 0},
		{"maximum timeout", o.maxTimeout, 0},
	} {
		if d.value < d.least {
			return fmt.Errorf("the %s must be at least %v, not %v", d.name, d.least, d.value)
		}
	}
	if err := o.runs.Check(); err != nil {
		return err
	}
	if err := o.exposure.Check(); err != nil {
		return err
	}
	if err := o.routes.CheckReserved(o.reserved...); err != nil {
		return err
	}
	if o.maxRequestBytes < 1 {
		return fmt.Errorf("the largest request must be at least 1 byte, not %d", o.maxRequestBytes)
	}
	if o.logger == nil || o.observer == nil {
		return errors.New("the logger and the observer may not be nil: leave the option out for none")
	}
	for _, origin := range o.origins {
		if origin == "*" {
			continue
		}
		u, err := url.Parse(origin)
		if err != nil || u.Scheme == "" || u.Host == "" || u.Path != "" || u.RawQuery != "" || strings.Contains(origin, "*") {
			return fmt.Errorf(`the origin %q must be "*" or a scheme and a host, as in "https://example.com"`, origin)
		}
	}
	return nil
}

// WithCatalog serves the methods of c, and does not ask the first backend for
// any. The default is to ask it by reflection.
func WithCatalog(c *catalog.Catalog) Option { return optionFunc(func(o *options) { o.catalog = c }) }

// WithName names the first backend, the one that [New] is given: in the log, to
// an [Observer], and wherever methods are listed. The default is no name, which
// a single backend needs not have.
func WithName(name string) Option { return optionFunc(func(o *options) { o.name = name }) }

// WithBackend serves the methods of a further backend, which is behind conn and
// is asked for them by reflection. Where there are several, each needs a name
// of letters, digits, '-', '_' and '.'. It may be given many times.
//
// A service that two backends offer is served by neither, since which of them a
// request reached would hang on which was there first: [New] fails where the
// bridge was given the methods of both, and where it learns of them later it
// logs an error, and readiness tells it too. (Of grpc.health.v1.Health, which
// all have, the first one's is served.) One backend that is away does not keep
// the methods of others from being served.
func WithBackend(name string, conn grpc.ClientConnInterface) Option {
	return optionFunc(func(o *options) { o.more = append(o.more, namedConn{name, conn}) })
}

// WithBackendCatalog serves the methods of c at the backend of that name, and
// does not ask it for any. The default is to ask it by reflection.
func WithBackendCatalog(name string, c *catalog.Catalog) Option {
	return optionFunc(func(o *options) {
		if o.given == nil {
			o.given = make(map[string]*catalog.Catalog)
		}
		o.given[name] = c
	})
}

// WithBackendSource serves the methods that read gives at the backend of that
// name, which may be "" for the first, and does not ask it for any. It is called
// by [New], whose error is read's, and then as often as [WithRefresh] says; where
// it fails later the log says so, and what it gave before goes on being served.
// It is called by one goroutine at a time.
func WithBackendSource(name string, read func() (*catalog.Catalog, error)) Option {
	return optionFunc(func(o *options) {
		if o.sources == nil {
			o.sources = make(map[string]func() (*catalog.Catalog, error))
		}
		o.sources[name] = read
	})
}

// WithExposure says which methods are served. The default is every unary and
// server-streaming one, but for those of [catalog.AdminServices] and of gRPC
// reflection; whatever is served is listed in the log and at /catalog.
func WithExposure(e catalog.Exposure) Option {
	return optionFunc(func(o *options) { o.exposure = e })
}

// WithRoutes serves methods as a route file says, whatever their own options
// do. The default is none. A rule that does not fit its method is left out and
// logged, where the method is learned from a backend; and is an error of [New]
// where it was given.
func WithRoutes(r *catalog.Routes) Option { return optionFunc(func(o *options) { o.routes = r }) }

// WithReserved names paths that never reach the bridge, since something in front
// of it serves them, as an app does its files: each as it is in a URL, such as
// "/index.js". A route file that asks for one is an error of [New]; a method that
// does is not served there, and the log says so. The default is none.
func WithReserved(paths ...string) Option {
	return optionFunc(func(o *options) { o.reserved = paths })
}

// WithRefresh sets how often a backend is asked whether its methods have
// changed; it is asked, too, when its connection comes back. What changed is
// then served otherwise, and runs that are open go on as they began. 0 is to
// ask until it has answered once, and after that only for types that a response
// holds in a google.protobuf.Any and that are not known. The default is [DefaultRefresh].
func WithRefresh(d time.Duration) Option { return optionFunc(func(o *options) { o.refresh = d }) }

// WithTimeout sets how long a run may take where neither the request, by
// [TimeoutHeader], nor the method's policy says. The default, 0, is as long as
// the method does.
func WithTimeout(d time.Duration) Option { return optionFunc(func(o *options) { o.timeout = d }) }

// WithMaxTimeout sets the longest that a run may take, whatever the request
// asks for, where the method's policy has no maximum of its own. The default,
// 0, is none.
func WithMaxTimeout(d time.Duration) Option {
	return optionFunc(func(o *options) { o.maxTimeout = d })
}

// WithRuns sets how runs are kept: policies, sizes and times. The logger and
// the observer in it are those of the bridge, and so is the time for early
// errors, the commit wait. The default is the zero value, whose fields have
// defaults of their own.
func WithRuns(c run.Config) Option { return optionFunc(func(o *options) { o.runs = c }) }

// WithHeartbeat sets the longest silence on a stream: a comment ends it. The
// default is [DefaultHeartbeat].
func WithHeartbeat(d time.Duration) Option { return optionFunc(func(o *options) { o.heartbeat = d }) }

// WithCommitWait sets how long a stream waits for the backend's first word
// before it commits to 200; 0 for not at all. The default is
// [DefaultCommitWait].
func WithCommitWait(d time.Duration) Option { return optionFunc(func(o *options) { o.commitWait = d }) }

// WithRetry sets after which time a browser is told to reconnect. The default
// is [DefaultRetry].
func WithRetry(d time.Duration) Option { return optionFunc(func(o *options) { o.retry = d }) }

// WithWriteTimeout sets how long a connection may take nothing of what is
// written to it before it counts as dead. Whoever it was can come back with the
// id of its last event. The default is [DefaultWriteTimeout].
//
// On Linux, where the server has [ConnContext], to take something is to
// acknowledge it, however little. A slow network does that all the time; a slow
// reader's machine does when much of its receive buffer has been read, which may
// be all of it: who reads 2 KiB/s from one of 128 KiB needs a minute. Elsewhere
// the connection has to make room for the next 16 KiB, of which systems tell
// when a third of the send buffer is free, 32 KiB by [DefaultSendBuffer]. Over
// HTTP/2 the client has to open the stream's window by as much.
func WithWriteTimeout(d time.Duration) Option {
	return optionFunc(func(o *options) { o.writeTimeout = d })
}

// WithMaxAge closes each stream after about d, drawn between four fifths of it
// and all of it, for the browser to reconnect: so that streams spread anew
// over bridges that came later. The default, 0, is never.
func WithMaxAge(d time.Duration) Option { return optionFunc(func(o *options) { o.maxAge = d }) }

// WithMaxRequestBytes bounds the body of a request. The default is
// [DefaultMaxRequestBytes].
func WithMaxRequestBytes(n int64) Option {
	return optionFunc(func(o *options) { o.maxRequestBytes = n })
}

// WithOrigins lets pages of other origins read streams: each as browsers name
// them, such as "https://example.com", or "*" for any. The default is none: a
// page is served by the host that serves the bridge.
func WithOrigins(origins ...string) Option {
	return optionFunc(func(o *options) {
		o.origins = nil
		for _, origin := range origins {
			o.origins = append(o.origins, strings.ToLower(origin)) // as browsers do
		}
	})
}

// WithLogger sets where the bridge says what an operator would want to know.
// The default is nowhere.
func WithLogger(l *slog.Logger) Option { return optionFunc(func(o *options) { o.logger = l }) }

// WithObserver sets who is told of runs and streams, to count them. The
// default is nobody.
func WithObserver(obs Observer) Option { return optionFunc(func(o *options) { o.observer = obs }) }
