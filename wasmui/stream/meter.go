// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"context"
	"sync/atomic"
)

// Meter counts what a transport asks for and what it is sent. The zero value has
// counted nothing, and a nil Meter counts nothing. Safe for concurrent use.
type Meter struct {
	requests, body, heads, messages atomic.Uint64
}

// Traffic is what a Meter has counted.
type Traffic struct {
	// Requests is how many requests for events were made, or sockets opened.
	Requests uint64
	// Body counts the bytes of bodies after decompression, or of messages with
	// their framing.
	Body uint64
	// Heads counts the bytes of the heads of responses as HTTP/1.1 writes them, as
	// far as a page is shown them.
	Heads uint64
	// Messages counts the messages of a WebSocket.
	Messages uint64
}

// Traffic gives what has been counted.
func (m *Meter) Traffic() Traffic {
	return Traffic{m.requests.Load(), m.body.Load(), m.heads.Load(), m.messages.Load()}
}

func (m *Meter) request() {
	if m != nil {
		m.requests.Add(1)
	}
}

func (m *Meter) estimate(bytes int) {
	if m != nil {
		m.body.Add(uint64(bytes))
	}
}

// message counts a message of a WebSocket with its header, which is as long as
// the length needs (RFC 6455, section 5.2).
func (m *Meter) message(bytes int) {
	header := 2
	switch {
	case bytes >= 1<<16:
		header = 10
	case bytes > 125:
		header = 4
	}
	m.estimate(header + bytes)
	if m != nil {
		m.messages.Add(1)
	}
}

// Metered counts what is read by GET over a transport.
func Metered(t Transport, m *Meter) Transport { return metered{t, m} }

type metered struct {
	Transport
	meter *Meter
}

// headed is a response that knows the size of its head.
type headed interface{ headBytes() int }

func (t metered) Open(ctx context.Context, req Request) (Response, error) {
	if req.Method != "GET" {
		return t.Transport.Open(ctx, req)
	}
	t.meter.request()
	resp, err := t.Transport.Open(ctx, req)
	if err != nil {
		return nil, err
	}
	if h, ok := resp.(headed); ok {
		t.meter.heads.Add(uint64(h.headBytes()))
	}
	return meteredResponse{resp, t.meter}, nil
}

type meteredResponse struct {
	Response
	meter *Meter
}

func (r meteredResponse) Read(p []byte) (int, error) {
	n, err := r.Response.Read(p)
	r.meter.estimate(n)
	return n, err
}
