// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// Path is one way to call a method over HTTP.
type Path struct {
	// Method is the HTTP method, GET or POST.
	Method string
	// Template is the path, with variables in braces where it has any, as in
	// "/v1/{name=shelves/*}/books:watch".
	Template string
	// Body is "" where no body is taken, "*" where it is the whole request, and
	// otherwise the field of the request that it is.
	Body string
}

// wholeBody is the [Path.Body] that is the whole request.
const wholeBody = "*"

// both returns the ways to call a method at a path of its own: with the request
// in the query, and in the body.
func both(path string) []Path {
	return []Path{{http.MethodGet, path, ""}, {http.MethodPost, path, wholeBody}}
}

// origin is who asks for a path. Of those who ask for the same one, the greatest
// gets it.
type origin uint8

const (
	byAnnotation origin = iota // google.api.http
	byOption                   // sluice.stream.v1.stream
	byRoutes                   // the route file, which is the operator's word
)

// String returns what comes after "served there by".
func (o origin) String() string {
	switch o {
	case byAnnotation:
		return "its option (google.api.http)"
	case byOption:
		return "its option (sluice.stream.v1.stream)"
	}
	return "the route file"
}

// wish is a path that is asked for on behalf of a method. All of its ways have
// the same template.
type wish struct {
	origin   origin
	template *template
	fields   []*param // those that the template's variables are given to
	ways     []Path
}

// newWish checks a path for a method whose requests are of type md. Its errors
// go after "the path".
func newWish(md protoreflect.MessageDescriptor, from origin, ways ...Path) (wish, error) {
	t, err := parseTemplate(ways[0].Template)
	if err == nil {
		err = checkPlace(t)
	}
	if err != nil {
		return wish{}, err
	}
	w := wish{origin: from, template: t, ways: ways}
	for _, v := range t.variables {
		p, err := resolveVariable(md, v.field)
		if err != nil {
			return wish{}, fmt.Errorf("has a variable %s, which %w", quote(v.field), err)
		}
		for _, other := range w.fields {
			if p.within(other) || other.within(p) {
				return wish{}, fmt.Errorf("gives field %s twice: by {%s} and by {%s}", quote(p.name), other.key, p.key)
			}
			if oneof := sharedOneof(p, other); oneof != nil {
				return wish{}, fmt.Errorf("has a variable %s, which %s", quote(v.field), excludes(oneof))
			}
		}
		w.fields = append(w.fields, p)
	}
	for _, way := range ways {
		if err := w.checkBody(md, way.Body); err != nil {
			return wish{}, err
		}
	}
	return w, nil
}

// ownWish checks a method's own path, as its option gives it.
func ownWish(md protoreflect.MessageDescriptor, path string) (wish, error) {
	if err := checkPath(path); err != nil {
		return wish{}, err
	}
	return newWish(md, byOption, both(path)...)
}

// resolveVariable finds the field of a variable, which is one that a part of a
// path can be the value of.
func resolveVariable(md protoreflect.MessageDescriptor, name string) (*param, error) {
	p, fault := resolveParam(md, name)
	if fault != "" {
		return nil, errors.New(fault)
	}
	field := p.field()
	switch {
	case field.IsList():
		return nil, errors.New("is repeated, and a variable is one value")
	case field.Message() != nil && !isText(wellKnown(field.Message())):
		return nil, fmt.Errorf("is a %s, and a variable is a single value", field.Message().FullName())
	}
	return p, nil
}

// sharedOneof returns the oneof of which two fields, or what they are in, are
// different members, or nil.
func sharedOneof(p, other *param) protoreflect.OneofDescriptor {
	for i := range min(len(p.path), len(other.path)) {
		if p.path[i] == other.path[i] {
			continue
		}
		if oneof := p.path[i].ContainingOneof(); oneof != nil && oneof == other.path[i].ContainingOneof() {
			return oneof
		}
		break
	}
	return nil
}

// checkBody says what is wrong with what the body is to be.
func (w *wish) checkBody(md protoreflect.MessageDescriptor, body string) error {
	if body == "" || body == wholeBody {
		return nil
	}
	field := md.Fields().ByName(protoreflect.Name(body))
	if field == nil {
		return fmt.Errorf("has a body %s, which %s", quote(body), unknownField(md))
	}
	for _, p := range w.fields {
		if p.path[0] == field {
			return fmt.Errorf("has a body %s, of which {%s} is a part", quote(body), p.key)
		}
	}
	return nil
}

