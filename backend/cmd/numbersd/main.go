// SPDX-License-Identifier: Apache-2.0

// Numbersd serves streams of numbers over gRPC: sluice.numbers.v1.NumberService
// with reflection, health, TLS, metrics and graceful stop. Its help says how.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// Exit codes: of a command line that is wrong, and of everything else.
const (
	exitUsage   = 2
	exitFailure = 1
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// The first signal asks for a graceful stop. From then on signals do what
	// they do by default, so that a second one ends the program at once.
	context.AfterFunc(ctx, stop)
	os.Exit(report(run(ctx, os.Args[1:], os.Stdout, os.Stderr), os.Stderr))
}

// run is the whole program but for signals: it serves until the context ends,
// and then stops gracefully.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	return program{stdout: stdout, stderr: stderr}.run(ctx, args)
}

// report tells an error to whoever started the program, and returns its exit
// code.
func report(err error, stderr io.Writer) int {
	if err == nil {
		return 0
	}
	_, _ = fmt.Fprintf(stderr, "numbersd: %v\n", err)
	var usage *usageError
	if errors.As(err, &usage) {
		_, _ = fmt.Fprintln(stderr, "See numbersd --help.")
		return exitUsage
	}
	return exitFailure
}
