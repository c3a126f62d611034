// SPDX-License-Identifier: Apache-2.0

package dist

import (
	"net/http"
	"strings"
)

// ContentSecurityPolicy is what the page may do: run its own files and its own
// WebAssembly, talk to its own origin, and nothing else. There is no inline
// script or style in it, and no other page may frame it.
var ContentSecurityPolicy = strings.Join([]string{
	"default-src 'none'",
	"script-src 'self' 'wasm-unsafe-eval'",
	"style-src 'self'",
	"img-src 'self'",
	"connect-src 'self'",
	"manifest-src 'self'",
	"worker-src 'self'",
	"base-uri 'none'",
	"form-action 'none'",
	"frame-ancestors 'none'",
}, "; ")

// permissionsPolicy gives up what the app has no use for, so that nothing that
// slips into it can ask either.
const permissionsPolicy = "camera=(), microphone=(), geolocation=(), payment=(), usb=(), serial=()"

// setSecurityHeaders sets what every answer carries, errors included.
func setSecurityHeaders(h http.Header) {
	h.Set("Content-Security-Policy", ContentSecurityPolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	// The address of the page may hold a run's id, which is its secret.
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Permissions-Policy", permissionsPolicy)
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
}
