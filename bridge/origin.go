// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/rs/cors"
	"google.golang.org/grpc/codes"
)

// preflightAge is for how long a browser may remember that it may ask.
const preflightAge = 2 * time.Hour

// crossOrigin keeps pages of other origins from starting streams, unless they
// are among those that may.
func (b *Bridge) crossOrigin(next http.Handler) http.Handler {
	anyone := slices.Contains(b.options.origins, "*")
	guarded := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		origin := strings.ToLower(r.Header.Get("Origin"))
		if origin == "" && !anyone && ofAnotherSite(r) && r.Header.Get("Sec-Fetch-Mode") == "no-cors" {
			// As an image, say: the page could not read it, but start it.
			b.failHTTP(w, r, errorf(codes.PermissionDenied, "pages of other origins may not use this bridge; its operator can allow one"))
			return
		}
		if origin == "" || anyone || slices.Contains(b.options.origins, origin) || sameHost(origin, r.Host) {
			next.ServeHTTP(w, r)
			return
		}
		b.failHTTP(w, r, errorf(codes.PermissionDenied, "pages of %s may not use this bridge; its operator can allow that origin", origin))
	})
	if len(b.options.origins) == 0 {
		return guarded
	}
	return cors.New(cors.Options{
		AllowedOrigins: b.options.origins,
		AllowedMethods: []string{http.MethodGet, http.MethodPost, http.MethodDelete},
		AllowedHeaders: []string{"Accept", "Authorization", "Content-Type", grpcTimeoutHeader, "Last-Event-ID", "Prefer", TimeoutHeader, "Traceparent", "Tracestate"},
		ExposedHeaders: []string{RunHeader, "Preference-Applied", "Retry-After", TimeoutHeader},
		MaxAge:         int(preflightAge / time.Second),
		// Cookies are not passed on to a backend, so that a wildcard gives
		// nothing away.
		AllowCredentials: false,
	}).Handler(guarded)
}

// ofAnotherSite is whether a browser says that a page of another origin asks. Of
// the same site is every port of a host, and every host of a domain.
func ofAnotherSite(r *http.Request) bool {
	site := r.Header.Get("Sec-Fetch-Site")
	return site == "cross-site" || site == "same-site"
}

// sameHost is whether an origin is the host that was asked. The scheme is left
// alone: a proxy that ends TLS changes it. A browser leaves the scheme's own port
// out of both, but a proxy may hand the host on with it.
func sameHost(origin, host string) bool {
	u, err := url.Parse(origin)
	if err != nil {
		return false
	}
	own := map[string]string{"http": ":80", "https": ":443"}[u.Scheme]
	return strings.EqualFold(strings.TrimSuffix(u.Host, own), strings.TrimSuffix(host, own))
}

// addVary says what else an answer depended on.
func addVary(h http.Header) {
	for _, name := range []string{"Accept", "Origin"} {
		if !slices.ContainsFunc(h.Values("Vary"), func(v string) bool {
			return slices.ContainsFunc(strings.Split(v, ","), func(one string) bool { return strings.EqualFold(strings.TrimSpace(one), name) })
		}) {
			h.Add("Vary", name)
		}
	}
}
