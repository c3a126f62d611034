// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"context"
	"math/rand/v2"
	"time"
)

// Drain makes the bridge go away without a stampede. It is no longer ready and
// opens no more runs; each stream is closed at a moment of its own within the
// window, with a time to reconnect of its own, and without an `end`: to the
// browser it is a connection that broke, and it goes on at another bridge
// where its method can resume. A long poll that waits is answered then, and one
// that comes is refused, to come back later. Drain returns when the last stream
// has closed, or with ctx's error when that comes first. The first window
// counts.
func (b *Bridge) Drain(ctx context.Context, window time.Duration) error {
	b.goAway(window)
	b.runs.Shutdown()
	return b.awaitNoStream(ctx)
}

// goAway lets every stream close itself within the window, and opens no more.
func (b *Bridge) goAway(window time.Duration) {
	b.drainOnce.Do(func() {
		b.drainWindow = max(0, window)
		close(b.draining)
		b.leases.close() // nobody can poll here any more
	})
}

// awaitNoStream waits until no stream is open.
func (b *Bridge) awaitNoStream(ctx context.Context) error {
	b.mu.Lock()
	none := b.noStream
	b.mu.Unlock()
	if none == nil {
		return nil
	}
	select {
	case <-none:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// enter counts a stream in, leave out.
func (b *Bridge) enter() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.streams++; b.streams == 1 {
		b.noStream = make(chan struct{})
	}
}

func (b *Bridge) leave() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.streams--; b.streams == 0 {
		close(b.noStream)
		b.noStream = nil
	}
}

// jitter returns a time between d and half as much again.
func (b *Bridge) jitter(d time.Duration) time.Duration { return d + upTo(d/2) }

// upTo returns a time from 0 up to and without d, or 0.
func upTo(d time.Duration) time.Duration {
	if d <= 0 {
		return 0
	}
	return rand.N(d)
}
