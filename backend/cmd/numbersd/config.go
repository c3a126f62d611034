// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/alecthomas/kong"

	"sluice/backend"
)

// config is the command line, and the environment where that says nothing. The
// environment's names are the flags', as in NUMBERSD_TLS_CERT.
type config struct {
	Listen            string           `default:"localhost:50051" placeholder:"HOST:PORT" help:"Where to serve gRPC. Port 0 is any free one: the log says which. Without a host, as in :50051, every network can reach it. Default: ${default}."`
	TLSCert           string           `name:"tls-cert" placeholder:"FILE" help:"Certificate chain in PEM. With it, and --tls-key, the server speaks TLS only; without them, plaintext."`
	TLSKey            string           `name:"tls-key" placeholder:"FILE" help:"Private key of the certificate, in PEM."`
	MaxStreams        int              `default:"${maxStreams}" placeholder:"N" help:"How many streams to serve at once, at least 1. One more is refused with RESOURCE_EXHAUSTED. Default: ${default}."`
	MaxConnections    int              `default:"${maxConns}" placeholder:"N" help:"How many connections to hold at once, at least 1. One more is closed. Default: ${default}."`
	MaxStreamsPerConn int              `name:"max-streams-per-connection" default:"${maxConnStreams}" placeholder:"N" help:"How many streams to serve at once on one connection, at least 1, so that no one connection takes all of --max-streams; clients let further calls wait, or open another connection. Who may open many is for a firewall or a proxy to say. Default: ${default}."`
	DrainTime         time.Duration    `default:"10s" placeholder:"DURATION" help:"How long open streams may go on after SIGINT or SIGTERM before they are ended with UNAVAILABLE. A second signal ends the program at once. Default: ${default}."`
	MetricsListen     string           `placeholder:"HOST:PORT" help:"Where to serve Prometheus metrics over HTTP, under /metrics. Nowhere unless it is given."`
	LogLevel          string           `default:"info" enum:"debug,info,warn,error" placeholder:"LEVEL" help:"The least that is logged: debug, info, warn or error. Default: ${default}."`
	LogFormat         string           `default:"text" enum:"text,json" placeholder:"FORMAT" help:"How it is logged, to standard error: text or json. Default: ${default}."`
	Version           kong.VersionFlag `env:"-" help:"Print the version and exit."`
}

const description = `numbersd streams numbers over gRPC, with a pause before each: something to watch arrive.

A first try, from another terminal:

    grpcurl -plaintext -d '{"count": 5}' localhost:50051 sluice.numbers.v1.NumberService/Generate

The server says by reflection what else a request can ask for, so grpcurl's "describe" shows it. Each flag can also be set in the environment, by the name that stands beside it; the command line goes first.`

// errShown is returned by parse when help or the version was asked for and
// printed.
var errShown = errors.New("help was shown")

// usageError is a fault in the command line or in the environment.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

func usageErrorf(format string, args ...any) error {
	return &usageError{err: fmt.Errorf(format, args...)}
}

// parse reads the command line. Its error is a *usageError, or errShown.
func parse(args []string, stdout, stderr io.Writer) (config, error) {
	var c config
	shown := false
	parser, err := kong.New(
		&c,
		kong.Name("numbersd"),
		kong.Description(description),
		kong.DefaultEnvars("NUMBERSD"),
		kong.Writers(stdout, stderr),
		kong.Exit(func(int) { shown = true }),
		kong.Vars{
			"version":        version(),
			"maxStreams":     strconv.Itoa(backend.DefaultMaxStreams),
			"maxConns":       strconv.Itoa(backend.DefaultMaxConns),
			"maxConnStreams": strconv.Itoa(backend.DefaultMaxConnStreams),
		},
	)
	if err != nil {
		return c, fmt.Errorf("the flags are not well defined: %w", err)
	}
	_, err = parser.Parse(args)
	switch {
	case shown:
		return c, errShown
	case err != nil:
		return c, &usageError{err: err}
	}
	return c, c.check()
}

// check finds what the types of the flags let through.
func (c *config) check() error {
	switch {
	case c.Listen == "":
		return usageErrorf("--listen is empty: give it as HOST:PORT, as in localhost:50051, or leave it out")
	case c.MaxStreams < 1:
		return usageErrorf("--max-streams is %d: give at least 1", c.MaxStreams)
	case c.MaxConnections < 1:
		return usageErrorf("--max-connections is %d: give at least 1", c.MaxConnections)
	case c.MaxStreamsPerConn < 1:
		return usageErrorf("--max-streams-per-connection is %d: give at least 1", c.MaxStreamsPerConn)
	case c.DrainTime < 0:
		return usageErrorf("--drain-time is %v: give 0s or more", c.DrainTime)
	case (c.TLSCert == "") != (c.TLSKey == ""):
		given, missing := "--tls-cert", "--tls-key"
		if c.TLSCert == "" {
			given, missing = missing, given
		}
		return usageErrorf("%s is given without %s: TLS takes a certificate and its key; give both, or neither for plaintext", given, missing)
	}
	return nil
}

// logLevels are what --log-level may be, as its enum says.
var logLevels = map[string]slog.Level{
	"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError,
}

// logger returns the program's log.
func (c *config) logger(w io.Writer) *slog.Logger {
	options := &slog.HandlerOptions{Level: logLevels[c.LogLevel]}
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

// version is what the build knows of itself.
func version() string {
	v := "unknown"
	if info, ok := debug.ReadBuildInfo(); ok {
		v = info.Main.Version
	}
	return fmt.Sprintf("numbersd %s (%s %s/%s)", v, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
