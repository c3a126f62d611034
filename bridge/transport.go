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
)

// stream writes a stream to the browser: an early error as an HTTP status of
// its own, all else as events.
func (b *Bridge) stream(w http.ResponseWriter, r *http.Request, s opened) {
	if s.viewer == nil {
		// To come back after the end is to be told that there is no more: a
		// 204 keeps EventSource from asking again.
		addVary(w.Header())
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(http.StatusNoContent)
		return
	}
	defer s.viewer.Close()
	b.enter()
	defer b.leave()
	if !canFlush(w) {
		b.options.logger.Error("a stream cannot be flushed: the server wraps its http.ResponseWriter in one without Flush or Unwrap")
		b.fail(w, r, errorf(codes.Internal, "this server cannot stream"))
		return
	}
	if s.fresh && s.reset == nil {
		if !b.awaitFirst(r, s.viewer) {
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
	b.writeEvents(w, r, s)
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
		return &fault{http: HTTPStatus(st.Code()), status: st}
	}
	return nil
}

// canFlush is whether what is written to w can be sent at once.
func canFlush(w http.ResponseWriter) bool {
	for {
		switch t := w.(type) {
		case interface{ FlushError() error }, http.Flusher:
			return true
		case interface{ Unwrap() http.ResponseWriter }:
			w = t.Unwrap()
		default:
			return false
		}
	}
}

// resetEvent is the type of the event that tells a viewer what it does not get.
const resetEvent = "reset"

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
