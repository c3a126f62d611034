// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// pushedURL is the address for what opens a stream by an address alone, as
// EventSource and WebSocket do: the id to go on after stands in the query. A
// request that says anything else in its head or has a body is none for them.
func pushedURL(kind string, req Request) (string, error) {
	if req.Method != "GET" {
		return "", fmt.Errorf("%s cannot send a %s request: %w", kind, req.Method, errors.ErrUnsupported)
	}
	address := req.URL
	for _, h := range req.Header {
		switch strings.ToLower(h[0]) {
		case "accept":
		case "last-event-id":
			address = addQuery(address, "last_event_id", h[1])
		default:
			return "", fmt.Errorf("%s cannot send the header %s: %w", kind, h[0], errors.ErrUnsupported)
		}
	}
	return address, nil
}

// addQuery adds a parameter to an address.
func addQuery(address, name, value string) string {
	separator := "?"
	if strings.Contains(address, "?") {
		separator = "&"
	}
	return address + separator + name + "=" + url.QueryEscape(value)
}

// idIn gives the id of the event that a request goes on after, "" for none.
func idIn(req Request) string {
	for _, h := range req.Header {
		if strings.EqualFold(h[0], "Last-Event-ID") {
			return h[1]
		}
	}
	return ""
}

// runIn gives the run that a request names: by its address, or by the id of the
// event that it goes on after. "" where it names none.
func runIn(req Request) string {
	if run, _, ok := parseEventID(idIn(req)); ok {
		return run
	}
	path, _, _ := strings.Cut(req.URL, "?")
	dir, run, _ := cutLast(path, "/")
	if strings.HasSuffix(dir, "/runs") && validRun(run) {
		return run
	}
	return ""
}

func cutLast(s, separator string) (before, after string, found bool) {
	if i := strings.LastIndex(s, separator); i >= 0 {
		return s[:i], s[i+len(separator):], true
	}
	return s, "", false
}
