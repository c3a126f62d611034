// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"

	"sluice/bridge/catalog"
	"sluice/bridge/run"
	"sluice/bridge/sse"
)

// methodAllow are the HTTP methods that a method's path takes.
const methodAllow = "GET, POST, OPTIONS"

// serveMethod answers with the stream of the method that the path names.
func (b *Bridge) serveMethod(w http.ResponseWriter, r *http.Request) {
	m, f := b.lookup(r)
	if f == nil {
		f = b.checkStream(r, methodAllow)
	}
	if f != nil {
		b.fail(w, r, f)
		return
	}
	if r.Method == http.MethodOptions {
		w.Header().Set("Allow", methodAllow)
		w.WriteHeader(http.StatusNoContent)
		return
	}
	spec, f := b.spec(w, r, m)
	if f != nil {
		b.fail(w, r, f)
		return
	}
	s, f := b.open(r, spec)
	if f != nil {
		b.fail(w, r, f)
		return
	}
	b.stream(w, r, s)
}

// lookup finds the method that the path names.
func (b *Bridge) lookup(r *http.Request) (*catalog.Method, *fault) {
	c := b.Catalog()
	if c == nil {
		return nil, errorf(codes.Unavailable, "the backend has not said yet which methods it has; /readyz says why")
	}
	name := strings.TrimPrefix(r.URL.Path, "/")
	m := c.Route(r.URL.Path)
	if m == nil {
		m = c.Lookup(name)
	}
	switch {
	case m == nil && strings.Count(name, "/") == 1 && strings.Contains(name, "."):
		return nil, errorf(codes.NotFound, "the backend has no method %s", name)
	case m == nil:
		return nil, errorf(codes.NotFound, "nothing is served at %s; methods are at /package.Service/Method", r.URL.Path)
	case !servable(m):
		// Found, but not as a stream: to a browser it is not there.
		return nil, errorf(codes.NotFound, "%s is not a server-streaming method with a single request, and no other kind is served", m.FullName)
	}
	return m, nil
}

// checkStream refuses a request that cannot be answered with a stream, before
// anything is opened for it.
func (b *Bridge) checkStream(r *http.Request, allow string) *fault {
	switch {
	case !strings.Contains(allow, r.Method):
		return methodNotAllowed(r, allow)
	case r.Method == http.MethodOptions:
		return nil
	}
	if !accepts(r, sse.ContentType) {
		f := errorf(codes.InvalidArgument, "a stream comes as %s, which the Accept header %q does not allow", sse.ContentType, strings.Join(r.Header.Values("Accept"), ", "))
		f.http = http.StatusNotAcceptable
		return f
	}
	select {
	case <-b.draining:
		return faultOf(run.ErrShutdown)
	default:
		return nil
	}
}

func methodNotAllowed(r *http.Request, allow string) *fault {
	f := errorf(codes.Unimplemented, "%s is not among the methods allowed here: %s", r.Method, allow)
	f.http = http.StatusMethodNotAllowed
	f.header = http.Header{"Allow": {allow}}
	return f
}

// spec reads the request for a run.
func (b *Bridge) spec(w http.ResponseWriter, r *http.Request, m *catalog.Method) (run.Spec, *fault) {
	s := run.Spec{Method: m}
	var f *fault
	if s.Metadata, f = outgoing(r); f != nil {
		return s, f
	}
	s.Owner = owner(s.Metadata)
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return s, errorf(codes.InvalidArgument, "the query cannot be read: %v", err)
	}
	query.Del(catalog.ParamLastEventID)
	if r.Method == http.MethodGet {
		if r.ContentLength != 0 {
			return s, errorf(codes.InvalidArgument, "a GET has its request in the query, and no body; POST takes one")
		}
		s.Request, err = m.RequestFromQuery(query)
	} else {
		for name := range query {
			return s, faultOf(&catalog.RequestError{Violations: []catalog.Violation{{Field: name, Description: "belongs into the JSON body of a POST, not into its query"}}})
		}
		body, bad := b.body(w, r)
		if bad != nil {
			return s, bad
		}
		s.Request, err = m.RequestFromJSON(body)
	}
	if err != nil {
		return s, faultOf(err)
	}
	return s, nil
}

