// SPDX-License-Identifier: Apache-2.0

package check

import (
	"compress/gzip"
	"net/http"
)

// buffered serves the site through a proxy that holds back what has not filled
// its buffer, the head included.
func buffered(s *site, size int) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if guard(w, r) {
			return true
		}
		hold := &holding{ResponseWriter: w, size: size}
		s.plain().ServeHTTP(hold, r)
		hold.release()
		return true
	}
}

type holding struct {
	http.ResponseWriter
	size int
	held []byte
	code int
}

func (h *holding) WriteHeader(code int) { h.code = code }
func (h *holding) Flush()               {}
func (h *holding) Write(p []byte) (int, error) {
	h.held = append(h.held, p...)
	if len(h.held) >= h.size {
		h.release()
	}
	return len(p), nil
}

func (h *holding) release() {
	if h.code != 0 {
		h.ResponseWriter.WriteHeader(h.code)
		h.code = 0
	}
	h.ResponseWriter.Write(h.held)
	h.held = nil
	http.NewResponseController(h.ResponseWriter).Flush()
}

// zipped compresses a stream for who asks for it.
func zipped(s *site, flush bool) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if guard(w, r) {
			return true
		}
		if r.Header.Get("Accept-Encoding") != "gzip" {
			return false
		}
		w.Header().Set("Content-Encoding", "gzip")
		inner := s.plain()
		z := gzip.NewWriter(w)
		inner.ServeHTTP(&zipping{ResponseWriter: w, z: z, flush: flush}, r)
		z.Close()
		return true
	}
}

type zipping struct {
	http.ResponseWriter
	z     *gzip.Writer
	flush bool
}

func (z *zipping) Write(p []byte) (int, error) { return z.z.Write(p) }
func (z *zipping) Flush() {
	if z.flush {
		z.z.Flush()
	}
	http.NewResponseController(z.ResponseWriter).Flush()
}
