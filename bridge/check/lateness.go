// SPDX-License-Identifier: Apache-2.0

package check

import (
	"slices"
	"time"
)

const (
	// minLate is how long half of a stream's events must have waited for that
	// to be more than a network's jitter. HAProxy makes them wait for about
	// 0.1 s where it is not told otherwise, which is too little to make bursts
	// that prove anything.
	minLate = 60 * time.Millisecond
	// minLive is of how many events that has to be known.
	minLive = 10
)

// lateness is how unequally long events took to arrive.
type lateness struct {
	// wait is how much longer than the quickest of them half of the events
	// took. What all have to wait alike does not show: clocks may differ.
	wait time.Duration
	// grain is how coarse the times in the data are, which is as much as wait
	// may be too large.
	grain  time.Duration
	events int
}

// latenessOf returns the lateness of the events that were made while the
// connection was there, and the zero value if there are too few. Those made
// before are replayed, which may take its time.
func latenessOf(rec *recording) lateness {
	var least time.Duration
	known := 0
	for _, e := range rec.events {
		if e.created.IsZero() {
			continue
		}
		if took := e.at.Sub(e.created); known == 0 || took < least {
			least = took
		}
		known++
	}
	var waits []time.Duration
	grain := time.Second
	for _, e := range rec.events {
		// When it would have come if it had been as quick as the quickest.
		soonest := e.created.Add(least)
		if e.created.IsZero() || soonest.Before(rec.askedAt) {
			continue
		}
		waits = append(waits, e.at.Sub(soonest))
		for grain > time.Millisecond && e.created.Nanosecond()%int(grain) != 0 {
			grain /= 10
		}
	}
	if len(waits) < minLive {
		return lateness{}
	}
	slices.Sort(waits)
	return lateness{wait: waits[len(waits)/2], grain: grain, events: len(waits)}
}
