// SPDX-License-Identifier: Apache-2.0

package run_test

import (
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"sluice/bridge/catalog"
	"sluice/bridge/run"
	"sluice/internal/bubble"
	numbersv1 "sluice/proto/gen/sluice/numbers/v1"
)

// slow sends a number each second, and notes by when it is to be done.
func slow(deadlines *[]time.Time) *stub {
	return &stub{generate: func(_ *numbersv1.GenerateRequest, stream grpc.ServerStreamingServer[numbersv1.GenerateResponse]) error {
		if d, ok := stream.Context().Deadline(); ok && deadlines != nil {
			*deadlines = append(*deadlines, d)
		}
		for n := uint32(1); ; n++ {
			select {
			case <-time.After(time.Second):
			case <-stream.Context().Done():
				<-stream.Context().Done()
				return stream.Context().Err()
			}
			if err := stream.Send(number(n)); err != nil {
				return err
			}
		}
	}}
}

func TestTimeout(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		var deadlines []time.Time
		m := manage(t, slow(&deadlines), run.Config{})
		start := time.Now()
		const timeout = 3500 * time.Millisecond
		v := open(t, m, run.Spec{Method: numbers(t, nil), Timeout: timeout})
		got, code := readAll(t, v)
		checkCounted(t, got, 1, 3)
		if took := time.Since(start); code != "DEADLINE_EXCEEDED" || took != timeout {
			t.Errorf("after %v the stream ended with %s: %v", took, code, v.Run().Status())
		}
		if len(deadlines) != 1 || deadlines[0].Sub(start).Round(time.Millisecond) != timeout {
			t.Errorf("the backend was told to be done by %v", deadlines)
		}
		if got := v.Run().Timeout(); got != timeout {
			t.Errorf("the run says that it may take %v", got)
		}
		if v.Run().Abandoned() {
			t.Error("a run whose time was over counts as abandoned, and would be called again")
		}
	})
}

// The time goes on while no one reads, while the journal is full, and while
// the backend is away.
func TestTimeoutGoesOn(t *testing.T) {
	t.Parallel()
	t.Run("without a viewer", func(t *testing.T) {
		t.Parallel()
		bubble.Test(t, func(t *testing.T) {
			m := manage(t, slow(nil), run.Config{})
			start := time.Now()
			v := open(t, m, run.Spec{Method: numbers(t, nil), Timeout: 10 * time.Second})
			v.Close()
			time.Sleep(5 * time.Second)
			again, err := v.Run().Attach(0)
			if err != nil {
				t.Fatal(err)
			}
			defer again.Close()
			if _, code := readAll(t, again); code != "DEADLINE_EXCEEDED" || time.Since(start) != 10*time.Second {
				t.Errorf("after %v the stream ended with %s", time.Since(start), code)
			}
		})
	})
	t.Run("with a full journal", func(t *testing.T) {
		t.Parallel()
		bubble.Test(t, func(t *testing.T) {
			m := manage(t, &stub{generate: count(0)}, run.Config{JournalBytes: 10_000})
			v := open(t, m, run.Spec{Method: numbers(t, nil), Timeout: 10 * time.Second})
			start := time.Now()
			<-v.Run().Done()
			if st := v.Run().Status(); st.Code() != codes.DeadlineExceeded || time.Since(start) != 10*time.Second {
				t.Errorf("after %v the run ended with %v", time.Since(start), st)
			}
		})
	})
	t.Run("with a broken backend", func(t *testing.T) {
		t.Parallel()
		bubble.Test(t, func(t *testing.T) {
			var deadlines []time.Time
			first := true
			m := manage(t, &stub{generate: func(_ *numbersv1.GenerateRequest, stream grpc.ServerStreamingServer[numbersv1.GenerateResponse]) error {
				d, _ := stream.Context().Deadline()
				deadlines = append(deadlines, d)
				if first {
					first = false
					stream.Send(number(1))
				}
				return status.Error(codes.Unavailable, "broken")
			}}, run.Config{ReopenFor: time.Hour})
			start := time.Now()
			v := open(t, m, run.Spec{Method: numbers(t, nil), Timeout: 10 * time.Second})
			got, code := readAll(t, v)
			checkCounted(t, got, 1, 1)
			if took := time.Since(start); code != "DEADLINE_EXCEEDED" || took != 10*time.Second {
				t.Errorf("after %v the stream ended with %s", took, code)
			}
			if len(deadlines) < 3 {
				t.Fatalf("the method was called %d times", len(deadlines))
			}
			for _, d := range deadlines {
				if after := d.Sub(start).Round(time.Millisecond); after != 10*time.Second {
					t.Errorf("the backend was told to be done %v after the run's opening", after)
				}
			}
		})
	})
}

// Whose time is shorter does not end the stream of others.
func TestTimeoutIsNotShared(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		m := manage(t, slow(nil), run.Config{})
		method := numbers(t, func(p *catalog.Policy) { p.Share = true })
		var ids []string
		for _, timeout := range []time.Duration{0, time.Second, time.Minute, time.Minute, 0} {
			ids = append(ids, open(t, m, run.Spec{Method: method, Timeout: timeout}).Run().ID())
		}
		if ids[0] != ids[4] || ids[2] != ids[3] || ids[0] == ids[1] || ids[1] == ids[2] || ids[0] == ids[2] {
			t.Errorf("the runs are %s", strings.Join(ids, ", "))
		}
	})
}

// A run by another schema is not shared, though the method has the same name.
func TestSchemaIsNotShared(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		m := manage(t, slow(nil), run.Config{})
		share := func(p *catalog.Policy) { p.Share = true }
		before, after := numbers(t, share), numbers(t, share)
		first := open(t, m, run.Spec{Method: before})
		second := open(t, m, run.Spec{Method: after})
		if first.Run() == second.Run() {
			t.Error("a run was shared by two schemas")
		}
		if third := open(t, m, run.Spec{Method: after}); third.Run() != second.Run() {
			t.Error("a run was not shared by one schema")
		}
	})
}
