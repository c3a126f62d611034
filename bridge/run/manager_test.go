// SPDX-License-Identifier: Apache-2.0

package run_test

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"sluice/bridge/catalog"
	"sluice/bridge/journal"
	"sluice/bridge/run"
	"sluice/internal/bubble"
	numbersv1 "sluice/proto/gen/sluice/numbers/v1"
)

// waiting is a backend whose streams send one number and go on until they are
// cancelled. It knows how many there have been.
func waiting() (*stub, *atomic.Int32) {
	calls := new(atomic.Int32)
	return &stub{generate: func(_ *numbersv1.GenerateRequest, stream grpc.ServerStreamingServer[numbersv1.GenerateResponse]) error {
		calls.Add(1)
		if err := stream.Send(number(1)); err != nil {
			return err
		}
		<-stream.Context().Done()
		return stream.Context().Err()
	}}, calls
}

func TestFind(t *testing.T) {
	t.Parallel()
	m := manage(t, &stub{generate: count(3)}, run.Config{})
	v := open(t, m, run.Spec{Method: numbers(t, nil), Owner: "alice"})
	id := v.Run().ID()
	if m.Find(id, "alice") != v.Run() {
		t.Error("the owner does not find the run")
	}
	for _, who := range []string{"", "bob"} {
		if m.Find(id, who) != nil {
			t.Errorf("%q finds the run of another", who)
		}
	}
	if m.Find(run.NewID(), "alice") != nil {
		t.Error("a run that was never opened is found")
	}
}

func TestShare(t *testing.T) {
	t.Parallel()
	s, calls := waiting()
	m := manage(t, s, run.Config{})
	shared := numbers(t, func(p *catalog.Policy) { p.Share = true })
	one := open(t, m, run.Spec{Method: shared, Request: &catalog.Request{Wire: []byte{8, 5}}})
	two := open(t, m, run.Spec{Method: shared, Request: &catalog.Request{Wire: []byte{8, 5}}})
	if one.Run() != two.Run() {
		t.Error("equal requests to a shared method have two runs")
	}
	for name, spec := range map[string]run.Spec{
		"another request":   {Method: shared, Request: &catalog.Request{Wire: []byte{8, 6}}},
		"another owner":     {Method: shared, Request: &catalog.Request{Wire: []byte{8, 5}}, Owner: "alice"},
		"a method that not": {Method: numbers(t, nil), Request: &catalog.Request{Wire: []byte{8, 5}}},
	} {
		if v := open(t, m, spec); v.Run() == one.Run() {
			t.Errorf("%s rides on the same run", name)
		}
	}
	if rs, err := next(two); err != nil || rs[0].Seq != 1 {
		t.Errorf("the late viewer begins with %v, %v", rs, err)
	}
	// A run that has ended is not joined.
	one.Run().Cancel()
	<-one.Run().Done()
	if v := open(t, m, run.Spec{Method: shared, Request: &catalog.Request{Wire: []byte{8, 5}}}); v.Run() == one.Run() {
		t.Error("a request joins a run that has ended")
	}
	if n := calls.Load(); n > 5 {
		t.Errorf("the method was called %d times, want at most 5", n)
	}
}

func TestShareLive(t *testing.T) {
	t.Parallel()
	s, _ := waiting()
	m := manage(t, s, run.Config{})
	shared := numbers(t, func(p *catalog.Policy) { p.Share, p.JoinAt = true, catalog.JoinAtLive })
	one := open(t, m, run.Spec{Method: shared})
	next(one)
	two := open(t, m, run.Spec{Method: shared})
	if two.Cursor() != 1 {
		t.Errorf("the late viewer begins after event %d, want 1", two.Cursor())
	}
}

func TestFinishedRunsCanBeReadForATime(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		m := manage(t, &stub{generate: count(3)}, run.Config{Retention: time.Minute})
		v := open(t, m, run.Spec{Method: numbers(t, nil)})
		readAll(t, v)
		v.Close()
		time.Sleep(time.Minute - time.Nanosecond)
		again, err := m.Find(v.Run().ID(), "").Attach(0)
		if err != nil {
			t.Fatal(err)
		}
		got, code := readAll(t, again)
		checkCounted(t, got, 1, 3)
		if code != "OK" {
			t.Errorf("the stream ended with %s", code)
		}
		again.Close()
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		if m.Find(v.Run().ID(), "") != nil {
			t.Error("the run is still there after a minute")
		}
		if got := m.Stats(); got != (run.Stats{}) {
			t.Errorf("the manager still carries %+v", got)
		}
		if _, err := again.Read(nil, 1); !errors.Is(err, journal.ErrClosed) {
			t.Errorf("reading a forgotten run gave %v", err)
		}
	})
}

