// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/alecthomas/kong"

	"sluice/bridge"
	"sluice/bridge/catalog"
	"sluice/bridge/run"
	"sluice/wasmui/dist"
)

// groups are the parts that the flags are shown in.
var groups = []kong.Group{
	{Key: "backend", Title: "The backends:"},
	{Key: "methods", Title: "Their methods:"},
	{Key: "serving", Title: "Serving:"},
	{Key: "streams", Title: "A stream to a browser:"},
	{Key: "runs", Title: "A run, which is one call to the backend and the record of it:"},
	{Key: "log", Title: "The log:"},
}

// serveFlags are the flags of the serve command. Each group is a part of what
// the program does.
type serveFlags struct {
	Version kong.VersionFlag `short:"V" env:"-" help:"Print the version and stop."`

	Listen string `default:"localhost:8080" group:"serving" help:"Serve the streams and the app on this address, as host:port."`

	Backend backendFlags `embed:"" group:"backend"`
	Methods methodFlags  `embed:"" group:"methods"`

	TLSCert string        `name:"tls-cert" type:"existingfile" placeholder:"FILE" group:"serving" help:"Serve TLS and HTTP/2 with this certificate chain, in PEM."`
	TLSKey  string        `name:"tls-key" type:"existingfile" placeholder:"FILE" group:"serving" help:"The certificate's private key, in PEM."`
	Origin  []string      `placeholder:"ORIGIN" group:"serving" help:"Let pages of this origin read streams, such as https://example.com, or * for any. May be repeated. Without it only pages of this host may."`
	Metrics string        `name:"metrics-listen" placeholder:"ADDR" group:"serving" help:"Serve /metrics on this address instead of on that of the streams."`
	Drain   time.Duration `default:"10s" group:"serving" help:"When told to stop, close the streams one by one over this time, so that browsers do not all come back together. A second signal ends at once."`

	Heartbeat       time.Duration `default:"${heartbeat}" group:"streams" help:"The longest silence on a stream: a comment ends it, so that proxies keep the connection."`
	CommitWait      time.Duration `default:"${commit_wait}" group:"streams" help:"How long a stream waits for the backend's first word. An error by then gets an HTTP status of its own."`
	Retry           time.Duration `default:"${retry}" group:"streams" help:"After how long browsers reconnect; each is told a time up to half as long again."`
	WriteTimeout    time.Duration `default:"${write_timeout}" group:"streams" help:"How long a connection may take nothing of what is written to it before it counts as dead. Its viewer can come back. A slow reader's machine takes more only when much of its receive buffer has been read: 2 KiB/s from one of 128 KiB needs a minute."`
	MaxAge          time.Duration `default:"0" group:"streams" help:"Have each stream reconnect after about this time, to spread streams over bridges that came later. 0 is never."`
	SendBuffer      int           `default:"${send_buffer}" group:"streams" help:"The send buffer of a viewer's connection; 0 leaves it to the system. What it holds may be lost with the connection, so it has to stay well below --journal-bytes."`
	PollGrace       time.Duration `default:"${poll_grace}" group:"streams" help:"How long a run that is read by long polls waits for the next poll before it counts as left by its viewer."`
	Compress        bool          `group:"streams" help:"Compress streams by gzip for those who ask for it: fewer bytes, for some ten times the work of writing an event, and with more of a stream on its way that a lost connection loses, so --journal-bytes has to be larger."`
	MaxRequestBytes int64         `default:"${max_request_bytes}" group:"streams" help:"The largest body of a request."`

	OnDisconnect    string        `default:"linger" enum:"cancel,linger,detach" group:"runs" help:"What becomes of an RPC when its last viewer leaves, where its method does not say: cancel it, let it linger for a while, or detach it until it ends by itself."`
	Linger          time.Duration `default:"${linger}" group:"runs" help:"How long an RPC without viewers lingers, where its method does not say."`
	Retention       time.Duration `default:"${retention}" group:"runs" help:"For how long a stream that has ended can still be read, if memory allows."`
	ReopenFor       time.Duration `default:"${reopen_for}" group:"runs" help:"For how long a stream whose backend broke is opened again, where its method can go on from a position. 0 is never."`
	JournalBytes    int           `default:"${journal_bytes}" group:"runs" help:"How much of a stream is kept for viewers who come back, at least 65536. Three quarters are for what was written and may not have arrived. A viewer that stops reading a fast stream and then loses its connection may have had more than that in its own receive buffer: a reset tells it what is gone, unless its method can go on from a position."`
	TotalBytes      int64         `default:"${total_bytes}" group:"runs" help:"How much is kept of all streams together, at least as much as of one. Past it, streams that have ended are forgotten, and those that go on keep only what is still to be read, and one message each."`
	MaxRuns         int           `default:"${max_runs}" group:"runs" help:"How many streams there may be, with those that have ended and are kept."`
	MaxMessageBytes int           `default:"${max_message_bytes}" group:"runs" help:"The largest message taken from the backend, at least 1. Its JSON has to fit into the journal."`

	Log logFlags `embed:"" prefix:"log-" group:"log"`
}

