// SPDX-License-Identifier: Apache-2.0

package run_test

import (
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"google.golang.org/grpc"

	"sluice/bridge/catalog"
	"sluice/bridge/journal"
	"sluice/bridge/run"
	"sluice/internal/bubble"
	numbersv1 "sluice/proto/gen/sluice/numbers/v1"
)

// counting is an endless backend that knows how much it has sent.
func counting() (*stub, *atomic.Uint32) {
	sent := new(atomic.Uint32)
	return &stub{generate: func(_ *numbersv1.GenerateRequest, stream grpc.ServerStreamingServer[numbersv1.GenerateResponse]) error {
		for n := uint32(1); ; n++ {
			if err := stream.Send(number(n)); err != nil {
				return err
			}
			sent.Store(n)
		}
	}}, sent
}

// A viewer that does not read stops the backend, and gets everything when it
// reads again.
func TestOneSlowViewerHoldsTheBackend(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		s, sent := counting()
		m := manage(t, s, run.Config{JournalBytes: 64 << 10})
		v := open(t, m, run.Spec{Method: numbers(t, nil)})
		var got []uint32
		for range 20 {
			// Whoever waits now waits for the viewer.
			synctest.Wait()
			before := sent.Load()
			if e := v.Run().Extent(); e.Bytes > 64<<10 {
				t.Fatalf("the journal holds %d bytes", e.Bytes)
			}
			synctest.Wait()
			if sent.Load() != before {
				t.Fatal("the backend goes on while nobody reads")
			}
			rs, err := next(v)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range rs {
				got = append(got, positionOf(t, r))
			}
		}
		checkCounted(t, got, 1, uint32(len(got)))
		v.Run().Cancel()
		readAll(t, v)
	})
}

// A lingering run without viewers fills its journal and waits; what the viewer
// that left had not read is there when it comes back, and a reserve before it.
func TestLingeringRunWaits(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		s, sent := counting()
		m := manage(t, s, run.Config{JournalBytes: 256 << 10})
		v := open(t, m, run.Spec{Method: numbers(t, nil)})
		for v.Cursor() < 5000 {
			if _, err := next(v); err != nil {
				t.Fatal(err)
			}
		}
		cursor := v.Cursor()
		v.Close()
		synctest.Wait()
		before := sent.Load()
		synctest.Wait()
		if sent.Load() != before {
			t.Fatal("the backend goes on while nobody reads")
		}
		// What was written may have been lost on the way: 500 events are less
		// than the reserve of half a journal.
		back, err := v.Run().Attach(cursor - 500)
		if err != nil {
			t.Fatal(err)
		}
		for want := cursor - 499; want < cursor+3000; {
			rs, err := next(back)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range rs {
				if r.Seq != want {
					t.Fatalf("got event %d, want %d", r.Seq, want)
				}
				want++
			}
		}
		back.Close()
		v.Run().Cancel()
	})
}

// A detached run without viewers never waits.
func TestDetachedRunGoesOn(t *testing.T) {
	t.Parallel()
	m := manage(t, &stub{generate: count(50_000)}, run.Config{JournalBytes: 16 << 10})
	v := open(t, m, run.Spec{Method: numbers(t, func(p *catalog.Policy) { p.OnDisconnect = catalog.OnDisconnectDetach })})
	v.Close()
	<-v.Run().Done()
	e := v.Run().Extent()
	if e.Last != 50_001 || !e.Ended || e.First < 49_000 {
		t.Errorf("the journal holds %+v, want the end of 50001 events", e)
	}
}

// Among several viewers the one that has read most sets the pace; the others
// are told when they are too far behind.
func TestSlowestOfManyHoldsNobody(t *testing.T) {
	t.Parallel()
	m := manage(t, &stub{generate: count(50_000)}, run.Config{JournalBytes: 64 << 10})
	fast := open(t, m, run.Spec{Method: numbers(t, nil)})
	slow, err := fast.Run().Attach(0)
	if err != nil {
		t.Fatal(err)
	}
	defer slow.Close()
	got, code := readAll(t, fast)
	checkCounted(t, got, 1, 50_000)
	if code != "OK" {
		t.Errorf("the stream ended with %s", code)
	}
	var trimmed *journal.TrimmedError
	if _, err := next(slow); !errors.As(err, &trimmed) {
		t.Errorf("the slow viewer got %v, want that its next event is gone", err)
	}
}

// When the one that has read most leaves, the pace is that of the next.
func TestThePaceIsThatOfWhoStays(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		s, sent := counting()
		m := manage(t, s, run.Config{JournalBytes: 64 << 10})
		fast := open(t, m, run.Spec{Method: numbers(t, nil)})
		slow, err := fast.Run().Attach(0)
		if err != nil {
			t.Fatal(err)
		}
		for fast.Cursor() < 100 {
			next(fast)
		}
		fast.Close()
		synctest.Wait()
		if n := sent.Load(); n < 100 {
			t.Fatalf("only %d numbers were sent", n)
		}
		for want := uint64(1); want < 2000; {
			rs, err := next(slow)
			if err != nil {
				t.Fatalf("after event %d: %v", want-1, err)
			}
			for _, r := range rs {
				if r.Seq != want {
					t.Fatalf("got event %d, want %d", r.Seq, want)
				}
				want++
			}
		}
		slow.Close()
		slow.Run().Cancel()
	})
}

// Who joins at the newest event, beside one that has stopped to read, sets the
// pace from there.
func TestJoinAtTheNewestBesideASlowOne(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		s, _ := counting()
		m := manage(t, s, run.Config{JournalBytes: 64 << 10})
		slow := open(t, m, run.Spec{Method: numbers(t, nil)})
		synctest.Wait() // the journal is full
		live, err := slow.Run().Attach(slow.Run().Extent().Last)
		if err != nil {
			t.Fatal(err)
		}
		defer live.Close()
		cursor := live.Cursor()
		for range 100 {
			rs, err := next(live)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range rs {
				if cursor++; r.Seq != cursor {
					t.Fatalf("got event %d, want %d", r.Seq, cursor)
				}
			}
		}
		slow.Run().Cancel()
	})
}

// The only viewer of a run that went on without any loses nothing from the
// moment it was let in.
func TestAttachedIsHeld(t *testing.T) {
	t.Parallel()
	s, _ := counting()
	m := manage(t, s, run.Config{JournalBytes: 16 << 10})
	v := open(t, m, run.Spec{Method: numbers(t, func(p *catalog.Policy) { p.OnDisconnect = catalog.OnDisconnectDetach })})
	v.Close()
	for range 300_000 {
		v, err := v.Run().Attach(v.Run().Extent().First - 1)
		var trimmed *journal.TrimmedError
		if errors.As(err, &trimmed) {
			continue // it was gone by then, and that was said
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err := v.Read(nil, 1); err != nil {
			t.Fatalf("after it was let in: %v", err)
		}
		v.Close()
	}
	v.Run().Cancel()
}
