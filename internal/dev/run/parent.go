// SPDX-License-Identifier: Apache-2.0

//go:build unix

package main

import (
	"context"
	"os"
	"time"
)

// parentCheck is how often the supervisor looks at its parent.
const parentCheck = 500 * time.Millisecond

// watchParent returns a channel that is closed when the parent process has
// gone, or is about to go and waits for this one. A SIGKILL of make says
// nothing to the programs that make started, and neither does a SIGINT that is
// sent to make alone, after which it waits for them. Either would leave
// programs behind that nobody is there to stop. It stops watching with ctx.
func watchParent(ctx context.Context) <-chan struct{} {
	leaving := make(chan struct{})
	go func() {
		parent := os.Getppid()
		goes := waitsToEnd(parent)
		tick := time.NewTicker(parentCheck)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			if os.Getppid() != parent || goes() {
				close(leaving)
				return
			}
		}
	}()
	return leaving
}
