// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"math"
	"strconv"
	"time"

	"sluice/wasmui/store"
	"sluice/wasmui/stream"
)

// view is what the page shows of the session at one moment, as values that can
// be compared: a component is drawn again only where its part has changed.
type view struct {
	Status   status
	Running  bool
	CanCut   bool // there is a connection
	Empty    bool // nothing was started, or nothing has come and nothing will
	Live     bool // numbers may still come
	Fast     bool // too many come for each one to be noticed
	Count    uint64
	Kept     string // how many numbers are kept, where that is not all of them
	Figures  figureValues
	Chart    chartValues
	Problem  problemValues
	Run      string
	Announce string // what a screen reader is told while Fast
}

// The window over which the rate is taken, and the rate from which on numbers
// are no longer announced or faded in one by one.
const (
	rateWindow = 3 * time.Second
	fastRate   = 8.0
)

// announceEvery is how often a screen reader is told how far a fast stream is.
const announceEvery = 5 * time.Second

// look gives the view. What it computes costs well under a millisecond.
func (s *session) look(k Knobs, offline bool, chart chartKind, now time.Time) view {
	s.mu.Lock()
	defer s.mu.Unlock()
	snap := s.snap
	sum := s.history.Summary()
	v := view{
		Status:  describe(situation{snap: snap, count: sum.Count, offline: offline, now: now}),
		Running: s.running(),
		CanCut:  s.running() && snap.Phase == stream.Open,
		Live:    s.running() && snap.Phase != stream.Waiting,
		Count:   sum.Count,
		Run:     snap.Run,
		Problem: problemOf(snap, k, s.garbled, s.fault),
	}
	if s.history.Dropped() > 0 {
		v.Kept = "The last " + store.FormatCount(uint64(s.history.Len())) + " are kept."
	}
	v.Empty = s.client == nil || sum.Count == 0 && snap.Phase.Over()
	rate := s.rate(snap, sum, now)
	v.Fast = v.Running && rate > fastRate
	v.Figures = figuresOf(snap, sum, s.history.Delays(), rate, v.Running)
	v.Chart = chartOf(s.history, sum, chart)
	if v.Fast {
		v.Announce = announcement(snap, sum, now)
	}
	return v
}

// rate is the rate of late while the stream runs, and that of the whole once it
// is over.
func (s *session) rate(snap stream.Snapshot, sum store.Summary, now time.Time) float64 {
	if !snap.Phase.Over() {
		return s.history.Rate(now, rateWindow)
	}
	took := float64(sum.Last.Received-sum.First.Received) / 1000
	if sum.Count < 2 || took <= 0 {
		return math.NaN()
	}
	return float64(sum.Count-1) / took
}

// announcement changes every announceEvery, and not in between.
func announcement(snap stream.Snapshot, sum store.Summary, now time.Time) string {
	if snap.FirstEventAt.IsZero() {
		return ""
	}
	turns := int64(now.Sub(snap.FirstEventAt) / announceEvery)
	if turns == 0 {
		return "Numbers are coming fast."
	}
	return "Running for " + strconv.FormatInt(turns*int64(announceEvery/time.Second), 10) + " seconds."
}
