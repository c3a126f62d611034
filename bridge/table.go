// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"slices"
	"strings"

	"sluice/bridge/catalog"
)

// table is what the bridge serves. It is swapped as a whole; runs that are open
// keep the methods they began with.
type table struct {
	catalog *catalog.Catalog
	// etag stands for the catalog's description.
	etag string
	// clashes say which services several backends offer, and none serves.
	clashes []error
	// misfits say which rules of the route file do not fit their methods.
	misfits error
}

// newTable makes a table of what the backends have said, each as far as it has.
func (o *options) newTable(parts []catalog.Part) *table {
	t := &table{}
	merged, err := catalog.Merge(parts...)
	for clash := (*catalog.ClashError)(nil); errors.As(err, &clash); merged, err = catalog.Merge(parts...) {
		// Which of them is reached must not hang on which was there first, so
		// that none is; unless nobody is to reach them anyway.
		if o.exposes(parts, clash.Name) {
			t.clashes = append(t.clashes, clash)
		}
		for i := range parts {
			if hasService(parts[i].Catalog, clash.Name) {
				parts[i].Catalog = parts[i].Catalog.WithExposure(catalog.Exposure{Expose: []string{"**"}, Hide: []string{clash.Name}})
			}
		}
	}
	if err != nil {
		panic("backends have names of their own: " + err.Error())
	}
	merged, t.misfits = merged.WithRoutes(o.routes)
	t.catalog = merged.WithReserved(o.reserved...).WithExposure(o.exposure)
	sum := sha256.Sum256(t.catalog.Describe())
	t.etag = `"` + base64.RawURLEncoding.EncodeToString(sum[:16]) + `"`
	return t
}

// exposes is whether any method of a service that the parts have is to be
// served.
func (o *options) exposes(parts []catalog.Part, service string) bool {
	return slices.ContainsFunc(parts, func(p catalog.Part) bool { return hasService(p.Catalog.WithExposure(o.exposure), service) })
}

// hasService is whether a catalog has the service.
func hasService(c *catalog.Catalog, service string) bool {
	return slices.ContainsFunc(c.Methods(), func(m *catalog.Method) bool { return strings.HasPrefix(m.FullName, service+"/") })
}

// publish makes the table of all that the backends have said by now, and serves
// by it from here on, unless it is the one that there is.
func (b *Bridge) publish() {
	b.publishing.Lock()
	defer b.publishing.Unlock()
	b.mu.Lock()
	parts := make([]catalog.Part, len(b.backends))
	for i, be := range b.backends {
		parts[i] = catalog.Part{Backend: be.name, Catalog: be.known}
	}
	b.mu.Unlock()
	t, old := b.options.newTable(parts), b.table.Load()
	if old != nil && old.catalog.Equal(t.catalog) {
		t.catalog, t.etag = old.catalog, old.etag // a shared run goes by its method
	}
	b.announce(old, t)
	b.table.Store(t)
}

// announce tells the log what is served now and was not before, what no longer
// is, and what is wrong with any of it. It is called with publishing held.
func (b *Bridge) announce(old, t *table) {
	log := b.options.logger
	said := make(map[string]bool)
	isNew := func(text string) bool {
		said[text] = true
		return !b.said[text]
	}
	for _, p := range t.catalog.Problems() {
		if text := p.String(); isNew(text) {
			log.Warn("not all is served as it was declared", "problem", text)
		}
	}
	for _, clash := range t.clashes {
		if text := clash.Error(); isNew(text) {
			log.Error("a service is not served, because two backends offer it", "error", text)
		}
	}
	for _, misfit := range split(t.misfits) {
		if text := misfit.Error(); isNew(text) {
			log.Error("a part of the route file is left out, because it does not fit the methods that there are", "error", text)
		}
	}
	b.said = said
	var before []service
	if old != nil {
		before = servicesOf(old.catalog)
	}
	now := servicesOf(t.catalog)
	for _, s := range now {
		if !slices.Contains(before, s) {
			log.Info("serving", s.attributes()...)
		}
	}
	for _, s := range before {
		if !slices.ContainsFunc(now, func(other service) bool { return other.name == s.name }) {
			log.Info("no longer serving", s.attributes()...)
		}
	}
}

// service is a service as the log tells of it.
type service struct{ name, backend, methods string }

func (s service) attributes() []any {
	all := []any{"service", s.name, "methods", s.methods}
	if s.backend != "" {
		all = append(all, "backend", s.backend)
	}
	return all
}

// servicesOf returns the services of a catalog with those methods of each that
// can be called, and the paths that these have beside their names.
func servicesOf(c *catalog.Catalog) []service {
	var all []service
	for _, m := range c.Methods() { // sorted by their names, and so by service
		if m.ClientStreaming() {
			continue
		}
		name, method, _ := strings.Cut(m.FullName, "/")
		var paths []string
		for _, p := range m.Paths() {
			if p.Template != "/"+m.FullName && !slices.Contains(paths, p.Template) {
				paths = append(paths, p.Template)
			}
		}
		if len(paths) > 0 {
			method += " (" + strings.Join(paths, ", ") + ")"
		}
		if n := len(all); n == 0 || all[n-1].name != name {
			all = append(all, service{name: name, backend: m.Backend, methods: method})
		} else {
			all[n-1].methods += ", " + method
		}
	}
	return all
}

// checkGiven says what clashes among methods that were given, and so can be
// known before anything is served.
func (o *options) checkGiven(backends []*backend) error {
	parts := make([]catalog.Part, len(backends))
	for i, be := range backends {
		parts[i] = catalog.Part{Backend: be.name, Catalog: be.given}
	}
	t := o.newTable(parts)
	return errors.Join(append(t.clashes, t.misfits)...)
}

// split returns the errors that err joins.
func split(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	if err == nil {
		return nil
	}
	return []error{err}
}
