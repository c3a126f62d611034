// SPDX-License-Identifier: Apache-2.0

// Command sluice serves the methods of gRPC backends to browsers, and an app
// that shows them.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strconv"
	"syscall"

	"github.com/alecthomas/kong"

	"sluice/bridge"
	"sluice/bridge/journal"
	"sluice/bridge/pool"
	"sluice/bridge/run"
)

const serveDescription = `Sluice puts gRPC server streams in front of people, live.

It asks a backend by reflection which methods it has, and serves each one as Server-Sent Events, at
/package.Service/Method and where its option or a route file says. A browser that loses its
connection goes on where it was. What is served is listed at /catalog; the web app is at /.

    sluice --backend localhost:50051
    curl -N 'http://localhost:8080/sse?count=5'

Another command, 'sluice check URL', tells whether a stream, from here or from any other server,
arrives as it should through whatever is between. 'sluice check --help' says more.`

// command is what a command line asks for: its flags, and what they do.
type command interface {
	// Run does it. It returns an [exitCode] where all has been said.
	Run(*environment) error
}

// choose finds the command that a command line begins with. To serve is what
// is done when it names none.
func choose(args []string) (name, description string, c command, rest []string) {
	if len(args) > 0 {
		switch args[0] {
		case "check":
			return "sluice check", checkDescription, &checkFlags{}, args[1:]
		case "serve":
			args = args[1:]
		}
	}
	return "sluice", serveDescription, &serveFlags{}, args
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // so that a second signal ends the program at once
	err := program(ctx, os.Args[1:], os.Stdout, os.Stderr, nil)
	if code := exitCode(0); errors.As(err, &code) {
		os.Exit(int(code))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "sluice:", err)
		os.Exit(1)
	}
}

// exitCode is what is returned when the command line has been answered.
type exitCode int

// Error implements error.
func (c exitCode) Error() string { return fmt.Sprintf("exit code %d", int(c)) }

// program runs until it is through, or ctx is done. Once it listens it calls
// ready, if that is not nil, with the addresses it listens on.
func program(ctx context.Context, args []string, stdout, stderr io.Writer, ready func(addresses)) (err error) {
	name, description, c, args := choose(args)
	parser, err := kong.New(c,
		kong.Name(name), kong.Description(description),
		// A flag's environment name is its own in capitals, after SLUICE_.
		kong.DefaultEnvars("SLUICE"),
		kong.ShortUsageOnError(), kong.ExplicitGroups(groups),
		kong.Vars{
			"version": version(),

			"heartbeat":         bridge.DefaultHeartbeat.String(),
			"commit_wait":       bridge.DefaultCommitWait.String(),
			"retry":             bridge.DefaultRetry.String(),
			"write_timeout":     bridge.DefaultWriteTimeout.String(),
			"poll_grace":        bridge.DefaultPollGrace.String(),
			"max_request_bytes": strconv.Itoa(bridge.DefaultMaxRequestBytes),
			"send_buffer":       strconv.Itoa(bridge.DefaultSendBuffer),

			"refresh":                bridge.DefaultRefresh.String(),
			"streams_per_connection": strconv.Itoa(pool.DefaultStreamsPerConn),
			"max_connections":        strconv.Itoa(pool.DefaultMaxConns),

			"linger":            run.DefaultLinger.String(),
			"retention":         run.DefaultRetention.String(),
			"reopen_for":        run.DefaultReopenFor.String(),
			"journal_bytes":     strconv.Itoa(journal.DefaultLimit),
			"total_bytes":       strconv.Itoa(run.DefaultTotalBytes),
			"max_runs":          strconv.Itoa(run.DefaultMaxRuns),
			"max_message_bytes": strconv.Itoa(run.DefaultMaxMessageBytes),
		},
		kong.Writers(stdout, stderr),
		kong.Exit(func(code int) { panic(exitCode(code)) }),
	)
	if err != nil {
		return err
	}
	defer func() {
		switch p := recover().(type) {
		case nil:
		case exitCode:
			err = p
		default:
			panic(p)
		}
	}()
	if _, err := parser.Parse(args); err != nil {
		parser.FatalIfErrorf(err) // prints how the program is used, and leaves
	}
	return c.Run(&environment{ctx: ctx, stdout: stdout, stderr: stderr, ready: ready})
}

// environment is what a command runs in.
type environment struct {
	ctx            context.Context
	stdout, stderr io.Writer
	ready          func(addresses)
}

// version returns what the module was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	revision, modified := "", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			revision = " " + s.Value
		case s.Key == "vcs.modified" && s.Value == "true":
			modified = " with changes"
		}
	}
	return info.Main.Version + revision + modified + " " + info.GoVersion
}
