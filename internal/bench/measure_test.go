// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sluice/internal/corpus"
)

// little is so little of everything that it measures nothing, and still runs it
// all.
var little = settings{
	quick: true, rounds: 1, numbers: 500, viewers: 8,
}

// checkTable fails where a line has no value, or one that cannot be, but for
// memory: so little may well be less than what the process gives back.
func checkTable(t *testing.T, got table, lines int, mayShrink bool) {
	t.Helper()
	if len(got.Lines) != lines {
		t.Errorf("%d lines, want %d: %+v", len(got.Lines), lines, got.Lines)
	}
	for _, l := range got.Lines {
		if len(l.Values) == 0 || slices.ContainsFunc(l.Values, func(v float64) bool { return !(v > 0) && !mayShrink }) {
			t.Errorf("%s: the values are %v", l.Who, l.Values)
		}
	}
}

func TestMeasureStream(t *testing.T) {
	t.Parallel()
	s := little
	s.profiles = t.TempDir()
	got, err := measureStream(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	checkTable(t, got, 8, false)
	if files, err := filepath.Glob(filepath.Join(s.profiles, "bridge-1.pprof")); err != nil || len(files) != 1 {
		t.Errorf("there is no profile: %v, %v", files, err)
	}
}

func TestMeasureMemory(t *testing.T) {
	t.Parallel()
	got, err := measureMemory(t.Context(), little)
	if err != nil {
		t.Fatal(err)
	}
	checkTable(t, got, 6, true)
}

func TestListenToEveryWay(t *testing.T) {
	t.Parallel()
	for _, w := range latencyWays {
		ages, err := w.listen(t.Context(), crowd{2, time.Millisecond, 300 * time.Millisecond})
		if err != nil {
			t.Fatalf("%s: %v", w.name, err)
		}
		// The clocks are one: no number comes before it was made.
		if least := slices.Min(ages); least <= 0 {
			t.Errorf("%s: a number is %v µs old", w.name, least)
		}
	}
}

// A reader that stops before its time is an error and not a figure.
func TestListenFailsWithoutBackend(t *testing.T) {
	t.Parallel()
	w := listening{read: func(ctx context.Context, _ string, pause time.Duration, age func(time.Duration)) error {
		return ageGRPC(ctx, "127.0.0.1:1", pause, age)
	}}
	if _, err := w.listen(t.Context(), crowd{2, time.Millisecond, time.Minute}); err == nil {
		t.Error("no error")
	}
}

func TestTranscodersAgreeOnTheNumberMessage(t *testing.T) {
	t.Parallel()
	samples, err := corpus.Written()
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(samples, func(s corpus.Sample) bool { return s.Name == numberMessage })
	if i < 0 {
		t.Fatalf("the corpus has no %s", numberMessage)
	}
	contenders, err := transcoders(samples[i])
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range contenders {
		got = append(got, c.name)
	}
	// None is left out for giving other JSON.
	if want := []string{ours, dynamicPeer.name, generatedPeer.name, hyperPeer.name}; !slices.Equal(got, want) {
		t.Errorf("contenders are %q, want %q", got, want)
	}
}

func TestSSEReadersCount(t *testing.T) {
	t.Parallel()
	stream, err := numberEvents(sseEvents)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range sseReaders(stream) {
		if err := c.do(); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	short := stream[:strings.LastIndex(string(stream[:len(stream)-2]), "\n\n")+2]
	for _, c := range sseReaders(short) {
		if c.do() == nil {
			t.Errorf("%s does not miss an event", c.name)
		}
	}
}

// A contender that fails is not timed.
func TestAlternateFails(t *testing.T) {
	t.Parallel()
	good := contender{"good", func() error { return nil }}
	bad := contender{"bad", func() error { return context.Canceled }}
	if _, err := alternate(t.Context(), 1, time.Millisecond, []contender{good, bad}); err == nil {
		t.Error("no error")
	}
	took, err := alternate(t.Context(), 3, time.Millisecond, []contender{good, good})
	if err != nil || len(took) != 2 || len(took[0]) != 3 || len(took[1]) != 3 {
		t.Errorf("took %v, %v; want 2 contenders with 3 rounds", took, err)
	}
}
