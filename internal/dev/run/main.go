// SPDX-License-Identifier: Apache-2.0

//go:build unix

// Command run starts the backend and the bridge as one: it is what `make run`
// runs.
//
// It starts numbersd and sluice, waits until the bridge says that it is ready,
// prints the address to open, and stops both when it is interrupted or when
// either of them ends. Everything NUMBERSD_* and SLUICE_* in the environment
// reaches the programs.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"
)

// Where the programs listen unless the environment says otherwise.
const (
	defaultBackendListen = "localhost:50051"
	defaultBridgeListen  = "localhost:8080"
)

// How long open streams may take to end, unless the environment says otherwise.
// The backend's outlast the bridge's, which would else see them break.
const (
	backendDrain = "2s"
	bridgeDrain  = "1s"
)

const (
	// stopGrace is how long the programs may take to stop before they are
	// killed. It is longer than either program drains by default.
	stopGrace = 60 * time.Second

	// stopEcho is within what time two requests to stop are one.
	stopEcho = 300 * time.Millisecond
)

func init() {
	// On Linux the programs are killed when the thread that started them
	// ends. The main thread lives as long as the process does.
	runtime.LockOSThread()
}

func main() {
	backend := flag.String("numbersd", "bin/numbersd", "the `program` that is the backend")
	bridge := flag.String("sluice", "bin/sluice", "the `program` that is the bridge")
	flag.Parse()

	stop := make(chan os.Signal, 2)
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	// A reader that goes away (`make run | head`) must not end the supervisor
	// before its programs. Writing then fails, which loses nothing but text.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	leaving := watchParent(context.Background())

	os.Exit(run(*backend, *bridge, os.Getenv, stop, leaving, os.Stdout, os.Stderr))
}

// run starts the two programs as the environment getenv describes, supervises
// them until both have ended, and returns the exit code. What stop and leaving
// mean, supervisor says.
func run(backend, bridge string, getenv func(string) string, stop <-chan os.Signal, leaving <-chan struct{}, stdout, stderr io.Writer) int {
	for _, path := range []string{backend, bridge} {
		if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
			fmt.Fprintf(stderr, "run: there is no %s: build it with `make build`\n", path)
			return 1
		}
	}
	plan, err := newPlan(getenv)
	if err != nil {
		fmt.Fprintf(stderr, "run: %v\n", err)
		return 1
	}

	out, errOut := newLines(stdout), newLines(stderr)
	programs := []program{
		{
			name: "numbersd", path: backend, args: plan.backendArgs(),
			env:    pace(getenv, "NUMBERSD_DRAIN_TIME", backendDrain),
			stdout: out.prefixed("numbersd | "), stderr: errOut.prefixed("numbersd | "),
		},
		{
			name: "sluice", path: bridge, args: plan.bridgeArgs(),
			env:    pace(getenv, "SLUICE_DRAIN", bridgeDrain),
			stdout: out.prefixed("sluice   | "), stderr: errOut.prefixed("sluice   | "),
		},
	}
	say := func(format string, args ...any) { out.print(fmt.Sprintf(format, args...)) }
	announce := func(ctx context.Context) {
		if waitReady(ctx, plan.readyURL(), func(news string) { say("run: still waiting: %s", news) }) == nil {
			say("\n  Sluice is ready: open %s\n  Ctrl-C stops it.\n", plan.openURL())
		}
	}
	s := supervisor{stop: stop, leaving: leaving, echo: stopEcho, grace: stopGrace, say: say}
	return s.run(programs, announce)
}
