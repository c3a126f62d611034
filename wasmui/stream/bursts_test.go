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

// A page that is suspended takes in at once what came meanwhile, one by one.
func TestBurstsOfASuspendedPage(t *testing.T) {
	t.Parallel()
	now := time.Unix(1000, 0)
	at := func(d time.Duration) time.Time { now = now.Add(d); return now }
	// Each of the numbers is made 100 ms after the one before it.
	live := func(b *bursts, n int) {
		for range n {
			at := at(100 * time.Millisecond)
			b.arrive(at, at, at, 1)
		}
	}
	suspended := func(b *bursts, d time.Duration) {
		from := now
		b.arrive(at(d), from, now, int(d/(100*time.Millisecond)))
	}
	t.Run("between numbers that come alone", func(t *testing.T) {
		var b bursts
		b.open(now)
		for range 5 {
			live(&b, 50)
			suspended(&b, 5*time.Minute)
		}
		if b.proven() {
			t.Error("something is accused that let numbers through one by one")
		}
	})
	t.Run("told before or after", func(t *testing.T) {
		var b bursts
		b.open(now)
		for range 3 {
			b.disturb(now)
			suspended(&b, time.Minute)
			suspended(&b, time.Minute)
			b.disturb(now)
			at(5 * time.Second)
		}
		if b.proven() || b.provenAtEnd(now) {
			t.Errorf("a page that slept accuses others: %+v", b)
		}
		// And it goes on watching.
		b.open(now)
		suspended(&b, 4*time.Second)
		suspended(&b, 4*time.Second)
		if !b.proven() {
			t.Error("a page that has slept sees nothing any more")
		}
	})
}

// A short stream comes in one piece, with its end.
func TestBurstsOfAShortStream(t *testing.T) {
	t.Parallel()
	ms := func(n int) time.Time { return time.UnixMilli(1_000_000 + int64(n)) }
	for _, tt := range []struct {
		name              string
		at, events, over  int
		alone, rest, ends int // numbers that came alone before, and after it; when it ends
		disturbed         bool
		want              bool
	}{
		{name: "held back whole", at: 7000, events: 15, over: 6500, ends: 7010, want: true},
		{name: "held back but for the last", at: 7000, events: 15, over: 6500, rest: 1, ends: 7110, want: true},
		{name: "held back, and going on", at: 7000, events: 15, over: 6500, ends: 9000},
		{name: "very short", at: 1200, events: 10, over: 1000, ends: 1200},
		{name: "ready at once", at: 50, events: 15, over: 6500, ends: 60},
		{name: "one by one before", at: 7000, events: 15, over: 2500, alone: 4, ends: 7010},
		{name: "of a page that was away", at: 7000, events: 15, over: 6300, ends: 7010, disturbed: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var b bursts
			b.open(ms(0))
			for n := range tt.alone {
				b.arrive(ms(1000*(n+1)), ms(1000*(n+1)), ms(1000*(n+1)), 1)
			}
			if tt.disturbed {
				b.disturb(ms(500))
				b.arrive(ms(600), ms(600), ms(600), 1) // before it went
			}
			b.arrive(ms(tt.at), ms(tt.at-tt.over), ms(tt.at), tt.events)
			for n := range tt.rest {
				b.arrive(ms(tt.at+100*(n+1)), ms(tt.at), ms(tt.at), 1)
			}
			if got := b.provenAtEnd(ms(tt.ends)); got != tt.want {
				t.Errorf("proven: %v", got)
			}
			if b.proven() {
				t.Error("one burst is proof enough before the end")
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
