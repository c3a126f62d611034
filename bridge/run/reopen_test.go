// SPDX-License-Identifier: Apache-2.0

package run_test

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoregistry"

	"sluice/bridge/catalog"
	"sluice/bridge/run"
	"sluice/internal/bubble"
	numbersv1 "sluice/proto/gen/sluice/numbers/v1"
)

// A message without a position, as servers begin a watch with, does not undo
// where the stream stands.
func TestMessageWithoutPosition(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		calls := 0
		s := &stub{generate: func(r *numbersv1.GenerateRequest, stream grpc.ServerStreamingServer[numbersv1.GenerateResponse]) error {
			calls++
			if err := stream.Send(&numbersv1.GenerateResponse{}); err != nil {
				return err
			}
			if calls%3 > 0 { // twice running with nothing in between
				return status.Error(codes.Unavailable, "broken")
			}
			return count(2)(r, &limited{stream, func(m *numbersv1.GenerateResponse) error {
				if err := stream.Send(m); err != nil || m.Position == 2 {
					return err
				}
				return status.Error(codes.Unavailable, "broken")
			}})
		}}
		v := open(t, manage(t, s, run.Config{}), run.Spec{Method: numbers(t, nil), After: 1, Position: "at0"})
		got, code := readAll(t, v)
		var positions []uint32
		for _, p := range got {
			if p > 0 {
				positions = append(positions, p)
			}
		}
		if !slices.Equal(positions, []uint32{1, 2}) || code != "OK" || calls != 6 {
			t.Errorf("numbers %v came in %d calls, which ended with %s", positions, calls, code)
		}
	})
}

// breaking sends numbers up to last, but fails with code after each n of them.
func breaking(n, last uint32, code codes.Code) (*stub, *atomic.Int32) {
	calls := new(atomic.Int32)
	return &stub{generate: func(r *numbersv1.GenerateRequest, stream grpc.ServerStreamingServer[numbersv1.GenerateResponse]) error {
		calls.Add(1)
		left := n
		return count(0)(r, &limited{stream, func(m *numbersv1.GenerateResponse) error {
			if m.Position > last {
				return errDone
			}
			if left == 0 {
				return status.Error(code, "broken")
			}
			left--
			return stream.Send(m)
		}})
	}}, calls
}

var errDone = status.Error(codes.OutOfRange, "done")

type limited struct {
	grpc.ServerStreamingServer[numbersv1.GenerateResponse]
	send func(*numbersv1.GenerateResponse) error
}

func (l *limited) Send(m *numbersv1.GenerateResponse) error { return l.send(m) }

func TestBrokenUpstreamGoesOn(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		s, calls := breaking(7, 100, codes.Unavailable)
		m := manage(t, s, run.Config{})
		v := open(t, m, run.Spec{Method: numbers(t, nil)})
		got, code := readAll(t, v)
		checkCounted(t, got, 1, 100)
		if code != "OUT_OF_RANGE" {
			t.Errorf("the stream ended with %s", code)
		}
		if n := calls.Load(); n != 15 {
			t.Errorf("the method was called %d times, want 15", n)
		}
	})
}

func TestOnlyWhatMayPassIsTriedAgain(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		code   codes.Code
		config run.Config
	}{
		{"not retryable", codes.Internal, run.Config{}},
		{"data loss", codes.DataLoss, run.Config{}},
		{"switched off", codes.Unavailable, run.Config{ReopenFor: -1}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s, calls := breaking(5, 100, test.code)
			m := manage(t, s, test.config)
			v := open(t, m, run.Spec{Method: numbers(t, nil)})
			got, _ := readAll(t, v)
			checkCounted(t, got, 1, 5)
			if st := v.Run().Status(); st.Code() != test.code || calls.Load() != 1 {
				t.Errorf("after %d calls the run ended with %v", calls.Load(), st)
			}
		})
	}
}

// A failure before the first message is told to whoever opened the run, as long
// as that is still waiting for a first word.
func TestEarlyFailureIsTheEnd(t *testing.T) {
	t.Parallel()
	s, calls := breaking(0, 100, codes.Unavailable)
	m := manage(t, s, run.Config{EarlyFor: time.Minute})
	v := open(t, m, run.Spec{Method: numbers(t, nil)})
	if got, code := readAll(t, v); len(got) != 0 || code != "UNAVAILABLE" || calls.Load() != 1 {
		t.Errorf("after %d calls got %d numbers and %s", calls.Load(), len(got), code)
	}
}

