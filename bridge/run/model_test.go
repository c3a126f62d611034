// SPDX-License-Identifier: Apache-2.0

package run_test

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"sluice/bridge/catalog"
	"sluice/bridge/journal"
	"sluice/bridge/run"
	"sluice/internal/bubble"
)

// soak is whether tests run in their long forms, as `make soak` has them.
var soak = flag.Bool("soak", false, "run the long forms of the tests")

// model is what a run has to look like to whoever reads it, whatever was done
// to it: the events in order, and who may be told that some are gone.
type model struct {
	t       *testing.T
	what    string // for messages
	manager *run.Manager
	run     *run.Run
	policy  catalog.OnDisconnect
	last    uint64 // number of the last message, if it is not cancelled

	viewers []*modelViewer
	left    []uint64 // cursors of viewers that have dropped
	// shared is whether there has been more than one viewer at a time, so that
	// one can have been left behind.
	shared    bool
	cancelled bool
	// gone is when the run is given up for want of viewers.
	gone time.Time
}

type modelViewer struct {
	*run.Viewer
	cursor uint64
	ended  bool
}

func (m *model) fatalf(format string, args ...any) {
	m.t.Helper()
	m.t.Fatalf("%s: %s", m.what, fmt.Sprintf(format, args...))
}

// over is whether the run may have been ended by someone.
func (m *model) over() bool {
	return m.cancelled || !m.gone.IsZero() && !time.Now().Before(m.gone)
}

func (m *model) attach(after uint64) {
	v, err := m.run.Attach(after)
	var trimmed *journal.TrimmedError
	switch {
	case err == nil:
		m.viewers = append(m.viewers, &modelViewer{Viewer: v, cursor: after})
		m.shared = m.shared || len(m.viewers) > 1
		m.gone = m.giveUp()
	case errors.As(err, &trimmed):
		// Forgotten is what somebody has read, or what nobody waits for.
		if after+1 >= trimmed.First {
			m.fatalf("after %d there is nothing, although the oldest is %d", after, trimmed.First)
		}
	case errors.Is(err, run.ErrFuture):
		if after <= m.run.Extent().Last {
			m.fatalf("event %d is said to be still to come", after)
		}
	default:
		m.fatalf("attaching after %d: %v", after, err)
	}
}

// giveUp returns when a run whose last viewer has just left is given up.
func (m *model) giveUp() time.Time {
	if len(m.viewers) > 0 || m.over() {
		if m.over() {
			return m.gone
		}
		return time.Time{}
	}
	switch m.policy {
	case catalog.OnDisconnectCancel:
		return time.Now()
	case catalog.OnDisconnectLinger:
		return time.Now().Add(run.DefaultLinger)
	default:
		return time.Time{}
	}
}

func (m *model) read(v *modelViewer, most int) {
	for range most {
		synctest.Wait()
		rs, err := v.Read(nil, 300)
		var trimmed *journal.TrimmedError
		if errors.As(err, &trimmed) {
			if !m.shared && m.policy != catalog.OnDisconnectDetach {
				m.fatalf("the only viewer there was lost event %d", v.cursor+1)
			}
			m.drop(v)
			return
		}
		if err != nil {
			m.fatalf("reading after %d: %v", v.cursor, err)
		}
		if len(rs) == 0 {
			if !v.ended && !m.over() && v.cursor < m.last {
				m.fatalf("there is nothing after event %d of %d", v.cursor, m.last)
			}
			return
		}
		for _, r := range rs {
			v.cursor++
			if r.Seq != v.cursor {
				m.fatalf("event %d comes after %d", r.Seq, v.cursor-1)
			}
			if r.Kind == journal.End {
				v.ended = true
				code := endOf(m.t, r)
				if whole := v.cursor == m.last+1; whole && code != "OK" || !whole && (code != "CANCELLED" || !m.over()) {
					m.fatalf("event %d of %d is the end, with %s", v.cursor, m.last, code)
				}
				continue
			}
			if p := positionOf(m.t, r); uint64(p) != r.Seq {
				m.fatalf("event %d is number %d", r.Seq, p)
			}
		}
	}
}

func (m *model) drop(v *modelViewer) {
	v.Close()
	for i, other := range m.viewers {
		if other == v {
			m.viewers = append(m.viewers[:i], m.viewers[i+1:]...)
		}
	}
	m.left = append(m.left, v.cursor)
	m.gone = m.giveUp()
}

// TestModel does at random what viewers do, and holds the run against the
// model after each step.
func TestModel(t *testing.T) {
	t.Parallel()
	policies := []catalog.OnDisconnect{catalog.OnDisconnectCancel, catalog.OnDisconnectLinger, catalog.OnDisconnectDetach}
	seeds, steps := uint64(60), 60
	if *soak {
		seeds, steps = 6000, 300
	}
	for seed := range seeds {
		bubble.Test(t, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 5))
			m := &model{t: t, policy: policies[rng.IntN(len(policies))], last: 1 + rng.Uint64N(3000)}
			m.what = fmt.Sprintf("seed %d, %v, %d numbers", seed, m.policy, m.last)
			m.manager = manage(t, &stub{generate: count(uint32(m.last))}, run.Config{JournalBytes: 8000 + rng.IntN(100_000), Retention: time.Minute})
			first := open(t, m.manager, run.Spec{Method: numbers(t, func(p *catalog.Policy) { p.OnDisconnect = m.policy })})
			m.run = first.Run()
			m.viewers = []*modelViewer{{Viewer: first}}
			for range steps {
				pick := func() *modelViewer { return m.viewers[rng.IntN(len(m.viewers))] }
				some := len(m.viewers) > 0
				switch op := rng.IntN(10); {
				case op < 5 && some:
					m.read(pick(), 1+rng.IntN(40))
				case op == 5 && len(m.viewers) < 4:
					m.attach(rng.Uint64N(m.run.Extent().Last + 2))
				case op == 6 && len(m.left) > 0 && len(m.viewers) < 4:
					m.attach(m.left[rng.IntN(len(m.left))])
				case op == 7 && some:
					m.drop(pick())
				case op == 8:
					time.Sleep(time.Duration(rng.Int64N(int64(20 * time.Second))))
				case op == 9 && rng.IntN(10) == 0:
					m.run.Cancel()
					m.cancelled = true
				}
				synctest.Wait()
				// A run that is over can be read for a while, and then is gone.
				if m.manager.Find(m.run.ID(), "") == nil {
					return
				}
			}
			for len(m.viewers) > 0 {
				m.drop(m.viewers[0])
			}
			m.run.Cancel()
			<-m.run.Done()
			time.Sleep(time.Minute)
			synctest.Wait()
			if m.manager.Find(m.run.ID(), "") != nil {
				m.fatalf("the run is still there")
			}
		})
	}
}
