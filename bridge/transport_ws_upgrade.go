// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"encoding/base64"
	"net/http"
	"strings"

	"google.golang.org/grpc/codes"
)

// The headers of a WebSocket's opening handshake: RFC 6455, section 4.1.
const (
	socketKeyHeader     = "Sec-Websocket-Key"
	socketVersionHeader = "Sec-Websocket-Version"

	socketVersion  = "13"
	socketKeyBytes = 16
)

// asksSocket is whether a request would upgrade to WebSocket. It is one of
// HTTP/1.1: over HTTP/2 there is none here, and a browser opens a connection of
// HTTP/1.1 for it by itself.
func asksSocket(r *http.Request) bool {
	return r.Method == http.MethodGet && r.ProtoMajor == 1 && r.ProtoAtLeast(1, 1) &&
		hasToken(r.Header, "Connection", "upgrade") && hasToken(r.Header, "Upgrade", "websocket")
}

// checkUpgrade refuses what cannot become a WebSocket, before anything is
// opened for it. Such a client is none of a browser's, or there is a proxy that
// has to be told.
func (b *Bridge) checkUpgrade(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asks := asksSocket(r)
		if !asks && r.Header.Get(socketKeyHeader) == "" {
			next.ServeHTTP(w, r)
			return
		}
		var f *fault
		key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(r.Header.Get(socketKeyHeader)))
		switch {
		case !asks && r.ProtoMajor > 1:
			f = errorf(codes.Unimplemented, "a WebSocket is opened over HTTP/1.1 here, not over %s", r.Proto)
		case !asks:
			f = errorf(codes.FailedPrecondition, "the request is for a WebSocket and does not upgrade to one: a proxy on the way has to pass on the headers Upgrade and Connection of a GET by HTTP/1.1")
			f.http = http.StatusUpgradeRequired
			f.header = http.Header{"Upgrade": {"websocket"}, "Connection": {"Upgrade"}}
		case r.Header.Get(socketVersionHeader) != socketVersion:
			f = errorf(codes.InvalidArgument, "%s must be %s, not %q", socketVersionHeader, socketVersion, r.Header.Get(socketVersionHeader))
			f.http = http.StatusUpgradeRequired
			f.header = http.Header{"Upgrade": {"websocket"}, "Connection": {"Upgrade"}, socketVersionHeader: {socketVersion}}
		case err != nil || len(key) != socketKeyBytes || len(r.Header.Values(socketKeyHeader)) != 1:
			f = errorf(codes.InvalidArgument, "%s must be one header, of %d bytes in base64", socketKeyHeader, socketKeyBytes)
		default:
			next.ServeHTTP(w, r)
			return
		}
		b.failHTTP(w, r, f)
	})
}
