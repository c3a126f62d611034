// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/wasmui/stream"
)

func TestDescribe(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	tests := []struct {
		name string
		in   situation
		want status
	}{
		{"nothing yet", situation{}, status{"idle", toneIdle, "Ready", "", ""}},
		{
			"nothing yet, and no network",
			situation{offline: true},
			status{"idle", toneWait, "Offline", "The page works without a network; numbers wait for one.", ""},
		},
		{
			"first request",
			situation{snap: stream.Snapshot{Phase: stream.Connecting, Attempt: 1}},
			status{"connecting", toneBusy, "Connecting", "", ""},
		},
		{
			"second request",
			situation{snap: stream.Snapshot{Phase: stream.Connecting, Attempt: 2}},
			status{"connecting", toneBusy, "Connecting again", "", ""},
		},
		{
			"open",
			situation{snap: stream.Snapshot{Phase: stream.Open}},
			status{"open", toneLive, "Connected", "The first number is on its way.", ""},
		},
		{
			"numbers come",
			situation{snap: stream.Snapshot{Phase: stream.Open}, count: 1},
			status{"open", toneLive, "Receiving", "", ""},
		},
		{
			"resumed",
			situation{snap: stream.Snapshot{Phase: stream.Open, Resumed: true, ResumedAfter: "r-12", ResumedAfterNumber: 12, Replayed: 3}, count: 15},
			status{"open", toneLive, "Receiving", "Resumed after number 12; 3 numbers were replayed.", ""},
		},
		{
			"resumed with nothing in between",
			situation{snap: stream.Snapshot{Phase: stream.Open, Resumed: true, ResumedAfter: "r-12", ResumedAfterNumber: 12}, count: 12},
			status{"open", toneLive, "Receiving", "Resumed after number 12; nothing was missed meanwhile.", ""},
		},
		{
			"read again",
			situation{snap: stream.Snapshot{Phase: stream.Open, Resumed: true, Replayed: 1}, count: 1},
			status{"open", toneLive, "Receiving", "Read again from the start; 1 number was replayed.", ""},
		},
		{
			"resumed by an id without a number",
			situation{snap: stream.Snapshot{Phase: stream.Open, Resumed: true, ResumedAfter: "x", Replayed: 2}, count: 5},
			status{"open", toneLive, "Receiving", "Resumed; 2 numbers were replayed.", ""},
		},
		{
			"reset",
			situation{snap: stream.Snapshot{Phase: stream.Open, Resumed: true, Reset: &stream.Reset{Reason: "too old"}, ResetHere: true}, count: 5},
			status{"open", toneLive, "Receiving", "Not all could be replayed: too old.", ""},
		},
		{
			"resumed after an earlier reset",
			situation{snap: stream.Snapshot{Phase: stream.Open, Resumed: true, ResumedAfter: "r-12", ResumedAfterNumber: 12, Reset: &stream.Reset{Reason: "too old"}}, count: 12},
			status{"open", toneLive, "Receiving", "Resumed after number 12; nothing was missed meanwhile.", ""},
		},
		{
			"joined",
			situation{snap: stream.Snapshot{Phase: stream.Open, Joined: true, Replayed: 12345}, count: 12345},
			status{"open", toneLive, "Receiving", "Joined a run; 12\u202f345 numbers were replayed.", ""},
		},
		{
			"lost",
			situation{snap: stream.Snapshot{Phase: stream.Waiting, Reason: "The connection broke.", RetryAt: now.Add(2100 * time.Millisecond)}, now: now},
			status{"waiting", toneWait, "Connection lost", "The connection broke.", "Trying again in 3 s"},
		},
		{
			"lost without a network",
			situation{snap: stream.Snapshot{Phase: stream.Waiting, Reason: "No answer.", RetryAt: now}, now: now, offline: true},
			status{"waiting", toneWait, "Offline", "No answer.", "Trying again now"},
		},
		{
			"ended",
			situation{snap: stream.Snapshot{Phase: stream.Ended}, count: 17},
			status{"ended", toneDone, "Finished", "17 numbers, every one once and in order.", ""},
		},
		{
			"ended with one",
			situation{snap: stream.Snapshot{Phase: stream.Ended}, count: 1},
			status{"ended", toneDone, "Finished", "1 number, every one once and in order.", ""},
		},
		{
			"ended with a loss",
			situation{snap: stream.Snapshot{Phase: stream.Ended, Missed: 2}, count: 15},
			status{"ended", toneDone, "Finished", "15 numbers came, 2 did not.", ""},
		},
		{
			"ended after a reset",
			situation{snap: stream.Snapshot{Phase: stream.Ended, Reset: &stream.Reset{Reason: "too old", First: 1, Count: 1}}, count: 80},
			status{"ended", toneDone, "Finished", "80 numbers came; as the stream was reset, some may be missing or there twice.", ""},
		},
		{
			"ended with nothing",
			situation{snap: stream.Snapshot{Phase: stream.Ended}},
			status{"ended", toneDone, "Finished", "There was no number.", ""},
		},
		{
			"failed",
			situation{snap: stream.Snapshot{Phase: stream.Failed, Err: &stream.Error{Code: "NOT_FOUND", Message: "no such run"}}},
			status{"failed", toneBad, "Failed", "NOT_FOUND", ""},
		},
		{
			"failed without a code",
			situation{snap: stream.Snapshot{Phase: stream.Failed, Err: &stream.Error{Message: "no stream"}}},
			status{"failed", toneBad, "Failed", "no stream.", ""},
		},
		{
			"failed without an error",
			situation{snap: stream.Snapshot{Phase: stream.Failed, Reason: "why"}},
			status{"failed", toneBad, "Failed", "why.", ""},
		},
		{
			"stopping",
			situation{snap: stream.Snapshot{Phase: stream.Stopped, Cancel: stream.Cancelling}},
			status{"stopped", toneBusy, "Stopping", "Asking the bridge to cancel the run.", ""},
		},
		{
			"cancelled",
			situation{snap: stream.Snapshot{Phase: stream.Stopped, Cancel: stream.Cancelled}},
			status{"stopped", toneDone, "Stopped", "The run was cancelled.", ""},
		},
		{
			"could not be cancelled",
			situation{snap: stream.Snapshot{Phase: stream.Stopped, Cancel: stream.CancelFailed}},
			status{"stopped", toneDone, "Stopped", "The bridge could not be asked to cancel the run; it ends by its own policy.", ""},
		},
		{
			"left",
			situation{snap: stream.Snapshot{Phase: stream.Stopped}},
			status{"stopped", toneDone, "Stopped", "The run was left; what becomes of it is its own policy.", ""},
		},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, describe(tt.in)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// Every phase has words, also one that a later version adds.
func TestEveryPhaseHasWords(t *testing.T) {
	t.Parallel()
	for phase := stream.Idle; phase <= stream.Stopped; phase++ {
		if s := describe(situation{snap: stream.Snapshot{Phase: phase}}); s.Text == "" || s.Tone == "" {
			t.Errorf("%v: %+v", phase, s)
		}
	}
}

func TestCountdownEndsWithOne(t *testing.T) {
	t.Parallel()
	for left, want := range map[time.Duration]string{
		-time.Second:            "Trying again now",
		0:                       "Trying again now",
		time.Millisecond:        "Trying again in 1 s",
		time.Second:             "Trying again in 1 s",
		1001 * time.Millisecond: "Trying again in 2 s",
		30 * time.Second:        "Trying again in 30 s",
	} {
		if got := countdown(left); got != want {
			t.Errorf("%v left: %q, want %q", left, got, want)
		}
	}
}
