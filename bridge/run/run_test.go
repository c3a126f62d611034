// SPDX-License-Identifier: Apache-2.0

package run_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/reflect/protoregistry"

	"sluice/bridge/catalog"
	"sluice/bridge/journal"
	"sluice/bridge/run"
	"sluice/internal/bubble"
	numbersv1 "sluice/proto/gen/sluice/numbers/v1"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// method is the number stream with the policy that its option gives it.
const method = "sluice.numbers.v1.NumberService/Generate"

// stub is a backend whose one method is a function.
type stub struct {
	numbersv1.UnimplementedNumberServiceServer
	generate func(*numbersv1.GenerateRequest, grpc.ServerStreamingServer[numbersv1.GenerateResponse]) error
}

func (s *stub) Generate(r *numbersv1.GenerateRequest, stream grpc.ServerStreamingServer[numbersv1.GenerateResponse]) error {
	return s.generate(r, stream)
}

// count sends the numbers from after+1, or what the resume token says, up to
// last, or for ever if last is 0.
func count(last uint32) func(*numbersv1.GenerateRequest, grpc.ServerStreamingServer[numbersv1.GenerateResponse]) error {
	return func(r *numbersv1.GenerateRequest, stream grpc.ServerStreamingServer[numbersv1.GenerateResponse]) error {
		var n uint32
		if r.ResumeToken != "" {
			if _, err := fmt.Sscanf(r.ResumeToken, "at%d", &n); err != nil {
				return status.Error(codes.InvalidArgument, "bad token")
			}
		}
		for last == 0 || n < last {
			n++
			if err := stream.Send(number(n)); err != nil {
				return err
			}
		}
		return nil
	}
}

func number(n uint32) *numbersv1.GenerateResponse {
	return &numbersv1.GenerateResponse{Position: n, Value: float64(n), ResumeToken: fmt.Sprint("at", n)}
}

// serve starts a backend and returns a connection to it.
func serve(t *testing.T, s *stub) *grpc.ClientConn {
	t.Helper()
	srv := grpc.NewServer()
	numbersv1.RegisterNumberServiceServer(srv, s)
	return dial(t, srv)
}

// manage returns a manager for a backend.
func manage(t *testing.T, s *stub, c run.Config) *run.Manager {
	t.Helper()
	m := run.NewManager(serve(t, s), c)
	t.Cleanup(m.Close)
	return m
}

// numbers returns the method with another policy.
func numbers(t *testing.T, change func(*catalog.Policy)) *catalog.Method {
	t.Helper()
	c, err := catalog.New(protoregistry.GlobalFiles)
	if err != nil {
		t.Fatal(err)
	}
	m := c.Lookup(method)
	if m == nil {
		t.Fatalf("the catalog has no %s", method)
	}
	if change != nil {
		change(&m.Policy)
	}
	return m
}

