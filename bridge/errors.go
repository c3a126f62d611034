// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"sluice/bridge/catalog"
	"sluice/bridge/run"
	"sluice/bridge/sse"
)

// httpStatus maps a gRPC code to an HTTP status, as google/rpc/code.proto says.
var httpStatus = [...]int{
	codes.OK:                 http.StatusOK,
	codes.Canceled:           499, // no standard status: the client closed the request
	codes.Unknown:            http.StatusInternalServerError,
	codes.InvalidArgument:    http.StatusBadRequest,
	codes.DeadlineExceeded:   http.StatusGatewayTimeout,
	codes.NotFound:           http.StatusNotFound,
	codes.AlreadyExists:      http.StatusConflict,
	codes.PermissionDenied:   http.StatusForbidden,
	codes.ResourceExhausted:  http.StatusTooManyRequests,
	codes.FailedPrecondition: http.StatusBadRequest,
	codes.Aborted:            http.StatusConflict,
	codes.OutOfRange:         http.StatusBadRequest,
	codes.Unimplemented:      http.StatusNotImplemented,
	codes.Internal:           http.StatusInternalServerError,
	codes.Unavailable:        http.StatusServiceUnavailable,
	codes.DataLoss:           http.StatusInternalServerError,
	codes.Unauthenticated:    http.StatusUnauthorized,
}

// HTTPStatus returns the HTTP status that stands for a gRPC code, 500 for one
// that gRPC does not know.
func HTTPStatus(c codes.Code) int {
	if int(c) >= len(httpStatus) {
		return http.StatusInternalServerError
	}
	return httpStatus[c]
}

// retryable is whether the same request may succeed in a while.
func (f *fault) retryable() bool {
	return f.http == http.StatusServiceUnavailable || f.http == http.StatusTooManyRequests
}

// faultOfRun returns what the end of a run that has come to nothing means to
// whoever asked for it.
func faultOfRun(r *run.Run) *fault {
	st := r.Status()
	f := &fault{http: HTTPStatus(st.Code()), status: st}
	if r.Oversized() {
		f.http = http.StatusInternalServerError // not one that asks to come back
	}
	return f
}

// fault is an answer that is not a stream.
type fault struct {
	http   int
	status *status.Status
	header http.Header // beside the usual, or nil
}

// errorf returns a fault with the HTTP status that stands for its code.
func errorf(c codes.Code, format string, args ...any) *fault {
	return &fault{http: HTTPStatus(c), status: status.Newf(c, format, args...)}
}

// faultOf returns what an error of the catalog or of the runs means to whoever
// asked.
func faultOf(err error) *fault {
	var bad *catalog.RequestError
	switch {
	case errors.As(err, &bad):
		return &fault{http: http.StatusBadRequest, status: bad.GRPCStatus()}
	case errors.Is(err, run.ErrTooManyRuns):
		return errorf(codes.ResourceExhausted, "the bridge carries as many streams as it may; try again later")
	case errors.Is(err, run.ErrShutdown):
		return errorf(codes.Unavailable, "the bridge is shutting down; another one may serve you")
	}
	return errorf(codes.Internal, "%v", err)
}

// fail answers with a fault, in the way of the transport that was asked for.
func (b *Bridge) fail(w http.ResponseWriter, r *http.Request, f *fault) {
	if asksSocket(r) {
		b.failSocket(w, r, f)
		return
	}
	b.failHTTP(w, r, f)
}

// failHTTP answers with a fault: its HTTP status and a google.rpc.Status in
// JSON.
//
// EventSource, which asks for nothing but an event stream, never comes back
// after a status other than 200. A failure that may pass is therefore told to
// it as an empty stream that says when to try again.
func (b *Bridge) failHTTP(w http.ResponseWriter, r *http.Request, f *fault) {
	wait := b.jitter(b.options.retry)
	if f.retryable() && acceptsOnlyEvents(r) {
		streamHeader(w, r, sse.ContentType)
		w.WriteHeader(http.StatusOK)
		body := sse.AppendRetry(nil, wait)
		w.Write(sse.AppendComment(body, catalog.CodeName(f.status.Code())+": "+f.status.Message()))
		_ = http.NewResponseController(w).Flush() // so that no length is added
		return
	}
	h := w.Header()
	for name, values := range f.header {
		h[name] = values
	}
	addVary(h)
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	if f.retryable() {
		h.Set("Retry-After", strconv.Itoa(int((wait+time.Second-1)/time.Second)))
	}
	w.WriteHeader(f.http)
	if r.Method != http.MethodHead {
		w.Write(append(b.Catalog().StatusJSON(f.status, nil), '\n'))
	}
}
