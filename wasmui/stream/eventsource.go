// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"context"
	"errors"
	"slices"

	"sluice/bridge/sse"
)

// sourceEvents is told what an EventSource brings. None of it may block.
type sourceEvents struct {
	open  func()
	event func(id, eventType, data string)
	// fault is called where the connection is lost; gaveUp says that the browser
	// will not try again, because there was an answer that is no stream.
	fault func(gaveUp bool)
}

// dialSource opens an EventSource that listens to events of these types, and
// gives what closes it.
type dialSource func(address string, types []string, on sourceEvents) (close func(), err error)

// eventSource reads streams with the browser's EventSource.
type eventSource struct {
	http  Transport
	meter *Meter
	types []string
	dial  dialSource
}

// NewEventSource gives a transport that reads streams with the browser's
// EventSource, and makes other requests over http. The events are counted by
// meter, where that is not nil. Natively every stream fails with
// errors.ErrUnsupported.
//
// EventSource gives events of the types that were asked for alone: those without
// a type, "end" and "reset" always are, and types are all others. It shows
// neither comments nor the head of the response, so the silence of a stream says
// nothing (Config.Silence should be long), and bytes can only be estimated, from
// what an event looks like on the wire.
//
// It would reconnect by itself. It is closed instead where it loses its connection,
// and opened again by the client, in the same way and at the same time as any
// other transport.
func NewEventSource(http Transport, meter *Meter, types ...string) Transport {
	types = append([]string{sse.DefaultType, typeEnd, typeReset}, types...)
	slices.Sort(types)
	return eventSource{http, meter, slices.Compact(types), browserSource}
}

func (t eventSource) Open(ctx context.Context, req Request) (Response, error) {
	if req.Method == "DELETE" {
		return t.http.Open(ctx, req)
	}
	address, err := pushedURL("EventSource", req)
	if err != nil {
		return nil, err
	}
	q := newQueue(ctx)
	q.run = runIn(req)
	opened := make(chan bool, 2) // whether there is a stream
	gaveUp := false
	on := sourceEvents{
		open: func() { opened <- true },
		event: func(id, eventType, data string) {
			q.write(func(dst []byte) ([]byte, error) {
				if eventType == sse.DefaultType {
					eventType = ""
				}
				before := len(dst)
				dst, err := sse.AppendEvent(dst, id, eventType, []byte(data))
				t.meter.estimate(len(dst) - before)
				return dst, err
			})
		},
		fault: func(final bool) {
			gaveUp = final
			q.end(errors.New("stream: EventSource lost its connection"))
			select {
			case opened <- false:
			default: // nobody waits any more
			}
		},
	}
	t.meter.request()
	if q.close, err = t.dial(address, t.types, on); err != nil {
		return nil, err
	}
	select {
	case ok := <-opened:
		if ok {
			return q, nil
		}
	case <-ctx.Done():
		_ = q.Close()
		return nil, ctx.Err()
	}
	_ = q.Close()
	if gaveUp {
		return t.why(ctx, req)
	}
	return nil, q.err
}

// why asks once more for what EventSource gave up on, as it does not say whether
// the stream was over or what was wrong.
func (t eventSource) why(ctx context.Context, req Request) (Response, error) {
	resp, err := t.http.Open(ctx, req)
	if err == nil && resp.Status() == 200 {
		_ = resp.Close()
		return nil, errors.New("stream: EventSource gave up")
	}
	return resp, err
}
