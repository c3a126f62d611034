// SPDX-License-Identifier: Apache-2.0

package check

import (
	"fmt"
	"strings"
)

// sameOrigin is whether the stream is of the origin itself.
func sameOrigin(s *stream, origin string) bool {
	return strings.EqualFold(origin, s.Request.URL.Scheme+"://"+s.Request.URL.Host)
}

// checkCORS judges whether a page of the origin may read the stream.
func checkCORS(s *stream, origin string) Result {
	const name = "cors"
	allowed := s.Header.Get("Access-Control-Allow-Origin")
	credentials := s.Header.Get("Access-Control-Allow-Credentials") == "true"
	switch {
	case sameOrigin(s, origin):
		return Result{name, Pass, fmt.Sprintf("%s is the stream's own origin, whose pages may read it.", origin)}
	case allowed == "":
		return Result{name, Fail, fmt.Sprintf("Pages of %s cannot read the stream: the answer has no Access-Control-Allow-Origin.", origin)}
	case len(s.Header.Values("Access-Control-Allow-Origin")) > 1:
		return Result{name, Fail, "Access-Control-Allow-Origin is there more than once, which browsers refuse. Often the program and the proxy before it both send it."}
	case allowed == "*" && credentials:
		return Result{name, Fail, "Access-Control-Allow-Origin is \"*\" together with Access-Control-Allow-Credentials, which browsers refuse. Name the origin."}
	case allowed != "*" && allowed != origin:
		return Result{name, Fail, fmt.Sprintf("Pages of %s cannot read the stream: Access-Control-Allow-Origin is %s.", origin, quote(allowed))}
	case allowed != "*" && !listed(s.Header, "Vary", "Origin") && !listed(s.Header, "Vary", "*"):
		return Result{name, Warn, "Access-Control-Allow-Origin names the origin, yet Vary does not name Origin: a cache may give one origin's answer to another. Send \"Vary: Origin\"."}
	}
	text := fmt.Sprintf("Pages of %s may read the stream", origin)
	if exposed := list(s.Header, "Access-Control-Expose-Headers"); len(exposed) > 0 {
		return Result{name, Pass, text + " and its headers " + quote(strings.Join(exposed, ", ")) + "."}
	}
	return Result{name, Pass, text + ", but of its headers only those that CORS always lets through: there is no Access-Control-Expose-Headers."}
}

// checkPreflight judges whether fetch may come back with Last-Event-ID, which
// browsers ask for beforehand.
func checkPreflight(s *stream, a *answer, origin string) Result {
	const name = "preflight"
	switch {
	case sameOrigin(s, origin):
		return Result{name, Skipped, fmt.Sprintf("%s is the stream's own origin, whose pages ask for no leave.", origin)}
	case a == nil || a.err != nil:
		return Result{name, Warn, fmt.Sprintf("The preflight for Last-Event-ID was not answered (%s), so clients that read with fetch cannot resume from %s.", a.why(), origin)}
	case a.status < 200 || a.status > 299:
		return Result{name, Warn, fmt.Sprintf("The preflight for Last-Event-ID is answered with %s, so clients that read with fetch cannot resume from %s. EventSource can.", statusText(a.status), origin)}
	}
	allowed := a.header.Get("Access-Control-Allow-Origin")
	credentials := a.header.Get("Access-Control-Allow-Credentials") == "true"
	if allowed != "*" && allowed != origin {
		return Result{name, Warn, fmt.Sprintf("The preflight for Last-Event-ID allows the origin %s, not %s, so clients that read with fetch cannot resume.", quote(allowed), origin)}
	}
	if !listed(a.header, "Access-Control-Allow-Headers", "Last-Event-ID") && (credentials || !listed(a.header, "Access-Control-Allow-Headers", "*")) {
		return Result{name, Warn, fmt.Sprintf("Access-Control-Allow-Headers is %s, without Last-Event-ID, so clients that read with fetch cannot resume from %s. EventSource can.", quote(strings.Join(list(a.header, "Access-Control-Allow-Headers"), ", ")), origin)}
	}
	return Result{name, Pass, fmt.Sprintf("Clients that read with fetch may send Last-Event-ID from %s.", origin)}
}
