// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"sync"
	"time"

	"sluice/bridge/run"
)

// leases keep runs that are read by long polls: between two polls of a run its
// last one's viewer stays, for a time, so that nobody takes the run for left
// alone. There is one for each run at the most, whoever polls it.
type leases struct {
	mu     sync.Mutex
	held   map[*run.Run]*lease
	closed bool
}

type lease struct {
	viewer *run.Viewer
	timer  *time.Timer
}

// hold keeps a viewer for the time d, or until another one of its run is held.
func (l *leases) hold(v *run.Viewer, d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := v.Run()
	if l.closed {
		v.Close()
		return
	}
	// The one before leaves after this one is in its place, so that the run is
	// watched all along.
	defer l.held[r].end()
	next := &lease{viewer: v}
	next.timer = time.AfterFunc(d, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.held[r] == next {
			delete(l.held, r)
		}
		v.Close()
	})
	if l.held == nil {
		l.held = make(map[*run.Run]*lease)
	}
	l.held[r] = next
}

// release lets a run go that needs no viewer any more.
func (l *leases) release(r *run.Run) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.held[r].end()
	delete(l.held, r)
}

// close lets all of them go, and keeps no more.
func (l *leases) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	for _, one := range l.held {
		one.end()
	}
	clear(l.held)
}

// end lets a viewer go, if there is one.
func (l *lease) end() {
	if l != nil {
		l.timer.Stop()
		l.viewer.Close()
	}
}

// DefaultPollGrace is how long a run that is read by long polls waits for the
// next one before it counts as left alone: a round trip, and what a browser may
// take to try again after a request that failed.
const DefaultPollGrace = 10 * time.Second

// WithPollGrace sets how long a run that is read by long polls waits for the
// next one before it counts as left alone, and its method's policy decides what
// becomes of it. To be rid of it sooner is a DELETE of /runs/{id}. The default
// is [DefaultPollGrace].
func WithPollGrace(d time.Duration) Option { return optionFunc(func(o *options) { o.pollGrace = d }) }
