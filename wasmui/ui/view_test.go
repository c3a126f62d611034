// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/wasmui/store"
	"sluice/wasmui/stream"
)

// at gives a session in which numbers were received at these milliseconds, each
// made so much earlier.
func at(phase stream.Phase, received []int64, delay int64) *session {
	s := newSession(nil, func() {}, func() {})
	s.client = new(stream.Client)
	s.snap = stream.Snapshot{Phase: phase, Bytes: 1500, FirstEventAt: time.UnixMilli(1000)}
	for i, ms := range received {
		s.history.Append(store.Number{Position: uint32(i + 1), Value: float64(i), Created: ms - delay, Received: ms})
	}
	return s
}

// plainSpaces takes for spaces those before units, which do not break.
var plainSpaces = strings.NewReplacer("\u00a0", " ", "\u202f", " ")

func TestFigures(t *testing.T) {
	t.Parallel()
	received := []int64{1000, 1500, 2000, 2500, 3000}
	tests := []struct {
		name string
		s    *session
		want figureValues
	}{
		{
			"nothing yet", at(stream.Connecting, nil, 0),
			figureValues{"0", "1.5 kB", none, "of late", none, "made to shown", "0", "0 lost, 0 twice"},
		},
		{
			"running", at(stream.Open, received, 12),
			figureValues{"5", "1.5 kB", "2.5/s", "of late", "12 ms", "worst 12 ms", "0", "0 lost, 0 twice"},
		},
		{
			"over: the rate of the whole", at(stream.Ended, received, 12),
			figureValues{"5", "1.5 kB", "2.0/s", "on average", "12 ms", "worst 12 ms", "0", "0 lost, 0 twice"},
		},
		{
			"received before they were made", at(stream.Open, received, -7),
			figureValues{"5", "1.5 kB", "2.5/s", "of late", "0 ms", "clocks differ", "0", "0 lost, 0 twice"},
		},
	}
	for _, tt := range tests {
		got := tt.s.look(Knobs{}, false, chartLine, time.UnixMilli(3000)).Figures
		for _, f := range []*string{&got.Count, &got.CountNote, &got.Rate, &got.RateNote, &got.Delay, &got.DelayNote} {
			*f = plainSpaces.Replace(*f)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestRateOfOneNumberIsNone(t *testing.T) {
	t.Parallel()
	s := at(stream.Ended, []int64{1000}, 0)
	if rate := s.rate(s.snap, s.history.Summary(), time.UnixMilli(9000)); !math.IsNaN(rate) {
		t.Errorf("rate %v of a single number", rate)
	}
}

// A screen reader is spared what nobody can listen to, and told from time to
// time how things stand.
func TestFastStreamsAreAnnouncedSeldom(t *testing.T) {
	t.Parallel()
	var received []int64
	for ms := int64(1000); ms < 31_000; ms += 10 {
		received = append(received, ms)
	}
	s := at(stream.Open, received, 0)
	said := make(map[string]int)
	for ms := int64(1000); ms < 31_000; ms += 250 {
		said[s.look(Knobs{}, false, chartLine, time.UnixMilli(ms)).Announce]++
	}
	if v := s.look(Knobs{}, false, chartLine, time.UnixMilli(30_990)); !v.Fast || v.Announce != "Running for 25 seconds." {
		t.Errorf("fast %v, announced %q", v.Fast, v.Announce)
	}
	if len(said) > 7 {
		t.Errorf("%d announcements in half a minute: %v", len(said), said)
	}
	slow := at(stream.Open, []int64{1000, 2000}, 0).look(Knobs{}, false, chartLine, time.UnixMilli(2000))
	if slow.Fast || slow.Announce != "" {
		t.Errorf("a slow stream: fast %v, announced %q", slow.Fast, slow.Announce)
	}
}

func TestViewSaysWhatIsKept(t *testing.T) {
	t.Parallel()
	s := at(stream.Open, nil, 0)
	s.history = store.New(2)
	for i := range 3 {
		if v := s.look(Knobs{}, false, chartLine, time.Now()); v.Kept != "" {
			t.Errorf("%d numbers: %q", i, v.Kept)
		}
		s.history.Append(store.Number{Position: uint32(i + 1)})
	}
	if v := s.look(Knobs{}, false, chartLine, time.Now()); v.Kept != "The last 2 are kept." {
		t.Errorf("%q", v.Kept)
	}
}
