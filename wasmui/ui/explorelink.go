// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"net/url"

	"sluice/wasmui/form"
)

// The names of a prepared call's parts in the page's query.
const (
	linkMethod  = "method"
	linkBackend = "backend"
	linkRequest = "request"
)

// maxLinkBytes bounds the request in an address: servers take some 8 KB in a
// request's first line.
const maxLinkBytes = 6000

// exploreLink is the call that an address prepares. Nothing is called by opening
// a link: that is for the person to do.
type exploreLink form.Past

func parseExploreLink(q url.Values) exploreLink {
	return exploreLink{Method: q.Get(linkMethod), Backend: q.Get(linkBackend), Request: q.Get(linkRequest)}
}

// exploreLinkTo gives the address of a prepared call, without the request where
// that is too long for one.
func exploreLinkTo(m *form.Method, request string) string {
	link := ExplorePath + "?" + linkMethod + "=" + url.QueryEscape(m.Name)
	if m.Backend != "" {
		link += "&" + linkBackend + "=" + url.QueryEscape(m.Backend)
	}
	if escaped := url.QueryEscape(request); request != "{}" && len(escaped) <= maxLinkBytes {
		link += "&" + linkRequest + "=" + escaped
	}
	return link
}
