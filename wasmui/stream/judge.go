// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"errors"
	"time"
)

// judge decides on the answer to a request that was to go on after this id. It
// is the stream where open is true; else there is a fault, or the client is
// over.
//
// EventSource asks again only where there was no answer, and gives up after any
// answer that is no stream. Here a server that is busy or broken is asked again
// too, and one that says when is believed.
func (m *machine) judge(h head, req Request, id string) (f *fault, open bool) {
	switch {
	case errors.Is(h.err, errors.ErrUnsupported):
		m.fail(&Error{Message: h.err.Error()})
		return nil, false
	case h.err != nil:
		return &fault{reason: "The server could not be reached."}, false
	}
	if validRun(h.run) {
		m.snap.Run = h.run
	}
	switch {
	case h.stream:
		return nil, true
	case h.status == 204 && id != "":
		m.finish(Ended, "The stream had ended already.", nil)
		return nil, false
	case m.startsOver(h, req, id):
		m.snap.Run = ""
		return &fault{reason: "The server no longer knows the run, of which nothing had come yet."}, false
	}
	err := errorOf(h)
	if !err.Retryable {
		m.fail(err)
		return nil, false
	}
	f = &fault{reason: err.Message, err: err}
	if d, ok := retryAfter(h.retryAfter, h.date, time.Now()); ok && (h.status == 429 || h.status == 503) {
		f.least, f.held = d, d > 0
	}
	return f, false
}

// startsOver says that the server no longer knows a run that this client opened
// and of which nothing had come: then nothing is lost by opening another.
func (m *machine) startsOver(h head, req Request, id string) bool {
	return (h.status == 404 || h.status == 410) && id == "" && !m.snap.Joined &&
		m.cfg.Method == "GET" && req.URL != m.cfg.URL
}

// retryableStatus says whether a server that answers so may answer otherwise
// later: it had too much to do, or something in it or before it broke. That it
// does not implement what was asked for stays so.
func retryableStatus(status int) bool {
	switch status {
	case 408, 425, 429:
		return true
	case 501, 505:
		return false
	}
	return status >= 500
}