// The server's patience with clients that do not send.
const (
	readHeaderTimeout = 10 * time.Second
	// pingTimeout is how long an HTTP/2 connection may be silent before it is
	// asked whether it is still there, and how long it may take to answer.
	pingTimeout    = 30 * time.Second
	idleTimeout    = 2 * time.Minute
	maxHeaderBytes = 64 << 10
	// bodyTimeout is how long a request's body may take to come, also one that
	// nobody reads. (A ReadTimeout of the server's would end streams.)
	bodyTimeout = 30 * time.Second
	// shutdownTimeout is for what remains when the streams are closed.
	shutdownTimeout = 5 * time.Second
)

// addresses are those that a program listens on.
type addresses struct {
	HTTP, Metrics string
}

// Run serves until the program is told to stop.
func (f *serveFlags) Run(env *environment) error {
	logger := f.Log.logger(env.stderr)
	creds, err := f.serverTLS()
	if err != nil {
		return err
	}
	backends, err := f.Backend.dialAll(logger)
	if err != nil {
		return err
	}
	defer closeAll(backends)

	metrics := newMetrics(backends)
	opts, err := f.options(backends, logger, metrics)
	if err != nil {
		return err
	}
	b, err := bridge.New(backends[0].conns, opts...)
	if err != nil {
		return err
	}
	defer b.Close()
	metrics.watch(b)

	mux := http.NewServeMux()
	var also net.Listener
	if f.Metrics == "" {
		mux.Handle("/metrics", metrics.handler())
	} else if also, err = listen(f.Metrics, "--metrics-listen"); err != nil {
		return err
	}
	mux.Handle("/", dist.Handler(b))
	l, err := listen(f.Listen, "--listen")
	if err != nil {
		if also != nil {
			also.Close()
		}
		return err
	}

	servers := &servers{logger: logger, bodyTimeout: bodyTimeout}
	at := addresses{HTTP: l.Addr().String()}
	if also != nil {
		at.Metrics = also.Addr().String()
		servers.serve(also, metrics.handler(), nil)
	}
	servers.serve(bridge.ViewerListener(l, f.SendBuffer, f.WriteTimeout), mux, creds)
	logger.Info("listening", "address", at.HTTP, "backends", f.Backend.Addresses, "tls", creds != nil, "app", dist.Built())
	if env.ready != nil {
		env.ready(at)
	}

	select {
	case err := <-servers.failed():
		return err
	case <-env.ctx.Done():
	}
	logger.Info("closing the streams", "over", f.Drain)
	ctx, cancel := context.WithTimeout(context.Background(), f.Drain+shutdownTimeout)
	defer cancel()
	if err := b.Drain(ctx, f.Drain); err != nil {
		logger.Warn("some streams did not close in time", "error", err)
	}
	servers.shutdown()
	return nil
}

// options returns the bridge's options.
func (f *serveFlags) options(backends []upstream, logger *slog.Logger, metrics *metrics) ([]bridge.Option, error) {
	policies := map[string]catalog.OnDisconnect{
		"cancel": catalog.OnDisconnectCancel, "linger": catalog.OnDisconnectLinger, "detach": catalog.OnDisconnectDetach,
	}
	if err := f.check(); err != nil {
		return nil, err
	}
	reopenFor := f.ReopenFor
	if reopenFor == 0 {
		reopenFor = -1
	}
	opts := []bridge.Option{
		bridge.WithRuns(run.Config{
			OnDisconnect: policies[f.OnDisconnect], Linger: f.Linger,
			JournalBytes: f.JournalBytes, TotalBytes: f.TotalBytes, MaxRuns: f.MaxRuns,
			Retention: f.Retention, MaxMessageBytes: f.MaxMessageBytes, ReopenFor: reopenFor,
		}),
		bridge.WithHeartbeat(f.Heartbeat), bridge.WithCommitWait(f.CommitWait), bridge.WithRetry(f.Retry),
		bridge.WithWriteTimeout(f.WriteTimeout), bridge.WithMaxAge(f.MaxAge),
		bridge.WithPollGrace(f.PollGrace), bridge.WithCompression(f.Compress),
		bridge.WithMaxRequestBytes(f.MaxRequestBytes), bridge.WithOrigins(f.Origin...),
		bridge.WithReserved(dist.Paths()...),
		bridge.WithLogger(logger), bridge.WithObserver(metrics),
	}
	methods, err := f.Methods.options(backends)
	return append(opts, methods...), err
}

