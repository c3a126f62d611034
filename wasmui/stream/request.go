// SPDX-License-Identifier: Apache-2.0

package stream

import "strings"

// request makes the next request for events and gives the event id that it goes
// on after, "" for none. The package documentation says why each goes where.
func (m *machine) request() (req Request, id string) {
	id = m.snap.LastEventID
	req.Method = "GET"
	switch {
	case m.cfg.Method != "GET" && m.snap.Run == "":
		req.Method, req.URL, req.Body = m.cfg.Method, m.cfg.URL, m.cfg.Body
	case m.cfg.Method == "GET" && m.cfg.URL != "" && (id != "" || m.snap.Run == ""):
		req.URL = m.cfg.URL
	default:
		req.URL = m.runURL(m.snap.Run)
	}
	req.Header = m.header("text/event-stream, application/json")
	if req.Body != nil && !m.hasHeader("Content-Type") {
		req.Header = append(req.Header, [2]string{"Content-Type", "application/json"})
	}
	if id != "" {
		req.Header = append(req.Header, [2]string{"Last-Event-ID", id})
	}
	return req, id
}

// header gives a new header of a request: what the configuration says and what
// is accepted.
func (m *machine) header(accept string) [][2]string {
	header := append(make([][2]string, 0, len(m.cfg.Header)+3), m.cfg.Header...)
	return append(header, [2]string{"Accept", accept})
}

func (m *machine) hasHeader(name string) bool {
	for _, h := range m.cfg.Header {
		if strings.EqualFold(h[0], name) {
			return true
		}
	}
	return false
}

func (m *machine) runURL(run string) string { return m.cfg.Runs + run }

// maxRunBytes is more than any id of a run has.
const maxRunBytes = 128

// validRun says whether this may be the id of a run. What is put into an address
// is letters, digits, - and _, so that a link cannot lead anywhere else.
func validRun(run string) bool {
	for i := range len(run) {
		switch c := run[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_':
		default:
			return false
		}
	}
	return run != "" && len(run) <= maxRunBytes
}
