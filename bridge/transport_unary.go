// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"net/http"
	"time"

	"google.golang.org/grpc/codes"

	"sluice/bridge/journal"
	"sluice/bridge/run"
)

// unary answers a call that has but one answer with that, as JSON and nothing
// around it, or with a failure.
type unary struct {
	*body
	bridge  *Bridge
	request *http.Request

	viewer  *run.Viewer
	records []journal.Record
	ended   bool
	failure *fault // where it is not the run's
}

var _ carrier = (*unary)(nil)

// wantsMessage is whether a request would have a method's one response as it
// is: it asks for JSON, and for no long poll.
func wantsMessage(r *http.Request, v *run.Viewer) bool {
	if v.Run().Method().ServerStreaming() || lastEventID(r) != "" {
		return false
	}
	_, waits := prefersWait(r)
	return !waits
}

// serveUnary answers with the one response of a method.
func (b *Bridge) serveUnary(w http.ResponseWriter, r *http.Request, o opened) {
	u := &unary{body: b.newBody(w, r), bridge: b, request: r, viewer: o.viewer}
	why := b.carry(u, o, terms{transport: transportUnary, silence: b.options.heartbeat, once: true})
	if why == ClosedByViewer && o.fresh {
		o.viewer.Discard() // nobody waits for it any more
	}
}

// begin implements carrier.
func (u *unary) begin(opened, time.Duration) {}

// next implements carrier.
func (u *unary) next(v *run.Viewer) (ended bool, err error) {
	u.records, err = v.Read(u.records, spanBytes)
	if n := len(u.records); n > 0 {
		u.ended = u.records[n-1].Kind == journal.End
	}
	return u.ended, err
}

// heartbeat implements carrier. An answer that has not begun has none.
func (u *unary) heartbeat() {}

// goodbye implements carrier.
func (u *unary) goodbye(why CloseReason, _ time.Duration) {
	u.failure = errorf(codes.Unavailable, "the call was given up: %s", why)
}

// pending implements carrier.
func (u *unary) pending() bool { return u.ended || u.failure != nil }

// send implements carrier.
func (u *unary) send() (int, error) {
	f := u.failure
	if f == nil {
		if st := u.viewer.Run().Status(); st.Code() != codes.OK {
			f = faultOfRun(u.viewer.Run())
		} else if u.records[0].Kind != journal.Message {
			f = errorf(codes.Internal, "the backend's answer holds no message")
		}
	}
	if f != nil {
		u.bridge.fail(u.w, u.request, f)
		return 0, nil
	}
	u.w.Header().Set(RunHeader, u.viewer.Run().ID())
	return u.answer(append(append([]byte(nil), u.records[0].Data...), '\n'))
}