// minJournalBytes is the least that is worth keeping of a stream: what may be
// written to a viewer at once.
const minJournalBytes = 64 << 10

// check finds what makes no sense, and what the bridge would take for a default.
func (f *serveFlags) check() error {
	for _, d := range []struct {
		flag  string
		value time.Duration
	}{{"--linger", f.Linger}, {"--retention", f.Retention}} {
		if d.value <= 0 {
			return fmt.Errorf("%s must be more than 0, not %v", d.flag, d.value)
		}
	}
	for _, d := range []struct {
		flag  string
		value time.Duration
	}{{"--drain", f.Drain}, {"--reopen-for", f.ReopenFor}} {
		if d.value < 0 {
			return fmt.Errorf("%s must be at least 0s, not %v", d.flag, d.value)
		}
	}
	for _, n := range []struct {
		flag         string
		value, least int64
	}{
		{"--send-buffer", int64(f.SendBuffer), 0},
		{"--journal-bytes", int64(f.JournalBytes), minJournalBytes},
		{"--max-runs", int64(f.MaxRuns), 1},
		{"--max-message-bytes", int64(f.MaxMessageBytes), 1},
	} {
		if n.value < n.least {
			return fmt.Errorf("%s must be at least %d, not %d", n.flag, n.least, n.value)
		}
	}
	if f.TotalBytes < int64(f.JournalBytes) {
		return fmt.Errorf("--total-bytes must be at least --journal-bytes, which is %d, not %d", f.JournalBytes, f.TotalBytes)
	}
	return nil
}

// servers are the HTTP servers of a program.
type servers struct {
	logger      *slog.Logger
	bodyTimeout time.Duration
	all         []*http.Server
	errs        chan error
}

// serve begins to serve h on l.
func (s *servers) serve(l net.Listener, h http.Handler, creds *tlsFiles) {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true)
	protocols.SetUnencryptedHTTP2(true)
	srv := &http.Server{
		Handler: boundBodies(h, s.bodyTimeout), Protocols: protocols, MaxHeaderBytes: maxHeaderBytes,
		ReadHeaderTimeout: readHeaderTimeout, IdleTimeout: idleTimeout,
		HTTP2:       &http.HTTP2Config{SendPingTimeout: pingTimeout, PingTimeout: pingTimeout},
		ConnContext: bridge.ConnContext,
		ErrorLog:    slog.NewLogLogger(s.logger.Handler(), slog.LevelWarn),
	}
	s.all = append(s.all, srv)
	if s.errs == nil {
		s.errs = make(chan error, 2)
	}
	go func() {
		var err error
		if creds != nil {
			err = srv.ServeTLS(l, creds.cert, creds.key)
		} else {
			err = srv.Serve(l)
		}
		if !errors.Is(err, http.ErrServerClosed) {
			s.errs <- fmt.Errorf("serving %s: %w", l.Addr(), err)
		}
	}()
}

// boundBodies bounds how long the bodies of requests may take to come to a
// handler that reads none: net/http takes them in before it sends the answer.
func boundBodies(next http.Handler, within time.Duration) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength != 0 {
			_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(within))
		}
		next.ServeHTTP(w, r)
	})
}

// failed returns a channel that gets the error of a server that stops by
// itself.
func (s *servers) failed() <-chan error { return s.errs }

// shutdown stops the servers: soon, for there is nothing left that they serve
// but what could not be brought to an end.
func (s *servers) shutdown() {
	ctx, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
	defer cancel()
	for _, srv := range s.all {
		if err := srv.Shutdown(ctx); err != nil {
			s.logger.Warn("some connections had to be cut", "error", err)
			srv.Close()
		}
	}
}
