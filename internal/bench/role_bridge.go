// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"net"
	"slices"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/reflect/protoregistry"

	"sluice/backend"
	"sluice/bridge"
	"sluice/bridge/catalog"
	"sluice/bridge/run"
)

// shared is the argument of a bridge whose viewers ride on one run where they
// ask for the same.
const shared = "shared"

// playBridge is Sluice, with the settings of the program: args are the
// backend's address and what else is asked for.
func playBridge(ctx context.Context, l net.Listener, args []string) error {
	conn, err := grpc.NewClient(args[0], grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithIdleTimeout(0),
		grpc.WithInitialWindowSize(256<<10), grpc.WithInitialConnWindowSize(1<<20))
	if err != nil {
		return err
	}
	defer conn.Close()
	methods, err := catalog.New(protoregistry.GlobalFiles)
	if err != nil {
		return err
	}
	m := methods.Lookup(backend.Name + "/Generate")
	if m == nil {
		return fmt.Errorf("the catalog has no %s/Generate", backend.Name)
	}
	m.Policy.Share = slices.Contains(args[1:], shared)
	b, err := bridge.New(conn, bridge.WithCatalog(methods), bridge.WithObserver(&counting{}))
	if err != nil {
		return err
	}
	defer b.Close()
	return serveHTTP(ctx, bridge.ViewerListener(l, bridge.DefaultSendBuffer, bridge.DefaultWriteTimeout), b)
}

// counting counts what the program's metrics count for each event, so that
// what it costs is in the figures.
type counting struct {
	bridge.NopObserver
	events, bytes, written atomic.Int64
}

// RunOpened implements run.Observer.
func (c *counting) RunOpened(string) run.RunObserver { return countingRun{all: c} }

// StreamWrote implements bridge.Observer.
func (c *counting) StreamWrote(_ string, bytes int) { c.written.Add(int64(bytes)) }

type countingRun struct {
	run.NopObserver
	all *counting
}

// Message implements run.RunObserver.
func (r countingRun) Message(bytes int) {
	r.all.events.Add(1)
	r.all.bytes.Add(int64(bytes))
}
