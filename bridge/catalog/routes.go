// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// MaxRoutesBytes is how large a route file may be.
const MaxRoutesBytes = 1 << 20

// Routes is what a route file says: how methods are served whose protos cannot
// be edited. It is made by [ParseRoutes], never changes, and may be used by any
// number of goroutines at once. A nil *Routes says nothing.
type Routes struct {
	file  string
	rules []rule
}

// RouteError is the error of something in a route file.
type RouteError struct {
	// File is the file's name, as [ParseRoutes] was told it.
	File string
	// Line and Column are where it stands, from 1.
	Line, Column int
	// Key is what it is the value of, as in "routes[2].resume.request_field", and
	// "" for the file as a whole.
	Key string
	// Text says what is wrong, and goes after the key.
	Text string
}

// Error returns "file:line:column: key text".
func (e *RouteError) Error() string {
	if e.Key == "" {
		return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Text)
	}
	return fmt.Sprintf("%s:%d:%d: %s %s", e.File, e.Line, e.Column, e.Key, e.Text)
}

func newRouteError(file string, at spot, text string) *RouteError {
	return &RouteError{File: file, Line: at.line, Column: at.column, Key: at.key, Text: text}
}

// rule is what a route file says of one method. What it does not say is nil.
type rule struct {
	spot         spot
	method       string
	methodSpot   spot
	paths        []rulePath
	ownsPaths    bool // also where there are none
	event        *string
	onDisconnect *OnDisconnect
	linger       *time.Duration
	share        *bool
	joinAt       *JoinAt
	trailers     []string
	ownsTrailers bool
	timeout      *time.Duration
	maxTimeout   *time.Duration
	resume       *ResumeMapping
	resumeSpots  map[string]spot // of the keys of resume, by their names in it
	timeoutSpot  spot
}

// rulePath is a path of a rule.
type rulePath struct {
	spot     spot
	template string
}

// WithRoutes returns the catalog with what a route file says of its methods. A
// key that a rule has takes the place of the same one in the method's option
// (sluice.stream.v1.stream); of a path that several methods ask for, a rule's
// goes before those of options.
//
// A rule for a method that no backend offers is told in [Catalog.Problems]: the
// backend may be away. A rule that does not fit its method is left out, all of
// it, and told in the error, a [*RouteError] or several joined, which says where
// in the file it stands; the catalog that comes with the error has all else. A
// rule's path that is another method's own in gRPC is told in the error, too, and
// stays the other method's; the rest of that rule holds.
func (c *Catalog) WithRoutes(r *Routes) (*Catalog, error) {
	if c == nil || r == nil {
		return c, nil
	}
	var faults []error
	found := slices.Clone(c.found)
	methods := slices.Clone(c.methods)
	for i := range r.rules {
		rule := &r.rules[i]
		at := slices.IndexFunc(methods, func(m *Method) bool { return m.FullName == rule.method })
		if at < 0 {
			found = append(found, Problem{
				Subject: rule.method,
				Text:    fmt.Sprintf("%s:%d has a rule for it, and no backend offers it", r.file, rule.spot.line),
			})
			continue
		}
		m := *methods[at]
		if wrong := rule.apply(r.file, &m); len(wrong) > 0 {
			faults = append(faults, wrong...)
			continue
		}
		faults = append(faults, rule.canonical(r.file, c)...)
		methods[at] = &m
	}
	return newCatalog(c.backends, methods, c.types, found), errors.Join(faults...)
}

// canonical says which of the rule's paths are where other methods are served
// by their names, whatever a rule says. It does not keep the rule from holding:
// the other method may be of a backend that comes later.
func (r *rule) canonical(file string, c *Catalog) (faults []error) {
	for _, path := range r.paths {
		if other := c.byName[strings.TrimPrefix(path.template, "/")]; other != nil && other.FullName != r.method {
			faults = append(faults, newRouteError(file, path.spot, quote(path.template)+" is where "+other.FullName+" is served by its name"))
		}
	}
	return faults
}

// apply changes a method to what the rule says.
func (r *rule) apply(file string, m *Method) (faults []error) {
	if r.ownsPaths {
		m.wishes = slices.DeleteFunc(slices.Clone(m.wishes), func(w wish) bool { return w.origin != byAnnotation })
		for _, path := range r.paths {
			w, err := newWish(m.Desc.Input(), byRoutes, both(path.template)...)
			if err != nil {
				faults = append(faults, newRouteError(file, path.spot, quote(path.template)+" "+err.Error()))
				continue
			}
			m.wishes = append(m.wishes, w)
		}
		slices.SortStableFunc(m.wishes, func(x, y wish) int { return -cmp.Compare(x.origin, y.origin) })
	}
	override(&m.Policy.Event, r.event)
	override(&m.Policy.OnDisconnect, r.onDisconnect)
	override(&m.Policy.Linger, r.linger)
	override(&m.Policy.Share, r.share)
	override(&m.Policy.JoinAt, r.joinAt)
	override(&m.Policy.Timeout, r.timeout)
	override(&m.Policy.MaxTimeout, r.maxTimeout)
	if r.ownsTrailers {
		m.Policy.ExposeTrailers = r.trailers
	}
	if r.resume != nil {
		resume, err := newResume(m, *r.resume)
		if err != nil {
			return append(faults, r.resumeFault(file, err))
		}
		m.resume, m.Policy.Resume = resume, *r.resume
	}
	return faults
}

// override sets what a rule says.
func override[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

// resumeFault says where in the file the mapping does not fit its method.
func (r *rule) resumeFault(file string, err error) error {
	fault, ok := errors.AsType[*mappingError](err)
	if !ok {
		return newRouteError(file, r.spot, err.Error())
	}
	key, text := fault.key, fault.err.Error()
	if fault.key == keySet {
		key = join(keySet, fault.text)
	} else if fault.text != "" {
		text = quote(fault.text) + " " + text
	}
	at, ok := r.resumeSpots[key]
	if !ok { // the key is missing
		at = r.resumeSpots[""]
		at.key = join(at.key, key)
	}
	return newRouteError(file, at, plain(errors.New(text)))
}

// checkMethodName says what is wrong with the name of a method.
func checkMethodName(name string) string {
	service, method, ok := strings.Cut(name, "/")
	if !ok || !isFieldPath(service) || !isFieldPath(method) || strings.Contains(method, ".") {
		return `must be a method such as "pkg.Service/Method", got ` + quote(name)
	}
	return ""
}
