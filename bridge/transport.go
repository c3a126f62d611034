// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"google.golang.org/grpc/codes"

	"sluice/bridge/journal"
	"sluice/bridge/run"
	"sluice/bridge/sse"
)

// stream answers a request with a stream, by the transport that it asks for: an
// early error as a failure of its own, all else as events.
func (b *Bridge) stream(w http.ResponseWriter, r *http.Request, s opened) {
	transport := negotiate(r)
	if s.viewer == nil {
		b.noMore(w, r, transport)
		return
	}
	b.enter()
	defer b.leave()
	if transport == transportPoll && !wantsMessage(r, s.viewer) {
		b.servePoll(w, r, s) // which keeps the viewer
		return
	}
	defer s.viewer.Close()
	if transport == transportPoll {
		b.serveUnary(w, r, s)
		return
	}
	if transport != transportWebSocket && !canFlush(w) {
		b.options.logger.Error("a stream cannot be flushed: the server wraps its http.ResponseWriter in one without Flush or Unwrap")
		b.fail(w, r, errorf(codes.Internal, "this server cannot stream"))
		return
	}
	if s.fresh {
		if !s.awaited && !b.awaitFirst(r, s.viewer) {
			s.viewer.Discard() // its id was never told
			return
		}
		if f := earlyError(s.viewer); f != nil {
			b.fail(w, r, f)
			s.viewer.Close()
			b.runs.Forget(s.viewer.Run())
			return
		}
	}
	switch transport {
	case transportWebSocket:
		b.serveSocket(w, r, s)
	case transportNDJSON:
		body := b.openBody(w, r, ndjsonType, s.viewer.Run().ID())
		b.carry(&lineStream{body: body, objects: objectsOf(s.viewer.Run())}, s, terms{transport: transport, silence: b.options.heartbeat})
		body.close()
	default:
		body := b.openBody(w, r, sse.ContentType, s.viewer.Run().ID())
		b.carry(&eventStream{body: body}, s, terms{transport: transport, silence: b.options.heartbeat})
		body.close()
	}
}

// noMore answers who comes back after the end. A 204 keeps EventSource from
// asking again; a WebSocket opens and closes.
func (b *Bridge) noMore(w http.ResponseWriter, r *http.Request, transport string) {
	if transport == transportWebSocket {
		b.closeSocket(w, r)
		return
	}
	addVary(w.Header())
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusNoContent)
}

// awaitFirst waits for the run's first event, for as long as a stream waits
// before it commits. It returns false when the browser went away.
func (b *Bridge) awaitFirst(r *http.Request, v *run.Viewer) bool {
	timeout := time.NewTimer(b.options.commitWait)
	defer timeout.Stop()
	for {
		changed := v.Changed()
		if v.Run().Extent().Last > v.Cursor() {
			return true
		}
		select {
		case <-changed:
		case <-timeout.C:
			return true
		case <-b.draining:
			return true
		case <-r.Context().Done():
			return false
		}
	}
}

// earlyError returns the error that a run ended with before its first message,
// if it did.
func earlyError(v *run.Viewer) *fault {
	if !v.Run().Stillborn() {
		return nil
	}
	if st := v.Run().Status(); st.Code() != codes.OK {
		return faultOfRun(v.Run())
	}
	return nil
}

func (r *reset) data() []byte {
	b, err := json.Marshal(r)
	if err != nil {
		panic("a reset is a string and a number: " + err.Error())
	}
	return b
}

// readError says why a viewer cannot be read on.
func readError(err error) CloseReason {
	if errors.Is(err, journal.ErrClosed) {
		return ClosedForgotten
	}
	return ClosedBehind
}
