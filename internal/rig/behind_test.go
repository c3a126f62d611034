// SPDX-License-Identifier: Apache-2.0

package rig_test

import (
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials/insecure"

	"sluice/bridge"
	"sluice/internal/rig"
)

// behind reads a stream over a bridge of its own, whose first connection to the
// rig's backend has a fault. It returns what the viewer got, how many bytes came from
// the backend, and how many connections the viewer made. One connection to the
// backend carries one stream, so that its bytes are always alike.
func behind(t *testing.T, r *rig.Rig, path string, fault rig.Fault) (got story, size, connections int, err error) {
	p := rig.NewProxy(t, r.Backend())
	defer p.Close()
	p.Break(fault)
	conn, err := grpc.NewClient(p.Addr(), grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: backoff.Config{BaseDelay: time.Millisecond, Multiplier: 1.6, MaxDelay: 20 * time.Millisecond}, MinConnectTimeout: time.Second}))
	if err != nil {
		return story{}, 0, 0, err
	}
	defer conn.Close()
	// An error before the first message has its own status, however busy
	// the machine is, and the viewer comes back.
	b, err := bridge.New(conn, bridge.WithCatalog(r.Bridge().Catalog()), bridge.WithCommitWait(time.Minute))
	if err != nil {
		return story{}, 0, 0, err
	}
	defer b.Close()
	front := rig.Serve(t, b)
	defer front.Close()
	got, v, err := tell(t.Context(), front.URL+path, freshClient(t))
	return got, p.Passed(), v.Connections, err
}

// The connection between bridge and backend is cut after every one of its
// bytes: the bridge calls again from where it stood.
func TestCutAtEveryByteBehindTheBridge(t *testing.T) {
	t.Parallel()
	path, _ := recordedPath()
	r := rig.Start(t, rig.Config{})
	want, _ := undisturbed(t, r)
	got, size, _, err := behind(t, r, path, rig.Fault{})
	if err == nil {
		err = got.diff(want)
	}
	if err != nil {
		t.Fatal(err)
	}
	var cuts, events atomic.Int64
	var pauses gaps
	each(size, func(i int) {
		got, _, _, err := behind(t, r, path, rig.Fault{Cut: true, CutAfter: i, Reset: i%2 == 0})
		if err == nil {
			err = got.diff(want)
		}
		if err != nil {
			t.Errorf("cut after byte %d of %d: %v", i, size, err)
		}
		cuts.Add(1)
		events.Add(int64(len(got.events)))
		pauses.add(got.pause)
	})
	logCuts(t, cuts.Load(), events.Load())
	t.Logf("the longest wait for an event of each stream: %v", &pauses)
}

// The connection between bridge and backend is split, slow, or stops for a while,
// after which it goes on or is cut: the viewer gets the same over one connection.
func TestSlowConnectionsBehindTheBridge(t *testing.T) {
	t.Parallel()
	path, _ := recordedPath()
	r := rig.Start(t, rig.Config{})
	want, _ := undisturbed(t, r)
	_, size, _, err := behind(t, r, path, rig.Fault{})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name   string
		fault  rig.Fault
		stalls bool
	}{
		{"byte by byte", rig.Fault{Split: 1}, false},
		{"split", rig.Fault{Split: 7}, false},
		{"slow", rig.Fault{Split: 20, Pause: time.Millisecond}, false},
		{"stalled", rig.Fault{CutAfter: size * 2 / 3}, true},
		{"stalled early", rig.Fault{}, true},
		{"stalled and cut", rig.Fault{CutAfter: size * 2 / 3, Cut: true}, true},
		{"stalled and reset", rig.Fault{CutAfter: size * 2 / 3, Cut: true, Reset: true}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.stalls {
				tt.fault.Stall = briefly()
			}
			got, _, connections, err := behind(t, r, path, tt.fault)
			if err == nil {
				err = got.diff(want)
			}
			if err != nil || connections != 1 {
				t.Errorf("over %d connections: %v", connections, err)
			}
		})
	}
}
