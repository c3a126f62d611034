// SPDX-License-Identifier: Apache-2.0

package run_test

import (
	"sync"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"sluice/bridge/catalog"
	"sluice/bridge/run"
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
