// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"strconv"
	"strings"
	"time"

	"sluice/wasmui/store"
	"sluice/wasmui/stream"
)

// tone is how a state feels, which is also its colour.
type tone string

// The tones. Colour is never all that tells them apart: the words do.
const (
	toneIdle tone = "idle"
	toneBusy tone = "busy"
	toneLive tone = "live"
	toneWait tone = "wait"
	toneDone tone = "done"
	toneBad  tone = "bad"
)

// status is the state of the connection in words.
type status struct {
	Phase string // as the client names it, for style sheets and tests
	Tone  tone
	Text  string // one or two words
	// Detail says more, "" where there is no more to say.
	Detail string
	// Countdown is how long the next attempt is away, "" where there is none due.
	Countdown string
}

// situation is what the words are made of.
type situation struct {
	snap    stream.Snapshot
	count   uint64 // numbers received
	offline bool   // the browser knows that it has no network
	now     time.Time
}

// describe puts a situation into words.
func describe(s situation) status {
	out := status{Phase: s.snap.Phase.String()}
	switch s.snap.Phase {
	case stream.Connecting:
		out.Tone, out.Text = toneBusy, "Connecting"
		if s.snap.Attempt > 1 || s.count > 0 {
			out.Text = "Connecting again"
		}
	case stream.Open:
		out.Tone, out.Text, out.Detail = toneLive, "Receiving", s.opened()
		if s.count == 0 {
			out.Text = "Connected"
		}
	case stream.Waiting:
		out.Tone, out.Text, out.Detail = toneWait, "Connection lost", s.snap.Reason
		if s.offline {
			out.Text = "Offline"
		}
		out.Countdown = countdown(s.snap.RetryAt.Sub(s.now))
	case stream.Ended:
		out.Tone, out.Text, out.Detail = toneDone, "Finished", s.ended()
	case stream.Failed:
		out.Tone, out.Text, out.Detail = toneBad, "Failed", s.failed()
	case stream.Stopped:
		out.Tone, out.Text, out.Detail = toneDone, "Stopped", stopped(s.snap.Cancel)
		if s.snap.Cancel == stream.Cancelling {
			out.Tone, out.Text = toneBusy, "Stopping"
		}
	default:
		out.Tone, out.Text = toneIdle, "Ready"
		if s.offline {
			out.Tone, out.Text = toneWait, "Offline"
			out.Detail = "The page works without a network; numbers wait for one."
		}
	}
	return out
}

// opened says how this connection began, where that is worth a word.
func (s situation) opened() string {
	snap := s.snap
	switch {
	case snap.ResetHere:
		return "Not all could be replayed: " + sentence(snap.Reset.Reason)
	case snap.Resumed && snap.ResumedAfterNumber > 0:
		return "Resumed after number " + store.FormatCount(snap.ResumedAfterNumber) + "; " + replayed(snap.Replayed) + "."
	case snap.Resumed && snap.ResumedAfter == "":
		return "Read again from the start; " + replayed(snap.Replayed) + "."
	case snap.Resumed:
		return "Resumed; " + replayed(snap.Replayed) + "."
	case snap.Joined:
		return "Joined a run; " + replayed(snap.Replayed) + "."
	case s.count == 0:
		return "The first number is on its way."
	}
	return ""
}

func replayed(n int) string {
	switch n {
	case 0:
		return "nothing was missed meanwhile"
	case 1:
		return "1 number was replayed"
	}
	return store.FormatCount(uint64(n)) + " numbers were replayed"
}

func (s situation) ended() string {
	switch {
	case s.count == 0:
		return "There was no number."
	case s.snap.Missed > 0:
		return numbers(s.count) + " came, " + store.FormatCount(s.snap.Missed) + " did not."
	case s.snap.Reset != nil:
		return numbers(s.count) + " came; as the stream was reset, some may be missing or there twice."
	}
	return numbers(s.count) + ", every one once and in order."
}

// failed is short: the page has a place of its own for what went wrong.
func (s situation) failed() string {
	if s.snap.Err == nil {
		return sentence(s.snap.Reason)
	}
	if s.snap.Err.Code != "" {
		return s.snap.Err.Code
	}
	return sentence(s.snap.Err.Message)
}

// stopped says which of the two became of the run: cancelled, or left to its
// policy.
func stopped(c stream.Cancel) string {
	switch c {
	case stream.Cancelling:
		return "Asking the bridge to cancel the run."
	case stream.Cancelled:
		return "The run was cancelled."
	case stream.CancelFailed:
		return "The bridge could not be asked to cancel the run; it ends by its own policy."
	}
	return "The run was left; what becomes of it is its own policy."
}

func numbers(n uint64) string {
	if n == 1 {
		return "1 number"
	}
	return store.FormatCount(n) + " numbers"
}

// countdown gives whole seconds, rounded up, so that it ends with 1.
func countdown(left time.Duration) string {
	if left <= 0 {
		return "Trying again now"
	}
	s := int64((left + time.Second - 1) / time.Second)
	return "Trying again in " + strconv.FormatInt(s, 10) + " s"
}

// sentence makes text end as one.
func sentence(text string) string {
	if text == "" || strings.ContainsAny(text[len(text)-1:], ".!?") {
		return text
	}
	return text + "."
}
