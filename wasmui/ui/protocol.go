// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

// The protocols as browsers name them (ALPN, RFC 7301).
const (
	protocolHTTP1 = "http/1.1"
	protocolHTTP2 = "h2"
	protocolHTTP3 = "h3"
)

// pageProtocol gives the protocol that the page's server is spoken to in, "" where
// the browser does not say. What came out of a cache says nothing, so
// everything from the server is looked at.
func pageProtocol() string {
	window := app.Window()
	performance := window.Get("performance")
	if performance.Truthy() && performance.Get("getEntriesByType").Truthy() {
		origin := window.Get("location").Get("origin").String()
		for _, kind := range []string{"navigation", "resource"} {
			entries := performance.Call("getEntriesByType", kind)
			for i := entries.Length() - 1; i >= 0; i-- {
				protocol, name := entries.Index(i).Get("nextHopProtocol"), entries.Index(i).Get("name")
				if protocol.Truthy() && strings.HasPrefix(name.String(), origin+"/") {
					return protocol.String()
				}
			}
		}
	}
	// No browser speaks HTTP/2 without TLS.
	if location := window.Get("location"); location.Truthy() && location.Get("protocol").String() == "http:" {
		return protocolHTTP1
	}
	return ""
}

// fewConnections reports whether a browser opens only few connections to a server
// that speaks this protocol. One that is not known may be such a one: a page that the
// service worker had in its cache is not told what the server speaks.
func fewConnections(protocol string) bool {
	return protocol != protocolHTTP2 && !strings.HasPrefix(protocol, protocolHTTP3)
}

// protocolName writes a protocol for people, "" where it is not known.
func protocolName(protocol string) string {
	switch protocol {
	case protocolHTTP1:
		return "HTTP/1.1"
	case protocolHTTP2:
		return "HTTP/2"
	case protocolHTTP3:
		return "HTTP/3"
	}
	return ""
}

// wantsLessMotion reports whether the person has asked for less of it.
func wantsLessMotion() bool {
	query := app.Window().Call("matchMedia", "(prefers-reduced-motion: reduce)")
	return query.Truthy() && query.Get("matches").Truthy()
}
