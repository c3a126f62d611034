// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc/codes"

	"sluice/bridge/sse"
)

// The names of the transports, for an [Observer].
const (
	transportSSE       = "sse"
	transportNDJSON    = "ndjson"
	transportPoll      = "poll"
	transportWebSocket = "websocket"
	// transportUnary is the answer to a call that has but one, as plain JSON.
	transportUnary = "unary"
)

// The media types of the transports that have no package of their own.
const (
	ndjsonType = "application/x-ndjson"
	jsonType   = "application/json"
)

// offers are the transports that go by Accept. Where a request would like two
// of them equally, the earlier is chosen.
var offers = [...]struct{ transport, mediaType string }{
	{transportSSE, sse.ContentType},
	{transportNDJSON, ndjsonType},
	{transportPoll, jsonType},
}

// negotiate chooses the transport that a request asks for: WebSocket if it
// would upgrade to that; else what its Accept header likes best, and of what it
// likes equally what it names more closely. Who names none of them, but would
// be kept waiting, gets a long poll. The empty string is none.
func negotiate(r *http.Request) string {
	if asksSocket(r) {
		return transportWebSocket
	}
	ranges := preferences(r.Header.Values("Accept"))
	_, waits := prefersWait(r)
	chosen, best, closest := "", 0.0, notNamed
	for _, o := range offers {
		quality, closeness := mediaQuality(ranges, o.mediaType)
		if quality == 0 {
			continue
		}
		better := quality > best || quality == best && closeness > closest
		if o.transport == transportPoll && waits && quality == best && closeness == closest && closeness < namedExactly {
			better = true
		}
		if better {
			chosen, best, closest = o.transport, quality, closeness
		}
	}
	return chosen
}

// notAcceptable says what there is to a request that wants none of it.
func notAcceptable(r *http.Request) *fault {
	var types []string
	for _, o := range offers {
		types = append(types, o.mediaType)
	}
	f := errorf(codes.InvalidArgument, "a stream comes as %s, or over WebSocket, and the Accept header %q allows none of them",
		strings.Join(types, ", "), strings.Join(r.Header.Values("Accept"), ", "))
	f.http = http.StatusNotAcceptable
	return f
}

// The bounds of what a long poll waits for, and what it waits where the request
// does not say: less than the 30 s after which proxies begin to give up. Nothing
// can be sent meanwhile, so that the longest is less than the 60 s that most
// proxies, and those of deploy, wait for an answer.
const (
	minPollWait     = time.Second
	maxPollWait     = 50 * time.Second
	defaultPollWait = 25 * time.Second
)

// prefersWait returns how long a request says that it would wait for its
// answer, in `Prefer: wait=n`, in seconds, as RFC 7240 says: the first counts,
// and what is not understood is not there. It is brought within what there is.
func prefersWait(r *http.Request) (time.Duration, bool) {
	for _, value := range r.Header.Values("Prefer") {
		for part := range strings.SplitSeq(value, ",") {
			name, rest, ok := strings.Cut(part, "=")
			if !ok || !strings.EqualFold(strings.TrimSpace(name), "wait") {
				continue
			}
			text, _, _ := strings.Cut(rest, ";")
			n, err := strconv.ParseUint(strings.Trim(strings.TrimSpace(text), `"`), 10, 31)
			if err != nil {
				return 0, false
			}
			return min(max(time.Duration(n)*time.Second, minPollWait), maxPollWait), true
		}
	}
	return 0, false
}