func TestMaxRuns(t *testing.T) {
	t.Parallel()
	s, _ := waiting()
	m := manage(t, s, run.Config{MaxRuns: 3})
	var vs []*run.Viewer
	for range 3 {
		vs = append(vs, open(t, m, run.Spec{Method: numbers(t, nil)}))
	}
	if _, err := m.Open(run.Spec{Method: numbers(t, nil), Request: &catalog.Request{}}); !errors.Is(err, run.ErrTooManyRuns) {
		t.Errorf("a fourth run gave %v, want ErrTooManyRuns", err)
	}
	// One that has ended makes room, but not while it is read.
	vs[0].Run().Cancel()
	<-vs[0].Run().Done()
	if _, err := m.Open(run.Spec{Method: numbers(t, nil), Request: &catalog.Request{}}); !errors.Is(err, run.ErrTooManyRuns) {
		t.Errorf("a fourth run beside one that is read gave %v, want ErrTooManyRuns", err)
	}
	vs[0].Close()
	open(t, m, run.Spec{Method: numbers(t, nil)})
	if m.Find(vs[0].Run().ID(), "") != nil {
		t.Error("the run that made room is still there")
	}
}

// All journals together stay within their bound: finished runs go first, and
// those that run give up what they hold for viewers who may come back.
func TestTotalBytes(t *testing.T) {
	t.Parallel()
	const total = 1 << 20
	m := manage(t, &stub{generate: count(5000)}, run.Config{TotalBytes: total})
	var first *run.Run
	for i := range 10 {
		v := open(t, m, run.Spec{Method: numbers(t, nil)})
		if i == 0 {
			first = v.Run()
		}
		got, code := readAll(t, v)
		checkCounted(t, got, 1, 5000)
		if code != "OK" {
			t.Errorf("stream %d ended with %s", i, code)
		}
		v.Close()
		if got := m.Stats().JournalBytes; got > total {
			t.Errorf("the journals take %d bytes, more than %d", got, total)
		}
	}
	if _, err := first.Attach(0); err == nil {
		t.Error("the oldest run is still held")
	}
}

// However many runs wait for viewers who do not read, each keeps what is still
// to be read and no more, and another one goes on beside them.
func TestTotalBytesOfStalledRuns(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		const total, runs = 128 << 10, 20
		s, _ := counting()
		m := manage(t, s, run.Config{TotalBytes: total, JournalBytes: 64 << 10})
		var stalled []*run.Viewer
		for range runs {
			stalled = append(stalled, open(t, m, run.Spec{Method: numbers(t, nil)}))
		}
		synctest.Wait() // each has as much as it gets
		// A run that holds nothing is given the little that it needs.
		const least = 2 << 10
		if got := m.Stats().JournalBytes; got < total/2 || got > total+runs*least {
			t.Errorf("the journals of %d runs take %d bytes, of %d", runs, got, total)
		}
		v := open(t, m, run.Spec{Method: numbers(t, nil)})
		read := func(v *run.Viewer, most uint64) {
			t.Helper()
			for seq := v.Cursor() + 1; seq <= most; {
				rs, err := next(v)
				if err != nil {
					t.Fatal(err)
				}
				for _, r := range rs {
					if r.Seq != seq || uint64(positionOf(t, r)) != seq {
						t.Fatalf("event %d is %d", seq, r.Seq)
					}
					seq++
				}
			}
		}
		read(v, 1000)
		// And so does each of them, as soon as it is read.
		for _, one := range stalled {
			read(one, 200)
			if got := m.Stats().JournalBytes; got > total+(runs+1)*least {
				t.Fatalf("the journals take %d bytes, of %d", got, total)
			}
		}
		for _, one := range append(stalled, v) {
			one.Run().Cancel()
		}
	})
}

