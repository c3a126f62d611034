// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"context"
	"strings"
	"time"

	"sluice/bridge/sse"
)

const (
	// readBytes is how much is read at once: what a browser takes in between two
	// frames.
	readBytes = 64 << 10
	// maxErrorBytes and maxErrorTime bound the reading of a body that is not an
	// event stream.
	maxErrorBytes = 64 << 10
	maxErrorTime  = 2 * time.Second
)

// runHeader names the run that a response is of.
const runHeader = "Sluice-Run"

// connection is one request for events. A goroutine of its own opens and reads
// it, since both block, and hands what it gets to the machine.
type connection struct {
	head   chan head  // takes one
	chunks chan chunk // unbuffered
	taken  chan struct{}
	queued chan bool // takes both
	cancel context.CancelFunc
}

// queuedKey is of the function in the context of a request that a transport tells
// whether it is still waiting to send it.
type queuedKey struct{}

func queuedIn(ctx context.Context) (queued func(bool)) {
	queued, ok := ctx.Value(queuedKey{}).(func(bool))
	if !ok {
		return func(bool) {}
	}
	return queued
}

// head is the head of a response, with the body where that is not an event
// stream.
type head struct {
	err              error // there was no response
	status           int
	contentType, run string
	retryAfter, date string
	body             []byte
	stream           bool
}

// chunk is bytes of an event stream, which stay as they are until next is
// called, and how reading ended where it did.
type chunk struct {
	bytes []byte
	err   error
}

// dial begins a request.
func (m *machine) dial(ctx context.Context, req Request) *connection {
	ctx, cancel := context.WithCancel(ctx)
	c := &connection{
		head:   make(chan head, 1),
		chunks: make(chan chunk),
		taken:  make(chan struct{}, 1),
		queued: make(chan bool, 2),
		cancel: cancel,
	}
	ctx = context.WithValue(ctx, queuedKey{}, func(is bool) {
		select {
		case c.queued <- is:
		case <-ctx.Done():
		}
	})
	m.connections.Go(func() {
		defer cancel()
		c.pump(ctx, m.cfg.Transport, req)
	})
	return c
}

// next says that the last chunk is done with.
func (c *connection) next() { c.taken <- struct{}{} }

// abandon gives the request up. It does not wait for it to be gone.
func (c *connection) abandon() { c.cancel() }

func (c *connection) pump(ctx context.Context, t Transport, req Request) {
	resp, err := t.Open(ctx, req)
	if err != nil {
		c.head <- head{err: err}
		return
	}
	defer resp.Close()
	h := head{
		status:      resp.Status(),
		contentType: resp.Header("Content-Type"),
		run:         resp.Header(runHeader),
		retryAfter:  resp.Header("Retry-After"),
		date:        resp.Header("Date"),
	}
	if h.stream = h.status == 200 && isEventStream(h.contentType); !h.stream {
		h.body = readError(resp)
		c.head <- h
		return
	}
	c.head <- h
	buf := make([]byte, readBytes)
	for {
		n, err := resp.Read(buf)
		select {
		case c.chunks <- chunk{buf[:n], err}:
		case <-ctx.Done():
			return
		}
		if err != nil {
			return
		}
		select {
		case <-c.taken:
		case <-ctx.Done():
			return
		}
	}
}

// isEventStream says whether a Content-Type is that of an event stream, whatever
// its parameters.
func isEventStream(contentType string) bool {
	essence, _, _ := strings.Cut(contentType, ";")
	return strings.EqualFold(strings.TrimSpace(essence), sse.ContentType)
}

// readError reads the start of a body. However the body ends, what was read is
// all that is wanted.
func readError(resp Response) []byte {
	timer := time.AfterFunc(maxErrorTime, func() { _ = resp.Close() })
	defer timer.Stop()
	body := make([]byte, 0, 512)
	for len(body) < maxErrorBytes {
		if len(body) == cap(body) {
			body = append(body, 0)[:len(body)]
		}
		n, err := resp.Read(body[len(body):min(cap(body), maxErrorBytes)])
		body = body[:len(body)+n]
		if err != nil {
			break
		}
	}
	return body
}
