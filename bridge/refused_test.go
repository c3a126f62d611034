// SPDX-License-Identifier: Apache-2.0

package bridge_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"sluice/bridge"
	"sluice/bridge/catalog"
	"sluice/bridge/run"
	numbersv1 "sluice/proto/gen/sluice/numbers/v1"
)

// Where the backend would not go on from a position, as when it has forgotten
// what was there, the stream begins anew and says why. Any other failure, and
// one of the beginning, is told as it is.
func TestRefusedPositionByEachTransport(t *testing.T) {
	onEachWay(t, func(t *testing.T, y way) {
		code, beginning := codes.OK, codes.OK
		calls := 0
		generate := func(r *numbersv1.GenerateRequest, s numberStream) error {
			calls++
			time.Sleep(100 * time.Millisecond)
			switch {
			case r.ResumeToken != "":
				return status.Error(code, "compacted")
			case beginning != codes.OK:
				return status.Error(beginning, "not at all")
			}
			return counting(r, s)
		}
		w := newWorld(t, generate)
		id := func() string { return run.EventID{Run: run.NewID(), Seq: 4, Position: "at4"}.String() }
		for _, code = range []codes.Code{codes.InvalidArgument, codes.OutOfRange, codes.FailedPrecondition, codes.NotFound} {
			v := y.mustOpen(w, "/sse?count=3", id())
			checkReset(t, mustNext(t, v), "compacted")
			checkRest(t, v, 1, 3)
			beginning = code
			if _, f := y.open(w, "/sse?count=3", id()); f == nil || f.message != "not at all" || f.http != 0 && f.http != bridge.HTTPStatus(code) {
				t.Errorf("where the beginning fails with %v, too, the answer is %+v", code, f)
			}
			beginning = codes.OK
		}
		code = codes.PermissionDenied
		if _, f := y.open(w, "/sse?count=3", id()); f == nil || f.code != "PERMISSION_DENIED" {
			t.Errorf("a failure for another reason is %+v", f)
		}

		// Several who come back at once to one shared run begin anew as one.
		code, calls = codes.OutOfRange, 0
		w = newWorld(t, generate, bridge.WithCatalog(numbersWith(t, func(p *catalog.Policy) { p.Share = true })))
		last := id()
		streams := make(chan viewing)
		const viewers = 5
		for range viewers {
			go func() {
				v, _ := y.open(w, "/sse?count=3&min_pause=1s", last)
				streams <- v
			}()
		}
		for range viewers {
			v := <-streams
			if v == nil {
				t.Error("a viewer who came back was refused")
				continue
			}
			checkReset(t, mustNext(t, v), "compacted")
			checkRest(t, v, 1, 3)
		}
		if calls > 3 {
			t.Errorf("for %d viewers the method was called %d times", viewers, calls)
		}
	})
}

// checkReset holds that an event is a reset to the first, for a reason.
func checkReset(t *testing.T, e event, reason string) {
	t.Helper()
	var data struct {
		Reason string
		First  uint64
	}
	if err := json.Unmarshal([]byte(e.data), &data); err != nil || e.kind != "reset" || data.First != 1 || !strings.Contains(data.Reason, reason) {
		t.Errorf("the event is %+v, want a reset since %q", e, reason)
	}
}
