// SPDX-License-Identifier: Apache-2.0

// Package rig runs the whole of Sluice in one process, for tests: a backend, a
// bridge to it and the app, each on a loopback port of its own, and each of
// which can be broken and brought back.
package rig

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"runtime"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials/insecure"

	"sluice/backend"
	"sluice/bridge"
	"sluice/wasmui/dist"
)

// Config says what is run. The zero value is the programs' own defaults.
type Config struct {
	// Bridge and Service are added to the defaults of either.
	Bridge  []bridge.Option
	Service []backend.Option
	// Log is where either says what it does; nil for nowhere.
	Log *slog.Logger
}

// Loopback returns an address of this machine for servers that are to come back
// at the same port. Where the system has more than one it is one of many, at
// which no connection of another test can have taken the port meanwhile.
func Loopback() string {
	if runtime.GOOS != "linux" {
		return "127.0.0.1"
	}
	return fmt.Sprintf("127.%d.%d.%d", 1+rand.IntN(254), rand.IntN(256), 1+rand.IntN(254))
}

// Rig is a backend, a bridge and the app, running. Its methods are called by
// one goroutine at a time.
type Rig struct {
	// URL is where the bridge and the app are, without a slash at its end.
	URL string

	tb     testing.TB
	config Config

	backendAddress string
	bridgeAddress  string

	server *backend.Server

	bridge *bridge.Bridge
	conn   *grpc.ClientConn
	web    *http.Server
	wg     sync.WaitGroup
}

// Start starts a rig, which is stopped when the test ends.
func Start(tb testing.TB, c Config) *Rig {
	tb.Helper()
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	host := Loopback()
	r := &Rig{tb: tb, config: c, backendAddress: host + ":0", bridgeAddress: host + ":0"}
	r.StartBackend()
	r.StartBridge()
	tb.Cleanup(func() {
		r.KillBridge()
		r.KillBackend()
		r.wg.Wait()
	})
	r.AwaitReady()
	return r
}

// Backend returns the backend's address, as host:port.
func (r *Rig) Backend() string { return r.backendAddress }

// Bridge returns the bridge that runs now.
func (r *Rig) Bridge() *bridge.Bridge { return r.bridge }

// StartBackend starts a backend where the last one was.
func (r *Rig) StartBackend() {
	r.tb.Helper()
	l := r.listen(r.backendAddress)
	r.backendAddress = l.Addr().String()
	srv := backend.NewServer(backend.New(append([]backend.Option{backend.WithLogger(r.config.Log)}, r.config.Service...)...))
	r.server = srv
	r.wg.Go(func() {
		if err := srv.Serve(l); err != nil {
			r.tb.Errorf("the backend: %v", err)
		}
	})
}

// KillBackend cuts the backend off without a word, if it runs.
func (r *Rig) KillBackend() {
	if r.server == nil {
		return
	}
	now, cancel := context.WithCancel(context.Background())
	cancel()
	// There is no grace in this, and so there is an error.
	_ = r.server.Shutdown(now)
	r.server = nil
}

// StartBridge starts a bridge where the last one was, that knows nothing of
// what the last one carried.
func (r *Rig) StartBridge() {
	r.tb.Helper()
	conn, err := grpc.NewClient(r.backendAddress, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithIdleTimeout(0),
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: backoff.Config{BaseDelay: 10 * time.Millisecond, Multiplier: 1.6, MaxDelay: 100 * time.Millisecond}, MinConnectTimeout: time.Second}))
	if err != nil {
		r.tb.Fatal(err)
	}
	b, err := bridge.New(conn, append([]bridge.Option{bridge.WithLogger(r.config.Log)}, r.config.Bridge...)...)
	if err != nil {
		r.tb.Fatal(err)
	}
	l := r.listen(r.bridgeAddress)
	r.bridgeAddress = l.Addr().String()
	r.URL = "http://" + r.bridgeAddress
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	web := &http.Server{Protocols: protocols, Handler: dist.Handler(b), ConnContext: bridge.ConnContext}
	r.bridge, r.conn, r.web = b, conn, web
	r.wg.Go(func() {
		if err := web.Serve(bridge.ViewerListener(l, bridge.DefaultSendBuffer, bridge.DefaultWriteTimeout)); !errors.Is(err, http.ErrServerClosed) {
			r.tb.Errorf("the bridge: %v", err)
		}
	})
}

// KillBridge cuts the bridge off without a word, if it runs: connections
// break, and nothing is said on them first.
func (r *Rig) KillBridge() {
	if r.bridge == nil {
		return
	}
	r.web.Close()
	r.bridge.Close()
	r.conn.Close()
	r.bridge = nil
}

// AwaitReady waits until the bridge can serve.
func (r *Rig) AwaitReady() {
	r.tb.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for {
		err := r.bridge.Ready()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			r.tb.Fatalf("the bridge is not ready: %v", err)
		}
		time.Sleep(time.Millisecond)
	}
}

// listen listens on an address that may have been another's a moment ago.
func (r *Rig) listen(address string) net.Listener {
	r.tb.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		r.tb.Fatal(err)
	}
	return l
}

// Front is an HTTP server for one handler, on a loopback port.
type Front struct {
	// URL is where it is, without a slash at its end.
	URL string
	web *http.Server
	wg  sync.WaitGroup
}

// Serve starts a server for h, which has to be closed.
func Serve(tb testing.TB, h http.Handler) *Front {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	f := &Front{URL: "http://" + l.Addr().String(), web: &http.Server{Handler: h, ConnContext: bridge.ConnContext}}
	f.wg.Go(func() {
		if err := f.web.Serve(bridge.ViewerListener(l, bridge.DefaultSendBuffer, bridge.DefaultWriteTimeout)); !errors.Is(err, http.ErrServerClosed) {
			tb.Errorf("serving %s: %v", f.URL, err)
		}
	})
	return f
}

// Close cuts the server's connections and stops it.
func (f *Front) Close() {
	f.web.Close()
	f.wg.Wait()
}
