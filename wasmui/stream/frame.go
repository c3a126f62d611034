// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"encoding/json"
	"time"

	"sluice/bridge/sse"
)

// frame is one event in the form that WebSocket and long polling carry: the same
// fields as in an event stream, as a JSON object.
type frame struct {
	ID    string          `json:"id"`
	Event string          `json:"event"`
	Data  json.RawMessage `json:"data"`
}

// The types of frames that are no events of the run: what SSE says in the head of
// a response, and in comments.
const (
	frameOpen      = "open"
	frameHeartbeat = "heartbeat"
)

// opening is the data of an open frame: the run, and after how many
// milliseconds to come back.
type opening struct {
	Run   string `json:"run"`
	Retry int64  `json:"retry"`
}

// appendFrame writes a frame as an event stream has it. The client reads one
// format, whatever brought it, so that what holds for one transport holds for
// all.
func appendFrame(dst []byte, f frame) ([]byte, error) {
	if f.Event == frameHeartbeat {
		return sse.AppendComment(dst, ""), nil
	}
	return sse.AppendEvent(dst, f.ID, f.Event, f.Data)
}

// appendOpening writes what an open frame says beside the run.
func appendOpening(dst []byte, o opening) []byte {
	if o.Retry <= 0 {
		return dst
	}
	return sse.AppendRetry(dst, time.Duration(o.Retry)*time.Millisecond)
}

// httpStatus gives the HTTP status that goes with a gRPC code, for errors that
// come over a transport that has none. It names what the client tells apart:
// what is gone, what may do better later, and all else.
func httpStatus(code string) int {
	switch code {
	case "NOT_FOUND":
		return 404
	case "PERMISSION_DENIED":
		return 403
	case "UNAUTHENTICATED":
		return 401
	case "RESOURCE_EXHAUSTED":
		return 429
	case "UNAVAILABLE", "DEADLINE_EXCEEDED", "ABORTED":
		return 503
	case "UNIMPLEMENTED":
		return 501
	case "UNKNOWN", "INTERNAL", "DATA_LOSS":
		return 500
	}
	return 400
}
