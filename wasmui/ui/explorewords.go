// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"time"

	"sluice/wasmui/store"
	"sluice/wasmui/stream"
)

// exploreStatus puts the state of a run into words, as describe does for that of
// the numbers.
func exploreStatus(snap stream.Snapshot, now time.Time) status {
	out := describe(situation{snap: snap, count: snap.Events, now: now})
	switch snap.Phase {
	case stream.Idle:
		out.Text, out.Tone = "Calling", toneBusy
	case stream.Connecting:
		if snap.Requests <= 1 {
			out.Text = "Calling"
		}
	case stream.Open:
		out.Detail = ""
		switch {
		case snap.ResetHere:
			out.Detail = "Not all could be replayed: " + sentence(snap.Reset.Reason)
		case snap.Resumed:
			out.Detail = "Resumed, " + countOf(snap.Replayed, "event") + " replayed."
		}
	case stream.Ended:
		out.Detail = "OK"
		switch {
		case snap.Missed > 0:
			out.Detail = "OK, but " + countOf(int(snap.Missed), "event") + " did not come."
		case snap.Reset != nil:
			out.Detail = "OK, but as the stream was reset, some events may be missing or there twice."
		}
	}
	return out
}

// runSummary says how much has come, and in what time.
func runSummary(snap stream.Snapshot, bytes uint64) string {
	words := countOf(int(snap.Events), "event") + ", " + store.FormatBytes(bytes)
	if snap.Phase.Over() && !snap.EndedAt.IsZero() {
		words += " in " + store.FormatDuration(snap.EndedAt.Sub(snap.StartedAt))
	} else if !snap.FirstEventAt.IsZero() {
		words += ", the first after " + store.FormatDuration(snap.FirstEventAt.Sub(snap.StartedAt))
	}
	return words
}

// countOf gives a number with what it counts: 1 event, 2 events.
func countOf(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return store.FormatCount(uint64(n)) + " " + what
}
