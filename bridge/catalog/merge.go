// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"fmt"
	"slices"
	"strconv"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// Part is what one backend offers, for [Merge].
type Part struct {
	// Backend is the backend's name, which no other part has.
	Backend string
	// Catalog is the backend's own, nil for one that has not been reached.
	Catalog *Catalog
}

// ClashError is the error of a service that two backends offer: to which of them
// a call goes must not hang on which of them answered first.
type ClashError struct {
	// Name is that of the service.
	Name string
	// Backends are the two, in the order of their parts.
	Backends [2]string
}

// Error names the service and both backends.
func (e *ClashError) Error() string {
	return fmt.Sprintf("service %s is offered by backend %s and by backend %s; one of them has to go without it",
		e.Name, strconv.Quote(e.Backends[0]), strconv.Quote(e.Backends[1]))
}

// commonServices are those that servers offer for their operators, each under
// the same name.
var commonServices = map[protoreflect.FullName]bool{
	"grpc.health.v1.Health":                                true,
	"grpc.channelz.v1.Channelz":                            true,
	"grpc.admin.v1.Admin":                                  true,
	"envoy.service.status.v3.ClientStatusDiscoveryService": true,
}

// Merge returns the catalog of several backends. Its methods are those of the
// parts' catalogs, with [Method.Backend] set. Each keeps to the types of its own
// backend, so that backends may declare a type otherwise than each other.
//
// It fails with a [*ClashError] where two backends offer the same service, and
// with another error where two parts have the same name. Of services that every
// gRPC server may have for its operators, as grpc.health.v1.Health, the first
// backend's is served, and the others are told in [Catalog.Problems]. Without
// parts, or with none that was reached, the catalog is empty.
func Merge(parts ...Part) (*Catalog, error) {
	var (
		backends []string
		methods  []*Method
		types    resolvers
		found    []Problem
	)
	owners := make(map[protoreflect.FullName]string)
	for _, part := range parts {
		if slices.Contains(backends, part.Backend) {
			return nil, fmt.Errorf("two backends are called %s", strconv.Quote(part.Backend))
		}
		backends = append(backends, part.Backend)
		if part.Catalog == nil {
			continue
		}
		types = append(types, part.Catalog.types)
		for _, p := range part.Catalog.found {
			if part.Backend != "" {
				p.Text += " (backend " + part.Backend + ")"
			}
			found = append(found, p)
		}
		own := make(map[protoreflect.FullName]bool)
		for _, m := range part.Catalog.methods {
			service := m.Desc.Parent().FullName()
			if owner, taken := owners[service]; taken && !own[service] {
				if !commonServices[service] {
					return nil, &ClashError{Name: string(service), Backends: [2]string{owner, part.Backend}}
				}
				found = append(found, Problem{
					Subject: string(service),
					Text: fmt.Sprintf("is offered by backend %s and by backend %s; the first one's is served",
						strconv.Quote(owner), strconv.Quote(part.Backend)),
				})
				continue
			}
			own[service] = true
			owners[service] = part.Backend
			merged := *m
			merged.Backend = part.Backend
			methods = append(methods, &merged)
		}
	}
	return newCatalog(backends, methods, append(types, linkedTypes), found), nil
}

// Backends returns the names of the backends that the catalog was made of, in
// their order: one that is "" for a catalog that [Merge] did not make. The slice
// is the caller's.
func (c *Catalog) Backends() []string {
	if c == nil {
		return nil
	}
	return slices.Clone(c.backends)
}
