// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"context"
	"strconv"
	"sync"
)

// Over HTTP/1.1 a browser opens six connections to a host, for all its tabs
// together, and a seventh stream would wait for one of the others to end, for
// ever.
const (
	// streamSlots is how many of the six hold streams. The others are for what
	// comes and goes: the page itself, cancelling, polls.
	streamSlots = 4
	slotLock    = "sluice-stream-"
)

// slots are the connections that hold streams, each of them a lock.
type slots struct{ locks tabLocks }

// Reserve takes n of the connections that the tabs of this origin have for streams
// over HTTP/1.1, for streams that are not read over Tabs. Where there are not as
// many it takes none, and ok is false. Where the browser has no locks nobody knows,
// and there are.
func Reserve(ctx context.Context, n int) (release func(), ok bool) {
	locks, _ := browserTabs()
	if locks == nil {
		return func() {}, true
	}
	return slots{locks}.reserve(ctx, n)
}

func (s slots) reserve(ctx context.Context, n int) (release func(), ok bool) {
	var taken []func()
	release = sync.OnceFunc(func() {
		for _, give := range taken {
			give()
		}
	})
	for i := range streamSlots {
		if give := s.locks.try(ctx, slotLock+strconv.Itoa(i)); give != nil {
			taken = append(taken, give)
		}
		if len(taken) == n {
			return release, true
		}
	}
	release()
	return nil, false
}

// wait takes the first slot that is free.
func (s slots) wait(ctx context.Context) (release func(), err error) {
	granted := make(chan func(), streamSlots)
	// What is granted beyond the first goes on to whoever waits next. That is known
	// once all others are given up.
	defer func() {
		for len(granted) > 0 {
			(<-granted)()
		}
	}()
	for i := range streamSlots {
		defer s.locks.wait(slotLock+strconv.Itoa(i), func(release func()) { granted <- release })()
	}
	select {
	case release = <-granted:
		return release, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
