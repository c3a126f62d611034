// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"testing"
	"time"
)

func TestBursts(t *testing.T) {
	t.Parallel()
	ms := func(n int) time.Time { return time.UnixMilli(1_000_000 + int64(n)) }
	// An arrival is at a time, of so many events made over so many milliseconds
	// before it.
	type arrival struct{ at, events, over int }
	every := func(pause, events, over, times int) (all []arrival) {
		for i := range times {
			all = append(all, arrival{(i + 1) * pause, events, over})
		}
		return all
	}
	for _, tt := range []struct {
		name     string
		arrivals []arrival
		want     bool
	}{
		{"one by one", every(100, 1, 0, 100), false},
		{"fast, a few at a time", every(20, 4, 15, 100), false},
		{"held back until a buffer is full", every(4000, 40, 3900, 2), true},
		{"held back once", every(4000, 40, 3900, 1), false},
		{"made in bursts", every(4000, 40, 30, 10), false},
		{"held back now and then", append(every(100, 1, 0, 100), arrival{12_000, 10, 1900}, arrival{14_000, 10, 1900}), false},
		{"a replay, and then another", []arrival{{5, 40, 20_000}, {300, 40, 20_000}}, false},
		{"a first burst that was waited for", every(600, 6, 590, 2), true},
		{"a first burst that was ready", []arrival{{5, 6, 590}, {4000, 40, 3900}}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, skew := range []time.Duration{0, -time.Hour, time.Hour} {
				var b bursts
				b.open(ms(0))
				for _, a := range tt.arrivals {
					at := ms(a.at)
					b.arrive(at, at.Add(skew-time.Duration(a.over)*time.Millisecond), at.Add(skew), a.events)
				}
				if got := b.proven(); got != tt.want {
					t.Errorf("with clocks %v apart: %v", skew, got)
				}
			}
		})
	}
}

// After a new connection what was held back before still counts, and its replay
// does not.
func TestBurstsOverConnections(t *testing.T) {
	t.Parallel()
	at := func(s int) time.Time { return time.Unix(int64(1000+s), 0) }
	var b bursts
	b.open(at(0))
	b.arrive(at(4), at(0), at(4), 40)
	b.open(at(10))
	b.arrive(at(10), at(4), at(10), 60) // replayed
	if b.proven() {
		t.Error("a replay is taken for a burst")
	}
	b.arrive(at(20), at(10), at(20), 100)
	b.arrive(at(30), at(20), at(30), 100)
	if !b.proven() {
		t.Error("three bursts of four are not enough")
	}
}