func open(t *testing.T, m *run.Manager, s run.Spec) *run.Viewer {
	t.Helper()
	if s.Request == nil {
		s.Request = &catalog.Request{}
	}
	v, err := m.Open(s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(v.Close)
	return v
}

// next reads at least one event, waiting for it.
func next(v *run.Viewer) ([]journal.Record, error) {
	for {
		changed := v.Changed()
		rs, err := v.Read(nil, 4096)
		if err != nil || len(rs) > 0 {
			return rs, err
		}
		<-changed
	}
}

// readAll reads up to the end and returns the positions of the messages and
// the status of the end.
func readAll(t *testing.T, v *run.Viewer) (positions []uint32, code string) {
	t.Helper()
	for {
		rs, err := next(v)
		if err != nil {
			t.Fatalf("reading after event %d: %v", v.Cursor(), err)
		}
		for _, r := range rs {
			if r.Kind == journal.End {
				return positions, endOf(t, r)
			}
			positions = append(positions, positionOf(t, r))
		}
	}
}

func positionOf(t *testing.T, r journal.Record) uint32 {
	t.Helper()
	var m struct{ Position uint32 }
	if err := json.Unmarshal(r.Data, &m); err != nil {
		t.Fatalf("event %d has data %q: %v", r.Seq, r.Data, err)
	}
	return m.Position
}

func endOf(t *testing.T, r journal.Record) string {
	t.Helper()
	var end struct{ Code, Message string }
	if err := json.Unmarshal(r.Data, &end); err != nil {
		t.Fatalf("the end has data %q: %v", r.Data, err)
	}
	return end.Code
}

func checkCounted(t *testing.T, got []uint32, from, to uint32) {
	t.Helper()
	if len(got) != int(to-from)+1 {
		t.Fatalf("got %d numbers, want %d to %d", len(got), from, to)
	}
	for i, p := range got {
		if p != from+uint32(i) {
			t.Fatalf("number %d is %d, want %d", i, p, from+uint32(i))
		}
	}
}

func TestEveryMessageOnceAndInOrder(t *testing.T) {
	t.Parallel()
	m := manage(t, &stub{generate: count(5000)}, run.Config{})
	v := open(t, m, run.Spec{Method: numbers(t, nil)})
	got, code := readAll(t, v)
	checkCounted(t, got, 1, 5000)
	if code != "OK" {
		t.Errorf("the stream ended with %s", code)
	}
	if st := v.Run().Status(); st.Code() != codes.OK {
		t.Errorf("the run's status is %v", st)
	}
}

func TestFramesAreEvents(t *testing.T) {
	t.Parallel()
	m := manage(t, &stub{generate: count(1)}, run.Config{})
	v := open(t, m, run.Spec{Method: numbers(t, func(p *catalog.Policy) { p.Event = "number" })})
	id := v.Run().ID()
	var got string
	for {
		changed := v.Changed()
		s, err := v.Span(1 << 20)
		if err != nil {
			t.Fatal(err)
		}
		got += string(s.Frames)
		if s.Ended {
			break
		}
		<-changed
	}
	want := "event: number\ndata: " + `{"position":1,"value":1,"resumeToken":"at1"}` + "\nid: " + id + "-1-tat1\n\n" +
		"event: end\ndata: " + `{"code":"OK"}` + "\nid: " + id + "-2-end\n\n"
	if got != want {
		t.Errorf("the stream is\n%s\nwant\n%s", got, want)
	}
}

func TestViewersReadTheSame(t *testing.T) {
	t.Parallel()
	m := manage(t, &stub{generate: count(3000)}, run.Config{})
	v := open(t, m, run.Spec{Method: numbers(t, nil)})
	var wg sync.WaitGroup
	for range 5 {
		other, err := v.Run().Attach(0)
		if err != nil {
			t.Fatal(err)
		}
		wg.Go(func() {
			defer other.Close()
			// One that falls behind is told, and is not of this test.
			var trimmed *journal.TrimmedError
			for {
				rs, err := next(other)
				if errors.As(err, &trimmed) {
					return
				}
				if err != nil {
					t.Error(err)
					return
				}
				for _, r := range rs {
					if r.Kind == journal.End {
						return
					}
					if p := positionOf(t, r); uint64(p) != r.Seq {
						t.Errorf("event %d has position %d", r.Seq, p)
						return
					}
				}
			}
		})
	}
	got, _ := readAll(t, v)
	checkCounted(t, got, 1, 3000)
	wg.Wait()
}

func TestAttach(t *testing.T) {
	t.Parallel()
	m := manage(t, &stub{generate: count(100)}, run.Config{})
	v := open(t, m, run.Spec{Method: numbers(t, nil)})
	readAll(t, v)
	r := v.Run()
	for after := range uint64(100) {
		again, err := r.Attach(after)
		if err != nil {
			t.Fatal(err)
		}
		got, code := readAll(t, again)
		checkCounted(t, got, uint32(after)+1, 100)
		if code != "OK" {
			t.Errorf("after %d the stream ended with %s", after, code)
		}
		again.Close()
		again.Close()
	}
	if _, err := r.Attach(102); !errors.Is(err, run.ErrFuture) {
		t.Errorf("attaching after event 102 of 101 gave %v, want ErrFuture", err)
	}
}

func TestPolicies(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		policy  catalog.OnDisconnect
		linger  time.Duration
		goesOn  time.Duration // how long without a viewer
		endless bool          // and longer
	}{
		{policy: catalog.OnDisconnectCancel, goesOn: 0},
		{policy: catalog.OnDisconnectLinger, goesOn: run.DefaultLinger},
		{policy: catalog.OnDisconnectLinger, linger: 5 * time.Second, goesOn: 5 * time.Second},
		{policy: catalog.OnDisconnectDefault, goesOn: run.DefaultLinger},
		{policy: catalog.OnDisconnectDetach, goesOn: time.Hour, endless: true},
	} {
		t.Run(fmt.Sprint(test.policy, test.linger), func(t *testing.T) {
			t.Parallel()
			bubble.Test(t, func(t *testing.T) {
				ended := make(chan struct{})
				m := manage(t, &stub{generate: func(_ *numbersv1.GenerateRequest, stream grpc.ServerStreamingServer[numbersv1.GenerateResponse]) error {
					defer close(ended)
					<-stream.Context().Done()
					return stream.Context().Err()
				}}, run.Config{})
				v := open(t, m, run.Spec{Method: numbers(t, func(p *catalog.Policy) { p.OnDisconnect, p.Linger = test.policy, test.linger })})
				synctest.Wait()
				v.Close()
				if test.goesOn > 0 {
					time.Sleep(test.goesOn - time.Nanosecond)
					synctest.Wait()
					select {
					case <-ended:
						t.Fatalf("the RPC ended before %v", test.goesOn)
					default:
					}
				}
				time.Sleep(time.Nanosecond)
				synctest.Wait()
				select {
				case <-ended:
					if test.endless {
						t.Fatal("a detached RPC ended")
					}
					if st := v.Run().Status(); st.Code() != codes.Canceled {
						t.Errorf("the run ended with %v", st)
					}
				default:
					if !test.endless {
						t.Fatalf("the RPC goes on after %v", test.goesOn)
					}
				}
			})
		})
	}
}

