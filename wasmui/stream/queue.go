// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
)

// maxQueued bounds what waits to be read. A WebSocket and an EventSource hand
// over what has come and cannot be made to wait; a reader that is this far
// behind comes back with its id instead.
const maxQueued = 8 << 20

// The ways in which a queue ends without the other side.
var (
	errOverrun = brokenError("More came than could be taken in.")
	errGivenUp = errors.New("stream: the response is closed")
)

// brokenError is a connection that broke, for a reason that a person can be
// told. It is a sentence.
type brokenError string

func (e brokenError) Error() string { return string(e) }

// queue is a response of an event stream that something else than the body of an
// HTTP response brings. Its methods are safe for concurrent use.
type queue struct {
	ctx   context.Context
	run   string
	close func() // gives up what brings the stream; called once

	mu     sync.Mutex
	text   []byte
	err    error // how it ended, once text is read
	closed bool
	ready  chan struct{} // takes one
}

func newQueue(ctx context.Context) *queue {
	return &queue{ctx: ctx, ready: make(chan struct{}, 1)}
}

// write adds what add appends.
func (q *queue) write(add func(dst []byte) ([]byte, error)) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.err != nil || q.closed {
		return
	}
	text, err := add(q.text)
	if err == nil && len(text) > maxQueued {
		err = errOverrun
	}
	q.text, q.err = text, err
	q.wake()
}

// end ends the stream after what was written. Only the first end counts.
func (q *queue) end(err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.err == nil {
		q.err = err
	}
	q.wake()
}

func (q *queue) wake() {
	select {
	case q.ready <- struct{}{}:
	default:
	}
}

func (q *queue) Status() int { return 200 }

func (q *queue) Header(name string) string {
	switch strings.ToLower(name) {
	case "content-type":
		return "text/event-stream"
	case "sluice-run":
		return q.run
	}
	return ""
}

// take gives what is there. It does not wait.
func (q *queue) take(p []byte) int {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return 0
	}
	n := copy(p, q.text)
	if n == len(q.text) {
		q.text = q.text[:0]
	} else {
		q.text = q.text[n:]
	}
	return n
}

// ended gives how it ended, nil while there is more to come or to take.
func (q *queue) ended() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.closed:
		return errGivenUp
	case len(q.text) > 0:
		return nil
	}
	return q.err
}

func (q *queue) Read(p []byte) (int, error) {
	for {
		if n := q.take(p); n > 0 || len(p) == 0 {
			return n, nil
		}
		if err := q.ended(); err != nil {
			return 0, err
		}
		select {
		case <-q.ready:
		case <-q.ctx.Done():
			return 0, q.ctx.Err()
		}
	}
}

func (q *queue) Close() error {
	q.mu.Lock()
	first := !q.closed
	q.closed = true
	q.wake()
	q.mu.Unlock()
	if first && q.close != nil {
		q.close()
	}
	return nil
}

// refusal is an answer that is no stream, from a transport without answers of
// HTTP.
type refusal struct {
	status int
	body   []byte
}

func (r *refusal) Status() int { return r.status }

func (r *refusal) Header(name string) string {
	if strings.EqualFold(name, "Content-Type") {
		return "application/json"
	}
	return ""
}

func (r *refusal) Read(p []byte) (int, error) {
	if len(r.body) == 0 {
		return 0, io.EOF
	}
	n := copy(p, r.body)
	r.body = r.body[n:]
	return n, nil
}

func (r *refusal) Close() error { return nil }
