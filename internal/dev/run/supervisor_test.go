// SPDX-License-Identifier: Apache-2.0

//go:build unix

package main

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A stage is a supervisor at work in a test.
type stage struct {
	out  *transcript
	stop chan os.Signal
	code chan int
}

// perform has a supervisor run the named roles.
func perform(t *testing.T, s supervisor, names ...string) *stage {
	t.Helper()
	dir := cast(t, "waits", "stubborn", "fails", "quits", "dies", "leaves")
	st := &stage{out: newTranscript(), stop: make(chan os.Signal, 2), code: make(chan int, 1)}
	shared := newLines(st.out)
	var programs []program
	for _, name := range names {
		programs = append(programs, program{
			name: name, path: filepath.Join(dir, name),
			stdout: shared.prefixed(name + "> "), stderr: shared.prefixed(name + "> "),
		})
	}
	s.stop = st.stop
	s.say = testSay(shared)
	if s.grace == 0 {
		s.grace = deadline
	}
	go func() {
		st.code <- s.run(programs, func(ctx context.Context) { <-ctx.Done() })
	}()
	return st
}

func (st *stage) exitCode(t *testing.T) int {
	t.Helper()
	select {
	case code := <-st.code:
		return code
	case <-time.After(deadline):
		t.Fatalf("the supervisor did not end:\n%s", st.out)
		return 0
	}
}

func (st *stage) expect(t *testing.T, code int, said ...string) {
	t.Helper()
	if got := st.exitCode(t); got != code {
		t.Errorf("exit code = %d, want %d", got, code)
	}
	for _, want := range said {
		if !strings.Contains(st.out.String(), want) {
			t.Errorf("nothing says %q:\n%s", want, st.out)
		}
	}
}

func TestSupervisorStopsAllWhenAsked(t *testing.T) {
	t.Parallel()
	st := perform(t, supervisor{}, "waits", "waits")
	st.out.await(t, "waits is up")
	st.stop <- os.Interrupt
	st.expect(t, 0, "stopping")
}

func TestSupervisorStopsTheOtherWhenOneEnds(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		code int
		says string
	}{
		{"fails", 3, "fails ended by itself (exit status 3)"},
		{"quits", 1, "quits ended by itself (exit status 0)"},
		{"dies", 128 + 9, "dies ended by itself (signal: killed)"},
		{"absent", 1, "absent did not start"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			perform(t, supervisor{}, "waits", tt.name).expect(t, tt.code, tt.says)
		})
	}
}

func TestSupervisorShowsAnUnfinishedLastLine(t *testing.T) {
	t.Parallel()
	perform(t, supervisor{}, "fails").expect(t, 3, "fails> no such luck\n")
}

func TestSupervisorKillsWhenAskedAgain(t *testing.T) {
	t.Parallel()
	st := perform(t, supervisor{}, "stubborn")
	st.out.await(t, "stubborn is up")
	st.stop <- os.Interrupt
	st.stop <- os.Interrupt
	st.expect(t, 130, "killing")
}

func TestSupervisorStopsWhenItIsLeft(t *testing.T) {
	t.Parallel()
	leaving := make(chan struct{})
	st := perform(t, supervisor{leaving: leaving, grace: 200 * time.Millisecond}, "stubborn")
	st.out.await(t, "stubborn is up")
	st.stop <- os.Interrupt
	st.out.await(t, "stopping")
	close(leaving)
	// It does not count as asking again: the grace runs out.
	st.expect(t, 1, "not stopped after 200ms")
}

func TestSupervisorTakesAnEchoForOneRequest(t *testing.T) {
	t.Parallel()
	st := perform(t, supervisor{echo: time.Hour, grace: 200 * time.Millisecond}, "stubborn")
	st.out.await(t, "stubborn is up")
	st.stop <- syscall.SIGTERM
	st.stop <- syscall.SIGTERM
	// The grace runs out: it was not the second request that killed.
	st.expect(t, 1, "not stopped after 200ms")
}

func TestSupervisorLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	st := perform(t, supervisor{}, "leaves")
	left, err := strconv.Atoi(strings.TrimSpace(st.out.await(t, "stubborn is up")))
	if err != nil {
		t.Fatal(err)
	}
	st.stop <- os.Interrupt
	st.expect(t, 0)
	awaitGone(t, left)
}

func TestWatchParentEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	leaving := watchParent(ctx)
	cancel()
	select {
	case <-leaving:
		t.Error("the parent is said to leave")
	case <-time.After(2 * parentCheck):
	}
}

// TestSupervisorEndsItsAnnouncement holds that the announcement learns of the
// end and has ended when run returns.
func TestSupervisorEndsItsAnnouncement(t *testing.T) {
	t.Parallel()
	dir := cast(t, "quits")
	out := newLines(newTranscript())
	s := supervisor{grace: deadline, say: testSay(out)}
	announced := false
	s.run([]program{{
		name: "quits", path: filepath.Join(dir, "quits"),
		stdout: out.prefixed(""), stderr: out.prefixed(""),
	}}, func(ctx context.Context) {
		<-ctx.Done()
		announced = true
	})
	if !announced {
		t.Error("run returned before the announcement had ended")
	}
}