// After that, the stream begins anew where it can go on at all.
func TestLateFailureBeforeTheFirstMessage(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		const early = 500 * time.Millisecond
		var calls int
		var seeds []uint32
		m := manage(t, &stub{generate: func(r *numbersv1.GenerateRequest, stream grpc.ServerStreamingServer[numbersv1.GenerateResponse]) error {
			calls++
			seeds = append(seeds, r.Seed)
			switch calls {
			case 1:
				time.Sleep(early)
				return status.Error(codes.Unavailable, "broken")
			case 2, 3:
				return status.Error(codes.Unavailable, "still broken")
			}
			return count(20)(r, stream)
		}}, run.Config{EarlyFor: early})
		wire, err := proto.Marshal(&numbersv1.GenerateRequest{Seed: 7})
		if err != nil {
			t.Fatal(err)
		}
		v := open(t, m, run.Spec{Method: numbers(t, nil), Request: &catalog.Request{Wire: wire}})
		got, code := readAll(t, v)
		checkCounted(t, got, 1, 20)
		if code != "OK" || !slices.Equal(seeds, []uint32{7, 7, 7, 7}) {
			t.Errorf("the stream ended with %s after requests with seeds %v", code, seeds)
		}
	})
}

// A method without a position may do something each time that it is called.
func TestWithoutPositionNothingIsCalledTwice(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		conn := &away{after: time.Minute}
		m := run.NewManager(conn, run.Config{})
		defer m.Close()
		c, err := catalog.New(protoregistry.GlobalFiles)
		if err != nil {
			t.Fatal(err)
		}
		watch := c.Lookup(healthpb.Health_Watch_FullMethodName[1:])
		if watch == nil || watch.CanResume() {
			t.Fatal("there is no method without a position")
		}
		v := open(t, m, run.Spec{Method: watch})
		if got, code := readAll(t, v); len(got) != 0 || code != "UNAVAILABLE" || conn.calls != 1 {
			t.Errorf("after %d calls got %d messages and %s", conn.calls, len(got), code)
		}
	})
}

// away is a connection to a backend that is found to be away after a time.
type away struct {
	grpc.ClientConnInterface
	after time.Duration
	calls int
}

// NewStream implements grpc.ClientConnInterface.
func (a *away) NewStream(context.Context, *grpc.StreamDesc, string, ...grpc.CallOption) (grpc.ClientStream, error) {
	a.calls++
	time.Sleep(a.after)
	return nil, status.Error(codes.Unavailable, "connection error: nobody is there")
}

func TestBrokenForTooLong(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		first := true
		m := manage(t, &stub{generate: func(_ *numbersv1.GenerateRequest, stream grpc.ServerStreamingServer[numbersv1.GenerateResponse]) error {
			if first {
				first = false
				stream.Send(number(1))
			}
			return status.Error(codes.Unavailable, "broken")
		}}, run.Config{ReopenFor: 20 * time.Second})
		start := time.Now()
		v := open(t, m, run.Spec{Method: numbers(t, nil)})
		got, code := readAll(t, v)
		checkCounted(t, got, 1, 1)
		if took := time.Since(start); code != "UNAVAILABLE" || took < 20*time.Second || took > 26*time.Second {
			t.Errorf("after %v the stream ended with %s", took, code)
		}
	})
}

// To cancel does not wait for the backend to come back.
func TestCancelWhileBroken(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		first := true
		m := manage(t, &stub{generate: func(_ *numbersv1.GenerateRequest, stream grpc.ServerStreamingServer[numbersv1.GenerateResponse]) error {
			if first {
				first = false
				stream.Send(number(1))
			}
			return status.Error(codes.Unavailable, "broken")
		}}, run.Config{ReopenFor: time.Hour})
		v := open(t, m, run.Spec{Method: numbers(t, nil)})
		time.Sleep(time.Minute)
		start := time.Now()
		v.Run().Cancel()
		if _, code := readAll(t, v); code != "CANCELLED" || time.Since(start) != 0 {
			t.Errorf("after %v the stream ended with %s", time.Since(start), code)
		}
	})
}

// A bridge that never saw the run goes on from the position alone, under the
// same id and numbers.
func TestOpenAtPosition(t *testing.T) {
	t.Parallel()
	m := manage(t, &stub{generate: count(100)}, run.Config{})
	id := run.NewID()
	spec := run.Spec{Method: numbers(t, nil), ID: id, After: 40, Position: "at40"}
	v := open(t, m, spec)
	if v.Run().ID() != id {
		t.Errorf("the run has id %s, want %s", v.Run().ID(), id)
	}
	rs, err := next(v)
	if err != nil {
		t.Fatal(err)
	}
	if got := string(rs[0].ID); rs[0].Seq != 41 || got != id+"-41-tat41" {
		t.Errorf("the first event is %d with id %s", rs[0].Seq, got)
	}
	if p := positionOf(t, rs[0]); p != 41 {
		t.Errorf("the first number is %d", p)
	}
	// A second viewer who comes with the id finds it taken.
	other := open(t, m, spec)
	if other.Run().ID() == id {
		t.Error("two runs have one id")
	}
	got, _ := readAll(t, other)
	checkCounted(t, got, 41, 100)
}
