// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"net/http"
	"strconv"
	"strings"

	"sluice/bridge/sse"
)

// accepts is whether a request's Accept header lets it be answered with the
// media type, as RFC 9110, section 12.5.1 says: the most specific range that
// covers the type decides, and none at all is any type.
func accepts(r *http.Request, mediaType string) bool {
	ranges := mediaRanges(r.Header.Values("Accept"))
	if len(ranges) == 0 {
		return true
	}
	major, _, _ := strings.Cut(mediaType, "/")
	best, ok := -1, false
	for _, m := range ranges {
		specific := -1
		switch m.name {
		case mediaType:
			specific = 2
		case major + "/*":
			specific = 1
		case "*/*":
			specific = 0
		}
		if specific > best {
			best, ok = specific, m.quality > 0
		}
	}
	return ok
}

// acceptsOnlyEvents is whether a request can be answered with an event stream
// and with nothing else. EventSource asks like that, and so cannot be shown an
// error's body.
func acceptsOnlyEvents(r *http.Request) bool {
	found := false
	for _, m := range mediaRanges(r.Header.Values("Accept")) {
		if m.quality == 0 {
			continue
		}
		if m.name != sse.ContentType {
			return false
		}
		found = true
	}
	return found
}

type mediaRange struct {
	name    string
	quality float64
}

// mediaRanges reads Accept headers; what it cannot read it passes over.
func mediaRanges(headers []string) []mediaRange {
	var all []mediaRange
	for _, header := range headers {
		for part := range strings.SplitSeq(header, ",") {
			name, params, _ := strings.Cut(part, ";")
			name = strings.ToLower(strings.TrimSpace(name))
			if name == "" {
				continue
			}
			m := mediaRange{name: name, quality: 1}
			for param := range strings.SplitSeq(params, ";") {
				if key, value, ok := strings.Cut(strings.TrimSpace(param), "="); ok && strings.EqualFold(key, "q") {
					if q, err := strconv.ParseFloat(value, 64); err == nil && q >= 0 && q <= 1 {
						m.quality = q
					}
				}
			}
			all = append(all, m)
		}
	}
	return all
}
