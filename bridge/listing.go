// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"net/http"
	"strings"

	"google.golang.org/grpc/codes"
)

// catalogPath is where it is told what is served.
const catalogPath = "/catalog"

// serveCatalog describes what is served.
func (b *Bridge) serveCatalog(w http.ResponseWriter, r *http.Request) {
	const allow = "GET, HEAD, OPTIONS"
	t := b.table.Load()
	switch {
	case r.Method == http.MethodOptions:
		w.Header().Set("Allow", allow)
		w.WriteHeader(http.StatusNoContent)
		return
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		b.fail(w, r, methodNotAllowed(r, allow))
		return
	case t == nil:
		b.fail(w, r, errorf(codes.Unavailable, "no backend has said yet which methods it has; /readyz says why"))
		return
	}
	h := w.Header()
	addVary(h)
	h.Set("Etag", t.etag)
	// It may be kept, but what is served may change at any time.
	h.Set("Cache-Control", "no-cache")
	h.Set("X-Content-Type-Options", "nosniff")
	if matchesTag(r.Header.Values("If-None-Match"), t.etag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodGet {
		w.Write(t.catalog.Describe())
	}
}

// matchesTag is whether an If-None-Match names the tag, as RFC 9110, section
// 13.1.2, compares them: a proxy that compresses marks it as weak.
func matchesTag(values []string, tag string) bool {
	for _, value := range values {
		for one := range strings.SplitSeq(value, ",") {
			if one = strings.TrimSpace(one); one == "*" || strings.TrimPrefix(one, "W/") == tag {
				return true
			}
		}
	}
	return false
}
