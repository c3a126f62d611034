// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"errors"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// body is the sending side of a response whose body is a stream.
type body struct {
	w        http.ResponseWriter
	control  *http.ResponseController
	deadline *deadline
	done     <-chan struct{}
	gzip     *gzipper // nil where the body is sent as it is
}

// streamHeader sets the header of a stream. Caches and proxies are asked not to
// keep, change or hold back any of it.
func streamHeader(w http.ResponseWriter, r *http.Request, mediaType string) {
	h := w.Header()
	h.Set("Content-Type", mediaType)
	h.Set("Cache-Control", "no-cache, no-transform")
	h.Set("X-Accel-Buffering", "no")
	h.Set("X-Content-Type-Options", "nosniff")
	addVary(h)
	if r.ProtoMajor == 1 {
		h.Set("Connection", "keep-alive") // not allowed in HTTP/2
	}
}

// newBody returns the sending side of a response that has not begun.
func (b *Bridge) newBody(w http.ResponseWriter, r *http.Request) *body {
	control := http.NewResponseController(w)
	// A writer without deadlines has other means against a dead peer.
	d := newDeadline(b.options.writeTimeout, control.SetWriteDeadline, peerOf(r.Context()))
	return &body{w: w, control: control, deadline: d, done: r.Context().Done()}
}

// openBody commits to a stream as a response's body.
func (b *Bridge) openBody(w http.ResponseWriter, r *http.Request, mediaType, runID string) *body {
	s := b.newBody(w, r)
	streamHeader(w, r, mediaType)
	h := w.Header()
	h.Set(RunHeader, runID)
	if b.options.compression {
		h.Add("Vary", "Accept-Encoding")
		if acceptsGzip(r) {
			h.Set("Content-Encoding", "gzip")
			s.gzip = &gzipper{}
		}
	}
	w.WriteHeader(http.StatusOK)
	return s
}

// gone is closed when whoever reads the body goes away.
func (s *body) gone() <-chan struct{} { return s.done }

// write sends p at once, and returns how many bytes that took.
func (s *body) write(p []byte) (int, error) {
	if s.gzip != nil {
		out := takeBuffer()
		defer out.put()
		out.bytes = s.gzip.append(out.bytes, p)
		p = out.bytes
	}
	return len(p), s.flush(p)
}

// flush sends p as it is.
func (s *body) flush(p []byte) error {
	s.deadline.begin()
	err := s.deadline.write(s.w, p)
	if err == nil {
		if err = s.control.Flush(); err != nil {
			err = s.deadline.because(err)
		}
	}
	s.deadline.end() // after which nobody but this goroutine moves it
	if err != nil {
		return err
	}
	// Over HTTP/2 a deadline falls due also when there is nothing to write.
	_ = s.control.SetWriteDeadline(time.Time{})
	return nil
}

// answer sends a response that is JSON and whole.
func (s *body) answer(p []byte) (int, error) {
	h := s.w.Header()
	addVary(h)
	h.Set("Content-Type", jsonType)
	h.Set("Content-Length", strconv.Itoa(len(p)))
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	s.w.WriteHeader(http.StatusOK)
	err := s.flush(p)
	if errors.Is(err, errors.ErrUnsupported) {
		err = nil // the server sends it when this is through
	}
	return len(p), err
}

// close ends the body where its form needs that: a compressed one would else
// look cut.
func (s *body) close() {
	if s.gzip != nil {
		_ = s.flush(s.gzip.appendEnd(nil))
	}
}

// canFlush is whether what is written to w can be sent at once.
func canFlush(w http.ResponseWriter) bool {
	for {
		switch t := w.(type) {
		case interface{ FlushError() error }, http.Flusher:
			return true
		case interface{ Unwrap() http.ResponseWriter }:
			w = t.Unwrap()
		default:
			return false
		}
	}
}

// buffer is a slice for as long as something is being made ready and sent.
// Viewers mostly wait, so that a few are enough for many of them.
type buffer struct{ bytes []byte }

var buffers = sync.Pool{New: func() any { return new(buffer) }}

func takeBuffer() *buffer { return buffers.Get().(*buffer) }

// put gives the buffer back, if it has not become too large to keep.
func (b *buffer) put() {
	if cap(b.bytes) <= 2*spanBytes {
		b.bytes = b.bytes[:0]
		buffers.Put(b)
	}
}
