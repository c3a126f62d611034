// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"sluice/bridge/sse"
)

// preference is one of the things that a request says it can be answered with,
// and how much it would like that: from 0, not at all, to 1.
type preference struct {
	name    string
	quality float64
}

// preferences reads the values of a header such as Accept, as RFC 9110,
// section 12.4.2 says. What it cannot read it passes over.
func preferences(values []string) []preference {
	var all []preference
	for _, value := range values {
		for part := range strings.SplitSeq(value, ",") {
			name, params, _ := strings.Cut(part, ";")
			name = strings.ToLower(strings.TrimSpace(name))
			if name == "" {
				continue
			}
			p := preference{name: name, quality: 1}
			for param := range strings.SplitSeq(params, ";") {
				if key, value, ok := strings.Cut(strings.TrimSpace(param), "="); ok && strings.EqualFold(key, "q") {
					if q, err := strconv.ParseFloat(value, 64); err == nil && q >= 0 && q <= 1 {
						p.quality = q
					}
				}
			}
			all = append(all, p)
		}
	}
	return all
}

// How closely a media range names a type: the closest decides.
const (
	notNamed = iota
	namedAny
	namedMajor
	namedExactly
)

// mediaQuality is how much a request would like a media type, as RFC 9110,
// section 12.5.1 says, and how closely it names it. No range at all is any
// type.
func mediaQuality(ranges []preference, mediaType string) (quality float64, closeness int) {
	if len(ranges) == 0 {
		return 1, namedAny
	}
	major, _, _ := strings.Cut(mediaType, "/")
	for _, m := range ranges {
		found := notNamed
		switch m.name {
		case mediaType:
			found = namedExactly
		case major + "/*":
			found = namedMajor
		case "*/*":
			found = namedAny
		}
		if found > closeness {
			quality, closeness = m.quality, found
		}
	}
	return quality, closeness
}

// acceptsOnlyEvents is whether a request can be answered with an event stream
// and with nothing else. EventSource asks like that, and so cannot be shown an
// error's body.
func acceptsOnlyEvents(r *http.Request) bool {
	found := false
	for _, m := range preferences(r.Header.Values("Accept")) {
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

// acceptsGzip is whether a request would have its answer compressed by gzip
// rather than not: RFC 9110, section 12.5.3.
func acceptsGzip(r *http.Request) bool {
	codings := preferences(r.Header.Values("Accept-Encoding"))
	quality := func(names ...string) (float64, bool) {
		for _, name := range names {
			if i := slices.IndexFunc(codings, func(p preference) bool { return p.name == name }); i >= 0 {
				return codings[i].quality, true
			}
		}
		return 0, false
	}
	gzip, ok := quality("gzip", "x-gzip", "*")
	if !ok || gzip == 0 {
		return false
	}
	plain, ok := quality("identity")
	return !ok || gzip >= plain
}

// hasToken is whether a header whose values are lists has the token in one of
// them, in whatever case.
func hasToken(h http.Header, name, token string) bool {
	for _, value := range h.Values(name) {
		for one := range strings.SplitSeq(value, ",") {
			if strings.EqualFold(strings.TrimSpace(one), token) {
				return true
			}
		}
	}
	return false
}
