// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"net/http"

	"google.golang.org/grpc/codes"

	"sluice/bridge/run"
)

// runsPrefix is where runs are found by their ids.
const runsPrefix = "/runs/"

// serveRun reads or cancels a run.
func (b *Bridge) serveRun(w http.ResponseWriter, r *http.Request, id string) {
	const allow = "GET, DELETE, OPTIONS"
	if r.Method != http.MethodDelete {
		if f := b.checkStream(r, allow); f != nil {
			b.fail(w, r, f)
			return
		}
	}
	if r.Method == http.MethodOptions {
		w.Header().Set("Allow", allow)
		w.WriteHeader(http.StatusNoContent)
		return
	}
	md, f := outgoing(r)
	if f != nil {
		b.fail(w, r, f)
		return
	}
	found := b.runs.Find(id, owner(md))
	if found == nil {
		b.fail(w, r, noSuchRun())
		return
	}
	if r.Method == http.MethodDelete {
		found.Cancel()
		w.WriteHeader(http.StatusNoContent)
		return
	}
	s, f := rejoin(r, found)
	if f != nil {
		b.fail(w, r, f)
		return
	}
	sayTimeout(w.Header(), found.Timeout())
	b.stream(w, r, s)
}

// rejoin reads a run from where the viewer stands, or all that there is of it.
func rejoin(r *http.Request, found *run.Run) (opened, *fault) {
	last := lastEventID(r)
	if last == "" {
		s, err := attach(found, 0)
		if err != nil {
			return join(found, err)
		}
		return s, nil
	}
	id, err := run.ParseEventID(last)
	switch {
	case err != nil:
		return opened{}, errorf(codes.InvalidArgument, "the last event id is not one of this bridge: %v", err)
	case id.Run != found.ID():
		return opened{}, errorf(codes.InvalidArgument, "the last event id is of another run")
	case id.End:
		return opened{}, nil
	}
	if here, held := found.IDOf(id.Seq); held && id.Position != "" && here != last {
		return join(found, errCountedElsewhere)
	}
	s, err := attach(found, id.Seq)
	if err != nil {
		return join(found, err)
	}
	return s, nil
}
