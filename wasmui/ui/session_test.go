// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/internal/bubble"
	"sluice/wasmui/store"
	"sluice/wasmui/stream"
)

// reconnected is longer than the first pause after a fault, and shorter than a
// stream may be silent.
const reconnected = stream.DefaultSilence / 2

// bench is a session and the server that it reads from.
type bench struct {
	*session
	server         *server
	numbers, state atomic.Int64
}

func newBench(answer func(stream.Request) (int, string)) *bench {
	b := &bench{server: &server{answer: answer}}
	b.session = newSession(b.server, func() { b.numbers.Add(1) }, func() { b.state.Add(1) })
	return b
}

func (b *bench) look() view {
	return b.session.look(Knobs{}, false, chartLine, time.Now())
}

func (b *bench) values() []float64 {
	var out []float64
	b.read(func(h *store.History, _ []mark) {
		for i := range h.Len() {
			out = append(out, h.At(i).Value)
		}
	})
	return out
}

func (b *bench) marks() []mark {
	var out []mark
	b.read(func(_ *store.History, marks []mark) { out = append(out, marks...) })
	return out
}

func TestSessionReadsAStreamToItsEnd(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		b := newBench(nil)
		if v := b.look(); !v.Empty || v.Running || v.Status.Text != "Ready" {
			t.Errorf("before the start: %+v", v)
		}
		b.start(t.Context(), "/sse?count=2", "")
		synctest.Wait()
		if v := b.look(); v.Empty || !v.Running || !v.Live || !v.CanCut {
			t.Errorf("after the start: %+v", v)
		}
		b.server.number(1)
		synctest.Wait()
		if v := b.look(); v.Count != 1 || v.Run != testRun || v.Status.Text != "Receiving" || b.numbers.Load() != 1 {
			t.Errorf("after a number: %+v, drawn %d times", v, b.numbers.Load())
		}
		b.server.number(2)
		b.server.send("event: end\ndata: {\"code\":\"OK\"}\n\n")
		synctest.Wait()
		v := b.look()
		if v.Running || v.Live || v.CanCut || v.Status.Text != "Finished" || v.Problem.shown() {
			t.Errorf("after the end: %+v", v)
		}
		if diff := cmp.Diff([]float64{1, 2}, b.values()); diff != "" {
			t.Errorf("numbers (-want +got):\n%s", diff)
		}
		if got, want := b.server.seen(), "GET /sse?count=2"; got != want {
			t.Errorf("requests %q, want %q", got, want)
		}
	})
}

func TestSessionMarksWhereItWasResumed(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		b := newBench(nil)
		b.start(t.Context(), "/sse", "")
		synctest.Wait()
		b.server.number(1)
		b.server.cut()
		synctest.Wait()
		if v := b.look(); v.Status.Phase != "waiting" || v.Live || v.CanCut || v.Status.Countdown == "" {
			t.Errorf("while waiting: %+v", v)
		}
		time.Sleep(reconnected)
		synctest.Wait()
		b.server.number(2)
		synctest.Wait()
		if diff := cmp.Diff([]mark{{before: 1}}, b.marks(), cmp.AllowUnexported(mark{})); diff != "" {
			t.Errorf("marks (-want +got):\n%s", diff)
		}
		if got, want := b.server.seen(), "GET /sse\nGET /sse after "+testRun+"-1"; got != want {
			t.Errorf("requests %q, want %q", got, want)
		}
		b.leave()
	})
}

func TestSessionMarksAReset(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		b := newBench(nil)
		b.start(t.Context(), "/sse", "")
		synctest.Wait()
		b.server.number(1)
		synctest.Wait()
		b.server.send("event: reset\ndata: {\"reason\":\"too late\",\"first\":5}\n\n")
		b.server.number(5)
		synctest.Wait()
		if diff := cmp.Diff([]mark{{before: 1, gap: true, first: 5}}, b.marks(), cmp.AllowUnexported(mark{})); diff != "" {
			t.Errorf("marks (-want +got):\n%s", diff)
		}
		b.leave()
	})
}

func TestSessionJoinsARun(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		b := newBench(nil)
		b.start(t.Context(), "/sse?count=5", testRun)
		synctest.Wait()
		b.server.number(1)
		b.server.cut()
		time.Sleep(reconnected)
		synctest.Wait()
		// A bridge that has forgotten the run can still go on from the number.
		if got, want := b.server.seen(), "GET /runs/"+testRun+"\nGET /sse?count=5 after "+testRun+"-1"; got != want {
			t.Errorf("requests %q, want %q", got, want)
		}
		b.leave()
	})
}

