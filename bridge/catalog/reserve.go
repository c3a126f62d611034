// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"errors"
	"net/http"
	"slices"
)

// CheckReserved says which paths of the route file are taken by what is served in
// front of a bridge, at the given paths: a [*RouteError] for each, joined. A path
// with variables is taken, too, if what is served is at one of those that it
// stands for.
func (r *Routes) CheckReserved(paths ...string) error {
	if r == nil {
		return nil
	}
	var faults []error
	for i := range r.rules {
		for _, path := range r.rules[i].paths {
			t, err := parseTemplate(path.template)
			if err != nil {
				continue // not reached: such a file is not parsed
			}
			if taken := t.taken(paths); taken != "" {
				faults = append(faults, newRouteError(r.file, path.spot, quote(path.template)+" is reserved: "+taken+" is served before any method"))
			}
		}
	}
	return errors.Join(faults...)
}

// WithReserved returns the catalog without the paths that are taken by what is
// served in front of a bridge, at the given ones. What methods asked for and do
// not get is told in [Catalog.Problems].
func (c *Catalog) WithReserved(paths ...string) *Catalog {
	if c == nil || len(paths) == 0 {
		return c
	}
	found := slices.Clone(c.found)
	methods := slices.Clone(c.methods)
	for i, m := range methods {
		own := *m
		own.wishes = slices.DeleteFunc(slices.Clone(m.wishes), func(w wish) bool {
			taken := w.template.taken(paths)
			if taken != "" {
				found = append(found, Problem{m.FullName, "its path " + quote(w.template.text) + " is reserved: " + taken + " is served before any method; it is not served there"})
			}
			return taken != ""
		})
		methods[i] = &own
	}
	return newCatalog(c.backends, methods, c.types, found)
}

// taken returns the first of the paths that the template stands for, or "".
func (t *template) taken(paths []string) string {
	var r router
	r.add(&endpoint{path: Path{Method: http.MethodGet}, template: t})
	for _, path := range paths {
		if e, _, _ := r.find(http.MethodGet, path); e != nil {
			return path
		}
	}
	return ""
}
