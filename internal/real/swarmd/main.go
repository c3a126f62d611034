// SPDX-License-Identifier: Apache-2.0

// Swarmd is the manager of a Docker Swarm, as `docker swarm init` makes one:
// with its Raft log on disk, a certificate authority of its own, and the socket
// by which a Docker daemon controls it. What it does not have is containers. It
// takes plain gRPC on a TCP port, and passes it on to that socket.
//
// All of it is Docker's own code; this program gives it a place and a door.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/moby/swarmkit/v2/agent/exec"
	"github.com/moby/swarmkit/v2/api"
	"github.com/moby/swarmkit/v2/node"
	"github.com/sirupsen/logrus"
)

// stopTimeout is how long the manager may take to stop.
const stopTimeout = 10 * time.Second

func main() {
	state := flag.String("state", "", "the directory of the manager's state, which it takes up again if it has any")
	listen := flag.String("listen", "localhost:0", "the address to take plain gRPC on, as host:port")
	descriptors := flag.String("descriptors", "", "write the descriptor set of the manager's services to this file first")
	verbose := flag.Bool("verbose", false, "show the manager's log")
	flag.Parse()
	if !*verbose {
		logrus.SetOutput(io.Discard)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *state, *listen, *descriptors); err != nil {
		fmt.Fprintln(os.Stderr, "swarmd:", err)
		os.Exit(1)
	}
}

// run runs a manager until ctx is done.
func run(ctx context.Context, state, listen, descriptors string) error {
	if state == "" {
		return errors.New("-state is needed: the directory of the manager's state")
	}
	if descriptors != "" {
		if err := writeDescriptors(descriptors); err != nil {
			return err
		}
	}
	socket := filepath.Join(state, "control.sock")
	n, err := node.New(&node.Config{
		StateDir:         state,
		ListenControlAPI: socket,
		ListenRemoteAPI:  "127.0.0.1:0",
		Executor:         noContainers{},
	})
	if err != nil {
		return err
	}
	// The manager is stopped below, in order, and not by ctx.
	if err := n.Start(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	select {
	case <-n.Ready():
	case <-ctx.Done():
	}
	err = ctx.Err()
	if err == nil {
		err = (&door{socket: socket, authority: filepath.Join(state, "certificates", "swarm-root-ca.crt")}).serve(ctx, listen)
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	return errors.Join(err, n.Stop(grace))
}

// noContainers is the executor of a node that runs none.
type noContainers struct{}

func (noContainers) Describe(context.Context) (*api.NodeDescription, error) {
	return &api.NodeDescription{}, nil
}

func (noContainers) Configure(context.Context, *api.Node) error { return nil }

func (noContainers) Controller(*api.Task) (exec.Controller, error) {
	return nil, errors.New("there are no containers here")
}

func (noContainers) SetNetworkBootstrapKeys([]*api.EncryptionKey) error { return nil }
