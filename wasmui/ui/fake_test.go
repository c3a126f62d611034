// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"sluice/wasmui/stream"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// server is a transport that answers in memory. Each request is answered by
// answer, or by a stream that is written with send.
type server struct {
	// answer gives the status and the body of an answer that is no stream; status 0
	// for a stream.
	answer func(req stream.Request) (status int, body string)

	mu       sync.Mutex
	requests []string
	last     *answer
}

func (s *server) Open(ctx context.Context, req stream.Request) (stream.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	line := req.Method + " " + req.URL
	for _, h := range req.Header {
		if h[0] == "Last-Event-ID" {
			line += " after " + h[1]
		}
	}
	s.requests = append(s.requests, line)
	if s.answer != nil {
		if status, body := s.answer(req); status != 0 {
			a := newAnswer(ctx, status, "application/json")
			a.write(body)
			a.end(nil)
			return a, nil
		}
	}
	s.last = newAnswer(ctx, 200, "text/event-stream")
	return s.last, nil
}

// send writes to the stream that was opened last.
func (s *server) send(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last.write(fmt.Sprintf(format, args...))
}

// number sends one number as an event.
func (s *server) number(n int) {
	s.send("id: %s-%d\ndata: {\"position\":%d,\"value\":%d,\"createTime\":\"2026-01-02T03:04:05Z\"}\n\n", testRun, n, n, n)
}

// cut breaks the stream that was opened last.
func (s *server) cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last.end(io.ErrUnexpectedEOF)
}

func (s *server) seen() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.requests, "\n")
}

// testRun is the id of the run that a server opens.
const testRun = "abcdefghijklmnopqrstuvwx23"

// answer is one response.
type answer struct {
	status      int
	contentType string
	r           *io.PipeReader
	chunks      chan chunk
	closed      func()
}

// chunk is some of a body, or its end.
type chunk struct {
	text string
	last bool
	err  error // how it ends; nil for well
}

func newAnswer(ctx context.Context, status int, contentType string) *answer {
	r, w := io.Pipe()
	ctx, cancel := context.WithCancel(ctx)
	a := &answer{status: status, contentType: contentType, r: r, chunks: make(chan chunk, 1000), closed: cancel}
	go func() {
		for {
			select {
			case c := <-a.chunks:
				if _, err := io.WriteString(w, c.text); err != nil {
					return
				}
				if c.last {
					w.CloseWithError(c.err)
					return
				}
			case <-ctx.Done():
				w.CloseWithError(ctx.Err())
				return
			}
		}
	}()
	return a
}

func (a *answer) write(text string) { a.chunks <- chunk{text: text} }
func (a *answer) end(err error)     { a.chunks <- chunk{last: true, err: err} }

func (a *answer) Status() int { return a.status }

func (a *answer) Header(name string) string {
	switch strings.ToLower(name) {
	case "content-type":
		return a.contentType
	case "sluice-run":
		return testRun
	}
	return ""
}

func (a *answer) Read(p []byte) (int, error) { return a.r.Read(p) }

func (a *answer) Close() error {
	a.closed()
	return a.r.Close()
}
