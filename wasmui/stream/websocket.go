// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// SocketProtocol is the WebSocket subprotocol that the client asks for.
const SocketProtocol = "sluice.v1"

// errNoSocket is that a WebSocket did not come about. Browsers do not say why.
var errNoSocket = errors.New("stream: no WebSocket came about")

// socketEvents is told what a socket brings. None of it may block.
type socketEvents struct {
	message func(text []byte)
	// closed is called once, also where no connection came about.
	closed func(code int, reason string)
}

// dialSocket begins to open a WebSocket at an address like that of a fetch, and
// gives what closes it.
type dialSocket func(address, protocol string, on socketEvents) (close func(), err error)

// webSocket reads streams over WebSocket and sends all other requests by HTTP.
type webSocket struct {
	http  Transport
	meter *Meter
	dial  dialSocket
}

// NewWebSocket gives a transport that reads streams over WebSocket, and makes
// other requests, as that to cancel a run, over http. The messages are counted by
// meter, where that is not nil. Natively every stream fails with
// errors.ErrUnsupported.
//
// A message is one event as a JSON object; the first is of type "open" and names
// the run. As browsers do not show the HTTP status of a refused upgrade, a
// refusal is an "end" in place of it.
func NewWebSocket(http Transport, meter *Meter) Transport {
	return webSocket{http, meter, browserSocket}
}

func (t webSocket) Open(ctx context.Context, req Request) (Response, error) {
	if req.Method == "DELETE" {
		return t.http.Open(ctx, req)
	}
	address, err := pushedURL("WebSocket", req)
	if err != nil {
		return nil, err
	}
	q := newQueue(ctx)
	first := make(chan frame, 1) // closed where the socket closes before
	opened, ended := false, false
	on := socketEvents{
		message: func(text []byte) {
			t.meter.message(len(text))
			var f frame
			if json.Unmarshal(text, &f) != nil {
				q.end(brokenError("A message came that is no event."))
				return
			}
			if !opened {
				opened = true
				first <- f
				if f.Event == frameOpen {
					return
				}
			}
			ended = ended || f.Event == typeEnd
			q.write(func(dst []byte) ([]byte, error) { return appendFrame(dst, f) })
		},
		closed: func(code int, reason string) {
			if end, ok := closeStatus(code, reason); ok && opened && !ended {
				// It was over before the place that was asked for.
				q.write(func(dst []byte) ([]byte, error) { return appendFrame(dst, end) })
			}
			q.end(closeError(code, reason))
			if !opened {
				opened = true
				close(first)
			}
		},
	}
	t.meter.request()
	closeSocket, err := t.dial(address, SocketProtocol, on)
	if err != nil {
		return nil, err
	}
	q.close = closeSocket
	select {
	case f, ok := <-first:
		return t.answer(q, f, ok)
	case <-ctx.Done():
		_ = q.Close()
		return nil, ctx.Err()
	}
}

// answer gives the response that a first message means.
func (t webSocket) answer(q *queue, f frame, ok bool) (Response, error) {
	if !ok {
		_ = q.Close()
		return nil, fmt.Errorf("%w: %w", errNoSocket, q.err)
	}
	switch f.Event {
	case frameOpen:
		var o opening
		if json.Unmarshal(f.Data, &o) != nil {
			break
		}
		q.run = o.Run
		// Before the events that may have come since.
		q.mu.Lock()
		q.text = append(appendOpening(nil, o), q.text...)
		q.mu.Unlock()
		q.wake()
	case typeEnd:
		if err, ok := parseStatus(f.Data); ok && err != nil && f.ID == "" {
			_ = q.Close()
			return &refusal{status: httpStatus(err.Code), body: f.Data}, nil
		}
	}
	return q, nil
}

// closeOK is the code of an orderly close, and closeGRPC plus the code of a
// status that of any other end.
const (
	closeOK   = 1000
	closeGRPC = 4000
)

// closeStatus gives the end of a stream that a close stands for: the status is in
// its code, and "CODE: message" is its reason. ok is false for a close that is no
// end.
func closeStatus(code int, reason string) (end frame, ok bool) {
	n := code - closeGRPC
	if code == closeOK {
		n = 0
	}
	if n < 0 || n >= len(codeNames) {
		return frame{}, false
	}
	status := struct {
		Code    string `json:"code"`
		Message string `json:"message,omitempty"`
	}{Code: codeNames[n]}
	if n > 0 {
		_, status.Message, _ = strings.Cut(reason, ": ")
	}
	data, err := json.Marshal(status)
	return frame{Event: typeEnd, Data: data}, err == nil
}

// closeError is how the reading of a socket ends that was closed (RFC 6455,
// section 7.4). An orderly close is the end of a body: whether the stream is over
// was said by its last event.
func closeError(code int, reason string) error {
	switch {
	case code == closeOK || code >= closeGRPC:
		return io.EOF
	case reason != "":
		return brokenError("The server closed the connection: " + reason + ".")
	}
	return io.ErrUnexpectedEOF
}
