// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"net/url"
	"strings"
)

// router finds what is served at a path. It is a tree of segments, so that a
// path takes about as long to find among a thousand templates as among ten. Its
// zero value has nothing.
//
// A literal goes before "*", and that before "**". A path whose last segment
// holds a colon is one with a verb first, and else one without.
type router struct {
	root node
}

// node is where templates with the same first segments meet.
type node struct {
	literals map[string]*node
	one      *node
	ends     map[string]endpoints // by verb, of templates that end here
	all      map[string]endpoints // by verb, of templates that end in "**" here
}

// endpoints are what is served under templates of one shape, by HTTP method.
type endpoints map[string]*endpoint

// endpoint is one method under one path.
type endpoint struct {
	method   *Method
	path     Path
	template *template
	// fields are those that the template's variables are given to.
	fields []*param
}

// add adds an endpoint. The caller sees to it that there is no other of the
// same shape and HTTP method.
func (r *router) add(e *endpoint) {
	at := &r.root
	t := e.template
	for _, segment := range t.segments {
		switch segment {
		case allSegments:
			at.all = addEnd(at.all, t.verb, e)
			return
		case oneSegment:
			if at.one == nil {
				at.one = new(node)
			}
			at = at.one
		default:
			next := at.literals[segment]
			if next == nil {
				next = new(node)
				if at.literals == nil {
					at.literals = make(map[string]*node)
				}
				at.literals[segment] = next
			}
			at = next
		}
	}
	at.ends = addEnd(at.ends, t.verb, e)
}

func addEnd(ends map[string]endpoints, verb string, e *endpoint) map[string]endpoints {
	if ends == nil {
		ends = make(map[string]endpoints)
	}
	if ends[verb] == nil {
		ends[verb] = make(endpoints)
	}
	ends[verb][e.path.Method] = e
	return ends
}

// find returns what is served at a path, which is written as it came, under an
// HTTP method, and the path's segments for [variable.value]. Where there is
// nothing, allow holds the HTTP methods under which there is.
func (r *router) find(httpMethod, path string) (e *endpoint, segments []string, allow map[string]bool) {
	rest, ok := strings.CutPrefix(path, "/")
	if !ok {
		return nil, nil, nil
	}
	s := search{httpMethod: httpMethod, segments: strings.Split(rest, "/")}
	last := len(s.segments) - 1
	if colon := strings.LastIndexByte(s.segments[last], ':'); colon >= 0 {
		whole := s.segments[last]
		if verb, err := url.PathUnescape(whole[colon+1:]); err == nil && verb != "" {
			s.verb, s.segments[last] = verb, whole[:colon]
			if e := s.find(&r.root, 0); e != nil {
				return e, s.segments, nil
			}
		}
		s.verb, s.segments[last] = "", whole
	}
	return s.find(&r.root, 0), s.segments, s.allow
}

// search is one lookup of a path.
type search struct {
	httpMethod string
	segments   []string
	verb       string
	allow      map[string]bool
}

// find looks below a node for what is left of the path from segment i on. No
// node is visited twice, and none is deeper than templates are long.
func (s *search) find(at *node, i int) *endpoint {
	if i == len(s.segments) {
		if e := s.pick(at.ends); e != nil {
			return e
		}
		return s.pick(at.all)
	}
	segment := s.segments[i]
	if at.literals != nil {
		if text, err := url.PathUnescape(segment); err == nil {
			if next := at.literals[text]; next != nil {
				if e := s.find(next, i+1); e != nil {
					return e
				}
			}
		}
	}
	if at.one != nil && segment != "" {
		if e := s.find(at.one, i+1); e != nil {
			return e
		}
	}
	return s.pick(at.all)
}

// pick returns the endpoint for the verb and the HTTP method that are looked
// for, and takes note of other HTTP methods.
func (s *search) pick(ends map[string]endpoints) *endpoint {
	for method, e := range ends[s.verb] {
		if method == s.httpMethod {
			return e
		}
		if s.allow == nil {
			s.allow = make(map[string]bool)
		}
		s.allow[method] = true
	}
	return nil
}
