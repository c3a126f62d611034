// SPDX-License-Identifier: Apache-2.0

package bridge

import "sluice/bridge/run"

// Observer is told of what a [Bridge] does. Its methods are called by many
// goroutines at once and must return quickly. [NopObserver] can be embedded to
// implement some of them only.
type Observer interface {
	run.Observer

	// StreamOpened is called when a viewer's stream begins, with the name of
	// its transport.
	StreamOpened(transport string)
	// StreamWrote is called after each write to a stream, with its bytes.
	StreamWrote(transport string, bytes int)
	// StreamClosed is called when the stream has ended, with why.
	StreamClosed(transport string, why CloseReason)
	// UpstreamKnown is called when a backend has said which methods it has, and
	// before that whenever it could not be asked. A single backend may have no
	// name.
	UpstreamKnown(backend string, known bool)
}

// CloseReason says why a viewer's stream ended.
type CloseReason string

// The reasons.
const (
	// ClosedEnd: the run ended and the viewer was told how.
	ClosedEnd CloseReason = "end"
	// ClosedAnswered: a long poll was answered, and there is more to come.
	ClosedAnswered CloseReason = "answered"
	// ClosedByViewer: the browser went away.
	ClosedByViewer CloseReason = "viewer"
	// ClosedSlow: nothing was taken of what was written for the write timeout.
	ClosedSlow CloseReason = "write_timeout"
	// ClosedBehind: other viewers of the run went on without this one until
	// its next event was forgotten.
	ClosedBehind CloseReason = "behind"
	// ClosedDrain: the bridge is going away.
	ClosedDrain CloseReason = "drain"
	// ClosedAge: the stream reached its maximum age.
	ClosedAge CloseReason = "age"
	// ClosedForgotten: the finished run was forgotten while it was read.
	ClosedForgotten CloseReason = "forgotten"
)

// NopObserver is an [Observer] that does nothing.
type NopObserver struct{ run.NopObserver }

var _ Observer = NopObserver{}

// StreamOpened implements [Observer].
func (NopObserver) StreamOpened(string) {}

// StreamWrote implements [Observer].
func (NopObserver) StreamWrote(string, int) {}

// StreamClosed implements [Observer].
func (NopObserver) StreamClosed(string, CloseReason) {}

// UpstreamKnown implements [Observer].
func (NopObserver) UpstreamKnown(string, bool) {}
