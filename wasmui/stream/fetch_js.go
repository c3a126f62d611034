// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"syscall/js"
	"time"
)

// fetchTransport makes requests with the fetch of the browser, or of Node.
// net/http would do so too, but adds 0.86 MB to what a browser downloads, and
// goes on reading a body whose context has ended.
type fetchTransport struct{}

// NewFetch gives a transport over the browser's fetch. In a native program,
// which renders pages but streams nothing, every request fails with
// errors.ErrUnsupported.
func NewFetch() Transport { return fetchTransport{} }

func (fetchTransport) Open(ctx context.Context, req Request) (Response, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	global := js.Global()
	if global.Get("fetch").Type() != js.TypeFunction {
		return nil, fmt.Errorf("this browser has no fetch: %w", errors.ErrUnsupported)
	}
	abort := global.Get("AbortController").New()
	r := &fetchResponse{ctx: ctx, abort: abort, promises: newPromises(), turned: time.Now()}
	r.unwatch = context.AfterFunc(ctx, func() { abort.Call("abort") })

	value, err := r.promises.wait(global.Call("fetch", req.URL, fetchOptions(req, abort)))
	if err != nil {
		r.release()
		return nil, r.explain(err)
	}
	r.value, r.headers = value, value.Get("headers")
	return r, nil
}

// fetchOptions is the second argument of fetch.
func fetchOptions(req Request, abort js.Value) js.Value {
	headers := js.Global().Get("Array").New(len(req.Header))
	for i, h := range req.Header {
		headers.SetIndex(i, js.ValueOf([]any{h[0], byteString(h[1])}))
	}
	options := js.ValueOf(map[string]any{
		"method":      req.Method,
		"headers":     headers,
		"cache":       "no-store",
		"credentials": "same-origin",
		"keepalive":   req.Keepalive,
		"signal":      abort.Get("signal"),
	})
	if req.Body != nil {
		body := js.Global().Get("Uint8Array").New(len(req.Body))
		js.CopyBytesToJS(body, req.Body)
		options.Set("body", body)
	}
	return options
}

// byteString makes a JavaScript string that has a character for every byte,
// which is how fetch takes the bytes of a header.
func byteString(s string) string {
	runes := make([]rune, len(s))
	for i := range len(s) {
		runes[i] = rune(s[i])
	}
	return string(runes)
}

// fetchResponse is an answer of fetch.
type fetchResponse struct {
	ctx            context.Context
	abort          js.Value
	unwatch        func() bool // ends the watch over ctx
	promises       *promises
	value, headers js.Value

	reader js.Value
	buffer js.Value  // the BYOB reader's memory, lent to it for every read
	rest   js.Value  // what the default reader gave and did not fit
	turned time.Time // when the event loop last had its turn

	mu       sync.Mutex
	reading  bool // a Read is running
	closed   bool
	released bool
	end      error // what Read has come to
}

func (r *fetchResponse) Status() int { return r.value.Get("status").Int() }

func (r *fetchResponse) Header(name string) string {
	v := r.headers.Call("get", name)
	if v.IsNull() {
		return ""
	}
	return v.String()
}

// headBytes is how long the head is in HTTP/1.1, as far as a page is shown it.
func (r *fetchResponse) headBytes() int {
	const statusLine, ends = len("HTTP/1.1 200 OK\r\n\r\n"), len(": \r\n")
	fields := js.Global().Get("Array").Call("from", r.headers)
	size := statusLine
	for i := range fields.Length() {
		size += len(fields.Index(i).Index(0).String()) + len(fields.Index(i).Index(1).String()) + ends
	}
	return size
}

// Read gives what has arrived, at most readBytes.
func (r *fetchResponse) Read(p []byte) (int, error) {
	r.mu.Lock()
	if err := r.ended(); err != nil || len(p) == 0 {
		r.mu.Unlock()
		return 0, err
	}
	r.reading = true
	r.mu.Unlock()

	n, err := r.read(p)

	r.mu.Lock()
	defer r.mu.Unlock()
	r.reading = false
	if err != nil {
		r.end = r.explain(err)
	}
	if err = r.ended(); err != nil {
		// Close has left this to the Read that it interrupted.
		r.release()
		return 0, err
	}
	return n, nil
}

