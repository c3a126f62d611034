// SPDX-License-Identifier: Apache-2.0

package check

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// A passage is what happens to events between a server that makes one every
// pause and a reader: when each that was made at a time arrives. Times are from
// when the reader asked.
type passage struct {
	name   string
	n      int
	pause  time.Duration
	from   time.Duration // when the first was made
	grain  time.Duration // how coarsely the times in the data are told
	clock  time.Duration // by how much the server's clock is ahead
	arrive func(i int, made time.Duration) time.Duration
	ends   bool

	want Outcome
	says string
}

func (p *passage) recording() *recording {
	asked := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	rec := &recording{askedAt: asked, headAt: asked, ended: endWatched}
	var last time.Duration
	for i := range p.n {
		made := p.from + time.Duration(i)*p.pause
		at := made
		if p.arrive != nil {
			at = p.arrive(i, made)
		}
		last = max(last, at) // what comes later cannot overtake
		created := asked.Add(made + p.clock)
		if p.grain > 0 {
			created = created.Truncate(p.grain)
		}
		rec.events = append(rec.events, event{at: asked.Add(last), created: created})
	}
	rec.endedAt = asked.Add(last)
	if p.ends {
		rec.ended = endClean
	}
	return rec
}

// untilNext moves a time to the next multiple of a step: something lets go then.
func untilNext(step time.Duration) func(int, time.Duration) time.Duration {
	return func(_ int, made time.Duration) time.Duration { return made.Truncate(step) + step }
}

func TestBuffering(t *testing.T) {
	t.Parallel()
	const ms = time.Millisecond
	random := rand.New(rand.NewPCG(1, 2))
	jitter := func(most time.Duration) func(int, time.Duration) time.Duration {
		return func(_ int, made time.Duration) time.Duration { return made + time.Duration(random.Int64N(int64(most))) }
	}
	// hiccups are moments at which nothing comes through for 0.3 s.
	hiccups := func(at ...int) func(int, time.Duration) time.Duration {
		return func(i int, made time.Duration) time.Duration {
			for _, h := range at {
				if i >= h && i < h+4 {
					return made + time.Duration(h+3-i)*100*ms
				}
			}
			return made
		}
	}
	for _, p := range []passage{
		// What is no fault.
		{name: "nothing between", n: 50, pause: 100 * ms, want: Pass, says: "50 arrivals"},
		{name: "a clock that is ahead", n: 50, pause: 100 * ms, clock: time.Hour, want: Pass, says: "50 arrivals"},
		{name: "a network that jitters", n: 600, pause: 100 * ms, arrive: jitter(80 * ms), want: Pass, says: "as they are made"},
		{name: "a network that jitters, fast", n: 1000, pause: 5 * ms, arrive: jitter(80 * ms), want: Pass, says: "as they are made"},
		{name: "a long way", n: 50, pause: 100 * ms, arrive: func(_ int, made time.Duration) time.Duration { return made + 400*ms }, want: Pass, says: "as they are made"},
		{name: "no pause that could be seen", n: 1000, pause: 5 * ms, want: Pass, says: "without a pause"},
		{name: "times in whole seconds", n: 60, pause: 310 * ms, grain: time.Second, want: Pass, says: "as they are made"},
		{name: "old events first", n: 100, pause: 100 * ms, from: -8 * time.Second, arrive: func(_ int, made time.Duration) time.Duration { return max(made, ms) }, want: Pass, says: "as they are made"},
		{name: "old events first, which take their time", n: 300, pause: 100 * ms, from: -8 * time.Second, arrive: func(i int, made time.Duration) time.Duration {
			return max(made, time.Duration(i)*21*ms)
		}, want: Pass, says: "as they are made"},

		// What may be one.
		{name: "a network that stops once", n: 600, pause: 100 * ms, arrive: hiccups(100), want: Warn, says: "Once may be the network"},
		{name: "a network that stops twice", n: 600, pause: 100 * ms, arrive: hiccups(100, 400), want: Warn, says: "8 of 600 events arrived in 2 bursts"},
		{name: "a network that stops often", n: 100, pause: 100 * ms, arrive: hiccups(5, 15, 25, 35, 45, 55, 65, 75, 85), want: Warn, says: "36 of 100 events"},
		{name: "a server that waits 0.2 s for more", n: 300, pause: 30 * ms, arrive: untilNext(200 * ms), want: Warn, says: noDelay},
		{name: "one that does so with what comes slowly, but for the end", n: 20, pause: 731 * ms, ends: true, arrive: func(i int, made time.Duration) time.Duration {
			if i == 19 {
				return made
			}
			return made + 200*ms
		}, want: Warn, says: noDelay},

		// What is.
		{name: "held back in blocks", n: 100, pause: 100 * ms, arrive: untilNext(time.Second), want: Fail, says: "100 of 100 events arrived in 10 bursts"},
		{name: "held back in blocks, after old events", n: 300, pause: 100 * ms, from: -20 * time.Second, arrive: func(_ int, made time.Duration) time.Duration {
			if made < 0 {
				return ms
			}
			return made.Truncate(time.Second) + time.Second
		}, want: Fail, says: "100 of 300 events"},
		{name: "held back to the end", n: 20, pause: 100 * ms, ends: true, arrive: untilNext(2 * time.Second), want: Fail, says: "20 of 20 events arrived in 1 burst"},
	} {
		rec := p.recording()
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			got := checkBuffering(rec)
			if got.Outcome != p.want || !strings.Contains(got.Text, p.says) {
				t.Errorf("it is %v, want %v and %q: %s", got.Outcome, p.want, p.says, got.Text)
			}
		})
	}
}

// Whatever it is that holds events back, the line is named that helps.
func TestRemedy(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"proxy_buffering off;", "option http-no-delay", "response_buffers", "flushpackets=on"} {
		if !strings.Contains(remedy, line) {
			t.Errorf("the remedy does not name %q: %s", line, remedy)
		}
	}
}