// claim is a wish of a method.
type claim struct {
	method *Method
	wish   *wish
}

// place is what no two methods can share: a path and an HTTP method.
type place struct{ shape, httpMethod string }

// addPaths gives methods the paths that they ask for. Where several ask for the
// same one with the same right, none gets it: which of them a link reaches must
// not hang on how they are called, nor change when one is added.
func (c *Catalog) addPaths() {
	claims := make(map[place][]claim)
	for _, m := range c.methods {
		for i := range m.wishes {
			w := &m.wishes[i]
			if other := c.byName[w.template.text[1:]]; other != nil {
				c.problem(m.FullName, "its path %q is where %s is served; it has no path of its own", w.template.text, other.FullName)
				continue
			}
			for _, way := range w.ways {
				at := place{w.template.shape(), way.Method}
				claims[at] = append(claims[at], claim{m, w})
			}
		}
	}
	granted := make(map[place]*wish, len(claims))
	for at, claims := range claims {
		granted[at] = c.settle(claims)
	}
	for _, m := range c.methods {
		for i := range m.wishes {
			w := &m.wishes[i]
			for _, way := range w.ways {
				if granted[place{w.template.shape(), way.Method}] != w {
					continue
				}
				m.paths = append(m.paths, way)
				c.router.add(&endpoint{method: m, path: way, template: w.template, fields: w.fields})
				if m.Policy.Path == "" && w.origin != byAnnotation && w.template.isPlain() {
					m.Policy.Path = way.Template
					c.byPath[way.Template] = m
				}
			}
		}
		m.paths = append(m.paths, both("/"+m.FullName)...)
	}
}

// settle returns the one of several wishes for a place that gets it, or nil
// where none does, and records a problem for those of other methods.
func (c *Catalog) settle(claims []claim) *wish {
	best := slices.MaxFunc(claims, func(x, y claim) int { return cmp.Compare(x.wish.origin, y.wish.origin) })
	var names []string
	for _, other := range claims {
		if other.method != best.method && other.wish.origin == best.wish.origin {
			names = append(names, other.method.FullName)
		}
	}
	if len(names) > 0 {
		c.problem(best.method.FullName, "its path %q is asked for by %s too; none of them is served there",
			best.wish.template.text, strings.Join(slices.Compact(names), " and "))
		return nil
	}
	for _, other := range claims {
		if other.method != best.method {
			c.problem(other.method.FullName, "its path %q is where %s is served by %s; it is not served there",
				other.wish.template.text, best.method.FullName, best.wish.origin)
		}
	}
	return best.wish
}

// reservedPaths are the paths that a bridge serves itself, and below which it
// may serve more.
var reservedPaths = []string{"/runs", "/catalog", "/healthz", "/readyz", "/metrics"}

// checkPath says what is wrong with a method's own path without variables.
func checkPath(path string) error {
	if !strings.HasPrefix(path, "/") {
		return errors.New("must begin with a slash")
	}
	if path == "/" {
		return errors.New("is where the app is served")
	}
	for segment := range strings.SplitSeq(path[1:], "/") {
		if segment == "" || segment == "." || segment == ".." {
			return errors.New("must not have an empty, \".\" or \"..\" segment, nor end in a slash")
		}
		if strings.ContainsFunc(segment, func(r rune) bool { return !isPathRune(r) }) {
			return errors.New("may hold letters, digits, '-', '.', '_', '~', ':' and '/', and no variables")
		}
	}
	return nil
}

// isPathRune reports whether r may be in a segment of a method's own path: what
// RFC 3986, section 2.3, leaves unreserved, which every client writes as it is,
// and the colon of paths such as "/v1/numbers:watch".
func isPathRune(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("-._~:", r)
}

// checkPlace says why a template cannot be served beside what a bridge serves
// itself.
func checkPlace(t *template) error {
	if first := t.segments[0]; first == oneSegment || first == allSegments {
		return errors.New("must not begin with a variable: the app and what a bridge serves itself are there")
	}
	path := t.shape()
	for _, reserved := range reservedPaths {
		if path == reserved || strings.HasPrefix(path, reserved+"/") {
			return fmt.Errorf("is reserved: a bridge serves %s itself", reserved)
		}
	}
	return nil
}