// ended is the error of every further Read, nil while there is more to read.
func (r *fetchResponse) ended() error {
	if r.closed {
		return errClosed
	}
	return r.end
}

var errClosed = errors.New("stream: the response is closed")

// Close aborts the request, unless it has been read to its end.
func (r *fetchResponse) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil
	}
	r.closed = true
	if r.end == nil {
		r.abort.Call("abort")
	}
	if !r.reading {
		r.release()
	}
	return nil
}

// release gives back what JavaScript holds of Go. No promise may be waited for.
func (r *fetchResponse) release() {
	if r.released {
		return
	}
	r.released = true
	r.unwatch()
	r.promises.release()
}

// explain tells our own abort from a fault of the network: JavaScript's error
// does not always.
func (r *fetchResponse) explain(err error) error {
	switch ctxErr := r.ctx.Err(); {
	case ctxErr != nil:
		return ctxErr
	case errors.Is(err, io.EOF), errors.Is(err, errors.ErrUnsupported):
		return err
	}
	return fmt.Errorf("stream: network error: %w", err)
}

// turnEvery is how long reading and what is done with it may keep the browser
// from anything else. While bytes are waiting, a promise of more is kept before the
// event loop turns, so that without a break a fast stream would be one long task.
const turnEvery = 4 * time.Millisecond

// read reads once and copies what came to p.
func (r *fetchResponse) read(p []byte) (int, error) {
	if r.reader.IsUndefined() {
		if err := r.openReader(); err != nil {
			return 0, err
		}
	}
	if time.Since(r.turned) >= turnEvery {
		r.promises.turn()
		r.turned = time.Now()
	}
	if !r.rest.IsUndefined() {
		return r.copyRest(p), nil
	}
	size := min(len(p), readBytes)
	byob := !r.buffer.IsUndefined()
	var promise js.Value
	if byob {
		view := js.Global().Get("Uint8Array").New(r.buffer, 0, size)
		promise = r.reader.Call("read", view)
	} else {
		promise = r.reader.Call("read")
	}
	result, err := r.promises.wait(promise)
	if err != nil {
		return 0, err
	}
	if result.Get("done").Bool() {
		return 0, io.EOF
	}
	value := result.Get("value")
	if byob {
		r.buffer = value.Get("buffer")
		return js.CopyBytesToGo(p[:size], value), nil
	}
	r.rest = value
	return r.copyRest(p), nil
}

// copyRest copies from a chunk of the default reader, which may be of any size.
func (r *fetchResponse) copyRest(p []byte) int {
	size := min(len(p), readBytes)
	n := js.CopyBytesToGo(p[:size], r.rest)
	if n < r.rest.Get("byteLength").Int() {
		r.rest = r.rest.Call("subarray", n)
	} else {
		r.rest = js.Undefined()
	}
	return n
}

// openReader takes the body. A reader that fills memory of ours (BYOB) gives no
// more at once than it holds, where the default reader gives all that is
// waiting, megabytes of it, as one chunk.
func (r *fetchResponse) openReader() error {
	body := r.value.Get("body")
	switch {
	case body.IsNull():
		return io.EOF
	case body.IsUndefined():
		return fmt.Errorf("this browser gives no response before it is complete: %w", errors.ErrUnsupported)
	}
	if reader, ok := byobReader(body); ok {
		r.reader = reader
		r.buffer = js.Global().Get("ArrayBuffer").New(readBytes)
		return nil
	}
	r.reader = body.Call("getReader")
	return nil
}

// byobReader asks for a BYOB reader, which throws where there is none.
func byobReader(body js.Value) (reader js.Value, ok bool) {
	if js.Global().Get("ReadableStreamBYOBReader").IsUndefined() {
		return js.Value{}, false
	}
	defer func() {
		if thrown := recover(); thrown != nil {
			if _, isJS := thrown.(js.Error); !isJS {
				panic(thrown)
			}
			ok = false
		}
	}()
	return body.Call("getReader", map[string]any{"mode": "byob"}), true
}
