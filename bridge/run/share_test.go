// SPDX-License-Identifier: Apache-2.0

package run_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"sluice/bridge/catalog"
	"sluice/bridge/journal"
	"sluice/bridge/run"
	"sluice/internal/bubble"
	numbersv1 "sluice/proto/gen/sluice/numbers/v1"
)

// Who joins a shared run at the moment of its end gets the end, or a run of its
// own, and never a stream that has nothing more to say.
//
// It is not parallel, since beside a bubble there may be one thread only, and
// what is looked for happens between two.
func TestShareAtTheEnd(t *testing.T) {
	for _, at := range []catalog.JoinAt{catalog.JoinAtLive, catalog.JoinAtStart} {
		const rounds = 200
		var ends [rounds + 1]chan struct{} // by the seed of the request
		for i := range ends {
			ends[i] = make(chan struct{})
		}
		m := manage(t, &stub{generate: func(r *numbersv1.GenerateRequest, stream grpc.ServerStreamingServer[numbersv1.GenerateResponse]) error {
			if err := stream.Send(number(1)); err != nil {
				return err
			}
			select {
			case <-ends[r.GetSeed()]:
			case <-stream.Context().Done():
			}
			return nil
		}}, run.Config{})
		shared := numbers(t, func(p *catalog.Policy) {
			p.Share, p.JoinAt, p.OnDisconnect = true, at, catalog.OnDisconnectCancel
		})
		for i := range rounds {
			request := seeded(t, uint32(i+1))
			one := open(t, m, run.Spec{Method: shared, Request: request})
			next(one)
			close(ends[i+1])
			// The others come as soon as the end can be read.
			var wg sync.WaitGroup
			for range 2 {
				for !one.Run().Extent().Ended {
				}
				wg.Go(func() {
					two, err := m.Open(run.Spec{Method: shared, Request: request})
					if err != nil {
						t.Error(err)
						return
					}
					defer two.Close()
					if e := two.Run().Extent(); e.Ended && e.Last == two.Cursor() {
						t.Errorf("a viewer that joins at %v stands behind the end", at)
					}
				})
			}
			wg.Wait()
			one.Close()
			if t.Failed() {
				return
			}
		}
	}
}

// seeded is a request that differs from others by its seed.
func seeded(t *testing.T, seed uint32) *catalog.Request {
	t.Helper()
	wire, err := proto.Marshal(&numbersv1.GenerateRequest{Seed: seed})
	if err != nil {
		t.Fatal(err)
	}
	return &catalog.Request{Wire: wire}
}

// Who joins a shared run at the moment when its last viewer leaves keeps it
// alive, or gets a run of its own. It is not parallel for the same reason.
func TestShareAsTheLastLeaves(t *testing.T) {
	s, _ := waiting()
	m := manage(t, s, run.Config{})
	for _, at := range []catalog.JoinAt{catalog.JoinAtLive, catalog.JoinAtStart} {
		shared := numbers(t, func(p *catalog.Policy) {
			p.Share, p.JoinAt, p.OnDisconnect = true, at, catalog.OnDisconnectCancel
		})
		for range 1000 {
			one := open(t, m, run.Spec{Method: shared})
			var two *run.Viewer
			var err error
			var wg sync.WaitGroup
			wg.Go(one.Close)
			wg.Go(func() { two, err = m.Open(run.Spec{Method: shared, Request: &catalog.Request{}}) })
			wg.Wait()
			if err != nil {
				t.Fatal(err)
			}
			givenUp := two.Run().Abandoned()
			two.Close()
			if givenUp {
				t.Fatalf("a viewer that joins at %v reads a run that was given up", at)
			}
		}
	}
}

// Who comes back to a shared method from elsewhere rides on a run that has come
// by there, whatever it is called and however it counts.
func TestShareFromAPosition(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		m := manage(t, &stub{generate: func(r *numbersv1.GenerateRequest, stream grpc.ServerStreamingServer[numbersv1.GenerateResponse]) error {
			calls.Add(1)
			from := 0
			if r.ResumeToken != "" {
				if _, err := fmt.Sscanf(r.ResumeToken, "at%d", &from); err != nil {
					return err
				}
			}
			for n := from + 1; n <= from+1000; n++ {
				if err := stream.Send(number(uint32(n))); err != nil {
					return err
				}
			}
			<-stream.Context().Done()
			return stream.Context().Err()
		}}, run.Config{})
		shared := numbers(t, func(p *catalog.Policy) { p.Share = true })
		from := func(n uint32, owner string) *run.Viewer {
			t.Helper()
			spec := run.Spec{Method: shared, Owner: owner}
			if n > 0 {
				spec.ID, spec.After, spec.Position = run.NewID(), uint64(n)+7, fmt.Sprint("at", n)
			}
			v := open(t, m, spec)
			if e := v.Run().Extent(); e.Ended {
				t.Fatalf("the run that goes on from %d has ended", n)
			}
			rs, err := next(v)
			if err != nil {
				t.Fatal(err)
			}
			if p := positionOf(t, rs[0]); p != n+1 {
				t.Fatalf("who comes back with %d goes on with %d", n, p)
			}
			synctest.Wait() // the rest has come
			return v
		}
		whole := from(0, "")
		for _, n := range []uint32{1, 700, 999} {
			if from(n, "").Run() != whole.Run() {
				t.Errorf("who comes back with %d does not ride on the run from the beginning", n)
			}
		}
		if from(300, "alice").Run() == whole.Run() {
			t.Error("who comes back with other credentials rides on the run of another")
		}
		later := from(1500, "")
		if later.Run() == whole.Run() {
			t.Error("a run is joined at what it has not had")
		}
		for _, n := range []uint32{1500, 1501, 2400} {
			if from(n, "").Run() != later.Run() {
				t.Errorf("who comes back with %d does not ride on the run from 1500", n)
			}
		}
		whole.Run().Cancel()
		<-whole.Run().Done()
		if from(0, "").Run() == later.Run() {
			t.Error("who begins rides on a run that goes on from a position")
		}
		if n := calls.Load(); n != 4 {
			t.Errorf("the method was called %d times, want 4", n)
		}
	})
}

// A number that a client has made up does not lead to ids that are refused when
// they come back.
func TestLargeNumbers(t *testing.T) {
	t.Parallel()
	m := manage(t, &stub{generate: count(20)}, run.Config{})
	for _, after := range []uint64{1 << 52, 1<<52 + 1, 1<<53 - 1} {
		v := open(t, m, run.Spec{Method: numbers(t, nil), ID: run.NewID(), After: after, Position: "at4"})
		for n := uint32(5); n <= 20; {
			rs, err := next(v)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range rs {
				id, err := run.ParseEventID(string(r.ID))
				if err != nil || id.Seq != r.Seq {
					t.Fatalf("after %d there is an event %s: %v", after, r.ID, err)
				}
				if p := positionOf(t, r); r.Kind == journal.Message && p != n {
					t.Fatalf("after %d there is number %d, want %d", after, p, n)
				}
				n++
			}
		}
	}
}
