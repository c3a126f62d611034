// SPDX-License-Identifier: Apache-2.0

package stream

import "context"

// Transport makes HTTP requests. It is safe for concurrent use.
type Transport interface {
	// Open sends the request and returns when the head of the response is there.
	// Ending the context ends the request at any time, the reading of its body
	// included. An error that is errors.ErrUnsupported, here or from Read, says
	// that asking again is of no use.
	Open(ctx context.Context, req Request) (Response, error)
}

// Request is one HTTP request.
type Request struct {
	Method, URL string
	Header      [][2]string
	// Body is nil for none.
	Body []byte
	// Keepalive asks for the request to outlive the page that made it.
	Keepalive bool
}

// Response is the answer to one request. Close may be called while Read is
// running; nothing else may be called concurrently.
type Response interface {
	Status() int
	// Header gives the value of a header, "" where there is none. Names are not
	// case-sensitive.
	Header(name string) string
	// Read gives bytes as they arrive. io.EOF says that the body ended as the
	// server meant it to, any other error that it was cut.
	Read(p []byte) (int, error)
	// Close gives up the rest of the body. A Read that is running returns. It may
	// be called more than once.
	Close() error
}
