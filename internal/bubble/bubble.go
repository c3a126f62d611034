// SPDX-License-Identifier: Apache-2.0

// Package bubble runs tests in time that is made up, as testing/synctest does,
// and keeps them from crashing under the race detector.
package bubble

import (
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
)

// Test is [synctest.Test]. While such a test runs under the race detector, the
// whole process is kept to one thread of Go: all the timers of a bubble share
// one context of the race detector, which two threads that fire timers at the
// same moment corrupt until the process crashes
// (https://github.com/golang/go/issues/78156). Races are found all the same:
// the detector goes by what happens before what, not by what collides.
//
// It may be used concurrently.
func Test(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	if raceEnabled {
		open.enter()
		defer open.leave()
	}
	synctest.Test(t, f)
}

// open counts the bubbles that there are.
var open bubbles

type bubbles struct {
	mu     sync.Mutex
	n      int
	before int // GOMAXPROCS without bubbles
}

func (b *bubbles) enter() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.n++; b.n == 1 {
		b.before = runtime.GOMAXPROCS(1)
	}
}

func (b *bubbles) leave() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.n--; b.n == 0 {
		runtime.GOMAXPROCS(b.before)
	}
}
