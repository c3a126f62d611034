// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"bytes"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
)

// Binding is a method that was found at a path, and how a request for it is made
// from what came with that path. It may be used by any number of goroutines at
// once.
type Binding struct {
	// Method is what is served there.
	Method *Method
	// Path is the way by which it was found.
	Path Path

	variables []*param
}

// Match finds the method that is served at a path under an HTTP method: by its
// path in gRPC, by a path of its own, or by a path of its google.api.http rules.
// The path is as it came in the request, with what is escaped in it
// ([url.URL.EscapedPath]).
//
// It returns nil where there is none. Where the path is served under other HTTP
// methods, allow holds those, sorted, for an Allow header.
func (c *Catalog) Match(httpMethod, path string) (b *Binding, allow []string) {
	if c == nil {
		return nil, nil
	}
	if m := c.methodAt(path); m != nil {
		for _, way := range both("/" + m.FullName) {
			if way.Method == httpMethod {
				return &Binding{Method: m, Path: way}, nil
			}
		}
		return nil, []string{http.MethodGet, http.MethodPost}
	}
	e, segments, others := c.router.find(httpMethod, path)
	if e == nil {
		return nil, slices.Sorted(maps.Keys(others))
	}
	b = &Binding{Method: e.method, Path: e.path}
	for i, v := range e.template.variables {
		value, ok := v.value(segments)
		if !ok {
			return nil, nil
		}
		p := *e.fields[i]
		p.inPath, p.texts = true, []string{value}
		b.variables = append(b.variables, &p)
	}
	return b, nil
}

// methodAt returns the method whose path in gRPC is path, or nil.
func (c *Catalog) methodAt(path string) *Method {
	name, ok := strings.CutPrefix(path, "/")
	if !ok {
		return nil
	}
	if m := c.byName[name]; m != nil {
		return m
	}
	// Names need no escapes, but a client may write any character with one.
	if name, err := url.PathUnescape(name); err == nil {
		return c.byName[name]
	}
	return nil
}

// Request makes a request from the variables of the path, the query, and what
// came as the body: the fields of a form, or JSON. At most one of form and body
// is given.
//
//   - Query and form name fields by the rules of [Method.RequestFromQuery].
//   - JSON is what [Binding.Path] says: the request, as [Method.RequestFromJSON]
//     takes it, or one field of it. A body that is not wanted must be empty.
//   - Where the body is the whole request, the query must be empty. The body may
//     repeat what the path says, with the same value.
//
// [ParamLastEventID] is passed over in a query. Everything else that does not
// name a field, does not fit it, or says twice what can be said once is a
// violation of the returned [*RequestError].
func (b *Binding) Request(query, form url.Values, body []byte) (*Request, error) {
	q := pathQuery{binding: b}
	q.types = b.Method.types
	msg := dynamicpb.NewMessage(b.Method.Desc.Input())
	body = bytes.Trim(body, jsonSpace)
	if b.Path.Body == "" && (len(body) > 0 || len(form) > 0) {
		q.add("", "takes no body: its fields are in the path and in the query")
		return nil, q.err()
	}
	if len(body) > 0 {
		q.readBody(msg, body)
	}
	if err := q.err(); err != nil {
		return nil, err // of a body that was half read, nothing else can be said
	}
	params := append(q.resolve(msg.Descriptor(), form), q.fromQuery(msg.Descriptor(), query)...)
	for _, p := range b.variables {
		if !q.repeats(msg, p) {
			params = slices.Insert(params, 0, p) // the path goes before the rest
		}
	}
	q.fill(msg, params)
	return q.finish(msg)
}

// pathQuery makes one request of a [Binding].
type pathQuery struct {
	query
	binding *Binding
}

// bodyField returns the field of md that the body is, nil for the whole request
// and for no body.
func (q *pathQuery) bodyField(md protoreflect.MessageDescriptor) protoreflect.FieldDescriptor {
	return md.Fields().ByName(protoreflect.Name(q.binding.Path.Body))
}

// readBody reads a body of JSON into msg.
func (q *pathQuery) readBody(msg *dynamicpb.Message, body []byte) {
	if field := q.bodyField(msg.Descriptor()); field != nil {
		// It is read as the only field of a request. What is not one JSON value by
		// itself could be several fields there.
		name := field.TextName()
		if fault := syntaxFault(body); fault != "" {
			q.add(name, "%s", fault)
			return
		}
		body = slices.Concat([]byte(`{"`+name+`":`), body, []byte("}"))
	}
	readJSON(msg, body, q.types, "", &q.violations)
}

// fromQuery finds the fields of md that the parameters of a query name, where
// they may stand there.
func (q *pathQuery) fromQuery(md protoreflect.MessageDescriptor, values url.Values) []*param {
	if q.binding.Path.Body == wholeBody {
		for _, key := range slices.Sorted(maps.Keys(values)) {
			if key != ParamLastEventID {
				q.add(key, "belongs into the body of a POST, not into its query")
			}
		}
		return nil
	}
	params := q.resolve(md, values)
	field := q.bodyField(md)
	if field == nil {
		return params
	}
	return slices.DeleteFunc(params, func(p *param) bool {
		if p.path[0] == field {
			q.add(p.key, "belongs into the body, which is the field %s here", field.TextName())
		}
		return p.path[0] == field
	})
}

// repeats reports whether the body has said already what a variable of the path
// says. It records a violation where it says something else.
func (q *pathQuery) repeats(msg protoreflect.Message, p *param) bool {
	for _, field := range p.path[:len(p.path)-1] {
		if !msg.Has(field) {
			return false
		}
		msg = msg.Mutable(field).Message()
	}
	field := p.field()
	if !msg.Has(field) {
		return false
	}
	said := msg.Get(field)
	msg.Clear(field)
	if q.setText(msg, field, p.key, p.texts[0]) && !msg.Get(field).Equal(said) {
		q.add(p.key, "is given twice: in the path as %s, and otherwise in the body", quote(p.texts[0]))
	}
	return true
}