func TestViewerComesBackInTime(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		m := manage(t, &stub{generate: func(_ *numbersv1.GenerateRequest, stream grpc.ServerStreamingServer[numbersv1.GenerateResponse]) error {
			for n := uint32(1); n <= 60; n++ {
				select {
				case <-time.After(time.Second):
				case <-stream.Context().Done():
					return stream.Context().Err()
				}
				if err := stream.Send(number(n)); err != nil {
					return err
				}
			}
			return nil
		}}, run.Config{})
		v := open(t, m, run.Spec{Method: numbers(t, nil)})
		r := v.Run()
		next(v)
		for range 2 {
			v.Close()
			time.Sleep(run.DefaultLinger - time.Second)
			var err error
			if v, err = r.Attach(1); err != nil {
				t.Fatal(err)
			}
		}
		got, code := readAll(t, v)
		checkCounted(t, got, 2, 60)
		if code != "OK" {
			t.Errorf("the stream ended with %s", code)
		}
		v.Close()
	})
}

func TestCancel(t *testing.T) {
	t.Parallel()
	m := manage(t, &stub{generate: count(0)}, run.Config{})
	v := open(t, m, run.Spec{Method: numbers(t, nil)})
	next(v)
	v.Run().Cancel()
	if _, code := readAll(t, v); code != "CANCELLED" {
		t.Errorf("the stream ended with %s", code)
	}
	v.Run().Cancel()
}

func TestErrorsAreTheEnd(t *testing.T) {
	t.Parallel()
	m := manage(t, &stub{generate: func(_ *numbersv1.GenerateRequest, stream grpc.ServerStreamingServer[numbersv1.GenerateResponse]) error {
		stream.Send(number(1))
		return status.Error(codes.OutOfRange, "no more numbers")
	}}, run.Config{})
	v := open(t, m, run.Spec{Method: numbers(t, nil)})
	got, code := readAll(t, v)
	checkCounted(t, got, 1, 1)
	if code != "OUT_OF_RANGE" {
		t.Errorf("the stream ended with %s", code)
	}
	if st := v.Run().Status(); st.Message() != "no more numbers" {
		t.Errorf("the run's status is %v", st)
	}
}

func TestLargeMessages(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		config run.Config
		size   int
		says   string
	}{
		{"fits", run.Config{}, 300 << 10, ""},
		{"larger than a message may be", run.Config{MaxMessageBytes: 1000}, 2000, "larger than max"},
		{"larger than the journal", run.Config{JournalBytes: 10_000}, 20_000, "more than a journal of 10000 bytes"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			m := manage(t, &stub{generate: func(_ *numbersv1.GenerateRequest, stream grpc.ServerStreamingServer[numbersv1.GenerateResponse]) error {
				for range 10 {
					if err := stream.Send(&numbersv1.GenerateResponse{ResumeToken: strings.Repeat("x", test.size)}); err != nil {
						return err
					}
				}
				return nil
			}}, test.config)
			v := open(t, m, run.Spec{Method: numbers(t, nil)})
			got, code := readAll(t, v)
			if test.says == "" {
				if len(got) != 10 || code != "OK" {
					t.Errorf("got %d messages and %s", len(got), code)
				}
				return
			}
			if st := v.Run().Status(); code != "RESOURCE_EXHAUSTED" || !strings.Contains(st.Message(), test.says) {
				t.Errorf("the stream ended with %s: %q, want RESOURCE_EXHAUSTED: …%s…", code, st.Message(), test.says)
			}
			if !v.Run().Oversized() {
				t.Error("the run does not know why it ended")
			}
		})
	}
}