func TestForget(t *testing.T) {
	t.Parallel()
	last := uint32(0)
	m := manage(t, &stub{generate: func(r *numbersv1.GenerateRequest, s grpc.ServerStreamingServer[numbersv1.GenerateResponse]) error {
		return count(last)(&numbersv1.GenerateRequest{}, &limited{s, func(n *numbersv1.GenerateResponse) error {
			if n.Position > last {
				return errDone
			}
			return s.Send(n)
		}})
	}}, run.Config{})
	v := open(t, m, run.Spec{Method: numbers(t, nil)})
	readAll(t, v)
	v.Close()
	m.Forget(v.Run())
	if m.Find(v.Run().ID(), "") != nil {
		t.Error("the run is still there")
	}
	m.Forget(v.Run())
	// One with a message, or another viewer, may be wanted.
	joined := open(t, m, run.Spec{Method: numbers(t, nil)})
	other, err := joined.Run().Attach(0)
	if err != nil {
		t.Fatal(err)
	}
	readAll(t, joined)
	joined.Close()
	other.Close()
	last = 1
	told := open(t, m, run.Spec{Method: numbers(t, nil)})
	readAll(t, told)
	told.Close()
	for _, r := range []*run.Run{joined.Run(), told.Run()} {
		if m.Forget(r); m.Find(r.ID(), "") == nil {
			t.Error("a run that someone may come back to was forgotten")
		}
	}
}

// A run that has ended is kept while it is read, and for the retention after.
func TestReadRunsAreKept(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		m := manage(t, &stub{generate: count(3)}, run.Config{Retention: time.Minute})
		v := open(t, m, run.Spec{Method: numbers(t, nil)})
		time.Sleep(time.Hour)
		got, code := readAll(t, v)
		checkCounted(t, got, 1, 3)
		if code != "OK" {
			t.Errorf("the stream ended with %s", code)
		}
		v.Close()
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if m.Find(v.Run().ID(), "") != nil {
			t.Error("the run is still there")
		}
	})
}

// A run that is being cancelled is not joined.
func TestShareNotWithTheDying(t *testing.T) {
	t.Parallel()
	s, _ := waiting()
	m := manage(t, s, run.Config{})
	shared := numbers(t, func(p *catalog.Policy) { p.Share, p.OnDisconnect = true, catalog.OnDisconnectCancel })
	for range 200 {
		one := open(t, m, run.Spec{Method: shared})
		one.Close()
		two := open(t, m, run.Spec{Method: shared})
		if one.Run() == two.Run() {
			t.Fatal("a request joins a run that has just been cancelled")
		}
		two.Close()
	}
}

func TestConfigCheck(t *testing.T) {
	t.Parallel()
	for _, c := range []run.Config{{Linger: -1}, {JournalBytes: -1}, {TotalBytes: -1}, {MaxRuns: -1}, {Retention: -1}, {MaxMessageBytes: -1}} {
		if err := c.Check(); err == nil {
			t.Errorf("%+v passes", c)
		}
	}
	if err := (run.Config{ReopenFor: -1}).Check(); err != nil {
		t.Error(err)
	}
}

func TestShutdownAndClose(t *testing.T) {
	t.Parallel()
	s, _ := waiting()
	m := run.NewManager(serve(t, s), run.Config{})
	v, err := m.Open(run.Spec{Method: numbers(t, nil), Request: &catalog.Request{}})
	if err != nil {
		t.Fatal(err)
	}
	next(v)
	m.Shutdown()
	if _, err := m.Open(run.Spec{Method: numbers(t, nil), Request: &catalog.Request{}}); !errors.Is(err, run.ErrShutdown) {
		t.Errorf("a run after Shutdown gave %v", err)
	}
	m.Close()
	if st := v.Run().Status(); st.Code() != codes.Unavailable {
		t.Errorf("a run that was open at Close ended with %v", st)
	}
}

// recorder writes down what an observer is told.
type recorder struct {
	opened, first, messages, bytes, reopened atomic.Int64
	code                                     atomic.Value
}

func (r *recorder) RunOpened(string) run.RunObserver { r.opened.Add(1); return r }
func (r *recorder) FirstMessage(time.Duration)       { r.first.Add(1) }
func (r *recorder) Message(bytes int)                { r.messages.Add(1); r.bytes.Add(int64(bytes)) }
func (r *recorder) Reopened()                        { r.reopened.Add(1) }
func (r *recorder) Ended(c codes.Code)               { r.code.Store(c) }

func TestObserver(t *testing.T) {
	t.Parallel()
	rec := new(recorder)
	s, _ := breaking(5, 12, codes.Unavailable)
	m := manage(t, s, run.Config{Observer: rec})
	v := open(t, m, run.Spec{Method: numbers(t, nil)})
	readAll(t, v)
	<-v.Run().Done()
	got := fmt.Sprint(rec.opened.Load(), rec.first.Load(), rec.messages.Load(), rec.reopened.Load(), rec.code.Load(), rec.bytes.Load() > 12*80)
	if want := "1 1 12 2 OutOfRange true"; got != want {
		t.Errorf("the observer was told %s, want %s", got, want)
	}
}