// body reads the whole body, which also lets the server notice when the
// browser goes away.
func (b *Bridge) body(w http.ResponseWriter, r *http.Request) ([]byte, *fault) {
	if t := r.Header.Get("Content-Type"); t != "" {
		// Nothing but JSON, so that no page can post here without having asked.
		if media, _, err := mime.ParseMediaType(t); err != nil || media != "application/json" {
			f := errorf(codes.InvalidArgument, "the body must be application/json, not %q", t)
			f.http = http.StatusUnsupportedMediaType
			return nil, f
		}
	}
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Now().Add(bodyTimeout))
	defer func() { _ = control.SetReadDeadline(time.Time{}) }()
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, b.options.maxRequestBytes))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		f := errorf(codes.ResourceExhausted, "the body has more than %d bytes", tooLarge.Limit)
		f.http = http.StatusRequestEntityTooLarge
		return nil, f
	}
	if err != nil {
		return nil, errorf(codes.InvalidArgument, "the body could not be read: %v", err)
	}
	if len(body) > 0 && r.Header.Get("Content-Type") == "" {
		f := errorf(codes.InvalidArgument, "the body must be application/json, and say so in Content-Type")
		f.http = http.StatusUnsupportedMediaType
		return nil, f
	}
	return body, nil
}

// metadataPrefix begins the names of headers that are sent to the backend
// under the rest of their names.
const metadataPrefix = "Grpc-Metadata-"

// forwarded are the headers that are sent to the backend as they are.
var forwarded = []string{"Authorization", "Traceparent", "Tracestate"}

// hopByHop are headers that speak of one connection, and have no place in
// another.
var hopByHop = []string{"connection", "content-length", "content-type", "host", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "user-agent"}

// outgoing returns what of a request's headers the backend gets.
func outgoing(r *http.Request) (metadata.MD, *fault) {
	md := metadata.MD{}
	add := func(name string, values []string) *fault {
		for _, v := range values {
			if i := strings.IndexFunc(v, func(c rune) bool { return c < ' ' || c > '~' }); i >= 0 {
				return errorf(codes.InvalidArgument, "header %s: byte %d is not printable ASCII, which is all that gRPC metadata holds", name, i)
			}
			md.Append(name, v)
		}
		return nil
	}
	for _, name := range forwarded {
		if f := add(name, r.Header.Values(name)); f != nil {
			return nil, f
		}
	}
	for name, values := range r.Header {
		key, ok := strings.CutPrefix(name, metadataPrefix)
		if !ok {
			continue
		}
		key = strings.ToLower(key)
		switch {
		case strings.HasPrefix(key, "grpc-"), strings.HasSuffix(key, "-bin"), slices.Contains(hopByHop, key):
			return nil, errorf(codes.InvalidArgument, "header %s: names that begin with grpc-, end with -bin or are those of a connection cannot be sent", name)
		case key == "" || strings.Trim(key, "abcdefghijklmnopqrstuvwxyz0123456789-_.") != "":
			return nil, errorf(codes.InvalidArgument, "header %s: the names of gRPC metadata are of letters, digits, -, _ and .", name)
		}
		if f := add(key, values); f != nil {
			return nil, f
		}
	}
	return md, nil
}

// tracing are the headers that say nothing of who asks.
var tracing = []string{"traceparent", "tracestate"}

// owner returns what tells a caller's runs from those of others: all that the
// backend is told of it, by its hash, since any of that may be a credential.
func owner(md metadata.MD) string {
	h := sha256.New()
	anything := false
	for _, name := range slices.Sorted(maps.Keys(md)) {
		if slices.Contains(tracing, name) {
			continue
		}
		anything = true
		fmt.Fprintf(h, "%q %q\n", name, md[name])
	}
	if !anything {
		return ""
	}
	return hex.EncodeToString(h.Sum(nil))
}