// A link to a run that is gone must not start another one.
func TestSessionDoesNotReplaceARunThatIsGone(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		b := newBench(func(stream.Request) (int, string) { return 404, `{"code":"NOT_FOUND","message":"no such run"}` })
		b.start(t.Context(), "/sse", testRun)
		time.Sleep(time.Hour)
		synctest.Wait()
		v := b.look()
		if v.Status.Phase != "failed" || v.Problem.Title != "That run is no longer there" || !v.Empty {
			t.Errorf("%+v", v)
		}
		if got, want := b.server.seen(), "GET /runs/"+testRun; got != want {
			t.Errorf("requests %q, want %q", got, want)
		}
	})
}

func TestSessionStopsAndCancels(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		b := newBench(func(req stream.Request) (int, string) {
			if req.Method == "DELETE" {
				return 204, ""
			}
			return 0, ""
		})
		b.start(t.Context(), "/sse", "")
		synctest.Wait()
		b.server.number(1)
		synctest.Wait()
		b.stop()
		synctest.Wait()
		if v := b.look(); v.Status.Text != "Stopped" || v.Status.Detail != "The run was cancelled." {
			t.Errorf("%+v", v.Status)
		}
		if got := b.server.seen(); !strings.HasSuffix(got, "\nDELETE /runs/"+testRun) {
			t.Errorf("requests %q", got)
		}
		b.clear()
		if v := b.look(); !v.Empty || v.Count != 0 || v.Status.Text != "Ready" {
			t.Errorf("after clear: %+v", v)
		}
	})
}

// What an earlier stream still sends is not mixed into the one after it.
func TestSessionStartsAnew(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		b := newBench(nil)
		b.start(t.Context(), "/sse?seed=1", "")
		synctest.Wait()
		b.server.number(1)
		synctest.Wait()
		first := b.session.client
		b.start(t.Context(), "/sse?seed=2", "")
		synctest.Wait()
		(&reader{session: b.session, client: first}).Events([]stream.Event{{Data: []byte(`{"position":9,"value":9}`)}})
		(&reader{session: b.session, client: first}).Changed(stream.Snapshot{Phase: stream.Failed})
		b.server.number(1)
		b.server.number(2)
		synctest.Wait()
		if diff := cmp.Diff([]float64{1, 2}, b.values()); diff != "" {
			t.Errorf("numbers (-want +got):\n%s", diff)
		}
		if v := b.look(); v.Status.Phase != "open" {
			t.Errorf("%+v", v.Status)
		}
		b.clear() // which leaves a stream that runs alone
		if v := b.look(); v.Count != 2 {
			t.Errorf("clear took away the numbers of a stream that runs: %+v", v)
		}
		b.leave()
	})
}

func TestSessionSaysWhatItCannotRead(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		b := newBench(nil)
		b.start(t.Context(), "/sse", "")
		synctest.Wait()
		before := b.state.Load()
		b.server.send("data: hello\n\n")
		synctest.Wait()
		v := b.look()
		if v.Problem.Title != "Some messages were no numbers" || v.Count != 0 {
			t.Errorf("%+v", v.Problem)
		}
		if b.state.Load() == before {
			t.Error("the page was not told")
		}
		b.leave()
	})
}

// The end of the page's life is the end of the stream, and no wish to cancel.
func TestSessionEndsWithItsContext(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		b := newBench(nil)
		b.start(ctx, "/sse", "")
		synctest.Wait()
		cancel()
		synctest.Wait()
		if v := b.look(); v.Running || v.Status.Phase != "stopped" {
			t.Errorf("%+v", v.Status)
		}
		if got := b.server.seen(); got != "GET /sse" {
			t.Errorf("requests %q", got)
		}
	})
}

func TestMarksAreBounded(t *testing.T) {
	t.Parallel()
	s := newSession(nil, func() {}, func() {})
	for range maxMarks + 10 {
		s.addMark(mark{})
	}
	if len(s.marks) != maxMarks {
		t.Errorf("%d marks, want %d", len(s.marks), maxMarks)
	}
}

func TestMarksInWords(t *testing.T) {
	t.Parallel()
	for m, want := range map[mark]string{
		{}:                    "resumed",
		{gap: true}:           "gap",
		{gap: true, first: 5}: "gap: goes on at event 5",
	} {
		if got := m.text(); got != want {
			t.Errorf("%+v: %q, want %q", m, got, want)
		}
	}
}
