// SPDX-License-Identifier: Apache-2.0

// Package catalog knows which methods gRPC backends have and how a request for
// one is made from what a browser sends.
//
// A [Catalog] is built from descriptors, which come from the backend's own
// reflection service ([Reflect]), from a descriptor set ([FromDescriptorSet])
// or from a registry in the same program ([New]). Those of several backends
// become one ([Merge]); a route file says what their protos do not
// ([Catalog.WithRoutes]), and an [Exposure] which methods are offered:
//
//	c, err := catalog.Merge(catalog.Part{Backend: "orders", Catalog: orders}, catalog.Part{Backend: "stock", Catalog: stock})
//	c, err = c.WithRoutes(routes)
//	c = c.WithExposure(exposure)
//
// A catalog never changes: a caller that learns of a new schema builds a new
// catalog and swaps the two as a whole, unless they are the same
// ([Catalog.Equal]), and streams that are open keep the methods they began with.
//
// All the thinking is done when a catalog is built: options are read and
// checked, response encoders are compiled, paths and resume mappings are
// resolved. What is wrong with one method or one service does not take the
// others with it; it becomes a [Problem], for the log.
package catalog

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"sync"

	"google.golang.org/protobuf/reflect/protoregistry"
)

// ErrNoServices is the error, found with [errors.Is], of a source whose
// descriptors hold no method that could be offered. Its text says why.
var ErrNoServices = errors.New("no service to offer")

// reflectionPrefix begins the names of the services that describe the others.
// They are of use to tools that speak gRPC, which do not come through a bridge,
// and are never offered.
const reflectionPrefix = "grpc.reflection."

// Catalog is an immutable table of methods. Its methods may be called from any
// number of goroutines at once. A nil *Catalog is an empty one, which is what a
// caller has until its backend has been reached.
type Catalog struct {
	backends  []string
	methods   []*Method
	byName    map[string]*Method
	byPath    map[string]*Method
	router    router
	types     resolver  // those of all backends
	found     []Problem // those of the sources
	problems  []Problem // all of them
	described func() []byte
}

// Problem is something wrong with the descriptors or options of a backend that
// the catalog has worked around.
type Problem struct {
	// Subject is what it is about: a method as "pkg.Service/Method", a service,
	// a file, or "" for the source as a whole.
	Subject string
	// Text says what is wrong, and what the catalog does about it.
	Text string
}

// String returns "subject: text".
func (p Problem) String() string {
	if p.Subject == "" {
		return p.Text
	}
	return p.Subject + ": " + p.Text
}

// New returns the catalog of every service in files, but for those of gRPC
// reflection. Files must not change afterwards. It fails with [ErrNoServices]
// where there is none, and with another error where files redefine a well-known
// type.
func New(files *protoregistry.Files) (*Catalog, error) {
	return build(files, servicesOf(files), nil, nil)
}

// Lookup returns the method called "pkg.Service/Method", or nil.
func (c *Catalog) Lookup(fullName string) *Method {
	if c == nil {
		return nil
	}
	return c.byName[fullName]
}

// Route returns the method whose own path, from [Policy.Path], is path, or nil.
func (c *Catalog) Route(path string) *Method {
	if c == nil {
		return nil
	}
	return c.byPath[path]
}

// Methods returns every method, sorted by [Method.FullName]. The slice is the
// caller's.
func (c *Catalog) Methods() []*Method {
	if c == nil {
		return nil
	}
	return slices.Clone(c.methods)
}

// Problems returns what was left out or ignored, and why, sorted by subject.
// The slice is the caller's.
func (c *Catalog) Problems() []Problem {
	if c == nil {
		return nil
	}
	return slices.Clone(c.problems)
}

// newCatalog puts a catalog together from methods, which may be those of another
// catalog, with the problems found before.
func newCatalog(backends []string, methods []*Method, types resolver, found []Problem) *Catalog {
	c := &Catalog{
		backends: backends,
		methods:  make([]*Method, len(methods)),
		byName:   make(map[string]*Method, len(methods)),
		byPath:   make(map[string]*Method),
		types:    types,
		found:    found,
		problems: slices.Clone(found),
	}
	for i, m := range methods {
		own := *m
		own.paths, own.Policy.Path = nil, ""
		c.methods[i] = &own
		c.byName[own.FullName] = &own
	}
	slices.SortFunc(c.methods, func(x, y *Method) int { return cmp.Compare(x.FullName, y.FullName) })
	c.addPaths()
	slices.SortFunc(c.problems, func(x, y Problem) int {
		return cmp.Or(cmp.Compare(x.Subject, y.Subject), cmp.Compare(x.Text, y.Text))
	})
	c.problems = slices.Compact(c.problems)
	c.described = sync.OnceValue(c.describe)
	return c
}

// problem records that something is wrong with subject.
func (c *Catalog) problem(subject, format string, args ...any) {
	c.problems = append(c.problems, Problem{Subject: subject, Text: fmt.Sprintf(format, args...)})
}
