// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/descriptorpb"

	"sluice/bridge/catalog"
	"sluice/bridge/run"
)

// serveMethod answers with the stream of the method that the path names.
func (b *Bridge) serveMethod(w http.ResponseWriter, r *http.Request) {
	binding, allow, f := b.lookup(r)
	if f == nil {
		f = b.checkStream(r, allow)
	}
	if f != nil {
		b.fail(w, r, f)
		return
	}
	if r.Method == http.MethodOptions {
		w.Header().Set("Allow", allow)
		w.WriteHeader(http.StatusNoContent)
		return
	}
	spec, f := b.spec(w, r, binding)
	if f != nil {
		b.fail(w, r, f)
		return
	}
	s, f := b.open(r, spec)
	if f != nil {
		b.fail(w, r, f)
		return
	}
	if s.viewer != nil {
		sayTimeout(w.Header(), s.viewer.Run().Timeout())
	}
	b.stream(w, r, s)
}

// lookup finds the method that the path names, and the HTTP methods that the
// path takes. There is no binding where that of the request is not among them.
func (b *Bridge) lookup(r *http.Request) (binding *catalog.Binding, allow string, f *fault) {
	c := b.Catalog()
	if c == nil {
		return nil, "", errorf(codes.Unavailable, "no backend has said yet which methods it has; /readyz says why")
	}
	binding, others := c.Match(r.Method, r.URL.EscapedPath())
	switch {
	case binding == nil && len(others) == 0:
		return nil, "", b.notServed(r.URL.Path)
	case binding == nil:
		return nil, strings.Join(append(others, http.MethodOptions), ", "), nil
	case binding.Method.ClientStreaming():
		return nil, "", errorf(codes.Unimplemented, "%s takes a stream of requests, and an HTTP request is one; only methods with a single request are served", binding.Method.FullName)
	case !b.mayFollow(r, binding):
		return nil, "", errorf(codes.PermissionDenied, "a link or a form of another site may not call %s, which may change something; its operator can allow one", binding.Method.FullName)
	}
	return binding, r.Method, nil
}

// mayFollow is whether a request may be that of a person who followed a link of
// another site, or sent a form of one, and did not know what for. Streams are
// there to be linked to; a unary method has to say that it changes nothing, by
// its option idempotency_level or by having a GET of its own.
func (b *Bridge) mayFollow(r *http.Request, binding *catalog.Binding) bool {
	// Without TLS browsers do not say whose page it was that asked.
	blind := r.Header.Get("Sec-Fetch-Site") == "" && r.Method == http.MethodGet && strings.HasPrefix(r.UserAgent(), "Mozilla/")
	if r.Header.Get("Origin") != "" || !blind && !ofAnotherSite(r) || slices.Contains(b.options.origins, "*") {
		return true // where there is an origin it has been looked at
	}
	if r.Method != http.MethodGet {
		return false
	}
	m := binding.Method
	// Where there is a POST beside it, nobody asked for a GET.
	asPost := catalog.Path{Method: http.MethodPost, Template: binding.Path.Template, Body: "*"}
	if m.ServerStreaming() || !slices.Contains(m.Paths(), asPost) {
		return true
	}
	options, ok := m.Desc.Options().(*descriptorpb.MethodOptions)
	return ok && options.GetIdempotencyLevel() == descriptorpb.MethodOptions_NO_SIDE_EFFECTS
}

// notServed says that there is nothing at a path. While a backend has not said
// which methods it has, that may change.
func (b *Bridge) notServed(path string) *fault {
	name := strings.TrimPrefix(path, "/")
	switch missing := b.missing(); {
	case len(missing) > 0:
		return errorf(codes.Unavailable, "nothing is served at %s yet: not all backends have said which methods they have; /readyz says why", path)
	case strings.Count(name, "/") == 1 && strings.Contains(name, "."):
		return errorf(codes.NotFound, "no backend has a method %s that is served; /catalog lists those that are", name)
	}
	return errorf(codes.NotFound, "nothing is served at %s; methods are at /package.Service/Method, and /catalog lists them", path)
}

// checkStream refuses a request that cannot be answered with a stream, before
// anything is opened for it.
func (b *Bridge) checkStream(r *http.Request, allow string) *fault {
	switch {
	case !slices.Contains(strings.Split(allow, ", "), r.Method):
		return methodNotAllowed(r, allow)
	case r.Method == http.MethodOptions:
		return nil
	}
	if negotiate(r) == "" {
		return notAcceptable(r)
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
func (b *Bridge) spec(w http.ResponseWriter, r *http.Request, binding *catalog.Binding) (run.Spec, *fault) {
	m := binding.Method
	s := run.Spec{Method: m, Conn: b.connOf(m)}
	var f *fault
	if s.Metadata, f = outgoing(r); f != nil {
		return s, f
	}
	s.Owner = owner(s.Metadata)
	if s.Timeout, f = b.timeout(r, m); f != nil {
		return s, f
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return s, errorf(codes.InvalidArgument, "the query cannot be read: %v", err)
	}
	var body payload
	switch {
	case binding.Path.Body != "":
		if body, f = b.payload(w, r); f != nil {
			return s, f
		}
	case r.ContentLength != 0:
		return s, errorf(codes.InvalidArgument, "this path takes no body: a %s here has its request in the path and the query", r.Method)
	}
	if s.Request, err = binding.Request(query, body.form, body.json); err != nil {
		return s, faultOf(err)
	}
	return s, nil
}
